"""A wakeup that a thread can wait for together with a socket: a pipe."""

import os
import selectors
import threading


class Wakeup:
    """A flag with a file descriptor: `read` is readable while it is set."""

    def __init__(self) -> None:
        self.read, self._write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._lock = threading.Lock()
        self._closed = False

    def set(self) -> None:
        """Wake the thread that waits; do nothing after `close`."""
        with self._lock:  # the number of a closed descriptor may be another file's by now
            if self._closed:
                return
            try:
                os.write(self._write, b"!")
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
        """Close the pipe; closing it again does nothing."""
        with self._lock:
            if not self._closed:
                os.close(self.read)
                os.close(self._write)
            self._closed = True
