"""The post office of the demonstration: IMAP and SMTP on loopback, in one thread, with mail in memory."""

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


class PostOffice:
    """Mailboxes on loopback, from `with` to the end of its block.

    `passwords` has the addresses in lower case. What comes in by SMTP lies in the INBOX of its recipients at
    once; other recipients are refused with 550. Port 0 takes a free one; `imap_port` and `smtp_port` tell it.
    """

    def __init__(self, passwords: Mapping[str, str], *, imap_port: int = 0, smtp_port: int = 0) -> None:
        self.imap_port = imap_port
        self.smtp_port = smtp_port
        self._passwords = dict(passwords)
        self._mails: defaultdict[str, list[bytes]] = defaultdict(list)
        self._arrived = Condition()
        self._opened: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = Thread(target=self._run, name="post office", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._loop = self._opened.result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()

    def mailbox(self, address: str) -> list[bytes]:
        """Return all mails that ever came to that address, the oldest first."""
        with self._arrived:
            return list(self._mails[address])

    def wait_for(self, address: str, count: int, timeout: float = 30.0) -> list[bytes]:
        """Return all mails of that address as soon as there are `count`.

        Raises TimeoutError if they do not come within `timeout` seconds.
        """
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._mails[address]) >= count, timeout):
                raise TimeoutError(f"{address} has {len(self._mails[address])} mails instead of {count}")
            return list(self._mails[address])

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            if self._opened.done():
                raise
            self._opened.set_exception(error)

    async def _serve(self) -> None:
        self._closing = asyncio.Event()
        self._imap = ImapServer()
        smtp = SmtpServer(self._passwords.keys(), self._deliver)
        async with AsyncExitStack() as opened:
            self.imap_port = await self._imap.open(self._passwords, self.imap_port)
            opened.push_async_callback(self._imap.close)
            self.smtp_port = await smtp.open(self.smtp_port)
            opened.push_async_callback(smtp.close)
            self._opened.set_result(asyncio.get_running_loop())
            await self._closing.wait()

    async def _deliver(self, address: str, content: bytes) -> None:
        await self._imap.deliver(address, content)
        with self._arrived:
            self._mails[address].append(content)
            self._arrived.notify_all()
