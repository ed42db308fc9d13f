"""Serving: the API in this process, and a worker process beside it that is started anew when it dies."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import structlog
from rich.console import Console
from rich.markup import escape

from app.settings import Settings
from pipelines.errors import OutputError

RESTART_S = (0.2, 0.5, 1.0, 3.0)  # a job that lost its worker begins again within five seconds, also after several deaths
WELL_AFTER_S = 10.0
GOODBYE_S = 25.0
DRAIN_S = 5
MOST_FILES = 65_536

log = structlog.get_logger("worldloom.serve")


def run(settings: Settings, *, with_worker: bool) -> None:
    """Serve until SIGINT or SIGTERM. Raises OutputError when the address cannot be used, InputError for unsafe settings."""
    with _all_stays():
        import uvicorn

        from app.connection import PatientProtocol
        from app.main import create_app
        from app.telemetry import configure_logs

        configure_logs(settings)
        allow_connections()
        app = create_app(settings)
    listening = _socket(settings)
    address = address_of(settings, listening)
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=DRAIN_S,
        server_header=False,
        timeout_keep_alive=30,
    )
    server = _Server(config, app.state.services.hub)
    supervisor = Supervisor(settings) if with_worker else None
    greet(settings, address, with_worker=with_worker)
    if supervisor is not None:
        supervisor.start()
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # uvicorn stops at these and raises them once more when all is done: then they mean nothing
        signal.signal(number, lambda *_: None)
    gc.collect()
    gc.freeze()  # what has been loaded stays: to look through it at each collection would hold up every request for a tenth of a second
    try:
        server.run(sockets=[listening])
    finally:
        if supervisor is not None:
            supervisor.stop()
    if not server.started:
        raise OutputError("the service could not start: the lines above say why")


@contextlib.contextmanager
def _all_stays() -> Iterator[None]:
    """While modules are loaded nothing becomes garbage, and to look for it again and again is a tenth of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def allow_connections() -> None:
    """As many open files as the system lets us have: each client that listens is one, and the usual limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _server_class() -> Any:
    import uvicorn

    class Server(uvicorn.Server):
        """Lets clients that wait for events go when the end is near, instead of waiting for them."""

        def __init__(self, config: uvicorn.Config, hub: Any) -> None:
            super().__init__(config)
            self._hub = hub

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            self._hub.closing = True
            super().handle_exit(sig, frame)

    return Server


def _Server(config: Any, hub: Any) -> Any:  # noqa: N802 - a class that is made when uvicorn is there
    return _server_class()(config, hub)


def _socket(settings: Settings) -> socket.socket:
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, settings.port))
    except OSError as error:
        listening.close()
        raise OutputError(
            f"{host}:{settings.port} cannot be used ({error.strerror or error}): choose another with --host and --port"
        ) from error
    listening.listen(2048)
    return listening


def address_of(settings: Settings, listening: socket.socket) -> str:
    """The address to type into a browser."""
    host = settings.host if settings.host not in ("0.0.0.0", "::") else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{listening.getsockname()[1]}"


def greet(settings: Settings, address: str, *, with_worker: bool) -> None:
    """Say where it is, who may use it, where things are kept, and how to make a first world."""
    from app.studio import dist_folder

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    key = "-H 'Authorization: Bearer wl_…' " if settings.needs_keys else ""
    command = f"""curl {address}/v1/worlds:generate {key}-H 'Content-Type: application/json' -d '{{"text": "a hut by a lake"}}'"""
    here = "" if settings.data == Settings.model_fields["data"].default else f" --data {shlex.quote(str(settings.data))}"
    rows = [
        *([] if dist_folder() else [("studio", "[yellow]not built[/]; build it with [bold]make studio[/]")]),
        ("described at", f"{address}/docs"),
        ("kept in", escape(_kept_in(settings))),
        ("open to", f"holders of a key; make one with [bold]worldloom keys create NAME{escape(here)}[/]")
        if settings.needs_keys
        else ("open to", "[yellow]every program on this machine, without a key[/]; nobody else can reach it")
        if settings.is_local
        else ("open to", "[red]everybody who reaches it by any of its names, without a key[/]"),
        (
            "worker",
            "one, beside this process" if with_worker else f"[yellow]none here[/]; start some with [bold]worldloom worker{escape(here)}[/]",
        ),
        ("try", escape(command)),
    ]
    console.print(f"[bold]Worldloom[/] serves at [bold green]{address}[/]")
    for name, words in rows:
        console.print(f"  [dim]{name:<13}[/]{words}")


def _kept_in(settings: Settings) -> str:
    """Where database and files are, without the password in a database's address."""
    elsewhere = ["PostgreSQL"] if settings.database_url else []
    if settings.store_url:
        elsewhere.append(settings.store_url.partition("?")[0])
    return " and ".join(elsewhere if len(elsewhere) == 2 else [str(settings.data.absolute()), *elsewhere])


class Supervisor:
    """Keeps one worker process running beside the API. The worker ends by itself when this process is gone."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="supervisor", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the worker to hand its jobs back and end; insist after a while."""
        self._ending.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(GOODBYE_S)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(timeout=5)

    def _keep(self) -> None:
        failures = 0
        while not self._ending.is_set():
            begun_s = time.monotonic()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "worker", "--data", str(self._settings.data)],
                stdin=subprocess.PIPE,
                env={**os.environ, "WORLDLOOM_PARENT": "1"},
                start_new_session=True,  # Ctrl-C is for this process, which then says good-bye to the worker
            )
            code = self._process.wait()
            if self._ending.is_set():
                return
            was_killed = code < 0  # which says nothing about whether the next one will live
            failures = 0 if was_killed or time.monotonic() - begun_s > WELL_AFTER_S else failures + 1
            log.warning("the worker ended and is started anew", code=code)
            self._ending.wait(RESTART_S[min(failures, len(RESTART_S) - 1)])


def run_worker(settings: Settings, *, slot: int) -> None:
    """Work until SIGINT or SIGTERM, or until the service that started this process is gone."""
    with _all_stays():
        from app.telemetry import configure_logs
        from app.working.worker import Worker

    configure_logs(settings)
    settings.require_safe()
    worker = Worker(settings, slot=slot)

    def stop(number: int, frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if os.environ.get("WORLDLOOM_PARENT"):
        threading.Thread(target=_watch_parent, args=(worker,), daemon=True).start()
    worker.run()
    sys.stderr.flush()
    os._exit(0)  # threads of the engine that wait for a database which is away would wait on, and nobody needs their answer


def _watch_parent(worker: Any) -> None:
    """The service holds the other end of our stdin: when that closes, it is gone, and a new one will start a worker of our name."""
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    worker.stop()
