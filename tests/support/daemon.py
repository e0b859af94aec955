"""Run `mailbot run` as a process, with a notify socket like systemd's."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Self

from tests.support.forked import ForkedProcess
from tests.support.school import ROOT, SchoolEnv
from tests.support.servers.process import wait_until

_numbers = count()


class Daemon:
    """The daemon of a school. `log` has its stderr, `notifications` what it sent to systemd.

    `within` is a command that runs another command, as `strace` does. If it is `forked`, the process is a
    fork of one that has imported mailbot, which saves the start of Python.
    """

    def __init__(
        self,
        env: SchoolEnv,
        *,
        watchdog_seconds: float = 0,
        within: Sequence[str | Path] = (),
        forked: bool = False,
    ) -> None:
        self._env = env
        self._within = within
        self._forked = forked
        self._watchdog = int(watchdog_seconds * 1_000_000)
        self._log = env.directory / "daemon.log"
        self._process: subprocess.Popen[bytes] | ForkedProcess | None = None
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._name = f"mailbot-test-{os.getpid()}-{next(_numbers)}"
        self._manager.bind(f"\0{self._name}")
        self._manager.setblocking(False)
        self._notifications: list[str] = []

    def start(self) -> None:
        """Start the daemon and wait for READY=1."""
        ready = self.notifications().count("READY=1")
        self.launch()
        self.wait(lambda: self.notifications().count("READY=1") > ready, "it is ready")

    def launch(self) -> None:
        """Start the daemon without waiting."""
        environment = {**os.environ, **self._environment()}
        if self._forked:
            self._process = ForkedProcess(self._env.arguments("run"), self._log, environment)
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._within, *self._env.command("run")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=environment,
            )

    def _environment(self) -> Mapping[str, str]:
        watchdog = {"WATCHDOG_USEC": str(self._watchdog)} if self._watchdog else {}
        return {"NOTIFY_SOCKET": f"@{self._name}", **watchdog}

    @property
    def pid(self) -> int:
        """Return the process ID."""
        assert self._process is not None
        return self._process.pid

    def notifications(self) -> list[str]:
        """Return all notifications to systemd so far, in order."""
        while True:
            try:
                self._notifications += self._manager.recv(65536).decode().split("\n")
            except BlockingIOError:
                return self._notifications

    @property
    def log(self) -> str:
        """Return the log of all runs."""
        return self._log.read_text("utf-8", errors="replace") if self._log.exists() else ""

    def logged(self, pattern: str) -> int:
        """Count the log lines that match the regular expression."""
        return sum(re.search(pattern, line) is not None for line in self.log.splitlines())

    def wait_logged(self, pattern: str, times: int = 1, seconds: float = 60) -> None:
        """Wait until `times` log lines match."""
        self.wait(lambda: self.logged(pattern) >= times, f"{times} times logged: {pattern}", seconds)

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait for a condition while the daemon runs; raise AssertionError with its log on a timeout."""

        def so() -> bool:
            ended = self._process is not None and self._process.poll() is not None
            return condition() or ended

        try:
            wait_until(so, seconds)
        except AssertionError:
            raise AssertionError(f"not within {seconds} s: {what}\n{self.log}") from None
        status = self._process.poll() if self._process is not None else None
        assert condition(), f"it ended (exit status {status}) before {what}\n{self.log}"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the daemon."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> int:
        """Send SIGTERM; return its exit status."""
        self.signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        """Send SIGKILL."""
        self.signal(signal.SIGKILL)
        self.ended()

    def ended(self) -> int:
        """Wait for the end of the daemon; return its exit status."""
        assert self._process is not None
        process, self._process = self._process, None
        try:
            return process.wait(90)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"it does not end\n{self.log}") from None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()
        self._manager.close()
