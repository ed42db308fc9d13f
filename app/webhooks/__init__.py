"""Webhooks: tell a tenant's own server when an operation has ended."""

from __future__ import annotations

from app.outside.address import Errand

ERRAND = Errand(
    cannot="this url cannot be a webhook's",
    goal="webhooks",
    example="hooks.example.org",
    no_password="prove who sends by the signature, which every message carries",
    setting="WORLDLOOM_ALLOW_PRIVATE_WEBHOOKS",
)
