"""Send mails to an SMTP server (RFC 5321, 6409); the only module that uses aiosmtplib."""

import asyncio
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self, cast

import aiosmtplib

from mailbot.addresses import canonical_address
from mailbot.clock import monotonic
from mailbot.config import OAuth2, SmtpAccount
from mailbot.network import describe_error, is_loopback, login_refused, sanitize_reply, tls_context
from mailbot.oauth import OAuthError, access_token, invalidate
from mailbot.smtp.reply import About, classify

State = Literal["sent", "temporary", "permanent", "uncertain"]

MAILS_PER_CONNECTION = 100
IDLE_SECONDS = 30
# RFC 5321, 4.5.3.2: the reply after the end of DATA may take ten minutes.
DATA_TIMEOUT_FACTOR = 10
MIN_BYTES_PER_SECOND = 32_768

_START_INPUT = 354
_NO_SMTPUTF8 = "{!r} has non-ASCII characters before the @, and the server does not offer SMTPUTF8 (RFC 6531)"
_CLOSING = 421
_TOO_LARGE = 552
# Reply codes that concern the login and not the mail (RFC 4954, 6).
_LOGIN_CODES = frozenset({454, 530, 534, 535, 538})


@dataclass(frozen=True, slots=True)
class SendResult:
    """The result of one attempt to send a mail.

    `uncertain`: the connection broke during or after DATA, so the server may have accepted the mail.
    `server_down`: the connection or the account failed, so other mails would fail as well.
    `reply` is one printable line without the password; `about` says what a refusal is about.
    """

    state: State
    code: int | None
    reply: str
    server_down: bool = False
    about: About = About.UNCLEAR


class SmtpClient:
    """A reusable connection to one SMTP server, opened on demand; only one task at a time may use it."""

    def __init__(self, account: SmtpAccount, timeout: float = 60) -> None:
        """Set the account; `timeout` is in seconds per command, for DATA ten times that, and more by size."""
        self._account = account
        self._timeout = timeout
        self._client: aiosmtplib.SMTP | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._hostname: str | None = None
        self._sent = 0
        self._used_at = 0.0

    async def send(self, sender: str, recipient: str, raw: bytes) -> SendResult:
        """Send one mail to one recipient; return server and network errors as the result.

        `sender` is the envelope sender, "" for the null sender. Line ends become CRLF.
        """
        try:
            envelope = _envelope_address(sender), _envelope_address(recipient)
        except ValueError as error:
            reply = f"the address cannot be used: {error}"
            return SendResult("permanent", None, reply, about=About.RECIPIENT)
        reused = self._is_reusable()
        result = await self._transact(*envelope, raw)
        lost = result.server_down and result.about is not About.ACCOUNT
        if reused and lost and result.state == "temporary":
            # The server may close an idle connection at any time (RFC 5321, 3.8).
            result = await self._transact(*envelope, raw)
        return result

    async def check(self, address: str) -> SendResult | None:
        """Log in, and start a mail from that address to itself without sending it; return the error."""
        try:
            client = await self._connected()
            await client.mail(_envelope_address(address))
            await client.rcpt(_envelope_address(address))
            await client.rset()
        except (aiosmtplib.SMTPException, OAuthError, OSError, ValueError) as error:
            self._drop()
            return self._classify(error, data_started=False)
        return None

    async def close_if_idle(self) -> None:
        """Close the connection if it is idle or has sent the maximum number of mails."""
        if self._client is not None and not self._is_reusable():
            await self.close()

    async def close(self) -> None:
        """Send QUIT and close the connection."""
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

    async def _transact(self, sender: str, recipient: str, raw: bytes) -> SendResult:
        data_started = completed = False
        try:
            client = await self._connected()
            options = _options(client, raw)
            if not recipient.isascii():
                if not client.supports_extension("smtputf8"):
                    return SendResult(
                        "permanent", None, _NO_SMTPUTF8.format(recipient), about=About.RECIPIENT
                    )
                options.append("SMTPUTF8")
            await client.mail(sender, options=options)
            await client.rcpt(recipient, encoding="utf-8")
            data_started = True
            timeout = DATA_TIMEOUT_FACTOR * self._timeout + len(raw) / MIN_BYTES_PER_SECOND
            response = await _send_data(client, raw, timeout)
            completed = True
            self._sent += 1
            self._used_at = monotonic()
            return SendResult("sent", response.code, self._sanitize(response.message))
        except (aiosmtplib.SMTPException, OAuthError, OSError, ValueError) as error:
            return self._classify(error, data_started=data_started)
        finally:
            # Also if the task was cancelled: a connection within a transaction cannot be reused.
            if not completed:
                self._drop()

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._client is not None and self._is_reusable():
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
        # `login` would try a wrong password with every method, and exhaust the allowed attempts.
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

    def _is_reusable(self) -> bool:
        if self._client is None or not self._client.is_connected:
            return False
        idle = monotonic() - self._used_at
        return self._sent < MAILS_PER_CONNECTION and idle < IDLE_SECONDS

    def _drop(self) -> None:
        """Close the connection at once; aiosmtplib's close() would wait for the server's TLS shutdown."""
        client, self._client = self._client, None
        transport, self._transport = self._transport, None
        if client is not None:
            client.close()
        if transport is not None:
            transport.abort()

    def _classify(self, error: Exception, *, data_started: bool) -> SendResult:
        if isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError):
            return self._refused(error.code, error.message)
        if isinstance(error, aiosmtplib.SMTPSenderRefused):
            return self._sender_refused(error)
        # aiosmtplib's code for a malformed reply is -1.
        code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) and error.code > 0 else None
        state: State = "uncertain" if data_started else "temporary"
        return SendResult(state, code, self._describe(error), server_down=True)

    def _refused(self, code: int, message: str) -> SendResult:
        reply = self._sanitize(message)
        about = classify(code, reply).about
        if about is About.ACCOUNT:
            return SendResult("temporary", code, reply, server_down=True, about=about)
        server_down = code == _CLOSING or code in _LOGIN_CODES
        permanent = code >= 500 and not server_down
        return SendResult("permanent" if permanent else "temporary", code, reply, server_down, about)

    def _sender_refused(self, error: aiosmtplib.SMTPSenderRefused) -> SendResult:
        """Classify a reply to MAIL: it concerns the mail's size, or else the account and all its mails."""
        reply = self._sanitize(error.message)
        if error.code == _TOO_LARGE and classify(error.code, reply).about is not About.ACCOUNT:
            return SendResult("permanent", error.code, reply, about=About.MAIL)
        reply = self._sanitize(f"the server refuses the sender {error.sender}: {error.message}")
        about = About.UNCLEAR if error.code == _CLOSING else About.ACCOUNT
        return SendResult("temporary", error.code, reply, server_down=True, about=about)

    def _describe(self, error: Exception) -> str:
        account = self._account
        user = f" as {account.username}" if account.username else ""
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            reason = f"{login_refused(self._account.password)} ({error.code} {error.message})"
        elif isinstance(error, OAuthError):
            reason = str(error)
        elif isinstance(error, aiosmtplib.SMTPResponseException):
            reason = f"{error.code} {error.message}"
        else:
            wrapped = isinstance(error, aiosmtplib.SMTPException) and isinstance(error.__cause__, OSError)
            reason = describe_error(error.__cause__ if wrapped and error.__cause__ else error)[0]
        return self._sanitize(f"SMTP {account.host}:{account.port}{user}: {reason}")

    def _sanitize(self, text: str) -> str:
        return sanitize_reply(text, self._account.password)


