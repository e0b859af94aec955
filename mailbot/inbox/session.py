"""A connection to an IMAP server, secured and logged in, and what its failures mean."""

import imaplib
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import imapclient
import imapclient.exceptions

from mailbot.config import ImapAccount, OAuth2
from mailbot.network import describe_error, sanitize_reply, tls_context
from mailbot.oauth import OAuthError, access_token, invalidate

KEEP_ALIVE_SECONDS = 60

# An answer was broken off, or makes no sense: whatever comes next belongs to it.
BROKEN = (imaplib.IMAP4.abort, imapclient.exceptions.ProtocolError)

_NO_MORE = "the server takes no more logins at once; if it allows few, set imap.connections"

# Codes of a refused login that are not about the password (RFC 9051, 7.1).
_NOT_THE_PASSWORD = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]")


class InboxError(Exception):
    """A mailbox that cannot be worked with: which one, why, and what to do about it.

    `permanent`: it stays so until somebody changes the configuration or the server; worth telling at once.
    """

    def __init__(self, message: str, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


def open_session(account: ImapAccount, timeout: float) -> Any:
    """Return an imapclient that is connected, secured and logged in. Raises InboxError."""
    with explained(account, "the connection failed"):
        client = _connect(account, timeout)
    try:
        with explained(account, "STARTTLS failed"):
            _secure(account, client)
        _log_in(account, client)
        with explained(account, "the login failed"):
            client.capabilities()  # which it remembers
    except BaseException:
        close_socket(client)
        raise
    return client


def close_socket(client: Any) -> None:
    """Close a connection without taking leave."""
    # It complains of a socket that is not connected any more, after having closed it.
    with suppress(OSError):
        client.shutdown()


def _connect(account: ImapAccount, timeout: float) -> Any:
    context = tls_context(account.ca_file) if account.security == "tls" else None
    limits = imapclient.SocketTimeout(timeout, timeout)
    client = imapclient.IMAPClient(
        account.host, account.port, ssl=account.security == "tls", ssl_context=context, timeout=limits
    )
    # Else INTERNALDATE comes without its zone, and an hour wrong across the change to summer time.
    client.normalise_times = False
    # While nothing is said, routers forget a connection, and one that is dead looks alive.
    client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEP_ALIVE_SECONDS)
    return client


def _secure(account: ImapAccount, client: Any) -> None:
    if account.security == "starttls":
        client.starttls(tls_context(account.ca_file))


def _log_in(account: ImapAccount, client: Any) -> None:
    """Log in by a token, by PLAIN, which alone carries umlauts, or by LOGIN."""
    if account.oauth2 is not None:
        _log_in_by_token(account, account.oauth2, client)
        return
    password = account.password.get()
    wrong = "the login is refused; check username and password"
    with explained(account, wrong, permanent=True, limited=_NO_MORE):
        if client.has_capability("AUTH=PLAIN"):
            client.plain_login(account.username, password)
        elif account.username.isascii() and password.isascii():
            client.login(account.username, password)
        else:
            raise imaplib.IMAP4.error("it takes no letters but ASCII")


def _log_in_by_token(account: ImapAccount, oauth2: OAuth2, client: Any) -> None:
    try:
        token = access_token(oauth2, account.username)
    except OAuthError as error:
        raise InboxError(
            f"IMAP {account.host}:{account.port}, {account.username}: {error}", error.permanent
        ) from error
    try:
        with explained(account, "the token is refused; check the rights of the application", permanent=True):
            client.oauth2_login(account.username, token)
    except InboxError:
        invalidate(oauth2, account.username)
        raise


@contextmanager
def explained(
    account: ImapAccount, doing: str, *, permanent: bool = False, limited: str = ""
) -> Iterator[None]:
    """Turn what imapclient and the network raise into an InboxError that an operator understands.

    `permanent` is said of a refusal; a lost connection never is. `limited` is said instead of `doing` where
    the server has reached a limit (RFC 5530, 3).
    """
    try:
        yield
    except (imaplib.IMAP4.error, OSError, ValueError, KeyError) as error:
        if isinstance(error, imaplib.IMAP4.error):
            reason, lasting = str(error), _lasts(error, permanent)
            doing = limited if limited and "[LIMIT]" in reason else doing
        else:
            reason, lasting = describe_error(error)
        where = f"IMAP {account.host}:{account.port}, {account.username}, folder {account.folder}"
        raise InboxError(sanitize_reply(f"{where}: {doing}: {reason}", account.password), lasting) from error


def _lasts(error: imaplib.IMAP4.error, permanent: bool) -> bool:
    """Tell whether a refusal is one: imapclient makes a LoginError of a line that breaks, too."""
    if isinstance(error, imaplib.IMAP4.readonly):
        return True
    lost = isinstance(error, BROKEN) or isinstance(error.__context__, BROKEN)
    return permanent and not lost and not _NOT_THE_PASSWORD.search(str(error))
