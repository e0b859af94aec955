"""Calls that run the desk: demo, check, run, once."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

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
    service: Annotated[
        bool,
        typer.Option("--as-service", help="Check with the user and the passwords of mailbot.service."),
    ] = False,
) -> None:
    """Check the configuration, database, templates and servers; print a line for each."""
    from mailbot.check import run_checks

    if service:
        _check_as_service(["--roundtrip"] if roundtrip else [])
    settings, ok = settings_of(context, config), True
    for result in run_checks(settings, with_roundtrip=roundtrip):
        ok = ok and result.ok
        echo(f"{'ok     ' if result.ok else 'FAILED '} {result.subject}: {result.text}")
    raise typer.Exit(FINE if ok else FAILED)


def _check_as_service(options: list[str]) -> NoReturn:
    """Exit with the status of the check by systemd-run; without root print its command, with status 1."""
    import shlex
    import subprocess

    from mailbot.systemd import as_service

    try:
        cat = ["systemctl", "cat", "mailbot"]
        unit = subprocess.run(cat, capture_output=True, text=True, check=True).stdout  # noqa: S603
        command = as_service(unit, ["check", *options])
        if os.geteuid() == 0:
            raise typer.Exit(subprocess.call(command))  # noqa: S603 - systemd's own program
        echo(f"run this as root: {shlex.join(command)}", err=True)
    except OSError as error:
        echo(f"{error.filename}: {error.strerror}; --as-service needs systemd", err=True)
    except subprocess.CalledProcessError as error:
        echo(f"mailbot.service is not installed: {error.stderr.strip()}", err=True)
    raise typer.Exit(FAILED)


@app.command()
def run(context: typer.Context, config: Config = None) -> None:
    """Run the daemon in the foreground."""
    import structlog

    from mailbot import systemd
    from mailbot.config import find, load
    from mailbot.runtime.daemon import run as run_daemon
    from mailbot.sanitize import redact_for_log
    from mailbot.service.bootstrap import DeskError

    settings = settings_of(context, config)
    root = context.find_root().obj

    def reload() -> "Settings":
        return load(find(config or root, os.environ), os.environ)

    try:
        status = run_daemon(settings, reload)
    except DeskError as error:
        systemd.status(str(error))
        echo(str(error), err=True)
        raise typer.Exit(FAILED) from None
    except Exception as error:  # noqa: BLE001 - systemd gets the reason, the log has the traceback
        reason = f"{type(error).__name__}: {redact_for_log(str(error))}"
        systemd.status(f"failed: {reason}")
        structlog.get_logger().exception("daemon failed", reason=reason)
        raise typer.Exit(FAILED) from None
    raise typer.Exit(status)


@app.command()
def reload(context: typer.Context, config: Config = None) -> None:
    """Make the running daemon read its configuration again; print the reason if it keeps the old one."""
    from mailbot.runtime.reload_result import request_reload, result_file

    file = result_file(os.environ, lambda: settings_of(context, config).state_dir)
    try:
        pid = int(os.environ.get("MAINPID") or file.with_name("lock").read_text("ascii"))
        problems = request_reload(file, pid)
    except (OSError, ValueError):
        problems = [f"{file.parent}: no daemon runs with this state directory; start it with mailbot run"]
    for problem in problems:
        echo(problem, err=True)
    raise typer.Exit(FAILED if problems else FINE)


@app.command()
def once(
    context: typer.Context,
    config: Config = None,
    json_: Json = False,
    backfill: Annotated[
        bool,
        typer.Option("--backfill", help="Process also the old mails that were skipped at the first contact."),
    ] = False,
) -> None:
    """Process all new mail, send all due mail, and exit."""
    from mailbot.runtime.run_once import run_once

    with desk_of(context, config, "migrate") as (desk, settings):
        counts = run_once(desk, settings, backfill=backfill)
    if json_:
        print_json(counts)
    else:
        echo(", ".join(f"{name} {number}" for name, number in counts.items()))
    raise typer.Exit(FAILED if counts["failed"] else FINE)
