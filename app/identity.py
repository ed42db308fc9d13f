"""Identifiers: a prefix that says what it names, then a UUID version 7, so that they sort by age."""

from __future__ import annotations

import re

import uuid_utils

OPERATION, WORLD, ASSET, KEY, TENANT, WEBHOOK, DELIVERY, REQUEST = "op", "wld", "med", "key", "ten", "whk", "dlv", "req"
LOCAL_TENANT = "ten_local"

_SHAPE = re.compile(r"[a-z]{2,3}_[0-9a-z]{4,40}")


def new_id(prefix: str) -> str:
    """A new identifier, such as `wld_0198c0de…`."""
    return f"{prefix}_{uuid_utils.uuid7().hex}"


def is_id(text: str, prefix: str) -> bool:
    """Whether a text from outside could name such a thing at all."""
    return text.startswith(f"{prefix}_") and _SHAPE.fullmatch(text) is not None
