"""Start mailbot by a fork of a process that has imported it: a start of Python takes two seconds longer."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from mailbot.cli import main
from tests.support.servers.process import wait_until

ROOT = Path(__file__).parents[2]
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([__name__, "tests.support.preloaded"])


class ForkedProcess:
    """A call of mailbot in a process of its own, with the methods of `subprocess.Popen` that tests use.

    Its output is appended to `output`, its errors to `errors` or to the same file. If it is `traced`, it
    waits until another process traces it.
    """

    def __init__(
        self,
        args: Sequence[str],
        output: Path,
        environment: Mapping[str, str] = os.environ,
        *,
        errors: Path | None = None,
        traced: bool = False,
    ) -> None:
        self._process = _context.Process(
            target=_run, args=(list(args), (output, errors or output), dict(environment), traced), daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        """Return the process ID."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Return the exit status, or the negative number of a signal; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the exit status, or raise subprocess.TimeoutExpired."""
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired("mailbot", timeout or 0)
        return status


def start_forked(function: Callable[..., object], *args: object) -> BaseProcess:
    """Start a function of a module in a process of its own."""
    process = _context.Process(target=function, args=args, daemon=True)
    process.start()
    return process


def run_forked(*args: str) -> subprocess.CompletedProcess[str]:
    """Call mailbot, wait for its end, and return its status and its output as `subprocess.run` does."""
    with TemporaryDirectory() as directory:
        output, errors = Path(directory) / "output", Path(directory) / "errors"
        status = ForkedProcess(args, output, errors=errors).wait(120)
        return subprocess.CompletedProcess(args, status, output.read_text("utf-8"), errors.read_text("utf-8"))


def _run(args: list[str], files: tuple[Path, Path], environment: dict[str, str], traced: bool) -> None:
    """Become a process like one that a shell starts: its environment, directory, output and arguments."""
    for number, path in enumerate(files, 1):
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["mailbot", *args]
    if traced:
        wait_until(_is_traced, seconds=60)
    main()


def _is_traced() -> bool:
    return (
        re.search(r"^TracerPid:\t[1-9]", Path("/proc/self/status").read_text("ascii"), re.MULTILINE)
        is not None
    )
