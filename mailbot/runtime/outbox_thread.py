"""Run a thread whose asyncio loop sends mail to the SMTP servers."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor

import structlog

from mailbot.runtime.sender import AccountSender, wait_any

log = structlog.get_logger()

RESTART_SECONDS = 20.0


class OutboxThread:
    """Runs the senders from `start` to `stop`; any thread may call `wake`."""

    def __init__(self, senders: tuple[AccountSender, ...], executor: Executor) -> None:
        """Set the senders and their executor, which `stop` shuts down."""
        self._senders = senders
        self._executor = executor
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="outbox")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Return whether the thread runs."""
        return self._thread.is_alive()

    def wake(self) -> None:
        """Make every sender check the outbox for due mails."""
        self._call_in_loop(self._wake)

    def stop(self) -> None:
        """Stop after the current mails, and wait until the thread has ended."""
        self._call_in_loop(self._stop.set)
        if self._thread.ident is not None:
            self._thread.join()
        self._executor.shutdown()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._run_senders())

    async def _run_senders(self) -> None:
        await asyncio.gather(*(self._run_sender(sender) for sender in self._senders))

    async def _run_sender(self, sender: AccountSender) -> None:
        """Run a sender; restart it after an unexpected error."""
        while not self._stop.is_set():
            try:
                await sender.run(self._stop)
            except Exception:
                log.exception("outbox failed", topic=sender.topic)
            await wait_any(self._stop, None, RESTART_SECONDS)

    def _wake(self) -> None:
        for sender in self._senders:
            sender.wakeup.set()

    def _call_in_loop(self, function: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function)
