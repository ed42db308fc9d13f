"""What every client of the World API does over plain HTTP: send a key of no meaning, ask for a world, poll, read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx2 as httpx

HEADERS = {"Content-Type": "application/json", "WLT-Api-Key": "any-word-will-do"}
LEVELS = ("full_res", "500k", "150k", "100k")


def text_prompt(words: str, **more: Any) -> dict[str, Any]:
    """The body of a request for a world from words, made by the quick recipe."""
    return {"world_prompt": {"type": "text", "text_prompt": words}, "model": "quick", **more}


def ask(client: httpx.Client, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """POST, or GET without a body; the answer must be 200."""
    url = f"/marble/v1/{path}"
    answer = client.get(url, headers=HEADERS) if body is None else client.post(url, json=body, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def polled(client: httpx.Client, operation: Mapping[str, Any], *, within_s: float = 60) -> dict[str, Any]:
    """Look at an operation until it is done."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        found = ask(client, f"operations/{operation['operation_id']}")
        if found["done"]:
            return found
        time.sleep(0.1)
    raise AssertionError(f"the operation did not end in {within_s} s: {found}")


def made(client: httpx.Client, words: str = "a ball by a lake", **more: Any) -> dict[str, Any]:
    """A finished world, as its operation gives it."""
    world: dict[str, Any] = polled(client, ask(client, "worlds:generate", text_prompt(words, **more)))["response"]
    return world
