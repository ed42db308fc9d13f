"""What alembic runs to change tables: on the connection that `Database.migrate` gives it, or, to draft a migration, on a fresh SQLite."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from app.tables import Table


def _ours(name: str | None, kind: str, _: object) -> bool:
    """Job tables of the engine lie in the same SQLite file: they are not ours to change."""
    return kind != "table" or name in Table.metadata.tables


def _run(connection: sa.Connection) -> None:
    context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True, include_name=_ours)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with sa.create_engine(context.config.get_main_option("sqlalchemy.url") or "sqlite://").begin() as opened:
        _run(opened)
