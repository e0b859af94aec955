"""Run the mail servers of the demonstration: IMAP and SMTP on loopback in one thread, with mail in memory."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack
from threading import Condition, Thread
from types import TracebackType
from typing import Self

from mailbot.demo.imap import ImapServer
from mailbot.demo.smtp import SmtpServer


class MailServers:
    """IMAP and SMTP servers that run during a `with` block.

    `passwords` has a password for each address in lower case. A mail by SMTP is delivered to the INBOX of its
    recipients at once. Other recipients are refused with 550. Port 0 selects a free port; `imap_port` and
    `smtp_port` are its number afterwards.
    """

    def __init__(self, passwords: Mapping[str, str], *, imap_port: int = 0, smtp_port: int = 0) -> None:
        self.imap_port = imap_port
        self.smtp_port = smtp_port
        self._passwords = dict(passwords)
        self._mails: defaultdict[str, list[bytes]] = defaultdict(list)
        self._arrived = Condition()
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = Thread(target=self._run, name="demo mail servers", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._loop = self._ready.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def mailbox(self, address: str) -> list[bytes]:
        """Return all mails to that address, the oldest first."""
        with self._arrived:
            return list(self._mails[address])

    def wait_for(self, address: str, count: int, timeout: float = 30.0) -> list[bytes]:
        """Wait until an address has `count` mails; return all its mails.

        Raises TimeoutError after `timeout` seconds.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._mails[address]) >= count, timeout):
                raise TimeoutError(f"{address} has {len(self._mails[address])} mails instead of {count}")
            return list(self._mails[address])

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        self._imap = ImapServer()
        smtp = SmtpServer(self._passwords.keys(), self._deliver)
        async with AsyncExitStack() as stack:
            self.imap_port = await self._imap.open(self._passwords, self.imap_port)
            stack.push_async_callback(self._imap.close)
            self.smtp_port = await smtp.open(self.smtp_port)
            stack.push_async_callback(smtp.close)
            self._ready.set_result(asyncio.get_running_loop())
            await self._stop.wait()

    async def _deliver(self, address: str, content: bytes) -> None:
        await self._imap.deliver(address, content)
        with self._arrived:
            self._mails[address].append(content)
            self._arrived.notify_all()
