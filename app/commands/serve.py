"""`worldloom serve` and `worldloom worker`: the service on one machine, and further workers for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.settings import Settings

Data = Annotated[Path | None, typer.Option("--data", help="Folder for database and files.", show_default="worldloom-data")]

OPTIONS = ("host", "port", "data", "queues")  # settings that the command line can say, too
SECRETS = ("secret", "database_url")  # never shown


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.", show_default="8000")] = None,
    data: Data = None,
    worker: Annotated[bool, typer.Option("--worker/--no-worker", help="With a worker of its own.")] = True,
) -> None:
    """Start the service: API, worker, database and files, with nothing else installed."""
    settings = settings_with(host=host, port=port, data=data)
    if worker:
        _require_known(settings.queues)
    from app.serving import run

    run(settings, with_worker=worker)


def worker(
    *,
    data: Data = None,
    slot: Annotated[int, typer.Option(help="Number of this worker on this machine; each needs one of its own.", min=0, max=999)] = 0,
    queues: Annotated[
        str | None,
        typer.Option(help="Queues to serve, separated by commas.", show_default="those of all recipes, and studio"),
    ] = None,
) -> None:
    """Start one more worker process for the service with the same database and files."""
    settings = settings_with(data=data, queues=queues)
    _require_known(settings.queues)
    from app.serving import run_worker

    run_worker(settings, slot=slot)


def settings_with(**given: object) -> Settings:
    """Settings from the environment and .env, with what the command line says; raises InputError that names the wrong one."""
    from pydantic import ValidationError

    from app.settings import Settings
    from pipelines.errors import InputError

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        option = f" (or --{name})" if name in OPTIONS else ""
        value = "" if name in SECRETS else f" {str(first['input'])[:60]!r}"
        why = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
        meaning = str(Settings.model_fields[name].description).rstrip(".")
        raise InputError(f"WORLDLOOM_{name.upper()}{option} cannot be{value}: {why} ({meaning[:1].lower()}{meaning[1:]})") from error


def never_started(settings: Settings) -> bool:
    """Whether the service keeps its database here and has never been started, so that there is nothing to look at yet."""
    return settings.database_url is None and not (settings.data / "worldloom.db").exists()


def _require_known(queues: Sequence[str]) -> None:
    """Raise InputError for a queue that no job will ever come to."""
    from app.queues import all_queues
    from pipelines.errors import InputError

    known = all_queues()
    unknown = [queue for queue in queues if queue not in known]
    if unknown:
        raise InputError(f"there is no queue {unknown[0]!r}: choose from {', '.join(known)} for WORLDLOOM_QUEUES (or --queues)")
