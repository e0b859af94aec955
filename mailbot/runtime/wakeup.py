"""Wake a thread that waits for a socket, by a pipe to itself."""

import os
import selectors
import threading


class Wakeup:
    """A flag with a file descriptor: `read` is readable while the flag is set."""

    def __init__(self) -> None:
        self.read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._lock = threading.Lock()
        self._closed = False

    def set(self) -> None:
        """Set the flag and wake the waiting thread; do nothing after `close`."""
        with self._lock:  # after `close` the descriptor's number may belong to another file
            if self._closed:
                return
            try:
                os.write(self._write, b"!")
            except BlockingIOError:
                return  # the pipe is full, so the flag is set

    def clear(self) -> bool:
        """Clear the flag; return whether it was set."""
        try:
            return bool(os.read(self.read, 65536))
        except BlockingIOError:
            return False

    def wait(self, seconds: float) -> None:
        """Wait until the flag is set, for `seconds` at most, and clear it."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.read, selectors.EVENT_READ)
            selector.select(seconds)
        self.clear()

    def close(self) -> None:
        """Close the pipe; closing it again does nothing."""
        with self._lock:
            if not self._closed:
                os.close(self.read)
                os.close(self._write)
            self._closed = True
