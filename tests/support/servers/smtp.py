"""An SMTP server in a thread that records or delivers mails. The only module that imports aiosmtpd."""

import asyncio
import base64
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from mailbot.config import Secret, Security, SmtpAccount
from tests.support.servers.process import free_port
from tests.support.servers.tls import CertificateAuthority

USER = "bot@schule.example"
PASSWORD = "Grüße aus Köln"

# It warns of its own attributes at every login.
logging.getLogger("mail.log").setLevel(logging.ERROR)


class Inboxes(Protocol):
    """A destination of sent mails, such as a Dovecot."""

    def deliver(self, user: str, *mails: bytes) -> None:
        """Put mails into a user's INBOX."""


@dataclass(frozen=True, slots=True)
class Received:
    """A mail as it was received by SMTP."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    at: datetime


class RecordingSmtpServer:
    """An SMTP server on 127.0.0.1: `port` with STARTTLS, `tls_port` with TLS from the start.

    With `login` clients must log in with `USER` and `PASSWORD`. `received` has the mails in order.
    `replies` says for single recipients what RCPT is answered, such as "550 5.1.1 no such user". If
    `refuses_data` is not empty, it is the answer to the text of every mail.
    """

    def __init__(
        self, authority: CertificateAuthority, *, login: bool = True, deliver_to: Inboxes | None = None
    ) -> None:
        self._context = authority.server_context()
        self._ca_file = authority.ca_file
        self._login = login
        self._inboxes = deliver_to
        self._stop: Callable[[], object] | None = None
        self._thread = threading.Thread()
        self.port, self.tls_port = free_port(), free_port()
        self.received: list[Received] = []
        self.replies: dict[str, str] = {}
        self.refuses_data = ""
        self.good_tokens: set[str] = set()
        self.connections = 0

    def account(self, security: Security = "starttls") -> SmtpAccount:
        """Return the account settings for a client."""
        port = self.tls_port if security == "tls" else self.port
        user, password = (USER, Secret(PASSWORD)) if self._login else ("", None)
        return SmtpAccount("localhost", port, security, user, password, self._ca_file)

    def start(self) -> None:
        """Start the server, on the same ports each time."""
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), daemon=True)
        self._thread.start()
        if not started.wait(10):
            raise RuntimeError("the SMTP server did not start")

    def stop(self) -> None:
        """Stop the server and cut its connections; received mails stay."""
        if self._stop is not None:
            self._stop()
            self._thread.join(10)
            self._stop = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _serve(self, started: threading.Event) -> None:
        loop = asyncio.get_running_loop()
        ending = asyncio.Event()
        live: set[_Connection] = set()
        plain = await loop.create_server(lambda: self._connection(live, tls=False), "127.0.0.1", self.port)
        tls = await loop.create_server(
            lambda: self._connection(live, tls=True), "127.0.0.1", self.tls_port, ssl=self._context
        )
        self._stop = lambda: loop.call_soon_threadsafe(ending.set)
        started.set()
        await ending.wait()
        for server in (plain, tls):
            server.close()
        for connection in live:
            connection.cut()

    def _connection(self, live: "set[_Connection]", *, tls: bool) -> "_Connection":
        self.connections += 1
        connection = _Connection(
            self,
            hostname="localhost",
            loop=asyncio.get_running_loop(),
            tls_context=None if tls else self._context,
            authenticator=_authenticate,
            auth_require_tls=False,
        )
        # The constructor's own argument for it warns that logins may pass in clear text, as is wanted here.
        connection._auth_required = self._login
        live.add(connection)
        return connection

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        """Accept one of `good_tokens`, as Google and Microsoft do."""
        token = base64.b64decode(args[1]).decode().partition("auth=Bearer ")[2].rstrip("\1")
        return AuthResult(success=token in self.good_tokens, handled=False)

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer PIPELINING, as most servers do; aiosmtpd reads commands one after the other in any case."""
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer RCPT as `replies` says."""
        if address in self.replies:
            return self.replies[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Record the mail and deliver it to the destination, unless `refuses_data`."""
        if self.refuses_data:
            return self.refuses_data
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        recipients = tuple(envelope.rcpt_tos)
        if self._inboxes is not None:
            for recipient in recipients:
                self._inboxes.deliver(recipient, raw)
        sender = (envelope.mail_from or "").removeprefix("<>")
        self.received.append(Received(sender, recipients, raw, datetime.now(UTC)))
        return "250 2.0.0 taken"


class _Connection(SMTP):
    """One client's connection, which can be cut."""

    def cut(self) -> None:
        with suppress(AttributeError):
            self.transport.abort()  # type: ignore[union-attr]


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    right = LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=data == right, handled=False)
