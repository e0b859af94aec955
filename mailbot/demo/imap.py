"""Run an IMAP server with mailboxes in memory, by pymap; sufficient for the demonstration only.

It does not store keywords and supports neither TLS nor CONDSTORE.

pymap keeps no reference to the tasks of its connections, so Python 3.13 sometimes collects them. It also
sends a response in several writes, which some clients cannot read. So this module starts the connections
itself and sends each response in one write.
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
    """pymap's settings for a server on loopback."""

    def __init__(self) -> None:
        super().__init__(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            host=None,
            port=0,
            tls_enabled=False,
            demo_data=False,
            demo_user="",
            demo_password="",
            hash_context=Cleartext(),  # the default hash takes 0.2 s for each login
            cpu_subsystem=Subsystem.for_asyncio(),
        )

    @property
    def greeting(self) -> bytes:
        """Return a greeting without the host name, for which pymap would query the DNS."""
        return b"ready"


class _Connection(IMAPConnection):
    async def write_response(self, resp: Response) -> None:
        response = BytesIO()
        await resp.async_write(response)
        with suppress(ConnectionError):  # the next read notices that the client has disconnected
            self.writer.write(response.getvalue())
            await self.writer.drain()


class ImapServer:
    """An IMAP server for one event loop."""

    def __init__(self) -> None:
        self._config = _Config()
        self._login = Login(self._config)
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self, passwords: Mapping[str, str], port: int) -> int:
        """Serve an INBOX for each address on a loopback port; return the port. 0 selects a free port."""
        self._config.apply_context()
        for address, password in passwords.items():
            await self._identity(address).set(UserMetadata(self._config, address, password=password))
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def deliver(self, address: str, content: bytes) -> None:
        """Append a mail to the INBOX of that address."""
        mail = AppendMessage(content, utc_now(), frozenset())
        async with self._identity(address).new_session() as session:
            await session.append_messages("INBOX", [mail])

    async def close(self) -> None:
        """Close all connections and the server."""
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    def _identity(self, address: str) -> Identity:
        return Identity(address, self._login, None, frozenset())

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.get_running_loop().create_task(self._serve_connection(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with AsyncExitStack() as stack:
            connection_exit.set(stack)
            info = SocketInfoLocal(writer)
            connection = _Connection(self._config.commands, self._config, reader, writer, info)
            stack.enter_context(closing(connection))
            await connection.run(ConnectionState(self._login, self._config))
