"""Webhooks: tell a tenant's own server when an operation has ended."""
