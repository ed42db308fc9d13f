"""Worlds: asked for, listed, looked at, changed, taken along."""
