"""A real service in processes of its own, on this machine only, with a recipe that makes worlds in a moment."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx2 as httpx

ROOT = Path(__file__).parents[2]
QUICK = Path(__file__).parent / "quick_recipe"
NO_WEIGHTS = str(Path(__file__).parent / "no_weights")
START_S = 180.0  # four seconds on a machine that has nothing else to do


def environment(**settings: str) -> dict[str, str]:
    """The environment of a service: nothing of the tester's own settings, and the quick recipe installed.

    The small model is not there unless a test names its folder, so that what is said without weights can be tested. Its worker looks for
    jobs half as often as usual: a dozen of services that wait for tests would else take half a core for it.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WORLDLOOM_")}
    return {
        **kept,
        "PYTHONPATH": f"{ROOT}{os.pathsep}{QUICK}",
        "NO_COLOR": "1",
        "WORLDLOOM_POLL_S": "1",
        "WORLDLOOM_SMALL_MODEL": NO_WEIGHTS,
        **settings,
    }


@cache
def prepared_database() -> Path:
    """An SQLite file as `serve` makes it in an empty folder, by the same program; made once, for it takes seconds."""
    file = Path(tempfile.mkdtemp(prefix="worldloom-tests-")) / "prepared.db"
    atexit.register(shutil.rmtree, file.parent, ignore_errors=True)
    prepare(f"sqlite:///{file}")
    return file


def prepare(database_url: str) -> None:
    """Make all tables, as a service does at its first start."""
    words = [sys.executable, "-m", "app.preparing"]
    subprocess.run(words, input=database_url, text=True, cwd=ROOT, env=environment(), check=True, timeout=START_S)


@dataclass
class Service:
    """`worldloom serve` on a free port. Use `client()` to talk to it."""

    data: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    address: str = ""

    def start(self) -> Service:
        """Start it, and wait until it is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        if "WORLDLOOM_DATABASE_URL" not in self.settings and not any(self.data.iterdir()):
            shutil.copyfile(prepared_database(), self.data / "worldloom.db")
        words = [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--data", str(self.data), *self.arguments]
        with (self.data / "serve.log").open("a") as log:
            self.process = subprocess.Popen(
                words,
                cwd=self.data,
                env=environment(**self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end, heard = time.monotonic() + START_S, "nothing"
        while time.monotonic() < end and self.process.poll() is None:
            found = re.findall(r"serves at (http://\S+)", self.log())
            if len(found) > self.log().count("— ended —"):
                self.address = found[-1]
                try:
                    with self.client() as client:
                        answer = client.get("/readyz", timeout=10)
                    if answer.status_code == 200:
                        return self
                    heard = answer.text
                except httpx.HTTPError as error:
                    heard = repr(error)
            time.sleep(0.05)
        code = self.process.poll()
        self.kill()
        raise AssertionError(f"the service did not start (exit code {code}, /readyz: {heard}):\n{self.log()[-3_000:]}")

    def stop(self) -> int:
        """Ask it to end, as `docker stop` and Ctrl-C do; its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the API process; its worker notices by itself."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        with (self.data / "serve.log").open("a") as log:
            log.write("— ended —\n")
        return code

    def log(self) -> str:
        """Everything that it wrote."""
        return (self.data / "serve.log").read_text(errors="replace")

    def client(self, key: str | None = None) -> httpx.Client:
        """A client that knows the address, and the key; without certificates: to read them takes longer than most tests."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=60, verify=False)

    def pids(self) -> dict[str, list[int]]:
        """Processes of this service by what they do: api, worker, child."""
        import psutil

        assert self.process is not None
        found: dict[str, list[int]] = {"api": [self.process.pid], "worker": [], "child": []}
        try:
            descendants = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return {"api": [], "worker": [], "child": []}
        for process in descendants:
            try:
                words = " ".join(process.cmdline())
            except psutil.Error:
                continue
            if "app.cli worker" in words:
                found["worker"].append(process.pid)
            elif "app.making.child" in words:
                found["child"].append(process.pid)
        return found


def keys(service: Service, *arguments: str) -> dict[str, Any]:
    """`worldloom keys create …` for a service; what it prints as JSON."""
    import json

    words = [sys.executable, "-m", "app.cli", "keys", "create", *arguments, "--data", str(service.data), "--json"]
    done = subprocess.run(words, env=environment(**service.settings), capture_output=True, text=True, timeout=120, check=True)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def quick(text: str = "a ball", **more: Any) -> dict[str, Any]:
    """The body of a request for a world that is made in a moment."""
    return {"text": text, "tier": "quick", "splats": 10_000, **more}


def finished(client: httpx.Client, operation: Mapping[str, Any], *, within_s: float = 60) -> dict[str, Any]:
    """Wait for the end of an operation."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        answer = client.get(f"/v1/operations/{operation['id']}", params={"wait": "20s"})
        found: dict[str, Any] = answer.json()
        if answer.status_code == 200 and found["done"]:
            return found
    raise AssertionError(f"the operation did not end in {within_s} s: {found}")
