"""Every command of `worldloom`, one module per subject."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.bench import application as bench
from app.commands.exchange import export, info
from app.commands.generate import generate
from app.commands.keys import application as keys
from app.commands.look import render, video
from app.commands.machine import doctor, recipes
from app.commands.models import application as models
from app.commands.read import read
from app.commands.serve import serve, worker
from app.commands.things import application as things

application = typer.Typer(
    name="worldloom",
    help="Words become worlds: Gaussian splats to walk through, meshes and physics for the engine.",
    epilog='Begin with: worldloom generate "a misty pine forest with a log cabin beside a lake at dawn"',
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@application.callback(invoke_without_command=True)
def worldloom(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected failure; may stand anywhere.")] = False,
) -> None:
    """Show the version, or the help when no command is named; `--debug` is taken by `app.cli` before this is called."""
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"worldloom {version_of('worldloom')}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


application.command()(generate)
application.command()(read)
application.add_typer(things, name="things")
application.command()(render)
application.command()(video)
application.command()(export)
application.command()(info)
application.command()(serve)
application.command()(worker)
application.add_typer(keys, name="keys")
application.add_typer(models, name="models")
application.add_typer(bench, name="bench")
application.command()(recipes)
application.command()(doctor)
