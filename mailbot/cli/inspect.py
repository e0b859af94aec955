"""Calls that only read: explain, preview, handouts, tickets, show, audit, report, status."""

from collections.abc import Callable, Iterable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from mailbot.cli.common import (
    FAILED,
    FINE,
    Config,
    Json,
    app,
    desk_of,
    echo,
    exit_on,
    parse_month,
    print_json,
    print_records,
    print_table,
    require_school,
    settings_of,
    warn_renamed,
)
from mailbot.clock import utc_now


@app.command()
def explain(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(help="Files of mails, or directories of such files.", exists=True)
    ],
    config: Config = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one line of JSON for each mail.")] = False,
) -> None:
    """Show what mailbot would do with mails, and why; it changes nothing and needs no configuration."""
    from mailbot.explain import explain_file, files_in

    if config or context.find_root().obj:
        from mailbot.service.receive import dry_run

        with desk_of(context, config) as (desk, _):
            explanation = partial(explain_file, dry_run=partial(dry_run, desk))
            _explain(files_in(paths), explanation, json_=json_)
    else:
        _explain(files_in(paths), explain_file, json_=json_)


def _explain(files: Iterable[Path], explanation: Callable[[Path], dict[str, Any]], *, json_: bool) -> None:
    for path in files:
        found = explanation(path)
        if json_:
            print_json(found)
            continue
        echo(f"{path}: {found['kind']}, {found['outcome']}")
        echo("".join(f"    {reason}\n" for reason in found["because"]))


@app.command()
def preview(
    directory: Annotated[Path, typer.Argument(help="Write the gallery to this directory.")],
    templates: Annotated[Path | None, typer.Option(help="Use the templates in this directory.")] = None,
) -> None:
    """Write an HTML gallery of every mail, with sample data."""
    from mailbot.preview import write_gallery
    from mailbot.render import Templates

    echo(write_gallery(directory, Templates(templates)))


@app.command()
def handouts(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(help="Write the pages to this directory.")],
    config: Config = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write them as PDF as well; needs Chromium.")] = False,
) -> None:
    """Write printable pages for teachers and supporters; without --config, those of a sample school."""
    from mailbot.handouts import PrintError, print_pdf, write_handouts
    from mailbot.render import Templates

    given = config or context.find_root().obj
    settings = settings_of(context, config) if given else None
    templates = Templates(settings.templates, settings.colour) if settings else Templates()
    with exit_on(PrintError):
        for page in write_handouts(directory, settings.policy if settings else None, templates):
            echo(page)
            if pdf:
                echo(print_pdf(page))


@app.command()
def tickets(
    context: typer.Context,
    config: Config = None,
    school: Annotated[str | None, typer.Option(help="List only the tickets of this school.")] = None,
    status: Annotated[str, typer.Option(help="List open, closed or all tickets.")] = "open",
    json_: Json = False,
) -> None:
    """List tickets."""
    from mailbot.core.model.ticket_fields import CLI_TABLE
    from mailbot.service.ticket_documents import list_tickets

    if status not in ("open", "closed", "all"):
        raise typer.BadParameter("must be open, closed or all", param_hint="--status")
    with desk_of(context, config) as (desk, _):
        found = list_tickets(desk, require_school(desk, school), status)
    if json_:
        print_json(found)
        return
    titles = ("ticket", *CLI_TABLE)
    print_table(titles, [tuple(str(t[key] or "-") for key in titles) for t in found])


