"""Calls for the state and its people: backup, restore, migrate-database, invite, disclose, forget."""

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
    echo,
    exit_on,
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
    file: Annotated[Path, typer.Argument(help="Write the backup to this new file.")],
    config: Config = None,
) -> None:
    """Back up the whole state to one file; the daemon may run meanwhile."""
    from mailbot.store.backup import BackupError
    from mailbot.store.backup import backup as write

    with desk_of(context, config, "any") as (desk, _), exit_on(BackupError):
        write(desk.engine, file)
    echo(f"{file}: {file.stat().st_size} bytes")


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Restore this backup.", exists=True)],
    config: Config = None,
) -> None:
    """Replace the present state with a backup; the daemon must not run."""
    from mailbot.service.bootstrap import DeskError, restore_backup
    from mailbot.store.backup import BackupError

    with exit_on(DeskError, BackupError):
        kept = restore_backup(settings_of(context, config), file, operator())
    echo(f"{file} is restored" + (f"; the previous state is kept as {kept}" if kept else ""))


@app.command("upgrade-database")
def upgrade_database(context: typer.Context, config: Config = None) -> None:
    """Migrate the database to the schema of this version, as the daemon does when it starts."""
    from mailbot.store.schema import revisions

    with desk_of(context, config, "migrate"):
        echo(f"the database has the schema of this version, {revisions()[-1]}")


@app.command("migrate-database")
def migrate_database(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="Move this SQLite file; default: mailbot.db in state_dir.")
    ] = None,
    config: Config = None,
    json_: Json = False,
) -> None:
    """Move the database from SQLite to the PostgreSQL of the configuration; the daemon must not run."""
    from mailbot.service.bootstrap import DeskError
    from mailbot.service.migrate_database import migration

    settings = settings_of(context, config)
    old = file or settings.state_dir / "mailbot.db"
    with exit_on(DeskError), migration(settings, old, operator()) as transfer:
        for _ in with_progress(transfer.steps(), transfer.total(), "rows"):
            pass
        print_json(_compared(transfer)) if json_ else _print(transfer)
    if not json_:
        echo(f"All rows are in PostgreSQL; start mailbot. {old} is unchanged; delete it when you like.")


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
        echo(difference)
    held = f"{transfer.verification.entries} entries are intact"
    wrong = f"is broken: {'; '.join(transfer.verification.problems[:3])}"
    echo(f"audit trail: {wrong if transfer.verification.problems else held}")


@app.command("rename-school")
def rename_school(
    context: typer.Context,
    old: Annotated[str, typer.Argument(help="The key before, such as GYM.")],
    new: Annotated[str, typer.Argument(help="The key in the configuration now, such as MSG.")],
    config: Config = None,
) -> None:
    """Give the tickets of a school its new key; the daemon must not run."""
    from mailbot.service.operations import OperationError
    from mailbot.service.rename_school import rename_school as rename

    with desk_of(context, config, "migrate") as (desk, _), exit_on(OperationError):
        echo(rename(desk, old, new, utc_now()))


@app.command()
def invite(
    context: typer.Context,
    addresses: Annotated[
        list[str] | None, typer.Argument(help="Addresses of members; default: all who are not registered.")
    ] = None,
    config: Config = None,
    json_: Json = False,
) -> None:
    """Invite members who are not registered yet."""
    from mailbot.service import registration

    with desk_of(context, config) as (desk, _), exit_on(registration.NotAMemberError, status=WRONG):
        invited = registration.invite(desk, addresses or (), utc_now())
    if json_:
        print_json(invited)
    else:
        echo("\n".join(f"invited: {address}" for address in invited) or "all members are registered")


@app.command()
def disclose(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The address of the person.")],
    file: Annotated[
        Path | None, typer.Option("--to", help="Write to this new ZIP file; default: ADDRESS.zip.")
    ] = None,
    config: Config = None,
) -> None:
    """Export all data about a person to a ZIP file (GDPR, Art. 15)."""
    from mailbot.addresses import stored_address
    from mailbot.privacy.requests import disclose as write
    from mailbot.service.operations import OperationError

    target = file or Path(f"{address}.zip")
    with desk_of(context, config) as (desk, _), exit_on(OperationError):
        steps = write(desk, stored_address(address), target, utc_now())
        for _step in with_progress(steps, None, "mails"):
            pass
    echo(f"{target}: {target.stat().st_size} bytes; check internal.json before you hand it out")


@app.command()
def forget(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The address of the person.")],
    config: Config = None,
    json_: Json = False,
) -> None:
    """Erase all data about a person: tickets, mails, quotations, audit entries (GDPR, Art. 17)."""
    from mailbot.addresses import stored_address
    from mailbot.privacy.requests import PersonErasure
    from mailbot.service.operations import OperationError
    from mailbot.store.compaction import NotCompactError

    with desk_of(context, config) as (desk, settings):
        erasure = PersonErasure(desk, stored_address(address), utc_now())
        with exit_on(OperationError):
            erasure.check()
        left = ""
        try:
            for _ in with_progress(erasure.steps(), erasure.total(), "rows"):
                pass
        except NotCompactError as error:
            left = str(error)
        copies = [str(path) for path in sorted(settings.state_dir.glob("*.before-*"))]
    erased = erasure.erased
    counts = {name: getattr(erased, name) for name in ("tickets", "mails", "places", "entries")}
    if json_:
        print_json({**counts, "copies": copies, "not_erased": left})
    else:
        echo(", ".join(f"{name} {number}" for name, number in counts.items()))
        echo("Not erased: mails that are still in mailboxes, and backups.")
        echo("".join(f"Delete this copy of the database as well: {path}\n" for path in copies), nl=False)
    if left:
        echo(f"Not erased: {left}", err=True)
        raise typer.Exit(FAILED)
