"""Send mails to an SMTP server (RFC 5321, 6409); the only module that uses aiosmtplib."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Self, cast

import aiosmtplib

from mailbot.addresses import canonical_address
from mailbot.clock import monotonic
from mailbot.config import OAuth2, SmtpAccount
from mailbot.network import describe_error, is_loopback, login_refused, sanitize_reply, tls_context
from mailbot.oauth import OAuthError, access_token, invalidate
from mailbot.smtp.reply import About
from mailbot.smtp.result import SendResult, State, refusal, sender_refusal
from mailbot.smtp.wire import Reply, ReplyError, Wire

__all__ = ["MAILS_PER_CONNECTION", "SendResult", "SmtpClient", "Submission"]

MAILS_PER_CONNECTION = 100
IDLE_SECONDS = 30
# RFC 5321, 4.5.3.2: the reply after the end of DATA may take ten minutes.
DATA_TIMEOUT_FACTOR = 10
MIN_BYTES_PER_SECOND = 32_768
_PIECE_BYTES = 262_144

_START_INPUT = 354
_DATA = b"DATA\r\n"
_NO_SMTPUTF8 = "{!r} has non-ASCII characters before the @, and the server does not offer SMTPUTF8 (RFC 6531)"
_ERRORS = (aiosmtplib.SMTPException, OAuthError, OSError, ReplyError, ValueError)


@dataclass(frozen=True, slots=True)
class Submission:
    """A mail with its envelope; `sender` is "" for the null sender."""

    sender: str
    recipient: str
    raw: bytes


class AddressError(ValueError):
    """An address cannot be used in the envelope; the text says why."""


class SmtpClient:
    """A reusable connection to one SMTP server, opened on demand; only one task at a time may use it."""

    def __init__(self, account: SmtpAccount, timeout: float = 60) -> None:
        """Set the account; `timeout` is in seconds per command, for DATA ten times that, and more by size."""
        self._account = account
        self._timeout = timeout
        self._wire: Wire | None = None
        self._extensions: frozenset[str] = frozenset()
        self._hostname: str | None = None
        self._announced: list[bytes] = []
        self._in_doubt = False
        self._sent = 0
        self._used_at = 0.0

    async def send(
        self, sender: str, recipient: str, raw: bytes, following: Submission | None = None
    ) -> SendResult:
        """Send one mail to one recipient; return server and network errors as the result.

        `sender` is the envelope sender, "" for the null sender. Line ends become CRLF. `following` is the
        mail of the next call: if the server offers PIPELINING, its envelope follows this mail's text at once.
        """
        mail = Submission(sender, recipient, raw)
        try:
            _envelope_address(sender), _envelope_address(recipient)
        except AddressError as error:
            return _unusable(error)
        reused = self._is_reusable()
        result = await self._transact(mail, following)
        lost = result.server_down and result.about is not About.ACCOUNT
        if reused and lost and result.state == "temporary":
            # The server may close an idle connection at any time (RFC 5321, 3.8).
            result = await self._transact(mail, following)
        return result

    async def check(self, address: str) -> SendResult | None:
        """Log in, and start a mail from that address to itself without sending it; return the error."""
        self._in_doubt = False
        try:
            wire = await self._connected()
            # Without DATA, so that no mail is sent.
            commands = self._envelope(Submission(address, address, b""))[:-1]
            refused = await self._offer(wire, commands, address)
            if refused is None:
                await self._reset(wire)
        except _ERRORS as error:
            self._drop()
            return self._failed(error)
        return refused

    async def close_if_idle(self) -> None:
        """Close the connection if it is idle or has sent the maximum number of mails."""
        if self._wire is not None and not self._is_reusable():
            await self.close()

    async def close(self) -> None:
        """Send QUIT and close the connection."""
        # After an announced DATA the server would take QUIT for the text of a mail.
        if self._wire is not None and self._wire.is_open and not self._announced:
            try:
                self._wire.write(b"QUIT\r\n")
                await self._wire.reply(min(self._timeout, 5))
            except (ReplyError, OSError):
                pass  # it is closed in any case
        self._drop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _transact(self, mail: Submission, following: Submission | None) -> SendResult:
        self._in_doubt = completed = False
        try:
            wire = await self._connected()
            envelope = self._envelope(mail)
            # The server awaits the announced mail, and only a new connection ends that transaction.
            if self._announced and self._announced != envelope:
                self._drop()
                wire = await self._connected()
            result = await self._offer(wire, envelope, mail.sender)
            if result is None:
                result = await self._hand_over(wire, mail, following)
        except AddressError as error:
            completed = not self._announced
            return _unusable(error)
        except _ERRORS as error:
            return self._failed(error)
        else:
            completed = not result.server_down
            self._used_at = monotonic()
            return result
        finally:
            # Even if the task was cancelled: a connection within a transaction cannot be reused.
            if not completed:
                self._drop()

    async def _offer(self, wire: Wire, commands: list[bytes], sender: str) -> SendResult | None:
        """Send MAIL, RCPT and DATA, unless they are announced; return the first refusal, if any.

        With PIPELINING they are one group, and each of them is answered (RFC 2920, 3.1).
        """
        grouped = "pipelining" in self._extensions
        if grouped and not self._announced:
            wire.write(*commands)
        self._announced = []
        for position, command in enumerate(commands):
            if not grouped:
                wire.write(command)
            self._in_doubt = command == _DATA
            reply = await wire.reply(self._data_timeout() if self._in_doubt else self._timeout)
            refused = self._refusal(command, reply, sender)
            if refused is not None:
                if not refused.server_down:
                    await self._end_refused(wire, command, commands[position + 1 :] if grouped else [])
                return refused
        return None

    def _refusal(self, command: bytes, reply: Reply, sender: str) -> SendResult | None:
        """Return the result if a reply refuses a command; raise ReplyError if it does not fit to it."""
        if reply.code >= 400:
            text = self._sanitize(reply.text)
            is_mail = command.startswith(b"MAIL")
            return sender_refusal(reply.code, text, sender) if is_mail else refusal(reply.code, text)
        if reply.code == _START_INPUT if command == _DATA else reply.accepts:
            return None
        raise _out_of_step(reply, command[:4].decode())

    async def _end_refused(self, wire: Wire, refused: bytes, unanswered: list[bytes]) -> None:
        """End a transaction after a refused command, so that the connection can be used for the next one.

        A server may await a text although it refused the recipient: it gets a lone dot (RFC 2920, 3.1).
        """
        self._in_doubt = False
        try:
            for command in unanswered:
                if (await wire.reply(self._timeout)).code == _START_INPUT and command == _DATA:
                    if refused.startswith(b"MAIL"):  # it may know a recipient
                        self._drop()
                        return
                    wire.write(b".\r\n")
                    await wire.reply(self._data_timeout())
            await self._reset(wire)
        except (ReplyError, OSError):
            self._drop()

    async def _reset(self, wire: Wire) -> None:
        wire.write(b"RSET\r\n")
        reply = await wire.reply(self._timeout)
        if not reply.accepts:
            raise _out_of_step(reply, "RSET")

    async def _hand_over(self, wire: Wire, mail: Submission, following: Submission | None) -> SendResult:
        """Send the text of a mail, and with PIPELINING the envelope of the next one behind it.

        RFC 2920, 3.1, allows the text as the first element of a group, and DATA as the last one.
        """
        announced, timeout = self._announcement(following), self._data_timeout(mail.raw)
        pieces = _text_pieces(mail.raw)
        last = next(pieces)
        async with asyncio.timeout(timeout):
            for piece in pieces:
                wire.write(last)
                await wire.room()
                if wire.has_unread:  # the server refuses the mail before its end
                    reply = await wire.reply(timeout)
                    self._drop()  # the text is incomplete, and only the end of the connection ends it
                    return self._after_text(reply)
                last = piece
            wire.write(last, *announced)
            self._announced = announced
            reply = await wire.reply(timeout)
        if reply.accepts:
            self._sent += 1
            return SendResult("sent", reply.code, "")
        return self._after_text(reply)

    def _after_text(self, reply: Reply) -> SendResult:
        """Return the refusal of a mail whose text was sent, or a part of it."""
        if reply.code >= 400:
            return refusal(reply.code, self._sanitize(reply.text))
        raise _out_of_step(reply, "the text of a mail")

    def _announcement(self, following: Submission | None) -> list[bytes]:
        """Return the commands of the next mail, if they can be sent before this one is answered."""
        if following is None or "pipelining" not in self._extensions:
            return []
        # The connection is closed after this mail.
        if self._sent + 1 >= MAILS_PER_CONNECTION:
            return []
        try:
            return self._envelope(following)
        except AddressError:
            return []

    def _envelope(self, mail: Submission) -> list[bytes]:
        """Return the commands of a mail: MAIL with its parameters (RFC 1870, 6152, 6531), RCPT and DATA."""
        sender, recipient = _envelope_address(mail.sender), _envelope_address(mail.recipient)
        parameters = f" SIZE={len(mail.raw)}" if "size" in self._extensions else ""
        if not mail.raw.isascii() and "8bitmime" in self._extensions:
            parameters += " BODY=8BITMIME"
        if not (sender + recipient).isascii():
            if "smtputf8" not in self._extensions:
                raise AddressError(_NO_SMTPUTF8.format(sender if recipient.isascii() else recipient))
            parameters += " SMTPUTF8"
        return [
            f"MAIL FROM:<{sender}>{parameters}\r\n".encode(),
            f"RCPT TO:<{recipient}>\r\n".encode(),
            _DATA,
        ]

    async def _connected(self) -> Wire:
        if self._wire is not None and self._is_reusable():
            return self._wire
        await self.close()
        account = self._account
        if account.security == "none" and account.username and not is_loopback(account.host):
            raise ValueError('the password would be sent in clear text; set security to "starttls" or "tls"')
        client = aiosmtplib.SMTP(
            hostname=account.host,
            port=account.port,
            local_hostname=self._hostname,
            timeout=self._timeout,
            use_tls=account.security == "tls",
            start_tls=account.security == "starttls",
            tls_context=tls_context(account.ca_file) if account.security != "none" else None,
        )
        try:
            await client.connect()
            self._hostname = client.local_hostname
            await client.ehlo()
            await self._log_in(client)
            self._wire = Wire(cast("asyncio.Transport", client.transport))
        finally:
            if self._wire is None and client.transport is not None:
                # aiosmtplib's close() would wait for the server's TLS shutdown.
                cast("asyncio.Transport", client.transport).abort()
        self._extensions = frozenset(client.esmtp_extensions)
        self._sent, self._used_at = 0, monotonic()
        return self._wire

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
        if self._wire is None or not self._wire.is_open:
            return False
        if self._announced:
            return True
        idle = monotonic() - self._used_at
        return not self._wire.has_unread and self._sent < MAILS_PER_CONNECTION and idle < IDLE_SECONDS

    def _drop(self) -> None:
        """Close the connection at once."""
        wire, self._wire = self._wire, None
        self._announced = []
        if wire is not None:
            wire.abort()

    def _data_timeout(self, text: bytes = b"") -> float:
        return DATA_TIMEOUT_FACTOR * self._timeout + len(text) / MIN_BYTES_PER_SECOND

    def _failed(self, error: Exception) -> SendResult:
        """Return the result of an error of the connection or the login."""
        code = getattr(error, "code", None)
        # aiosmtplib's code for a malformed reply is -1.
        code = code if isinstance(code, int) and code > 0 else None
        state: State = "uncertain" if self._in_doubt else "temporary"
        return SendResult(state, code, self._describe(error), server_down=True)

    def _describe(self, error: Exception) -> str:
        account = self._account
        user = f" as {account.username}" if account.username else ""
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            reason = f"{login_refused(self._account.password)} ({error.code} {error.message})"
        elif isinstance(error, OAuthError | ReplyError):
            reason = str(error)
        elif isinstance(error, aiosmtplib.SMTPResponseException):
            reason = f"{error.code} {error.message}"
        else:
            wrapped = isinstance(error, aiosmtplib.SMTPException) and isinstance(error.__cause__, OSError)
            reason = describe_error(error.__cause__ if wrapped and error.__cause__ else error)[0]
        return self._sanitize(f"SMTP {account.host}:{account.port}{user}: {reason}")

    def _sanitize(self, text: str) -> str:
        return sanitize_reply(text, self._account.password)


def _unusable(error: AddressError) -> SendResult:
    return SendResult("permanent", None, str(error), about=About.RECIPIENT)


def _out_of_step(reply: Reply, command: str) -> ReplyError:
    """Return the error of a reply that does not fit: if it is to DATA or a text, the mail may be accepted."""
    reason = f"this is no reply to {command}, so the server is out of step: {reply.code} {reply.text}"
    return ReplyError(reason, reply.code)


def _text_pieces(raw: bytes) -> Iterator[bytes]:
    """Yield a mail as the text after DATA: with CRLF, doubled leading dots, and the final dot.

    A large mail is several pieces of whole lines, as each layer of the connection copies what is written.
    """
    lines = raw.count(b"\r\n")
    if lines != raw.count(b"\n") or lines != raw.count(b"\r"):
        raw = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    begin = 0
    while (end := raw.find(b"\r\n", begin + _PIECE_BYTES) + 2) > 1:
        yield _with_doubled_dots(raw[begin:end])
        begin = end
    ended = raw.endswith(b"\r\n") or not raw
    yield _with_doubled_dots(raw[begin:]) + (b".\r\n" if ended else b"\r\n.\r\n")


def _with_doubled_dots(lines: bytes) -> bytes:
    return (b"." if lines.startswith(b".") else b"") + lines.replace(b"\r\n.", b"\r\n..")


@lru_cache(maxsize=1024)
def _envelope_address(address: str) -> str:
    """Return an address for the SMTP envelope; raise AddressError if it is none. "" is the null sender."""
    canonical = canonical_address(address) if address else ""
    if canonical is None or not canonical.isprintable():
        raise AddressError(f"the address cannot be used: {address!r} is not a mail address")
    return canonical
