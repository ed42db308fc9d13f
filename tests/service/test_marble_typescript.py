"""A TypeScript client, generated from our description of the World API and type-checked, against a running service."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import httpx2 as httpx

from tests.service.clients import tools
from tests.service.marble_client.speaking import LEVELS
from tests.service.running import Service

CLIENT = Path(__file__).parent / "marble_client"
LIMIT_S = 180
PLUGINS = ("@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk")


def test_a_generated_client_goes_the_whole_way(service: Service, tmp_path: Path) -> None:
    node = tools.node_tools(tmp_path / "node")

    def run(*words: str) -> str:
        environment = tools.environment(node, home=tmp_path)
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        assert done.returncode == 0, f"{words}:\n{done.stdout[-4_000:]}\n{done.stderr[-4_000:]}"
        return done.stdout

    for name in ("walk.ts", "tsconfig.json"):
        shutil.copy(CLIENT / name, tmp_path)
    (tmp_path / "openapi.json").write_bytes(httpx.get(f"{service.address}/marble/openapi.json").content)
    run("npx", "openapi-ts", "--input", "openapi.json", "--output", "generated", "--plugins", *PLUGINS, "--no-log-file")
    run("npx", "tsc", "--project", "tsconfig.json")
    found = json.loads(run("node", "made/walk.js", service.address))
    assert "no recipe makes a world from a panorama of distances" in found.pop("painted")
    assert found == {
        "error": None,
        "same": True,
        "levels": list(LEVELS),
        "listed": [True],
        "export_done": True,
        "ply": True,
        "put": 200,
        "asset": "a.png",
        "credits": 1e9,
        "deleted": True,
        "gone": 404,
    }
