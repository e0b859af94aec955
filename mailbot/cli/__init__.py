"""The command line: one short function per call."""

import threading
import traceback

from mailbot.cli import importing, init, inspect, mails, maintain, queues, run, schools
from mailbot.cli.common import FAILED, app, echo

__all__ = ["app", "importing", "init", "inspect", "mails", "main", "maintain", "queues", "run", "schools"]


def main() -> None:
    """Run the command line; print the traceback of an error without characters that control a terminal."""
    threading.excepthook = lambda failed: _print_traceback(failed.exc_value)
    try:
        app()
    except Exception as error:  # noqa: BLE001 - its message may contain text of a mail
        _print_traceback(error)
        raise SystemExit(FAILED) from None


def _print_traceback(error: BaseException | None) -> None:
    if error is not None:
        echo("".join(traceback.format_exception(error)).rstrip(), err=True)
