"""A small IMAP server in memory, by pymap: enough for the demonstration, not for proofs.

It forgets keywords, and speaks neither TLS nor CONDSTORE. pymap itself runs its connections in tasks that
nobody holds, which Python 3.13 drops now and then, and sends an answer in several pieces, which clients
stumble over: so connections are started here, and an answer leaves in one piece.
"""

import asyncio
from argparse import Namespace
from collections.abc import Mapping
from contextlib import AsyncExitStack, closing, suppress
from io import BytesIO

from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config, Identity, Login
from pymap.concurrent import Subsystem
from pymap.context import connection_exit
from pymap.imap import IMAPConnection
from pymap.imap.state import ConnectionState
from pymap.parsing.message import AppendMessage
from pymap.parsing.response import Response
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from mailbot.clock import utc_now


class _Config(Config):
    """pymap's settings for a server of loopback passwords."""

    def __init__(self) -> None:
        super().__init__(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            host=None,
            port=0,
            tls_enabled=False,
            demo_data=False,
            demo_user="",
            demo_password="",
            hash_context=Cleartext(),  # the default takes 0.2 s a login
            cpu_subsystem=Subsystem.for_asyncio(),
        )

    @property
    def greeting(self) -> bytes:
        """Return a greeting without this machine's name, which pymap asks the name server for."""
        return b"ready"


class _Connection(IMAPConnection):
    async def write_response(self, resp: Response) -> None:
        whole = BytesIO()
        await resp.async_write(whole)
        with suppress(ConnectionError):  # a client that has gone is found out by the next read
            self.writer.write(whole.getvalue())
            await self.writer.drain()


class ImapServer:
    """Mailboxes in memory, for one event loop."""

    def __init__(self) -> None:
        self._config = _Config()
        self._login = Login(self._config)
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self, passwords: Mapping[str, str], port: int) -> int:
        """Serve an INBOX for each address on a loopback port, 0 for any free one; return the port."""
        self._config.apply_context()
        for address, password in passwords.items():
            await self._identity(address).set(UserMetadata(self._config, address, password=password))
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        chosen: int = self._server.sockets[0].getsockname()[1]
        return chosen

    async def deliver(self, address: str, content: bytes) -> None:
        """Put a mail into the INBOX of that address."""
        mail = AppendMessage(content, utc_now(), frozenset())
        async with self._identity(address).new_session() as session:
            await session.append_messages("INBOX", [mail])

    async def close(self) -> None:
        """End all connections, then the server."""
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def _identity(self, address: str) -> Identity:
        return Identity(address, self._login, None, frozenset())

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.get_running_loop().create_task(self._talk(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with AsyncExitStack() as stack:
            connection_exit.set(stack)
            info = SocketInfoLocal(writer)
            connection = _Connection(self._config.commands, self._config, reader, writer, info)
            stack.enter_context(closing(connection))
            await connection.run(ConnectionState(self._login, self._config))