async def _send_data(client: aiosmtplib.SMTP, raw: bytes, timeout: float) -> aiosmtplib.SMTPResponse:
    """Send DATA and the text of a mail (RFC 5321, 4.1.1.4); return the reply that accepts it.

    Raises SMTPDataError for a refusal. With another reply than 354 to DATA, or 2yz to the text, the server is
    out of step: raises SMTPResponseException, since the mail may be accepted. aiosmtplib's `data` does not
    say which of the two was answered.
    """
    start = await client.execute_command(b"DATA", timeout=timeout)
    protocol = client.protocol
    if protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    reply, expected = start, start.code == _START_INPUT
    if expected:
        protocol.write(_data_of(raw))
        reply = await protocol.read_response(timeout=timeout)
        expected = 200 <= reply.code < 300
    if expected:
        return reply
    if reply.code >= 400:
        raise aiosmtplib.SMTPDataError(reply.code, reply.message)
    command = "DATA" if reply is start else "the text of a mail"
    message = f"this is no reply to {command}, so the server is out of step: {reply.message}"
    raise aiosmtplib.SMTPResponseException(reply.code, message)


def _data_of(raw: bytes) -> bytes:
    """Return a mail as the text after DATA: with CRLF, doubled leading dots, and the final dot."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    ended = lines if lines.endswith(b"\r\n") else lines + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended) + b".\r\n"


def _envelope_address(address: str) -> str:
    """Return an address for the SMTP envelope; raise ValueError if it is none. "" is the null sender."""
    canonical = canonical_address(address) if address else ""
    if canonical is None:
        raise ValueError(f"{address!r} is not a mail address")
    return canonical


def _options(client: aiosmtplib.SMTP, raw: bytes) -> list[str]:
    """Return the parameters SIZE and BODY of MAIL (RFC 1870, 6152)."""
    size = [f"SIZE={len(raw)}"] if client.supports_extension("size") else []
    eight_bit = not raw.isascii() and client.supports_extension("8bitmime")
    return [*size, "BODY=8BITMIME"] if eight_bit else size
