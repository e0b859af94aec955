"""Shared parts of all calls: the application, its options, the configuration, the desk, tables and JSON."""

import errno
import getpass
import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from mailbot import __version__
from mailbot.sanitize import escaped, printable

if TYPE_CHECKING:
    from rich.text import Text

    from mailbot.config import Settings
    from mailbot.service.bootstrap import Schema
    from mailbot.service.desk import Desk

T = TypeVar("T")
Cell: TypeAlias = "str | Text"


@contextmanager
def _printable_errors() -> Iterator[None]:
    """Remove characters that control a terminal from the message of a usage error, which quotes arguments."""
    try:
        yield
    except TyperException as error:
        error.message = printable(error.message)
        raise


GROUPS: Mapping[str, tuple[str, ...]] = {
    "Set up and run": ("demo", "init", "check", "run", "reload", "once", "invite"),
    "Tickets and mails": (
        *("tickets", "show", "find", "today", "explain", "outbox", "quarantine"),
        *("blocked", "unblock", "release"),
    ),
    "The state of the desk": ("status", "report", "audit", "preview", "handouts"),
    "Data": (
        *("backup", "restore", "upgrade-database", "migrate-database", "export", "import"),
        *("disclose", "forget", "schools", "rename-school"),
    ),
}
"""The calls in the order in which `--help`, the man page and docs/command-line.md list them, by heading."""


