"""Clients of the World API: how they speak over plain HTTP, and one that is generated in TypeScript."""
