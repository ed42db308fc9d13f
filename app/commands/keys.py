"""`worldloom keys`: make, list and revoke API keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.serve import Data, never_started, settings_with
from app.commands.terminal import facts, plain, say, say_json, table

if TYPE_CHECKING:
    from datetime import datetime

    from app.signing import Signer
    from app.tables import ApiKey

LONGEST_NAME = 24
COLOURS = {"active": "green", "expired": "yellow", "revoked": "red"}

application = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@application.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.", show_default=False)],
    *,
    tenant: Annotated[str | None, typer.Option(help="Whose worlds it opens; made when new.", show_default="this machine's own")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="read, write or admin; repeatable.", show_default="read, write")] = None,
    days: Annotated[float | None, typer.Option(help="How long it lasts.", show_default="until it is revoked")] = None,
    credits: Annotated[int | None, typer.Option(help="What it may spend on worlds.", show_default="no limit")] = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Make a key; it is shown this once."""
    from app.keys import service
    from app.preparing import opened
    from app.signing import Signer

    settings = settings_with(data=data)
    with _wrong_requests(), opened(settings) as database:
        row, key = service.create_key(
            database,
            Signer(settings.signing_key()),
            name=name,
            tenant=tenant,
            scopes=scope or ("read", "write"),
            days=days,
            credits=credits,
        )
    if as_json:
        say_json({"id": row.id, "key": key, "scopes": row.scopes, "expires_at": row.expires_at.isoformat() if row.expires_at else None})
        return
    say(f"[bold green]{key}[/]")
    facts(
        [
            ("for", plain(row.name)),
            ("tenant", plain(tenant or "")),
            ("may", ", ".join(row.scopes)),
            ("until", f"{row.expires_at:%Y-%m-%d %H:%M} UTC" if row.expires_at else "it is revoked"),
            ("credits", f"{credits:,}" if credits is not None else ""),
            ("send it as", "Authorization: Bearer wl_…"),
            ("keep it", "it is not stored here and cannot be shown again"),
        ]
    )


@application.command(name="list")
def list_all(*, data: Data = None, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """List all keys, the newest first."""
    from app.database import now
    from app.keys import service
    from app.preparing import opened

    settings = settings_with(data=data)
    rows: Sequence[tuple[ApiKey, str]] = ()
    if not never_started(settings):
        with opened(settings) as database:
            rows = service.list_keys(database)
    moment = now()
    if as_json:
        say_json([_for_programs(key, tenant, service.status_of(key, moment)) for key, tenant in rows])
    elif rows:
        _show([(key, tenant, service.status_of(key, moment)) for key, tenant in rows])
    else:
        say("There are no keys yet: [bold]worldloom keys create NAME[/] makes one.")


def _for_programs(key: ApiKey, tenant: str, status: str) -> dict[str, object]:
    moments = {name: getattr(key, name) for name in ("created_at", "expires_at", "revoked_at", "last_used_at")}
    return {
        **{name: getattr(key, name) for name in ("id", "name", "hint", "scopes", "credits")},
        "tenant": tenant,
        "status": status,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }


def _show(rows: list[tuple[ApiKey, str, str]]) -> None:
    """A line for each; tenants only where there are several. The hint names a key well enough to revoke it."""
    several = len({tenant for _, tenant, _ in rows}) > 1
    lines = []
    for key, tenant, status in rows:
        state = f"[{COLOURS[status]}]{status}[/]{_since(key, status)}"
        line = [
            key.hint,
            _cut(key.name),
            _cut(tenant),
            ", ".join(key.scopes),
            state,
            f"{key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never",
        ]
        lines.append(line if several else line[:2] + line[3:])
    columns = ["key", "name", "tenant", "may", "state", "last used"]
    table(columns if several else columns[:2] + columns[3:], lines, whole=("key", "last used"))


def _cut(name: str) -> str:
    return plain(name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…")


def _since(key: ApiKey, status: str) -> str:
    moment: datetime | None = key.revoked_at if status == "revoked" else key.expires_at
    return "" if moment is None else f" {'until ' if status == 'active' else ''}{moment:%Y-%m-%d}"


@application.command()
def revoke(
    key: Annotated[str, typer.Argument(help="As `worldloom keys list` shows it, or its id, or the key itself.", show_default=False)],
    *,
    data: Data = None,
) -> None:
    """Revoke a key: it opens nothing from now on."""
    from app.keys import service
    from app.preparing import opened
    from app.signing import Signer
    from pipelines.errors import InputError

    settings = settings_with(data=data)
    if never_started(settings):
        raise InputError("there are no keys yet: `worldloom keys create NAME` makes one")
    with _wrong_requests(), opened(settings) as database:
        row = service.revoke_key(database, _id_of(key, service.list_keys(database), Signer(settings.signing_key())))
    say(f"{plain(row.name)} ({row.hint}) opens nothing any more.")


def _id_of(word: str, rows: Sequence[tuple[ApiKey, str]], signer: Signer) -> str:
    """The id of the key that a word means; a word that means none stays as it is. Raises InputError for one that means several."""
    from app.credentials import digest_of, looks_like_key
    from pipelines.errors import InputError

    if looks_like_key(word):
        digest = digest_of(signer, word)
        found = [row.id for row, _ in rows if row.digest == digest]
    else:
        found = [row.id for row, _ in rows if row.hint == word.replace("...", "…")]
    if len(found) > 1:
        raise InputError(f"{len(found)} keys look like {word}: name the id of one, from `worldloom keys list --json`")
    return found[0] if found else word


@contextmanager
def _wrong_requests() -> Iterator[None]:
    """What the service refuses is a wrong request on the command line, too, with its exit code."""
    from app.errors import Refusal
    from pipelines.errors import InputError

    try:
        yield
    except Refusal as refusal:
        raise InputError(str(refusal)) from refusal
