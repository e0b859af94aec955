"""Open a secure, logged-in connection to an IMAP server, and explain its errors."""

import imaplib
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import imapclient
import imapclient.exceptions

from mailbot.config import ImapAccount, OAuth2
from mailbot.inbox.bounded import BoundedClient
from mailbot.network import describe_error, login_refused, sanitize_reply, tls_context
from mailbot.oauth import OAuthError, access_token, invalidate

KEEP_ALIVE_SECONDS = 60
MAX_LISTED_FOLDERS = 10

# The response was cut off or is malformed: the next data on the connection may be its rest.
PROTOCOL_ERRORS = (imaplib.IMAP4.abort, imapclient.exceptions.ProtocolError)

_TOO_MANY_LOGINS = "the server allows no more simultaneous logins; if its limit is low, set imap.connections"

# Response codes of a rejected login that do not concern the password (RFC 9051, 7.1).
_TEMPORARY_CODES = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]")


class InboxError(Exception):
    """A mailbox cannot be used; the text says which one, why, and what to do.

    `permanent`: the error lasts until the configuration or the server is changed.
    """

    def __init__(self, message: str, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


def open_session(account: ImapAccount, timeout: float) -> Any:
    """Return a connected, secured and logged-in imapclient; raise InboxError."""
    with translated_errors(account, "the connection failed"):
        client = _connect(account, timeout)
    try:
        with translated_errors(account, "STARTTLS failed"):
            _secure(account, client)
        _log_in(account, client)
        with translated_errors(account, "the login failed"):
            client.capabilities()  # imapclient caches them
    except BaseException:
        close_socket(client)
        raise
    return client


def close_socket(client: Any) -> None:
    """Close a connection without LOGOUT."""
    # shutdown() closes the socket, and raises if it was no longer connected.
    with suppress(OSError):
        client.shutdown()


def _connect(account: ImapAccount, timeout: float) -> Any:
    context = tls_context(account.ca_file) if account.security == "tls" else None
    limits = imapclient.SocketTimeout(timeout, timeout)
    client = BoundedClient(
        account.host, account.port, ssl=account.security == "tls", ssl_context=context, timeout=limits
    )
    # Otherwise INTERNALDATE has no time zone, and is an hour wrong across a change to or from summer time.
    client.normalise_times = False
    # Routers drop idle connections silently; keep-alive prevents that, and detects dead connections.
    client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEP_ALIVE_SECONDS)
    # imaplib sends a literal and the end of its line as two pieces. The second would wait until the server
    # has acknowledged the first, which takes 40 ms.
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def _secure(account: ImapAccount, client: Any) -> None:
    if account.security == "starttls":
        client.starttls(tls_context(account.ca_file))


def _log_in(account: ImapAccount, client: Any) -> None:
    """Log in with a token, with PLAIN (the only one that supports non-ASCII), or with LOGIN."""
    if account.oauth2 is not None:
        _log_in_by_token(account, account.oauth2, client)
        return
    password = account.password.get()
    rejected = login_refused(account.password)
    with translated_errors(account, rejected, permanent=True, limited=_TOO_MANY_LOGINS):
        if client.has_capability("AUTH=PLAIN"):
            client.plain_login(account.username, password)
        elif account.username.isascii() and password.isascii():
            client.login(account.username, password)
        else:
            raise imaplib.IMAP4.error("the server supports only ASCII in username and password")


def _log_in_by_token(account: ImapAccount, oauth2: OAuth2, client: Any) -> None:
    try:
        token = access_token(oauth2, account.username)
    except OAuthError as error:
        raise InboxError(
            f"IMAP {account.host}:{account.port}, {account.username}: {error}", error.permanent
        ) from error
    try:
        advice = "the token is refused; check the permissions of the application"
        with translated_errors(account, advice, permanent=True):
            client.oauth2_login(account.username, token)
    except InboxError:
        # The token may have been revoked before its end; the next attempt requests another one.
        invalidate(oauth2, account.username)
        raise


@contextmanager
def translated_errors(
    account: ImapAccount, failure: str, *, permanent: bool = False, limited: str = ""
) -> Iterator[None]:
    """Translate the errors of imapclient and the network into an InboxError for operators.

    `failure` says what failed. `permanent` applies to rejections only; a lost connection is never permanent.
    `limited` replaces `failure` if the server has reached a limit (RFC 5530, 3).
    """
    try:
        yield
    except (imaplib.IMAP4.error, OSError, ValueError, KeyError) as error:
        if isinstance(error, imaplib.IMAP4.error):
            reason, permanent = str(error), _is_permanent(error, permanent)
            failure = limited if limited and "[LIMIT]" in reason else failure
        else:
            reason, permanent = describe_error(error)
        where = f"IMAP {account.host}:{account.port}, {account.username}, folder {account.folder}"
        message = sanitize_reply(f"{where}: {failure}: {reason}", account.password)
        raise InboxError(message, permanent) from error


@contextmanager
def naming_folders(client: Any, *, first: bool) -> Iterator[None]:
    """Add the existing folders to the error if the configured one cannot be opened at the `first` time."""
    try:
        yield
    except imaplib.IMAP4.error as error:
        if not first or isinstance(error, PROTOCOL_ERRORS):
            raise
        names = [str(name) for _, _, name in client.list_folders()][:MAX_LISTED_FOLDERS]
        raise type(error)(f"{error}; the mailbox has {', '.join(names)}") from error


def _is_permanent(error: imaplib.IMAP4.error, permanent: bool) -> bool:
    """Return whether an error is permanent; imapclient raises LoginError for a lost connection, too."""
    if isinstance(error, imaplib.IMAP4.readonly):
        return True
    lost = isinstance(error, PROTOCOL_ERRORS) or isinstance(error.__context__, PROTOCOL_ERRORS)
    return permanent and not lost and not _TEMPORARY_CODES.search(str(error))
