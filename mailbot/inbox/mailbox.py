"""Read one folder of one IMAP account: list, fetch, move and wait for mails.

A `Mailbox` is one connection, used by one thread. After an `InboxError` close it and open another one.
"""

import imaplib
import re
import selectors
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import imapclient
import imapclient.exceptions

from mailbot.clock import monotonic
from mailbot.config import ImapAccount
from mailbot.inbox.fetched import (
    MESSAGE_ID_FIELD,
    FetchedMail,
    MailInfo,
    batches,
    batches_by_size,
    internal_date,
    message_id,
)
from mailbot.inbox.session import (
    PROTOCOL_ERRORS,
    InboxError,
    close_socket,
    naming_folders,
    open_session,
    translated_errors,
)  # fmt: skip

PROCESSED_KEYWORD = "$MailbotDone"
IDLE_ROUND_SECONDS = 300
MAX_UNFETCHABLE = 10
"""If more mails than that cannot be fetched, the cause is not in single mails."""
MAX_EMPTY = 4  # a mail of at most that many bytes may consist of line ends
_FROM = b"BODY[HEADER.FIELDS (FROM)]"


class Mailbox:
    """An open folder of one account; `refresh` updates `uid_validity` and `uid_next`.

    `unfetchable` has the mails that the server does not return, by UID, with its error. `describe` and
    `fetch` leave them out, so that they do not block other mails.
    """

    def __init__(self, account: ImapAccount, timeout: float) -> None:
        self._account = account
        self._timeout = timeout
        self._client = open_session(account, timeout)
        self._broken = False
        self._processed_name = ""
        self._supports_keywords = False
        self.uid_validity = 0
        self.uid_next = 0
        self.unfetchable: dict[int, str] = {}

    @classmethod
    def open(cls, account: ImapAccount, timeout: float = 60) -> Self:
        """Connect, log in and open the folder; `timeout` is in seconds per response. Raises InboxError."""
        mailbox = cls(account, timeout)
        try:
            mailbox._select()
        except BaseException:
            mailbox.close()
            raise
        return mailbox

    @property
    def supports_idle(self) -> bool:
        """Whether the server announces new mail (RFC 2177)."""
        return bool(self._client.has_capability("IDLE"))

    def refresh(self) -> None:
        """Select the folder again to update `uid_validity` and `uid_next`. Raises InboxError."""
        self._select()

    def uids(self, since: int = 1) -> list[int]:
        """Return all UIDs in the folder from `since` on, in ascending order. Raises InboxError.

        Uses FETCH, because imapclient does not parse an ESEARCH response to SEARCH. "since:*" always includes
        the last mail (RFC 9051, 9, seq-range).
        """
        with self._errors_as("the mails cannot be listed"):
            response = self._client._imap.uid("FETCH", f"{since}:*", "(UID)")[1]
        lines = (line for line in response if isinstance(line, bytes))
        found = (re.search(rb"\bUID (\d+)", line) for line in lines)
        return sorted({uid for match in found if match and (uid := int(match[1])) >= since})

    def describe(self, uids: Iterable[int]) -> dict[int, MailInfo]:
        """Return size and time of those mails that still exist. Raises InboxError."""
        found: dict[int, MailInfo] = {}
        for batch in batches(uids):
            responses = self._fetch_items(batch, ["RFC822.SIZE", "INTERNALDATE"])
            # For a mail that was deleted meanwhile the response may contain only its flags.
            sizes = ((uid, items) for uid, items in responses.items() if b"RFC822.SIZE" in items)
            found |= {uid: MailInfo(items[b"RFC822.SIZE"], internal_date(items)) for uid, items in sizes}
        return dict(sorted(found.items()))

    def senders(self, uids: Iterable[int]) -> dict[int, str]:
        """Return the From fields of those mails that still exist, undecoded. Raises InboxError."""
        found: dict[int, str] = {}
        for batch in batches(uids):
            responses = self._fetch_items(batch, ["BODY.PEEK[HEADER.FIELDS (FROM)]"])
            fields = ((uid, items.get(_FROM)) for uid, items in responses.items())
            found |= {uid: field.decode("ascii", "replace") for uid, field in fields if field is not None}
        return found

    def fetch(self, described: Mapping[int, MailInfo]) -> Iterator[FetchedMail]:
        """Yield those mails that still exist, in the order of their UIDs; set no flags. Raises InboxError."""
        for batch in batches_by_size(dict(sorted(described.items()))):
            sizes = {uid: described[uid].size for uid in batch}
            yield from (mail for mail in self._fetch(batch, "", sizes) if not self._is_empty(mail, sizes))

    def fetch_header(self, uid: int) -> FetchedMail | None:
        """Return only the header of a mail that is too large; None if it was deleted. Raises InboxError."""
        found = next(iter(self._fetch([uid], "HEADER", {})), None)
        return found if found is None or not self._is_empty(found, {uid: MAX_EMPTY + 1}) else None

    def _is_empty(self, mail: FetchedMail, sizes: Mapping[int, int]) -> bool:
        """Return whether the server returned nothing of a mail that has a size: nothing was read of it."""
        size = sizes[mail.uid]
        if empty := not mail.raw.strip() and size > max(len(mail.raw), MAX_EMPTY):
            self.unfetchable[mail.uid] = f"the server returned an empty text for a mail of {size} bytes"
        return empty

    def move_to_processed(self, uids: Iterable[int]) -> None:
        """Move mails to the account's folder of processed mails, or flag them if it has none.

        Creates the folder if it is missing; ignores mails that were deleted. Raises InboxError.
        """
        for batch in batches(uids):
            try:
                self._move_batch(batch)
            except InboxError as error:
                if "[EXPUNGEISSUED]" not in str(error):
                    raise
                # Another client is moving the same mails (RFC 5530, 3); the next scan moves the others.

    def _move_batch(self, uids: Sequence[int]) -> None:
        with self._errors_as("processed mails cannot be moved"):
            if not self._account.done:
                self._flag(uids)
            elif self._client.has_capability("MOVE"):
                self._client.move(uids, self._processed_folder())
            else:
                self._copy_and_expunge(uids)

    def processed_since(self, since: datetime) -> dict[int, str]:
        """Return the Message-IDs of the processed mails since that day, by UID. Raises InboxError.

        A mail without one has "". The result is empty if there is no folder of processed mails.
        """
        name = self._full_name(self._account.done) if self._account.done else ""
        with self._errors_as("the processed mails cannot be listed"):
            if not name or not self._client.folder_exists(name):
                return {}
            self._client.select_folder(name, readonly=True)
            uids = self._client.search(["SINCE", since.date()])
            found: dict[int, str] = {}
            for batch in batches(uids):
                for uid, items in self._client.fetch(batch, [MESSAGE_ID_FIELD]).items():
                    found[uid] = message_id(items)
        self._select()
        return found

    def unfile(self, uids: Iterable[int]) -> None:
        """Move processed mails back into the folder that mailbot reads. Raises InboxError."""
        with self._errors_as("processed mails cannot be moved back"):
            self._client.select_folder(self._full_name(self._account.done))
            for batch in batches(uids):
                folder = self._full_name(self._account.folder)
                if self._client.has_capability("MOVE"):
                    self._client.move(batch, folder)
                else:
                    # The originals stay: a second copy among the processed mails causes no error.
                    self._client.copy(batch, folder)
        self._select()

    def wait(self, seconds: float, wake: int) -> bool:
        """Wait up to `seconds` until the server sends data or the file descriptor `wake` is readable.

        Uses IDLE (RFC 2177) if supported. Returns whether the server has sent data since the last `refresh`:
        then the folder may have changed. Does not read from `wake`. Raises InboxError.
        """
        if "EXISTS" in self._client._imap.untagged_responses:
            return True  # sent in the response to another command; the server does not repeat it
        deadline = monotonic() + seconds
        while True:
            remaining = min(deadline - monotonic(), IDLE_ROUND_SECONDS)
            server_sent, woken = self._idle(max(remaining, 0), wake)
            if server_sent or woken or monotonic() >= deadline:
                return server_sent

    def close(self) -> None:
        """Log out if the connection is usable, and close it."""
        try:
            if not self._broken:
                self._client.logout()
        except (imaplib.IMAP4.error, OSError):
            self._broken = True
        if self._broken:
            close_socket(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _errors_as(self, failure: str, *, permanent: bool = False) -> Iterator[None]:
        """Translate errors into an InboxError, and record whether the connection is still usable."""
        try:
            with translated_errors(self._account, failure, permanent=permanent):
                yield
        except InboxError as error:
            # After NO or BAD the connection is usable; after other errors it may hold half a response.
            cause = error.__cause__
            rejected = isinstance(cause, imaplib.IMAP4.error) and not isinstance(cause, PROTOCOL_ERRORS)
            self._broken = self._broken or not rejected
            raise

    def _select(self) -> None:
        with self._errors_as("the folder cannot be opened", permanent=True):
            with naming_folders(self._client, first=not self.uid_validity):
                folder = self._client.select_folder(self._full_name(self._account.folder))
            self.uid_validity, self.uid_next = folder[b"UIDVALIDITY"], folder[b"UIDNEXT"]
            # Any later EXISTS announces a new mail, even in the response to another command.
            self._client._imap.untagged_responses.pop("EXISTS", None)
            flags = folder.get(b"PERMANENTFLAGS", ())
            self._supports_keywords = b"\\*" in flags or PROCESSED_KEYWORD.encode() in flags

    def _fetch(self, uids: Sequence[int], section: str, sizes: Mapping[int, int]) -> list[FetchedMail]:
        items = [f"BODY.PEEK[{section}]", "INTERNALDATE"]
        responses = self._fetch_items(uids, items, fetched=sum(sizes.values()))
        key = f"BODY[{section}]".encode()
        # For a mail that was deleted meanwhile the response has no text; NIL is an empty one.
        found = ((uid, items) for uid, items in sorted(responses.items()) if key in items)
        return [FetchedMail(uid, items[key] or b"", internal_date(items)) for uid, items in found]

    def _fetch_items(
        self, uids: Sequence[int], items: Sequence[str], *, fetched: int = 0, fresh: bool = False
    ) -> dict[int, Mapping[bytes, Any]]:
        """Fetch data items of mails; after an error bisect, until the unfetchable mail is alone.

        Dovecot closes the connection if it cannot read one of the mails; an unreliable network closes it at
        any time. So a mail counts as unfetchable only if it fails alone on a `fresh` connection.
        """
        try:
            with self._errors_as(f"mails cannot be fetched ({len(uids)}, from UID {uids[0]})"):
                self._client._imap.fetched = fetched
                responses: dict[int, Mapping[bytes, Any]] = self._client.fetch(uids, items)
                return responses
        except InboxError as error:
            # After a timeout each half could take as long again.
            if isinstance(error.__cause__, TimeoutError) or len(self.unfetchable) >= MAX_UNFETCHABLE:
                raise
            lost = self._broken
            if lost:
                self._reopen()
            # Perhaps the network failed, and not the mail.
            if len(uids) == 1 and lost and not fresh:
                return self._fetch_items(uids, items, fetched=fetched, fresh=True)
            if len(uids) == 1:
                self.unfetchable[uids[0]] = str(error)
                return {}
        middle = len(uids) // 2
        first, second = (
            self._fetch_items(half, items, fetched=fetched) for half in (uids[:middle], uids[middle:])
        )
        return first | second

    def _reopen(self) -> None:
        """Open a new connection; raise InboxError if UIDVALIDITY has changed."""
        self.close()
        self._client = open_session(self._account, self._timeout)
        self._broken = False
        before = self.uid_validity
        self._select()
        if self.uid_validity != before:
            raise InboxError(
                f"IMAP {self._account.host}: UIDVALIDITY has changed; the folder is read again", False
            )

    def _flag(self, uids: Sequence[int]) -> None:
        """Set the keyword if the server stores keywords; only people read it, mailbot reads the ledger."""
        if self._supports_keywords:
            self._client.add_flags(uids, [PROCESSED_KEYWORD], silent=True)

    def _copy_and_expunge(self, uids: Sequence[int]) -> None:
        """Move without MOVE (RFC 6851, 3.3); do not expunge mails that other clients marked as deleted."""
        flags = self._client.get_flags(uids)
        remaining = [uid for uid, set_ in flags.items() if imapclient.DELETED not in set_]
        if remaining:
            self._client.copy(remaining, self._processed_folder())
            self._client.add_flags(remaining, [imapclient.DELETED], silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)
        elif set(self._client.search("DELETED")) <= set(uids):
            self._client.expunge()

    def _processed_folder(self) -> str:
        """Return the name of the folder of processed mails; create it if it is missing."""
        if not self._processed_name:
            name = self._full_name(self._account.done)
            if not self._client.folder_exists(name):
                self._client.create_folder(name)
                # Webmail shows subscribed folders only.
                self._client.subscribe_folder(name)
            self._processed_name = name
        return self._processed_name

    def _full_name(self, name: str) -> str:
        """Return the name of a folder on this server: "Mailbot/Done" may be "INBOX.Mailbot.Done"."""
        if name.upper() == "INBOX":
            return name
        prefix, separator = self._namespace()
        written = name.replace("/", separator) if separator else name
        return written if written.startswith(prefix) else prefix + written

    def _namespace(self) -> tuple[str, str]:
        """Return prefix and separator of the personal namespace (RFC 2342)."""
        if self._client.has_capability("NAMESPACE"):
            personal = self._client.namespace().personal
            if personal:
                prefix, separator = personal[0]
                return prefix, separator or ""
        # An empty mailbox name asks for the hierarchy delimiter (RFC 9051, 6.3.9).
        root = self._client.list_folders("", "")
        return "", root[0][1].decode("ascii") if root and root[0][1] else ""

    def _idle(self, seconds: float, wake: int) -> tuple[bool, bool]:
        """Run one IDLE command; return whether the server sent data, and whether `wake` is readable."""
        if not self.supports_idle:
            return self._wait_readable(seconds, wake)
        with self._errors_as("the connection was lost while waiting for mail"):
            wire = self._client._imap
            tag = wire._command("IDLE")
            early = 0
            # imapclient's idle() fails on a line before the "+". Its idle_check() detects neither a closed
            # connection nor data that was received together with the "+".
            while (line := wire._get_response()) is not None:
                if wire.tagged_commands[tag]:
                    raise imaplib.IMAP4.error(f"IDLE is refused: {line!r}")
                early += 1
            buffered = early or wire.has_buffered_data()
            server_sent, woken = (True, False) if buffered else self._wait_readable(seconds, wake)
            wire.send(b"DONE\r\n")
            responses = self._client._consume_until_tagged_response(tag, "IDLE")[1]
        return server_sent or bool(responses), woken

    def _wait_readable(self, seconds: float, wake: int) -> tuple[bool, bool]:
        """Wait for the socket and for `wake`; return which of them are readable."""
        connection = self._client.socket()
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select(seconds)}
        return connection in ready, wake in ready