@app.command()
def show(
    context: typer.Context,
    ticket: Annotated[str, typer.Argument(help="The ticket, such as GYM-104.")],
    config: Config = None,
    json_: Json = False,
) -> None:
    """Show a ticket with its messages and its audit entries."""
    from mailbot.core.model.ticket_fields import CLI_TABLE
    from mailbot.service.ticket_documents import show_ticket

    with desk_of(context, config) as (desk, _):
        found = show_ticket(desk, ticket)
    if found is None:
        echo(f"there is no ticket {ticket}; mailbot tickets --status all lists them", err=True)
        raise typer.Exit(FAILED)
    if json_:
        print_json(found)
        return
    for key in dict.fromkeys(("ticket", "subject", *CLI_TABLE, "opened")):
        echo(f"{key:10} {found[key] or '-'}")
    for message in found["messages"]:
        echo(f"\n{message['at'][:16]} {message['author']} ({message['visibility']})")
        lines = [*message["text"].splitlines(), *message["signature"].splitlines()]
        echo("\n".join(f"    {line}" for line in lines))
    echo("")
    for event in found["events"]:
        echo(f"{event['at'][:16]} {event['actor'] or '(erased)'}: {event['action']} {event['detail']}")
        origin = " ".join(part for part in (event["message_id"], event["trusted"]) if part)
        echo(f"    {origin}\n" if origin else "", nl=False)


@app.command()
def audit(context: typer.Context, config: Config = None, json_: Json = False) -> None:
    """Show audit entries that do not belong to a ticket."""
    from mailbot.service.operations import operator_log

    with desk_of(context, config) as (desk, _):
        found = operator_log(desk)
    print_records(("at", "actor", "action", "detail"), found, as_json=json_)


@app.command(hidden=True)
def trail(context: typer.Context, config: Config = None, json_: Json = False) -> None:
    """Show what `audit` shows: the old name of that call."""
    warn_renamed("mailbot trail", "mailbot audit")
    audit(context, config, json_)


@app.command()
def report(
    context: typer.Context,
    config: Config = None,
    month: Annotated[
        date | None,
        typer.Option(
            parser=parse_month,
            metavar="YYYY-MM",
            help="Report this month, such as 2026-10; default: the last one.",
            show_default=False,
        ),
    ] = None,
    json_: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, with a line for each school.")] = False,
    html: Annotated[
        bool, typer.Option("--html", help="Print the HTML page that operators get by mail.")
    ] = False,
) -> None:
    """Show the tickets and the response times of each school in a month."""
    from mailbot.service import report as reports

    now = utc_now()
    with desk_of(context, config) as (desk, _):
        wanted = reports.month_of(desk, month, now)
        found = reports.report_of(desk, wanted)
        page = reports.page(desk, found, now) if html else ""
    if json_:
        print_json(reports.document(found))
    elif csv or html:
        echo(page or reports.as_csv(found), nl=False)
    else:
        rows = list(reports.rows(found))
        print_table(tuple(rows[0]), [tuple(str(value) for value in row.values()) for row in rows])


@app.command()
def status(
    context: typer.Context,
    config: Config = None,
    json_: Json = False,
    probe_: Annotated[
        bool,
        typer.Option(
            "--probe", help="Print one line for Nagios, Icinga or Checkmk and exit with its status."
        ),
    ] = False,
) -> None:
    """Show the state of mailboxes, outbox, quarantine and tickets."""
    from mailbot.cli.status import print_status
    from mailbot.monitoring.nagios import Level, check_plugin
    from mailbot.monitoring.status import status as status_document

    if probe_:
        _probe(context, config)
    with desk_of(context, config) as (desk, _):
        found = status_document(desk)
    if json_:
        print_json(found)
    else:
        print_status(found)
    raise typer.Exit(FINE if check_plugin(found)[0] is Level.OK else FAILED)


def _probe(context: typer.Context, config: Path | None) -> NoReturn:
    """Print one line in every case, and exit with the status that monitoring expects."""
    from mailbot.monitoring.nagios import Level, check_plugin
    from mailbot.monitoring.status import status as status_document

    try:
        with desk_of(context, config) as (desk, _):
            level, line = check_plugin(status_document(desk))
    except typer.Exit:
        level, line = Level.UNKNOWN, "MAILBOT UNKNOWN - the desk cannot be opened: run mailbot check"
    echo(line)
    raise typer.Exit(level)
