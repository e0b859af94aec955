"""Calls that bring in what another program holds: the tickets of an osTicket."""

# ruff: noqa: PLC0415 - each call imports what it needs: `mailbot explain` must not wait for sqlmodel

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailbot.cli.common import FAILED, Config, Json, app, desk_of, print_json, print_table, with_progress
from mailbot.clock import utc_now

if TYPE_CHECKING:
    from mailbot.core.model.policy import Policy
    from mailbot.importer.importing import ImportReport

import_app = typer.Typer(help="Bring in the tickets of another help desk.", no_args_is_help=True)
app.add_typer(import_app, name="import")


@import_app.command("osticket")
def osticket(
    context: typer.Context,
    database: Annotated[str, typer.Argument(help="mysql://USER@HOST:PORT/DATABASE of the osTicket.")],
    password_file: Annotated[
        Path | None, typer.Option(help="A file with the database's password.", exists=True, dir_okay=False)
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", help='"DEPARTMENT=KEY" of a school; "DEPARTMENT or TEAM=second-level".'),
    ] = None,
    prefix: Annotated[str, typer.Option(help="What the names of osTicket's tables begin with.")] = "ost_",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would come, change nothing.")] = False,
    config: Config = None,
    json_: Json = False,
) -> None:
    """Take over the tickets of an osTicket, with threads, files and numbers; can be repeated."""
    from zoneinfo import ZoneInfo

    from mailbot.importer.importing import ImportReport, import_ticket, record_import

    try:
        from mailbot.importer.osticket import OsTicket, OsTicketError
    except ModuleNotFoundError as error:
        typer.echo(f"{error.name} is missing: pip install 'mailbot[osticket]'", err=True)
        raise typer.Exit(FAILED) from None
    password = _password(password_file)
    with desk_of(context, config) as (desk, _):
        mapping = _mapping(map_ or [], desk.policy)
        report, now = ImportReport(), utc_now()
        try:
            with OsTicket.open(database, password, prefix, ZoneInfo(desk.policy.timezone)) as old:
                for ticket in with_progress(old.tickets(), old.count(), "tickets"):
                    import_ticket(desk, ticket, mapping, report, now, dry=dry_run)
            if not dry_run:
                record_import(desk, report, now)
        except OsTicketError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(FAILED) from None
    print_json(report.document()) if json_ else _print(report, dry=dry_run)


def _password(file: Path | None) -> str:
    return file.read_text("utf-8").strip("\r\n") if file else ""


def _mapping(pairs: list[str], policy: "Policy") -> Mapping[str, str]:
    """Read "Department=KEY"; end with status 2 where the key is no school's."""
    from mailbot.importer.import_model import SECOND_LEVEL

    found: dict[str, str] = {}
    for pair in pairs:
        name, _, key = pair.rpartition("=")
        if not name or (key != SECOND_LEVEL and policy.school(key) is None):
            known = ", ".join(school.key for school in policy.schools)
            raise typer.BadParameter(
                f"{pair}: write NAME=KEY with one of {known}, {SECOND_LEVEL}", param_hint="--map"
            )
        found[name] = key
    return found


def _print(report: "ImportReport", *, dry: bool) -> None:
    titles = ("school", "new tickets", "taken over before", "messages", "files")
    schools = sorted({*report.tickets, *report.known})
    counts = (report.tickets, report.known, report.messages, report.files)
    print_table(titles, [(school, *(str(count[school]) for count in counts)) for school in schools])
    if report.left_out:
        typer.echo(f"\nleft out: {report.left_out} tickets")
    for misfit, number in report.warnings.most_common():
        typer.echo(f"{number:6} x {misfit}")
    if dry:
        typer.echo("\nNothing was changed. Without --dry-run the tickets are taken over.")
