"""Find programs and ports, and run server processes in temporary directories."""

import grp
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import TypeVar

T = TypeVar("T")


class MissingError(RuntimeError):
    """A server is not installed; the text says what to install."""


def find_program(name: str, package: str, *folders: Path) -> Path:
    """Return where a program is, looking in PATH and then in these folders; raise MissingError."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, folders)])
    found = shutil.which(name, path=path)
    if found is None:
        raise MissingError(f"{package} is missing: apt install {package}")
    return Path(found)


# Below the ports of outgoing connections, one of which could take a server's port while it is down.
PORTS = range(10_000, 32_000)
_given: set[int] = set()


def free_port() -> int:
    """Return a free port of 127.0.0.1 that was not returned before."""
    while True:
        port = PORTS[secrets.randbelow(len(PORTS))]
        if port not in _given and _binds(port):
            _given.add(port)
            return port


def _binds(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until(condition: Callable[[], T], seconds: float = 10) -> T:
    """Return the result of the condition as soon as it is true; raise AssertionError on a timeout."""
    begin = time.monotonic()
    deadline = begin + seconds
    pause = threading.Event()
    while not (result := condition()):
        end = time.monotonic()
        if end > deadline:
            raise AssertionError(
                f"still not so after {seconds} s: {getattr(condition, '__name__', condition)}"
            )
        # The processes that are waited for need the processor more than the check.
        pause.wait(max(0.01, 9 * (end - begin)))
        begin = time.monotonic()
    return result


class Child:
    """A server process and its descendants, run by an unprivileged user in a temporary directory.

    The directory is a new one below `parent`. Root changes to an unprivileged user, since
    Dovecot and PostgreSQL must not run as root.
    """

    def __init__(self, parent: Path = Path("/tmp")) -> None:
        root = os.geteuid() == 0
        account = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
        self.user = account.pw_name
        self.group = grp.getgrgid(account.pw_gid).gr_name
        self._uid = account.pw_uid if root else None
        self._gid = account.pw_gid if root else None
        self._groups: tuple[int, ...] | None = () if root else None
        # Short, for it holds Unix sockets, whose paths end at 108 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="mailbot-", dir=parent))
        self.own(self.directory)
        self._process: subprocess.Popen[bytes] | None = None

    def own(self, path: Path) -> None:
        """Give a file to the user who runs the server."""
        if self._uid is not None and self._gid is not None:
            os.chown(path, self._uid, self._gid)

    def run(self, command: Sequence[str | Path]) -> None:
        """Run a command to its end; raise RuntimeError with its output if it fails."""
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            user=self._uid,
            group=self._gid,
            extra_groups=self._groups,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed: {done.stdout.decode(errors='replace')}")

    def spawn(self, command: Sequence[str | Path], ports: Sequence[int]) -> None:
        """Start the server and wait until it listens; raise RuntimeError with its output if it dies."""
        log = self.directory / "output.log"
        with log.open("ab") as output:
            self._process = process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=self._uid,
                group=self._gid,
                extra_groups=self._groups,
            )

        def listening() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended: {log.read_text(errors='replace')}")
            return all(_accepts(port) for port in ports)

        wait_until(listening)

    def signal(self, number: Signals) -> None:
        """Send a signal to the server and its descendants."""
        if self._process is not None:
            os.killpg(self._process.pid, number)

    def stop(self, number: Signals = SIGTERM) -> None:
        """Signal the first process of the server, and kill the remaining ones by SIGKILL."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, SIGKILL)
        # A killed process holds its sockets until it is gone, and a new server finds them in use.
        wait_until(lambda: not _lives(process.pid))

    def remove(self) -> None:
        """Kill the remaining processes and remove the directory."""
        self.stop(SIGKILL)
        # The killed ones may write a last file meanwhile.
        wait_until(self._removed)

    def _removed(self) -> bool:
        shutil.rmtree(self.directory, ignore_errors=True)
        return not self.directory.exists()


def _lives(group: int) -> bool:
    """Return whether a process of the group runs; a zombie does not."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, found = stat.read_text("ascii", "replace").rpartition(")")[2].split()[:3]
            if int(found) == group and state != "Z":
                return True
    return False


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
