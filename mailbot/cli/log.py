"""Set up the log: text lines on stderr, or entries with fields if stderr is the journal."""

import logging
import sys
import traceback
from types import TracebackType

import structlog

from mailbot import journald
from mailbot.sanitize import printable


def log_to_stderr() -> None:
    """Log to stderr: text lines, or entries with fields if stderr is the journal."""
    as_text: list[structlog.typing.Processor] = [
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0, sort_keys=False),
    ]
    to_journal = journald.is_journal_stream(sys.stderr)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.ExceptionRenderer(_traceback),
            _printable_values,
            *([journald.to_entry] if to_journal else as_text),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=(lambda *_: journald.Journal(sys.stderr))
        if to_journal
        else structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(handlers=[LogLibraries()], level=logging.WARNING)


def _printable_values(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Remove what controls a terminal from every value of a log entry; only a traceback has several lines."""
    for key, value in event.items():
        if isinstance(value, str):
            text = printable(value)
            event[key] = text if key == "exception" else " ".join(text.splitlines())
    return event


class LogLibraries(logging.Handler):
    """Logs that a library logged something, and where; its message can contain text of a mail."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno,
            "library warning",
            library=record.name,
            at=f"{record.filename}:{record.lineno}",
            exc_info=record.exc_info,
        )


def _traceback(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """Return a traceback without the error's message, which can contain text of a mail."""
    kind, _, trace = exc_info
    return f"{''.join(traceback.format_tb(trace))}{kind.__module__}.{kind.__qualname__}"
