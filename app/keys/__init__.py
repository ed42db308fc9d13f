"""Keys: make, list and revoke API keys."""
