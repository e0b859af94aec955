"""Hand mails to an SMTP server (RFC 5321, 6409); the only module that knows aiosmtplib."""

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self, cast

import aiosmtplib

from mailbot.clock import monotonic
from mailbot.config import OAuth2, SmtpAccount
from mailbot.network import describe_error, is_loopback, sanitize_reply, tls_context
from mailbot.oauth import OAuthError, access_token, invalidate
from mailbot.smtp.reply import About, classify

State = Literal["sent", "temporary", "permanent", "uncertain"]

MAILS_PER_CONNECTION = 100
IDLE_SECONDS = 30
# RFC 5321, 4.5.3.2: a server may take long to accept what it was sent.
DATA_TIMEOUT_FACTOR = 10
SLOWEST_OCTETS_PER_SECOND = 32_768

_CLOSING = 421
_TOO_LARGE = 552
# Replies that are about the login and not about this mail (RFC 4954, 6).
_LOGIN_CODES = frozenset({454, 530, 534, 535, 538})


@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of handing in a mail.

    `uncertain`: the connection broke after the mail's text was begun, so the server may have it.
    `server_down`: the trouble is the connection or the account, so other mails would fail as well.
    `reply` is one line, fit to be shown; `about` says what a refusal concerns.
    """

    state: State
    code: int | None
    reply: str
    server_down: bool = False
    about: About = About.UNCLEAR


class SmtpClient:
    """One connection to one SMTP server, opened when needed and used again; one task at a time uses it."""

    def __init__(self, account: SmtpAccount, timeout: float = 60) -> None:
        """`timeout` is in seconds, per command; a mail's text has ten times that, and more by its size."""
        self._account = account
        self._timeout = timeout
        self._client: aiosmtplib.SMTP | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._hostname: str | None = None
        self._sent = 0
        self._used_at = 0.0

    async def send(self, sender: str, recipient: str, octets: bytes) -> SendResult:
        """Hand in one mail for one recipient; server and network trouble is in the outcome, never raised.

        `sender` is the envelope's, "" for the null sender. Line ends become CRLF.
        """
        try:
            envelope = _ascii(sender), _ascii(recipient)
        except ValueError as error:
            reply = f"the address cannot be written to: {error}"
            return SendResult("permanent", None, reply, about=About.RECIPIENT)
        reused = self._is_fresh()
        outcome = await self._transact(*envelope, octets)
        lost = outcome.server_down and outcome.about is not About.ACCOUNT
        if reused and lost and outcome.state == "temporary":
            # The server has closed the connection meanwhile, as it may (RFC 5321, 3.8).
            outcome = await self._transact(*envelope, octets)
        return outcome

    async def check(self, address: str) -> SendResult | None:
        """Log in, and begin a mail from that address to itself without sending it; return what went wrong."""
        try:
            client = await self._connected()
            await client.mail(_ascii(address))
            await client.rcpt(_ascii(address))
            await client.rset()
        except (aiosmtplib.SMTPException, OAuthError, OSError, ValueError) as error:
            self._drop()
            return self._classify(error, begun=False)
        return None

    async def close_if_idle(self) -> None:
        """Take leave of the server if nothing was handed in lately: it has better use for a connection."""
        if self._client is not None and not self._is_fresh():
            await self.close()

    async def close(self) -> None:
        """Take leave of the server."""
        if self._client is not None and self._client.is_connected:
            try:
                await self._client.quit(timeout=min(self._timeout, 5))
            except (aiosmtplib.SMTPException, OSError):
                self._drop()
        self._drop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _transact(self, sender: str, recipient: str, octets: bytes) -> SendResult:
        begun = clean = False
        try:
            client = await self._connected()
            await client.mail(sender, options=_options(client, octets))
            await client.rcpt(recipient)
            begun = True
            patience = DATA_TIMEOUT_FACTOR * self._timeout + len(octets) / SLOWEST_OCTETS_PER_SECOND
            response = await client.data(octets, timeout=patience)
            clean = True
            self._sent += 1
            self._used_at = monotonic()
            return SendResult("sent", response.code, self._presentable(response.message))
        except (aiosmtplib.SMTPException, OAuthError, OSError, ValueError) as error:
            return self._classify(error, begun=begun)
        finally:
            # After a cancelled task too: a connection in the middle of a mail is of no more use.
            if not clean:
                self._drop()

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._is_fresh():
            return self._client
        await self.close()
        account = self._account
        if account.security == "none" and account.username and not is_loopback(account.host):
            raise ValueError('the password would be sent in clear text; set security to "starttls" or "tls"')
        self._client = client = aiosmtplib.SMTP(
            hostname=account.host,
            port=account.port,
            local_hostname=self._hostname,
            timeout=self._timeout,
            use_tls=account.security == "tls",
            start_tls=account.security == "starttls",
            tls_context=tls_context(account.ca_file) if account.security != "none" else None,
        )
        await client.connect()
        self._hostname = client.local_hostname
        self._transport = cast("asyncio.WriteTransport", client.transport)
        await client.ehlo()
        await self._log_in(client)
        self._sent, self._used_at = 0, monotonic()
        return client

    async def _log_in(self, client: aiosmtplib.SMTP) -> None:
        username, password = self._account.username, self._account.password
        if self._account.oauth2 is not None:
            await self._log_in_by_token(client, self._account.oauth2)
            return
        if not username or password is None:
            return
        # `login` would try a wrong password by one method after the other, and so use up the tries.
        if "plain" in client.server_auth_methods:
            await client.auth_plain(username, password.get())
        else:
            await client.login(username, password.get())

    async def _log_in_by_token(self, client: aiosmtplib.SMTP, oauth2: OAuth2) -> None:
        username = self._account.username
        token = await asyncio.to_thread(access_token, oauth2, username)
        try:
            await client.auth_xoauth2(username, token)
        except aiosmtplib.SMTPAuthenticationError:
            await asyncio.to_thread(invalidate, oauth2, username)
            raise

    def _is_fresh(self) -> bool:
        if self._client is None or not self._client.is_connected:
            return False
        idle = monotonic() - self._used_at
        return self._sent < MAILS_PER_CONNECTION and idle < IDLE_SECONDS

    def _drop(self) -> None:
        """Close the connection at once; aiosmtplib's own close() would wait for the server's end of TLS."""
        client, self._client = self._client, None
        transport, self._transport = self._transport, None
        if client is not None:
            client.close()
        if transport is not None:
            transport.abort()

    def _classify(self, error: Exception, *, begun: bool) -> SendResult:
        if isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError):
            return self._refused(error.code, error.message)
        if isinstance(error, aiosmtplib.SMTPSenderRefused):
            return self._sender_refused(error)
        # What is no reply at all has the code -1.
        code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0 else None
        return SendResult(
            "uncertain" if begun else "temporary", code, self._describe(error), server_down=True
        )

    def _refused(self, code: int, message: str) -> SendResult:
        reply = self._presentable(message)
        if 200 <= code < 300:
            return SendResult("sent", code, reply)
        about = classify(code, reply).about
        if about is About.ACCOUNT:
            return SendResult("temporary", code, reply, server_down=True, about=about)
        server_down = code == _CLOSING or code in _LOGIN_CODES
        permanent = code >= 500 and not server_down
        return SendResult("permanent" if permanent else "temporary", code, reply, server_down, about)

    def _sender_refused(self, error: aiosmtplib.SMTPSenderRefused) -> SendResult:
        """Judge a reply to MAIL: unless about the mail's size, it is about the account and all its mails."""
        reply = self._presentable(error.message)
        if error.code == _TOO_LARGE and classify(error.code, reply).about is not About.ACCOUNT:
            return SendResult("permanent", error.code, reply, about=About.MAIL)
        reply = self._presentable(f"the server refuses the sender {error.sender}: {error.message}")
        about = About.UNCLEAR if error.code == _CLOSING else About.ACCOUNT
        return SendResult("temporary", error.code, reply, server_down=True, about=about)

    def _describe(self, error: Exception) -> str:
        account = self._account
        who = f" as {account.username}" if account.username else ""
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            what = f"the login is refused; check username and password ({error.code} {error.message})"
        elif isinstance(error, OAuthError):
            what = str(error)
        elif isinstance(error, aiosmtplib.SMTPResponseException):
            what = f"{error.code} {error.message}"
        else:
            wrapped = isinstance(error, aiosmtplib.SMTPException) and isinstance(error.__cause__, OSError)
            what = describe_error(error.__cause__ if wrapped and error.__cause__ else error)[0]
        return self._presentable(f"SMTP {account.host}:{account.port}{who}: {what}")

    def _presentable(self, text: str) -> str:
        return sanitize_reply(text, self._account.password)


def _ascii(address: str) -> str:
    """Return an address as RFC 5321 carries it, its domain by IDNA; raise ValueError where that cannot be."""
    local, _, domain = address.rpartition("@")
    if not address:
        return address
    if not local or not address.isprintable() or set(address) & set(" <>,;"):
        raise ValueError(f"{address!r} is not an address")
    if not local.isascii():
        raise ValueError(f"{address!r} has letters before the @ that mail servers do not take")
    return f"{local}@{domain.encode('idna').decode('ascii')}"


def _options(client: aiosmtplib.SMTP, octets: bytes) -> list[str]:
    """Return what MAIL says of the mail beforehand (RFC 1870, 6152)."""
    size = [f"SIZE={len(octets)}"] if client.supports_extension("size") else []
    eight_bit = not octets.isascii() and client.supports_extension("8bitmime")
    return [*size, "BODY=8BITMIME"] if eight_bit else size
