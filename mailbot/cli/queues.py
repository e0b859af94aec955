"""Calls that repair by hand: outbox, quarantine, blocked senders and withheld files."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailbot.cli.common import Config, Json, app, desk_of, echo, exit_on, print_records

if TYPE_CHECKING:
    from mailbot.service.desk import Desk

outbox_app = typer.Typer(help="List unsent mails; show, retry or drop one of them.")
quarantine_app = typer.Typer(help="List mails that could not be processed; show, retry or drop one of them.")
app.add_typer(outbox_app, name="outbox")
app.add_typer(quarantine_app, name="quarantine")


Number = Annotated[int, typer.Argument(help="The id in the list.")]


@outbox_app.callback(invoke_without_command=True)
def outbox_list(context: typer.Context, config: Config = None, json_: Json = False) -> None:
    """List unsent mails."""
    from mailbot.service.operations import unsent_mails

    if context.invoked_subcommand is not None:
        context.obj = config or context.find_root().obj
        return
    with desk_of(context, config) as (desk, _):
        found = unsent_mails(desk)
    titles = ("id", "state", "kind", "ticket", "recipient", "attempts", "next_attempt", "last_error")
    print_records(titles, found, as_json=json_)


@app.command()
def blocked(context: typer.Context, config: Config = None, json_: Json = False) -> None:
    """List blocked senders; their mails are ignored because of #spam."""
    from mailbot.service.operations import blocked_senders

    with desk_of(context, config) as (desk, _):
        found = blocked_senders(desk)
    print_records(("address", "school", "since", "by"), found, as_json=json_)


@app.command()
def unblock(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="The address of the sender.")],
    config: Config = None,
) -> None:
    """Unblock a sender."""
    from mailbot.service import operations

    with desk_of(context, config) as (desk, _), exit_on(operations.OperationError):
        echo(operations.unblock(desk, address))


@app.command()
def release(
    context: typer.Context,
    ticket: Annotated[str, typer.Argument(help="The ticket, such as GYM-104.")],
    files: Annotated[
        list[str] | None, typer.Argument(help="Names of files; default: all withheld files.")
    ] = None,
    config: Config = None,
) -> None:
    """Release withheld files of a ticket, so that they can be sent."""
    from mailbot.service import operations

    with desk_of(context, config) as (desk, _), exit_on(operations.OperationError):
        echo(operations.release_files(desk, ticket, files or ()))


def _operate(context: typer.Context, operation: "Callable[[Desk, int], str]", number: int) -> None:
    """Execute an operation on one mail; exit with status 1 after printing the reason if it fails."""
    from mailbot.service.operations import OperationError

    config: Path | None = context.parent.obj if context.parent else None
    with desk_of(context, config) as (desk, _), exit_on(OperationError):
        echo(operation(desk, number))


@outbox_app.command("show")
def outbox_show(context: typer.Context, number: Number) -> None:
    """Show an unsent mail."""
    from mailbot.service.operations import show_unsent_mail

    _operate(context, show_unsent_mail, number)


@outbox_app.command("retry")
def outbox_retry(context: typer.Context, number: Number) -> None:
    """Send an unsent mail again as soon as possible."""
    from mailbot.service.operations import retry_unsent_mail

    _operate(context, retry_unsent_mail, number)


@outbox_app.command("drop")
def outbox_drop(context: typer.Context, number: Number) -> None:
    """Drop an unsent mail: it is not sent any more."""
    from mailbot.service.operations import drop_unsent_mail

    _operate(context, drop_unsent_mail, number)


@quarantine_app.callback(invoke_without_command=True)
def quarantine_list(context: typer.Context, config: Config = None, json_: Json = False) -> None:
    """List mails that could not be processed."""
    from mailbot.service.operations import quarantined_mails

    if context.invoked_subcommand is not None:
        context.obj = config or context.find_root().obj
        return
    with desk_of(context, config) as (desk, _):
        found = quarantined_mails(desk)
    print_records(("id", "school", "at", "sender", "subject", "because"), found, as_json=json_)


@quarantine_app.command("show")
def quarantine_show(context: typer.Context, number: Number) -> None:
    """Show why a mail could not be processed, the traceback and the raw mail."""
    from mailbot.service.operations import show_mail

    _operate(context, show_mail, number)


@quarantine_app.command("retry")
def quarantine_retry(context: typer.Context, number: Number) -> None:
    """Process a mail again."""
    from mailbot.service.operations import retry_mail

    _operate(context, retry_mail, number)


@quarantine_app.command("drop")
def quarantine_drop(context: typer.Context, number: Number) -> None:
    """Drop a mail: it is not processed any more, and stays in the ledger."""
    from mailbot.service.operations import drop_mail

    _operate(context, drop_mail, number)
