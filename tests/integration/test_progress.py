"""Long work shows its progress on a terminal and nothing elsewhere."""

import os
import pty
import subprocess
import sys

CODE = "from mailbot.cli.common import with_progress\nprint(sum(with_progress(range(100), 100, 'tickets')))"


def test_progress_bar_is_shown_on_a_terminal_and_stdout_stays_clean() -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stdout=subprocess.PIPE, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
        assert process.stdout is not None
        assert process.stdout.read() == b"4950\n"
    os.close(ours)
    assert b"tickets" in shown
    assert b"100%" in shown


def test_no_progress_bar_is_shown_where_stderr_is_not_a_terminal() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"4950\n", b"")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux raises EIO when the other end is closed
        return b""
