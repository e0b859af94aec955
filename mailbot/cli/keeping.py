"""Calls that keep the state and the people: backup, restore, invite."""

# ruff: noqa: PLC0415 - each call imports what it needs: `mailbot explain` must not wait for sqlmodel

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from mailbot.cli.frame import FAILED, WRONG, Config, Json, app, desk_of, operator, print_json, settings_of


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
        kept = replace_state(settings_of(context, config), file, operator())
    except (DeskError, BackupError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None
    typer.echo(f"{file} is restored" + (f"; the state before is kept as {kept}" if kept else ""))


@app.command()
def invite(
    context: typer.Context,
    addresses: Annotated[
        list[str] | None, typer.Argument(help="Members to invite; all who are not registered without.")
    ] = None,
    config: Config = None,
    json_: Json = False,
) -> None:
    """Invite members who are not registered yet."""
    from mailbot.service import registration

    with desk_of(context, config) as (desk, _):
        try:
            invited = registration.invite(desk, addresses or (), datetime.now(UTC))
        except registration.NotAMemberError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(WRONG) from None
    if json_:
        print_json(invited)
    else:
        typer.echo("\n".join(f"invited: {address}" for address in invited) or "everybody is registered")
