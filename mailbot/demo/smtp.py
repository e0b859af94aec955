"""Run an SMTP server for the local mailboxes, by aiosmtpd; it refuses all other recipients."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

from aiosmtpd.smtp import SMTP, Envelope, Session

Deliver = Callable[[str, bytes], Awaitable[None]]


class _Handler:
    """aiosmtpd's callbacks for RCPT and DATA (RFC 5321, 4.1.1.3 and 4.1.1.4)."""

    def __init__(self, addresses: Collection[str], deliver: Deliver) -> None:
        self._addresses = addresses
        self._deliver = deliver

    async def handle_RCPT(  # noqa: N802  # aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.lower() not in self._addresses:
            return "550 5.1.1 User unknown"
        envelope.rcpt_tos.append(address.lower())
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd calls it by this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        for address in envelope.rcpt_tos:
            await self._deliver(address, content)
        return "250 2.0.0 OK"


class SmtpServer:
    """An SMTP server for one event loop."""

    def __init__(self, addresses: Collection[str], deliver: Deliver) -> None:
        self._handler = _Handler(addresses, deliver)
        self._connections: list[SMTP] = []

    async def open(self, port: int) -> int:
        """Serve on a loopback port; return the port. 0 selects a free port."""
        self._server = await asyncio.get_running_loop().create_server(self._connection, "127.0.0.1", port)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Close all connections and the server."""
        self._server.close()
        for connection in self._connections:
            if connection.transport is not None:
                connection.transport.close()
        await self._server.wait_closed()

    def _connection(self) -> SMTP:
        # without a host name aiosmtpd would query the DNS for one
        loop = asyncio.get_running_loop()
        connection = SMTP(self._handler, hostname="localhost", enable_SMTPUTF8=True, loop=loop)
        self._connections.append(connection)
        return connection
