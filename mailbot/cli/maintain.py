"""Calls that keep the state and the people: backup, restore, migrate-database, invite, disclose, forget."""

# ruff: noqa: PLC0415 - each call imports what it needs: `mailbot explain` must not wait for sqlmodel

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailbot.cli.common import (
    FAILED,
    WRONG,
    Config,
    Json,
    app,
    desk_of,
    operator,
    print_json,
    print_table,
    settings_of,
    with_progress,
)
from mailbot.clock import utc_now

if TYPE_CHECKING:
    from mailbot.store.transfer import Transfer


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
    from mailbot.service.bootstrap import DeskError, restore_backup
    from mailbot.store.backup import BackupError

    try:
        kept = restore_backup(settings_of(context, config), file, operator())
    except (DeskError, BackupError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None
    typer.echo(f"{file} is restored" + (f"; the state before is kept as {kept}" if kept else ""))


@app.command("migrate-database")
def migrate_database(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="The old SQLite file; mailbot.db in state_dir without.")
    ] = None,
    config: Config = None,
    json_: Json = False,
) -> None:
    """Move the desk from SQLite into the PostgreSQL of the configuration; the daemon must not run."""
    from mailbot.service.bootstrap import DeskError
    from mailbot.service.migrate_database import migration

    settings = settings_of(context, config)
    old = file or settings.state_dir / "mailbot.db"
    try:
        with migration(settings, old, operator()) as transfer:
            for _ in with_progress(transfer.steps(), transfer.total(), "rows"):
                pass
            print_json(_compared(transfer)) if json_ else _print(transfer)
    except DeskError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None
    if not json_:
        typer.echo(
            f"All is in PostgreSQL, and mailbot may start. {old} is as it was; delete it when you like."
        )


def _compared(transfer: "Transfer") -> dict[str, object]:
    return {
        "tables": {name: asdict(tally) for name, tally in transfer.counts.items()},
        "entries": transfer.verification.entries,
        "differences": transfer.differences,
        "trail": transfer.verification.problems,
    }


def _print(transfer: "Transfer") -> None:
    titles = ("table", "SQLite", "PostgreSQL", "different")
    rows = [(name, str(t.old), str(t.new), str(t.different)) for name, t in transfer.counts.items()]
    print_table(titles, rows, numbers=titles[1:])
    for difference in transfer.differences:
        typer.echo(difference)
    held = f"{transfer.verification.entries} entries hold"
    wrong = f"does not hold, and did not before: {'; '.join(transfer.verification.problems[:3])}"
    typer.echo(f"audit trail: {wrong if transfer.verification.problems else held}")


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
            invited = registration.invite(desk, addresses or (), utc_now())
        except registration.NotAMemberError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(WRONG) from None
    if json_:
        print_json(invited)
    else:
        typer.echo("\n".join(f"invited: {address}" for address in invited) or "everybody is registered")


@app.command()
def disclose(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="Whose data is to be given out.")],
    file: Annotated[Path | None, typer.Option("--to", help="A new ZIP file; ADDRESS.zip without.")] = None,
    config: Config = None,
) -> None:
    """Write all that is stored on a person into a ZIP file (GDPR, Art. 15)."""
    from mailbot.privacy.requests import disclose as write
    from mailbot.service.operations import OperationError

    target = file or Path(f"{address}.zip")
    with desk_of(context, config) as (desk, _):
        try:
            steps = write(desk, address.lower(), target, utc_now())
            for _step in with_progress(steps, None, "mails"):
                pass
        except OperationError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(FAILED) from None
    typer.echo(f"{target}: {target.stat().st_size} octets; check internal.json before you hand it out")


@app.command()
def forget(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="Who is to be erased.")],
    config: Config = None,
    json_: Json = False,
) -> None:
    """Erase a person: tickets, mails, quotations, letters, traces in the audit trail (GDPR, Art. 17)."""
    from mailbot.privacy.requests import PersonErasure
    from mailbot.service.operations import OperationError

    with desk_of(context, config) as (desk, settings):
        forgetting = PersonErasure(desk, address.lower(), utc_now())
        try:
            forgetting.check()
        except OperationError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(FAILED) from None
        for _ in with_progress(forgetting.steps(), forgetting.total(), "rows"):
            pass
        copies = [str(path) for path in sorted(settings.state_dir.glob("*.before-*"))]
    erased = forgetting.erased
    counts = {name: getattr(erased, name) for name in ("tickets", "mails", "places", "entries")}
    if json_:
        print_json({**counts, "copies": copies})
        return
    typer.echo(", ".join(f"{name} {number}" for name, number in counts.items()))
    typer.echo("Not reached from here: the mails in the mailboxes themselves, and backups.")
    typer.echo("".join(f"Delete this copy of the database, too: {path}\n" for path in copies), nl=False)
