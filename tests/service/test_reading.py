"""POST /v1/prompts:read: the same meaning as generation finds, quickly, and without loading anything heavy into the API process."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import yaml

from pipelines.spec import SceneSpec
from tests.service.asking import Tenant, problem
from tests.service.processes import is_alive, kill, until
from tests.service.running import Service, finished

PLACES = Path(__file__).parents[2] / "pipelines" / "places" / "library"
PROMPTS = (
    "a stone cottage beside a pond in a meadow, with an oak tree and two sheep",
    "a kitchen at night with a red kettle on the stove",
    "a wooden bungaloo near a zorblax, in the rain",  # words that are guessed by their meaning, and such as nobody knows
)


def read(client: httpx.Client, text: str) -> httpx.Response:
    return client.post("/v1/prompts:read", json={"text": text})


def told_by_the_command(text: str) -> dict[str, Any]:
    """What `worldloom read` makes of a text, in a process of its own."""
    words = [sys.executable, "-m", "app.cli", "read", "--json", text]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("text", PROMPTS)
def test_reads_as_the_command_does(client: httpx.Client, text: str) -> None:
    answer = read(client, text)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    spec = SceneSpec.model_validate(body["spec"])
    assert spec == SceneSpec.model_validate(told_by_the_command(text))
    assert body["unmatched"] == list(spec.unmatched)
    assert set(body["places"]) == {name for file in PLACES.glob("*.yaml") for name in yaml.safe_load(file.read_text(encoding="utf-8"))}
    assert ("a zorblax" in body["unmatched"]) == ("zorblax" in text)
    assert any("bungalow" in note for note in body["notes"]) == ("bungaloo" in text)


def test_reading_keeps_the_api_light(service: Service, client: httpx.Client) -> None:
    for text in PROMPTS:
        assert read(client, text).status_code == 200
    assert service.process is not None
    loaded = Path(f"/proc/{service.process.pid}/maps").read_text(encoding="utf-8")
    assert "python" in loaded, "the probe itself looks broken"
    assert [name for name in ("torch", "numba", "llvmlite", "scipy", "tokenizers") if f"/{name}" in loaded] == []


def test_many_at_once_get_their_own_answers(client: httpx.Client) -> None:
    kinds = ("cottage", "oak", "sheep", "pond", "boulder", "bench")
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda number: read(client, f"{number} {kinds[number % 6]}s in a meadow"), range(2, 38)))
    for number, answer in enumerate(answers, start=2):
        assert answer.status_code == 200, answer.text
        assert [thing["count"] for thing in answer.json()["spec"]["things"]] == [number]


def test_a_reader_that_dies_is_replaced(service: Service, client: httpx.Client) -> None:
    import psutil

    assert service.process is not None
    assert read(client, PROMPTS[0]).status_code == 200
    workers = set(service.pids()["worker"])
    direct = [one.pid for one in psutil.Process(service.process.pid).children() if one.pid not in workers]
    assert len(direct) == 1
    kill(direct[0])
    until(lambda: not is_alive(direct[0]), within_s=20, what="the reader's end")
    answers = [read(client, PROMPTS[0]).status_code for _ in range(2)]
    assert answers[-1] == 200
    assert answers[0] in (200, 500)


def test_reading_is_what_a_world_is_made_from(client: httpx.Client) -> None:
    spec = read(client, "a ball and two benches in a park").json()["spec"]
    spec["things"][-1]["count"] = 3
    body = {"text": "a ball and three benches", "spec": spec, "tier": "quick", "splats": 10_000}
    operation = finished(client, client.post("/v1/worlds:generate", json=body).json())
    world = client.get(f"/v1/worlds/{operation['world_id']}").json()
    assert world["prompt"]["text"] == "a ball and three benches"


@pytest.mark.parametrize("text", ["zorblax frumious", "", "   ", "a\x00b", "‮", "x" * 2_001, "<script>alert(1)</script>", "𒀀" * 500])
def test_what_means_nothing_is_refused(client: httpx.Client, text: str) -> None:
    problem(read(client, text), "invalid_request", canary=text if len(text) > 5 else "")


def test_prompt_of_100_kb_is_refused(client: httpx.Client) -> None:
    problem(read(client, "a hut " * 17_000), "invalid_request")


def test_reading_needs_a_key_where_keys_are_needed(keyed: Service) -> None:
    with keyed.client() as client:
        problem(read(client, PROMPTS[0]), "key_missing")
    with Tenant.new(keyed).client(scopes=("read",)) as client:
        assert read(client, PROMPTS[0]).status_code == 200
