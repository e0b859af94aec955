"""Ask the running daemon to read its configuration again, and get its answer by a file.

Only the daemon can check a configuration completely: systemd passes the passwords to it and not to
the processes of ExecReload=.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

REPLY_SECONDS = 90.0
_POLL_SECONDS = 0.1


def result_file(environ: Mapping[str, str], state_dir: Callable[[], Path]) -> Path:
    """Return the file of the answer: in systemd's StateDirectory=, or else in `state_dir`.

    The call of ExecReload= cannot read the configuration if that is wrong, and so does not know `state_dir`.
    """
    directory = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return (Path(directory) if directory else state_dir()) / "reload"


def write_result(file: Path, problems: list[str]) -> None:
    """Write the problems of a new configuration, or none; raise OSError."""
    temporary = file.with_name(f"{file.name}.new")
    temporary.write_text("".join(f"{problem}\n" for problem in problems), "utf-8")
    # In one step: the caller polls the file, and must not read half an answer.
    temporary.replace(file)


def request_reload(file: Path, pid: int, seconds: float = REPLY_SECONDS) -> list[str]:
    """Send SIGHUP to the daemon and return its answer: the problems of its new configuration.

    Without an answer this is the problem. Raises OSError if the process cannot be signalled.
    """
    # Before the signal, or a fast answer would not be noticed.
    before = _version(file)
    os.kill(pid, signal.SIGHUP)
    for _ in range(int(seconds / _POLL_SECONDS)):
        if _version(file) != before:
            return file.read_text("utf-8").splitlines()
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return ["the daemon has ended: journalctl -u mailbot says why"]
        time.sleep(_POLL_SECONDS)
    return [f"the daemon has not answered within {seconds:.0f} s"]


def _version(file: Path) -> tuple[int, int]:
    with suppress(FileNotFoundError):
        status = file.stat()
        # Both: an inode may be used again, and a coarse clock may show the same time twice.
        return status.st_ino, status.st_mtime_ns
    return 0, 0
