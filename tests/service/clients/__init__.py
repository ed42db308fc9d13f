"""Clients of our API, generated from its description: the tools that make them, and the page whose examples use them."""
