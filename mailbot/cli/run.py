"""Calls that run the desk: demo, check, run, once."""

# ruff: noqa: PLC0415 - each call imports what it needs: `mailbot explain` must not wait for the database

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailbot.cli.common import (
    FAILED,
    FINE,
    Config,
    Json,
    app,
    desk_of,
    echo,
    print_json,
    settings_of,
    warn_renamed,
)

if TYPE_CHECKING:
    from mailbot.config import Settings


@app.command()
def demo(
    serve: Annotated[
        bool, typer.Option("--serve", help="Keep the servers and the bot running afterwards.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option("--output", help="Write every mail as HTML to this directory.")
    ] = None,
    open_: Annotated[Path | None, typer.Option("--open", hidden=True)] = None,
) -> None:
    """Run a sample day of the help desk on embedded servers; needs no configuration."""
    try:
        from mailbot.demo.runner import play
    except ModuleNotFoundError as error:
        echo(
            f"{error.name} is missing: the demonstration brings its own mail servers."
            " Run `make demo` in a checkout, or pip install 'mailbot[demo]'",
            err=True,
        )
        raise typer.Exit(FAILED) from None
    if open_:
        warn_renamed("mailbot demo --open", "mailbot demo --output")
    raise typer.Exit(play(serve=serve, pages=output or open_))


@app.command()
def check(
    context: typer.Context,
    config: Config = None,
    roundtrip: Annotated[
        bool, typer.Option("--roundtrip", help="Send a test mail through each mailbox.")
    ] = False,
) -> None:
    """Check the configuration, database, templates and servers; print a line for each."""
    from mailbot.check import run_checks

    ok = True
    for result in run_checks(settings_of(context, config), with_roundtrip=roundtrip):
        ok = ok and result.ok
        echo(f"{'ok     ' if result.ok else 'FAILED '} {result.subject}: {result.text}")
    raise typer.Exit(FINE if ok else FAILED)


@app.command()
def run(context: typer.Context, config: Config = None) -> None:
    """Run the daemon in the foreground."""
    from mailbot.config import find, load
    from mailbot.runtime.daemon import run as run_daemon
    from mailbot.service.bootstrap import DeskError

    settings = settings_of(context, config)
    root = context.find_root().obj

    def reload() -> "Settings":
        return load(find(config or root, os.environ), os.environ)

    try:
        raise typer.Exit(run_daemon(settings, reload))
    except DeskError as error:
        echo(str(error), err=True)
        raise typer.Exit(FAILED) from None


@app.command()
def once(
    context: typer.Context,
    config: Config = None,
    json_: Json = False,
    backfill: Annotated[
        bool,
        typer.Option("--backfill", help="Process old mails too, which were skipped at the first contact."),
    ] = False,
) -> None:
    """Process all mailboxes and the outbox until nothing is left, and exit."""
    from mailbot.runtime.run_once import run_once
    from mailbot.service.bootstrap import exclusive_lock

    with desk_of(context, config) as (desk, settings), exclusive_lock(settings):
        counts = run_once(desk, settings, backfill=backfill)
    if json_:
        print_json(counts)
    else:
        echo(", ".join(f"{name} {number}" for name, number in counts.items()))
    raise typer.Exit(FAILED if counts["failed"] else FINE)
