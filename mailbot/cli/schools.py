"""Calls for many schools at once: import and export them as a table."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailbot.cli.common import FAILED, WRONG, Config, app, echo
from mailbot.counting import counted

if TYPE_CHECKING:
    from mailbot.school_table import ImportPlan

schools_app = typer.Typer(help="Import and export the schools as a table (CSV).", no_args_is_help=True)
app.add_typer(schools_app, name="schools")


@contextmanager
def _main_file(context: typer.Context, config: Path | None) -> Iterator[Path]:
    """Yield the configuration's main file; print problems and exit with their status."""
    from mailbot.config import ConfigurationError, find
    from mailbot.school_table import TableError

    root: Path | None = context.find_root().obj
    try:
        main = find(config or root, os.environ)
        yield main
    except (ConfigurationError, TableError) as error:
        echo(str(error), err=True)
        raise typer.Exit(WRONG) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        echo(f"{error.filename or main}: {error.strerror}", err=True)
        raise typer.Exit(FAILED) from None


@schools_app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Read this table.", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference; change nothing.")] = False,
    config: Config = None,
) -> None:
    """Add and change schools as a table says; schools that are not in it stay as they are."""
    from mailbot.school_table import plan_import, write_plan

    with _main_file(context, config) as main:
        plan = plan_import(main, file, file.read_bytes(), os.environ)
        if dry_run:
            for changed in plan.files:
                echo(changed.diff(), nl=False)
        else:
            write_plan(plan)
    _print(plan, dry=dry_run)


def _print(plan: "ImportPlan", *, dry: bool) -> None:
    """Print the number of schools, the files, and the next steps: to stderr, if the difference is printed."""
    from mailbot.systemd import is_booted

    parts = (("new", plan.added), ("changed", plan.updated), ("as before", plan.unchanged))
    numbers = ", ".join(f"{len(keys)} {label}" for label, keys in parts)
    echo(f"{counted(sum(len(keys) for _, keys in parts), 'school')}: {numbers}", err=dry)
    if not dry:
        for changed in plan.files:
            echo(f"{changed.path}: written")
    for problem in plan.passwords:
        echo(f"to do: {problem}", err=dry)
    if plan.files and not dry:
        call = "restart" if plan.restart else "reload"
        booted = f"mailbot check --as-service; systemctl {call} mailbot"
        echo(f"Then: {booted if is_booted() else f'mailbot check; {call} mailbot'}")


@schools_app.command("export")
def export(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="Write to this new file; default: standard output.")
    ] = None,
    config: Config = None,
) -> None:
    """Print the schools as a table that a spreadsheet program opens and `import` reads."""
    from mailbot.school_table import export_table

    with _main_file(context, config) as main:
        table = export_table(main)
        if file is None:
            echo(table, nl=False)
            return
        with file.open("x", encoding="utf-8-sig", newline="") as target:  # the mark tells Excel the encoding
            target.write(table)
    echo(f"{file}: written")
