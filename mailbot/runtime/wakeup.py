"""A wakeup that a thread can wait for together with a socket: a pipe."""

import os
import selectors
from dataclasses import dataclass


@dataclass(slots=True)
class Wakeup:
    """A flag with a file descriptor: `read` is readable while it is set."""

    read: int = -1
    write: int = -1

    def __post_init__(self) -> None:
        self.read, self.write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def set(self) -> None:
        """Wake the thread that waits."""
        try:
            os.write(self.write, b"!")
        except BlockingIOError:
            return  # the pipe is full: it is set already

    def clear(self) -> bool:
        """Clear the flag; tell whether it was set."""
        try:
            return bool(os.read(self.read, 65536))
        except BlockingIOError:
            return False

    def wait(self, seconds: float) -> None:
        """Wait until the flag is set, at most that many seconds, and clear it."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.read, selectors.EVENT_READ)
            selector.select(seconds)
        self.clear()

    def close(self) -> None:
        """Close the pipe."""
        os.close(self.read)
        os.close(self.write)
