"""Calls that keep the state and the people: backup, restore, invite."""

# ruff: noqa: PLC0415 - each call imports what it needs: `mailbot explain` must not wait for sqlmodel

from pathlib import Path
from typing import Annotated

import typer

from mailbot.cli.frame import FAILED, Config, app, desk_of, settings_of


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A new file.")],
    config: Config = None,
) -> None:
    """Write the whole state into one file, consistent while the daemon runs."""
    from mailbot.store.backup import BackupError
    from mailbot.store.backup import backup as write

    with desk_of(context, config) as (desk, _):
        try:
            write(desk.engine, file)
        except BackupError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(FAILED) from None
    typer.echo(f"{file}: {file.stat().st_size} octets")


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A backup.", exists=True)],
    config: Config = None,
) -> None:
    """Put a backup in place of the present state; the daemon must not run."""
    from mailbot.service.opening import DeskError, replace_state
    from mailbot.store.backup import BackupError

    try:
        kept = replace_state(settings_of(context, config), file)
    except (DeskError, BackupError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None
    typer.echo(f"{file} is restored" + (f"; the state before is kept as {kept}" if kept else ""))
