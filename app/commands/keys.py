"""`worldloom keys`: make, list and revoke API keys."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.serve import Data, settings_with
from app.commands.terminal import facts, plain, say, say_json, table

application = typer.Typer(help="Make, list and revoke API keys.", no_args_is_help=True)


@application.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.", show_default=False)],
    *,
    tenant: Annotated[
        str | None, typer.Option(help="Whose worlds it opens; made when new [default: this machine's own].", show_default=False)
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option(help="read, write or admin; repeatable [default: read, write].", show_default=False)
    ] = None,
    days: Annotated[float | None, typer.Option(help="How long it lasts [default: until it is revoked].", show_default=False)] = None,
    credits: Annotated[int | None, typer.Option(help="What it may spend on worlds [default: no limit].", show_default=False)] = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Make a key; it is shown this once."""
    from app.keys import service
    from app.services import opened
    from app.signing import Signer

    settings = settings_with(data=data)
    with opened(settings) as database:
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
            ("id", row.id),
            ("may", ", ".join(row.scopes)),
            ("until", f"{row.expires_at:%Y-%m-%d %H:%M} UTC" if row.expires_at else "it is revoked"),
            ("keep it", "it cannot be shown again; send it as `Authorization: Bearer …` or `WLT-Api-Key: …`"),
        ]
    )


@application.command(name="list")
def list_all(*, data: Data = None, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """List all keys, the newest first."""
    from app.database import now
    from app.keys import service
    from app.services import opened

    with opened(settings_with(data=data)) as database:
        rows = service.list_keys(database)
    moment = now()
    if as_json:
        say_json(
            [
                {
                    "id": key.id,
                    "name": key.name,
                    "tenant": tenant,
                    "hint": key.hint,
                    "scopes": key.scopes,
                    "status": service.status_of(key, moment),
                }
                for key, tenant in rows
            ]
        )
        return
    if not rows:
        say("There are no keys yet: [bold]worldloom keys create NAME[/] makes one.")
        return
    colour = {"active": "green", "expired": "yellow", "revoked": "red"}
    states = [service.status_of(key, moment) for key, _ in rows]
    table(
        ("id", "name", "tenant", "key", "may", "state", "last used"),
        [
            (
                key.id, plain(key.name), plain(tenant), key.hint, ", ".join(key.scopes), f"[{colour[state]}]{state}[/]",
                f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never",
            )
            for (key, tenant), state in zip(rows, states, strict=True)
        ],
    )  # fmt: skip


@application.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id of a key, from `worldloom keys list`.", show_default=False)], *, data: Data = None
) -> None:
    """Revoke a key: it opens nothing from now on."""
    from app.keys import service
    from app.services import opened

    with opened(settings_with(data=data)) as database:
        row = service.revoke_key(database, key_id)
    say(f"{plain(row.name)} ({row.hint}) opens nothing any more.")
