"""The command line: one short function per call. Heavy modules are imported by the call that needs them."""

# ruff: noqa: PLC0415 - `mailbot explain` must not wait for sqlmodel, nor `mailbot status` for IMAP

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import structlog
import typer

from mailbot import __version__

if TYPE_CHECKING:
    from mailbot.config import Settings
    from mailbot.service.desk import Desk

app = typer.Typer(
    help="A help desk for schools that needs nothing but e-mail.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
outbox_app = typer.Typer(help="Letters that are not sent: list, show, retry, drop.")
quarantine_app = typer.Typer(help="Mails that could not be handled: list, show, retry, drop.")
app.add_typer(outbox_app, name="outbox")
app.add_typer(quarantine_app, name="quarantine")

FINE, FAILED, WRONG = 0, 1, 2

Config = Annotated[
    Path | None,
    typer.Option("--config", help="The configuration file.", envvar="MAILBOT_CONFIG", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Number = Annotated[int, typer.Argument(help="The number in the list.")]


def main() -> None:
    """Run the command line."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mailbot {__version__}")
        raise typer.Exit(FINE)


@app.callback()
def _global(
    context: typer.Context,
    config: Config = None,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    context.obj = config
    _log_to_stderr()


def _log_to_stderr() -> None:
    """Write one line for each thing that happened; journald adds the time where it takes the lines."""
    under_systemd = "JOURNAL_STREAM" in os.environ
    stamp = [] if under_systemd else [structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            *stamp,
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _settings(context: typer.Context, config: Path | None) -> "Settings":
    """Return the configuration, or end with status 2 and a line for each of its problems."""
    from mailbot.config import ConfigurationError, find, load

    root: Path | None = context.find_root().obj
    try:
        return load(find(config or root, os.environ), os.environ)
    except ConfigurationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(WRONG) from None


@contextmanager
def _desk(context: typer.Context, config: Path | None) -> Iterator["tuple[Desk, Settings]"]:
    """Open the desk, or end with status 1 and the reason."""
    from mailbot.service.opening import DeskError, open_desk

    settings = _settings(context, config)
    try:
        desk = open_desk(settings)
        yield desk, settings
        desk.engine.dispose()
    except DeskError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=None))


def _print_table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*titles, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


@app.command()
def demo(
    serve: Annotated[bool, typer.Option("--serve", help="Keep servers and bot running afterwards.")] = False,
    open_: Annotated[
        Path | None, typer.Option("--open", help="Leave the HTML of every mail in this directory.")
    ] = None,
) -> None:
    """Play a day at the help desk on embedded servers; needs no configuration."""
    from mailbot.demo.story import play

    raise typer.Exit(play(serve=serve, gallery=open_))


@app.command()
def init(file: Annotated[Path, typer.Argument()] = Path("mailbot.toml")) -> None:
    """Write a commented configuration."""
    from mailbot.init import write_example

    try:
        write_example(file)
    except FileExistsError:
        typer.echo(f"{file} is there already and was left alone", err=True)
        raise typer.Exit(FAILED) from None
    typer.echo(f"{file} is written: change what is yours, then run: mailbot --config {file} check")


@app.command()
def check(
    context: typer.Context,
    config: Config = None,
    roundtrip: Annotated[bool, typer.Option("--roundtrip", help="Send a mail through each mailbox.")] = False,
) -> None:
    """Check configuration, database, templates and every server; one line each."""
    from mailbot.check import findings

    fine = True
    for finding in findings(_settings(context, config), roundtrip=roundtrip):
        fine = fine and finding.fine
        typer.echo(f"{'ok     ' if finding.fine else 'FAILED '} {finding.what}: {finding.text}")
    raise typer.Exit(FINE if fine else FAILED)


@app.command()
def run(context: typer.Context, config: Config = None) -> None:
    """Run the daemon in the foreground."""
    from mailbot.config import find, load
    from mailbot.daemon import run as run_daemon
    from mailbot.service.opening import DeskError

    settings = _settings(context, config)
    root = context.find_root().obj

    def again() -> "Settings":
        return load(find(config or root, os.environ), os.environ)

    try:
        raise typer.Exit(run_daemon(settings, again))
    except DeskError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None


@app.command()
def once(
    context: typer.Context,
    config: Config = None,
    json_: Json = False,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="Take old mail too that was left alone on first contact.")
    ] = False,
) -> None:
    """Handle all mailboxes and the outbox until nothing is left."""
    from mailbot.once import once as do_once
    from mailbot.service.opening import sole

    with _desk(context, config) as (desk, settings), sole(settings):
        counts = do_once(desk, settings, backfill=backfill)
    if json_:
        _print_json(counts)
    else:
        typer.echo(", ".join(f"{name} {number}" for name, number in counts.items()))
    raise typer.Exit(FAILED if counts["failed"] else FINE)


@app.command()
def explain(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Mails, or directories of mails.", exists=True)],
    config: Config = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one JSON line a mail.")] = False,
) -> None:
    """Tell what would become of mails and why; changes nothing, needs no configuration."""
    from mailbot.explain import explain_file, files_in

    if config or context.find_root().obj:
        from mailbot.service.foresight import foresee

        with _desk(context, config) as (desk, _):
            ask = partial(explain_file, foresee=partial(foresee, desk))
            _explain(files_in(paths), ask, json_=json_)
    else:
        _explain(files_in(paths), explain_file, json_=json_)


def _explain(files: Iterable[Path], explanation: Callable[[Path], dict[str, Any]], *, json_: bool) -> None:
    for path in files:
        found = explanation(path)
        if json_:
            _print_json(found)
            continue
        typer.echo(f"{path}: {found['kind']}, {found['outcome']}")
        typer.echo("".join(f"    {reason}\n" for reason in found["because"]))


@app.command()
def preview(
    directory: Annotated[Path, typer.Argument(help="Where to write the gallery.")],
    templates: Annotated[Path | None, typer.Option(help="A directory of templates of your own.")] = None,
) -> None:
    """Write every letter, with sample data, as a gallery to look at."""
    from mailbot.preview import write_gallery
    from mailbot.render import Templates

    typer.echo(write_gallery(directory, Templates(templates)))


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A new file.")],
    config: Config = None,
) -> None:
    """Write the whole state into one file, consistent while the daemon runs."""
    from mailbot.store.backup import BackupError
    from mailbot.store.backup import backup as write

    with _desk(context, config) as (desk, _):
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
        kept = replace_state(_settings(context, config), file)
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
    from datetime import UTC, datetime

    from mailbot.service import registration

    with _desk(context, config) as (desk, _):
        try:
            invited = registration.invite(desk, addresses or (), datetime.now(UTC))
        except registration.NotAMemberError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(WRONG) from None
    if json_:
        _print_json(invited)
    else:
        typer.echo("\n".join(f"invited: {address}" for address in invited) or "everybody is registered")


@app.command()
def tickets(
    context: typer.Context,
    config: Config = None,
    school: Annotated[str | None, typer.Option(help="Only the tickets of this school.")] = None,
    status: Annotated[str, typer.Option(help="open, closed or all")] = "open",
    json_: Json = False,
) -> None:
    """List tickets."""
    from mailbot.service.inspection import list_tickets

    if status not in ("open", "closed", "all"):
        raise typer.BadParameter("open, closed or all", param_hint="--status")
    with _desk(context, config) as (desk, _):
        found = list_tickets(desk, school, status)
    if json_:
        _print_json(found)
        return
    titles = ("ticket", "status", "level", "priority", "requester", "assignee", "subject")
    _print_table(titles, [tuple(str(t[key] or "-") for key in titles) for t in found])


@app.command()
def show(
    context: typer.Context,
    ticket: Annotated[str, typer.Argument(help="The ticket, as in GYM-104.")],
    config: Config = None,
    json_: Json = False,
) -> None:
    """Show a ticket with its messages and its audit trail."""
    from mailbot.service.inspection import show_ticket

    with _desk(context, config) as (desk, _):
        found = show_ticket(desk, ticket)
    if found is None:
        typer.echo(f"there is no ticket {ticket}", err=True)
        raise typer.Exit(FAILED)
    if json_:
        _print_json(found)
        return
    for key in ("ticket", "subject", "status", "level", "priority", "requester", "assignee", "opened"):
        typer.echo(f"{key:10} {found[key] or '-'}")
    for message in found["messages"]:
        typer.echo(f"\n{message['at'][:16]} {message['author']} ({message['visibility']})")
        typer.echo("\n".join(f"    {line}" for line in message["text"].splitlines()))
    typer.echo("")
    for event in found["events"]:
        typer.echo(f"{event['at'][:16]} {event['actor']}: {event['action']} {event['detail']}")


@app.command()
def status(context: typer.Context, config: Config = None, json_: Json = False) -> None:
    """Tell how mailboxes, outbox, quarantine and tickets stand."""
    from mailbot.service.inspection import healthy
    from mailbot.service.inspection import status as look

    with _desk(context, config) as (desk, _):
        found = look(desk)
    if json_:
        _print_json(found)
    else:
        _print_table(
            ("mailbox", "last success", "open tickets", "trouble"),
            [
                (
                    f"{m['school']} {m['address']}",
                    (m["last_success"] or "never")[:16].replace("T", " "),
                    str(found["open_tickets"].get(m["school"], 0)),
                    m["last_error"] if m["failing_since"] else "-",
                )
                for m in found["mailboxes"]
            ],
        )
        letters = ", ".join(f"{number} {state}" for state, number in found["outbox"].items()) or "empty"
        typer.echo(f"\noutbox: {letters}\nquarantine: {found['quarantine']}")
        if found["not_registered"]:
            typer.echo(f"not registered: {', '.join(found['not_registered'])}")
        for alert in found["alerts"]:
            typer.echo(f"alert since {alert['since'][:16]}: {alert['topic']}: {alert['text']}")
    raise typer.Exit(FINE if healthy(found) else FAILED)


@outbox_app.callback(invoke_without_command=True)
def outbox_list(context: typer.Context, config: Config = None, json_: Json = False) -> None:
    """List the letters that are not sent."""
    from mailbot.service.operation import unsent_letters

    if context.invoked_subcommand is not None:
        context.obj = config or context.find_root().obj
        return
    with _desk(context, config) as (desk, _):
        found = unsent_letters(desk)
    if json_:
        _print_json(found)
        return
    titles = ("id", "state", "kind", "ticket", "recipient", "attempts", "next_attempt", "last_error")
    _print_table(titles, [tuple(str(line[key]) for key in titles) for line in found])


def _operate(context: typer.Context, operation: str, number: int) -> None:
    """Do what an operator asks with one letter or mail; end with status 1 and the reason if it fails."""
    from mailbot.service import operation as operations

    config: Path | None = context.parent.obj if context.parent else None
    with _desk(context, config) as (desk, _):
        try:
            typer.echo(getattr(operations, operation)(desk, number))
        except operations.OperationError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(FAILED) from None


@outbox_app.command("show")
def outbox_show(context: typer.Context, number: Number) -> None:
    """Show a letter."""
    _operate(context, "show_letter", number)


@outbox_app.command("retry")
def outbox_retry(context: typer.Context, number: Number) -> None:
    """Send a letter again at the next opportunity."""
    _operate(context, "retry_letter", number)


@outbox_app.command("drop")
def outbox_drop(context: typer.Context, number: Number) -> None:
    """Give a letter up."""
    _operate(context, "drop_letter", number)


@quarantine_app.callback(invoke_without_command=True)
def quarantine_list(context: typer.Context, config: Config = None, json_: Json = False) -> None:
    """List the mails that could not be handled."""
    from mailbot.service.operation import quarantined_mails

    if context.invoked_subcommand is not None:
        context.obj = config or context.find_root().obj
        return
    with _desk(context, config) as (desk, _):
        found = quarantined_mails(desk)
    if json_:
        _print_json(found)
        return
    titles = ("id", "school", "at", "sender", "subject", "because")
    _print_table(titles, [tuple(str(line[key]) for key in titles) for line in found])


@quarantine_app.command("show")
def quarantine_show(context: typer.Context, number: Number) -> None:
    """Show the reason and the traceback of a mail, and the mail as it came."""
    _operate(context, "show_mail", number)


@quarantine_app.command("retry")
def quarantine_retry(context: typer.Context, number: Number) -> None:
    """Handle a mail again."""
    _operate(context, "retry_mail", number)


@quarantine_app.command("drop")
def quarantine_drop(context: typer.Context, number: Number) -> None:
    """Give a mail up; it stays in the ledger."""
    _operate(context, "drop_mail", number)