class _Calls(TyperGroup):
    """All calls; typer itself prints what is wrong with their arguments."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the calls in the order of GROUPS, and then those that are hidden."""
        listed = [name for names in GROUPS.values() for name in names]
        return [*listed, *(name for name in super().list_commands(ctx) if name not in listed)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a call, below the heading of its group in `--help`."""
        command: Any = super().get_command(ctx, cmd_name)
        heading = next((heading for heading, names in GROUPS.items() if cmd_name in names), None)
        if command is not None and heading is not None:
            command.rich_help_panel = heading
        return command

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Read the options before the name of a call."""
        with _printable_errors():
            return super().make_context(*args, **extra)

    def invoke(self, *args: Any, **extra: Any) -> Any:
        """Read the rest of the arguments and run the call; report a file that cannot be used in one line."""
        with _printable_errors():
            try:
                return super().invoke(*args, **extra)
            except OSError as error:
                if error.filename is None and error.errno != errno.ENOSPC:
                    raise
                echo(f"{error.filename or 'writing failed'}: {error.strerror}", err=True)
                raise typer.Exit(FAILED) from None


app = typer.Typer(
    cls=_Calls,
    help="A help desk for schools that needs nothing but e-mail.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
FINE, FAILED, WRONG = 0, 1, 2
_UNLIMITED = 1_000

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", help="Use this configuration file.", envvar="MAILBOT_CONFIG", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def _version(requested: bool) -> None:
    if requested:
        echo(f"mailbot {__version__}")
        raise typer.Exit(FINE)


@app.callback()
def _global(
    context: typer.Context,
    config: Config = None,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    context.obj = config


def parse_day(text: str) -> date:
    """Return a day such as 2026-11-27; exit with status 2 if it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not a day such as 2026-11-27") from None


def parse_month(text: str) -> date:
    """Return the first day of a month such as 2026-10; exit with status 2 if it is none."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise typer.BadParameter(f"{text} is not a month such as 2026-10") from None


def settings_of(context: typer.Context, config: Path | None) -> "Settings":
    """Return the configuration, or exit with status 2 after printing a line for each of its problems.

    When the call ends, files that it created in the state directory get the owner of the directory.
    """
    from mailbot import systemd
    from mailbot.cli.log import log_to_stderr
    from mailbot.config import ConfigurationError, find, load
    from mailbot.store.state_files import restore_ownership

    log_to_stderr()
    root: Path | None = context.find_root().obj
    try:
        settings = load(find(config or root, os.environ), os.environ)
    except ConfigurationError as error:
        systemd.status(f"the configuration is wrong: {str(error).splitlines()[0]}")
        echo(str(error), err=True)
        raise typer.Exit(WRONG) from None
    context.call_on_close(partial(restore_ownership, settings.state_dir))
    return settings


def folders_of(settings: "Settings") -> dict[str, str]:
    """Return the folder of the processed mails of each school."""
    return {key: account.done or account.folder for key, account in settings.imap.items()}


def require_school(desk: "Desk", school: str | None) -> str | None:
    """Return the key of a school that --school names; exit with status 2 if there is no such school."""
    found = desk.policy.school(school) if school is not None else None
    if school is not None and found is None:
        known = ", ".join(s.key for s in desk.policy.schools)
        raise typer.BadParameter(f"{school} is not a school; known are {known}", param_hint="--school")
    return found.key if found else None


@contextmanager
def exit_on(*errors: type[Exception], status: int = FAILED) -> Iterator[None]:
    """Print one of these errors, whose text says what to do, and exit with a status."""
    try:
        yield
    except errors as error:
        echo(str(error), err=True)
        raise typer.Exit(status) from None


def operator() -> str:
    """Return the caller's name for the audit trail: the account behind sudo, or that of the process."""
    try:
        return f"operator {os.environ.get('SUDO_USER') or getpass.getuser()}"
    except (KeyError, OSError):  # an account without a name, as in a container
        return f"operator {os.getuid()}"


@contextmanager
def desk_of(
    context: typer.Context, config: Path | None, schema: "Schema" = "current"
) -> Iterator["tuple[Desk, Settings]"]:
    """Open the desk, or exit with status 1 after printing the reason.

    An older schema is refused; with `schema` "migrate" it is migrated, under the lock of the state directory.
    """
    from mailbot.service.bootstrap import DeskError, exclusive_lock, open_desk

    settings = settings_of(context, config)
    lock = exclusive_lock(settings) if schema == "migrate" else nullcontext()
    with exit_on(DeskError), lock:
        desk = open_desk(settings, operator(), schema=schema)
        try:
            yield desk, settings
        finally:
            desk.engine.dispose()


def warn_renamed(old: str, new: str) -> None:
    """Print to stderr that a call or an option has a new name; the old one works for one release."""
    echo(f"{old} is now {new}", err=True)


def echo(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Print text without characters that control a terminal; nothing else prints text."""
    typer.echo(printable(str(text)), err=err, nl=nl)


def print_json(document: Any) -> None:
    """Print a document as one line of JSON."""
    typer.echo(escaped(json.dumps(document, ensure_ascii=False, indent=None)))


def print_table(
    titles: tuple[str, ...], rows: Sequence[tuple["Cell", ...]], *, numbers: Collection[str] = ()
) -> None:
    """Print rows below their titles; `numbers` are the titles of right-aligned columns.

    A terminal gets colours and wrapped lines; a pipe gets neither, for programs that read it.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(titles))
    for title in titles:
        table.add_column(title, justify="right" if title in numbers else "left")
    for row in rows:
        table.add_row(*map(_cell, row))
    Console(width=None if sys.stdout.isatty() else _UNLIMITED).print(table)


def print_records(titles: tuple[str, ...], records: Sequence[Mapping[str, Any]], *, as_json: bool) -> None:
    """Print records as one JSON document, or as a table of the fields in `titles`."""
    if as_json:
        print_json(records)
    else:
        print_table(titles, [tuple(str(record[title]) for title in titles) for record in records])


def _cell(cell: "Cell") -> "Text":
    from rich.text import Text

    return Text(printable(cell)) if isinstance(cell, str) else Text(printable(cell.plain), style=cell.style)


def with_progress(items: Iterable[T], total: int | None, label: str) -> Iterator[T]:
    """Yield items and show a progress bar on stderr if that is a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(items, label, total, console=console, disable=not console.is_terminal)
