"""Worlds through our own API, from the request to the files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx

from pipelines.formats import read_glb, read_ply, read_sog, read_spz
from tests.service.running import finished, quick


def test_a_prompt_becomes_a_world_whose_files_open(client: httpx.Client, tmp_path: Path) -> None:
    answer = client.post("/v1/worlds:generate", json=quick("a ball by a lake", seed=7, name="Ball", tags=["round", "orange"]))
    assert answer.status_code == 202
    operation = answer.json()
    assert operation["done"] is False
    assert answer.headers["Location"] == f"/v1/operations/{operation['id']}"
    done = finished(client, operation)
    assert done["state"] == "SUCCEEDED"
    assert done["error"] is None
    world = client.get(done["links"]["world"]).json()
    assert (world["name"], world["tags"], world["prompt"]["seed"]) == ("Ball", ["round", "orange"], 7)
    assert world["facts"]["splat_count"] == 2_000
    for name, file in world["files"].items():
        data = httpx.get(file["url"]).content
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"]), name
        (tmp_path / name).write_bytes(data)
    assert len(read_ply(tmp_path / "splats.ply")) == len(read_spz(tmp_path / "splats.spz")) == 2_000


def test_exports_come_in_every_format(client: httpx.Client, tmp_path: Path) -> None:
    world_id = finished(client, client.post("/v1/worlds:generate", json=quick()).json())["world_id"]
    readers: dict[str, Callable[[Path], object]] = {"sog": read_sog, "ply": read_ply, "spz": read_spz, "glb": read_glb}
    for format, read in readers.items():
        body = {"format": format, "axes": "z-up", "unit": "cm"}
        operation = client.post(f"/v1/worlds/{world_id}:export", params={"wait": "30s"}, json=body).json()
        assert operation["state"] == "SUCCEEDED", operation
        path = tmp_path / operation["result"]["file"]
        assert path.name == f"splats-z-up-cm.{format}"
        path.write_bytes(httpx.get(operation["links"]["file"]).content)
        read(path)
        again = client.post(f"/v1/worlds/{world_id}:export", json=body)
        assert again.status_code == 200, "what is there already comes at once"
