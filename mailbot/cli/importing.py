"""Calls that import tickets from another help desk, and that export and import a whole desk."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailbot.cli.common import (
    FAILED,
    Config,
    Json,
    app,
    desk_of,
    echo,
    exit_on,
    print_json,
    print_table,
    with_progress,
)
from mailbot.clock import utc_now

if TYPE_CHECKING:
    from mailbot.core.model.policy import Policy
    from mailbot.importer.exported import Import
    from mailbot.importer.importing import ImportReport
    from mailbot.service.desk import Desk
    from mailbot.service.export import Export

import_app = typer.Typer(
    help="Import tickets from another help desk, or an export of mailbot.", no_args_is_help=True
)
app.add_typer(import_app, name="import")


@import_app.command("osticket")
def osticket(
    context: typer.Context,
    database: Annotated[str, typer.Argument(help="osTicket's database: mysql://USER@HOST:PORT/DATABASE.")],
    password_file: Annotated[
        Path | None,
        typer.Option(help="Read the database password from this file.", exists=True, dir_okay=False),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help='Map "DEPARTMENT=KEY" of a school; "DEPARTMENT=second-level" or "TEAM=second-level".',
        ),
    ] = None,
    prefix: Annotated[str, typer.Option(help="Prefix of osTicket's table names.")] = "ost_",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be imported; change nothing.")
    ] = False,
    config: Config = None,
    json_: Json = False,
) -> None:
    """Import the tickets of an osTicket, with threads, files and numbers; can be repeated."""
    password = _password(password_file)
    with desk_of(context, config) as (desk, _):
        mapping = _mapping(map_ or [], desk.policy)
        report = _import(desk, (database, password, prefix), mapping, dry_run=dry_run)
    print_json(report.document()) if json_ else _print(report, dry=dry_run)


@import_app.command("mailbot")
def mailbot(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(help="The directory that mailbot export wrote.")],
    config: Config = None,
    json_: Json = False,
) -> None:
    """Import an export of mailbot into an empty desk; the daemon must not run."""
    from mailbot.importer.exported import Import

    with desk_of(context, config, "migrate") as (desk, _):
        source = Import(desk, directory)
        _follow(source)
    found = source.verification
    if json_:
        print_json({"rows": source.rows, "entries": found.entries, "trail": found.problems})
        return
    _print_rows(source.rows)
    if not found.problems:
        echo(f"audit trail: {found.entries} entries are intact")
        return
    since = "since before the export, or the files were changed since"
    echo(f"audit trail: broken {since}: {'; '.join(found.problems[:3])}")
    echo("Run mailbot check at the old desk: if its audit trail is intact there, export again.")


@app.command("export")
def export(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(help="Write to this new directory.")],
    config: Config = None,
    json_: Json = False,
) -> None:
    """Write everything in open formats: JSON Lines, mbox, files, CSV; the daemon may run meanwhile."""
    from mailbot.service.export import Export

    with desk_of(context, config) as (desk, _):
        written = Export(desk, directory)
        _follow(written)
    if json_:
        print_json({"rows": written.rows, "files": written.files, "missing_files": written.missing_files})
        return
    _print_rows(written.rows)
    echo(f"{directory}: {written.files} attachments; {written.missing_files} are not in their mails")


def _follow(work: "Export | Import") -> None:
    """Do the work and show its progress."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("rows", total=work.total())
        for rows in work.steps():
            progress.advance(task, rows)


def _print_rows(rows: Mapping[str, int]) -> None:
    print_table(("table", "rows"), [(name, str(number)) for name, number in rows.items()], numbers=("rows",))


def _import(
    desk: "Desk", source: tuple[str, str, str], mapping: Mapping[str, str], *, dry_run: bool
) -> "ImportReport":
    """Import from a database (URL, password, table prefix); exit with FAILED if it cannot be read."""
    from zoneinfo import ZoneInfo

    from mailbot.importer.importing import ImportReport, import_ticket, record_import

    try:
        from mailbot.importer.osticket import OsTicket, OsTicketError
    except ModuleNotFoundError as error:
        echo(f"{error.name} is missing: pip install 'mailbot[osticket]'", err=True)
        raise typer.Exit(FAILED) from None
    report, now = ImportReport(), utc_now()
    with exit_on(OsTicketError):
        with OsTicket.open(*source, ZoneInfo(desk.policy.timezone)) as old:
            for ticket in with_progress(old.tickets(), old.count(), "tickets"):
                import_ticket(desk, ticket, mapping, report, now, dry=dry_run)
        if not dry_run:
            record_import(desk, report, now)
    return report


def _password(file: Path | None) -> str:
    return file.read_text("utf-8").strip("\r\n") if file else ""


def _mapping(pairs: list[str], policy: "Policy") -> Mapping[str, str]:
    """Parse pairs of "NAME=KEY"; exit with status 2 if a key is not a school's."""
    from mailbot.importer.import_model import SECOND_LEVEL

    mapping: dict[str, str] = {}
    for pair in pairs:
        name, _, key = pair.rpartition("=")
        if not name or (key != SECOND_LEVEL and policy.school(key) is None):
            known = ", ".join(school.key for school in policy.schools)
            raise typer.BadParameter(
                f"{pair}: write NAME=KEY with one of {known}, {SECOND_LEVEL}", param_hint="--map"
            )
        mapping[name] = key
    return mapping


def _print(report: "ImportReport", *, dry: bool) -> None:
    titles = ("school", "new tickets", "imported before", "messages", "files")
    schools = sorted({*report.tickets, *report.known})
    counts = (report.tickets, report.known, report.messages, report.files)
    print_table(titles, [(school, *(str(count[school]) for count in counts)) for school in schools])
    if report.left_out:
        echo(f"\nskipped: {report.left_out} tickets")
    for warning, number in report.warnings.most_common():
        echo(f"{number:6} x {warning}")
    if dry:
        echo("\nNothing was changed. Run it without --dry-run to import the tickets.")
