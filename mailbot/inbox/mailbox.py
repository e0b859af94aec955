"""One folder of one account: look, fetch, file, wait.

A `Mailbox` is one connection for one thread, and disposable: after an `InboxError` close it and open another.
"""

import imaplib
import re
import selectors
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import imapclient
import imapclient.exceptions

from mailbot.clock import monotonic, utc_now
from mailbot.config import ImapAccount
from mailbot.inbox.session import BROKEN, InboxError, close_socket, explained, open_session

MESSAGE_ID_FIELD = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
DONE_KEYWORD = "$MailbotDone"
IDLE_ROUND_SECONDS = 300
BATCH_UIDS = 500
BATCH_MAILS = 50
BATCH_OCTETS = 8 * 2**20
# If the server fails over more, the trouble is not with single mails.
REFUSED_MAILS = 10
_FROM = b"BODY[HEADER.FIELDS (FROM)]"


@dataclass(frozen=True, slots=True)
class MailInfo:
    """A mail in the folder, before it is fetched: its octets' number, and when the server took it (UTC)."""

    size: int
    received: datetime


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as it lies in the folder: its octets, and when the server took it (UTC)."""

    uid: int
    octets: bytes = field(repr=False)
    received: datetime


class Mailbox:
    """An open folder of one account. `uid_validity` and `uid_next` are those of the last look (`refresh`).

    `refused` has the mails, by UID, that the server would not give, and what it said: they are left out of
    what `describe` and `fetch` return, so that they do not stop the others.
    """

    def __init__(self, account: ImapAccount, timeout: float) -> None:
        self._account = account
        self._timeout = timeout
        self._client = open_session(account, timeout)
        self._dead = False
        self._done_folder = ""
        self._keeps_keywords = False
        self.uid_validity = 0
        self.uid_next = 0
        self.refused: dict[int, str] = {}

    @classmethod
    def open(cls, account: ImapAccount, timeout: float = 60) -> Self:
        """Connect, log in and open the folder; `timeout` is in seconds, per answer. Raises InboxError."""
        mailbox = cls(account, timeout)
        try:
            mailbox._select()
        except BaseException:
            mailbox.close()
            raise
        return mailbox

    @property
    def supports_idle(self) -> bool:
        """Whether the server tells of new mail by itself (RFC 2177)."""
        return bool(self._client.has_capability("IDLE"))

    def refresh(self) -> None:
        """Look at the folder again: `uid_validity` and `uid_next` are up to date then. Raises InboxError."""
        self._select()

    def uids(self, since: int = 1) -> list[int]:
        """Return all UIDs in the folder from `since` on, in their order. Raises InboxError.

        By FETCH, for SEARCH may be answered by an ESEARCH that is not understood. "since:*" always gives the
        last mail too (RFC 9051, 9, seq-range).
        """
        with self._errors_as("its mails cannot be listed"):
            answer = self._client._imap.uid("FETCH", f"{since}:*", "(UID)")[1]
        lines = (line for line in answer if isinstance(line, bytes))
        found = (re.search(rb"\bUID (\d+)", line) for line in lines)
        return sorted({uid for match in found if match and (uid := int(match[1])) >= since})

    def describe(self, uids: Iterable[int]) -> dict[int, MailInfo]:
        """Return size and time of those mails that are still there. Raises InboxError."""
        found: dict[int, MailInfo] = {}
        for batch in _batches(uids):
            answers = self._ask(batch, ["RFC822.SIZE", "INTERNALDATE"])
            # A mail that vanished meanwhile may still be there with its flags alone.
            there = ((uid, items) for uid, items in answers.items() if b"RFC822.SIZE" in items)
            found.update((uid, MailInfo(items[b"RFC822.SIZE"], _received(items))) for uid, items in there)
        return dict(sorted(found.items()))

    def senders(self, uids: Iterable[int]) -> dict[int, str]:
        """Return what From says of those mails that are still there, as it is written. Raises InboxError."""
        found: dict[int, str] = {}
        for batch in _batches(uids):
            answers = self._ask(batch, ["BODY.PEEK[HEADER.FIELDS (FROM)]"])
            fields = ((uid, items.get(_FROM)) for uid, items in answers.items())
            found.update(
                (uid, field.decode("ascii", "replace")) for uid, field in fields if field is not None
            )
        return found

    def fetch(self, uids: Iterable[int]) -> Iterator[Fetched]:
        """Yield those mails that are still there, by UID, and leave their flags alone. Raises InboxError."""
        for batch in _by_size(self.describe(uids)):
            yield from self._fetch(batch, "")

    def fetch_header(self, uid: int) -> Fetched | None:
        """Return a mail's header alone, for one too large; None where it is gone. Raises InboxError."""
        return next(iter(self._fetch([uid], "HEADER")), None)

    def move_to_processed(self, uids: Iterable[int]) -> None:
        """Move mails to the account's folder for done ones, or flag them if it has none. Raises InboxError.

        Mails that are gone already do no harm. The folder is made and subscribed when it is missing.
        """
        for batch in _batches(uids):
            try:
                self._file(batch)
            except InboxError as error:
                if "[EXPUNGEISSUED]" not in str(error):
                    raise
                # Somebody moves the same mails now (RFC 5530, 3); the next look files what is left.

    def _file(self, uids: Sequence[int]) -> None:
        with self._errors_as("mails cannot be filed"):
            if not self._account.done:
                self._flag(uids)
            elif self._client.has_capability("MOVE"):
                self._client.move(uids, self._done())
            else:
                self._copy_and_expunge(uids)

    def done_since(self, since: datetime) -> dict[int, str]:
        """Return the done mails that came since that day, by UID their Message-IDs. Raises InboxError.

        "" where there is none; nothing where mails are not moved, or no folder for them is there yet.
        """
        name = self._full_name(self._account.done) if self._account.done else ""
        with self._errors_as("the done mails cannot be listed"):
            if not name or not self._client.folder_exists(name):
                return {}
            self._client.select_folder(name, readonly=True)
            uids = self._client.search(["SINCE", since.date()])
            found: dict[int, str] = {}
            for batch in _batches(uids):
                for uid, items in self._client.fetch(batch, [MESSAGE_ID_FIELD]).items():
                    found[uid] = _message_id(items)
        self._select()
        return found

    def unfile(self, uids: Iterable[int]) -> None:
        """Move done mails back into the folder that is read. Raises InboxError."""
        with self._errors_as("done mails cannot be moved back"):
            self._client.select_folder(self._full_name(self._account.done))
            for batch in _batches(uids):
                folder = self._full_name(self._account.folder)
                if self._client.has_capability("MOVE"):
                    self._client.move(batch, folder)
                else:
                    self._client.copy(batch, folder)
        self._select()

    def wait(self, seconds: float, wake: int) -> bool:
        """Wait until the server says something or `wake` can be read, at most so long. Raises InboxError.

        By IDLE (RFC 2177); a server without it is left alone. Returns whether the server said something since
        the last `refresh`: look again then. `wake` is a file descriptor, which is not read.
        """
        if "EXISTS" in self._client._imap.untagged_responses:
            return True  # told along with another command, and so not told again
        deadline = monotonic() + seconds
        while True:
            remaining = min(deadline - monotonic(), IDLE_ROUND_SECONDS)
            said, woken = self._idle(max(remaining, 0), wake)
            if said or woken or monotonic() >= deadline:
                return said

    def close(self) -> None:
        """Log out where the connection is fit for it, and close it."""
        try:
            if not self._dead:
                self._client.logout()
        except (imaplib.IMAP4.error, OSError):
            self._dead = True
        if self._dead:
            close_socket(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _errors_as(self, doing: str, *, permanent: bool = False) -> Iterator[None]:
        """Turn what goes wrong into an InboxError, and remember whether the connection survived it."""
        try:
            with explained(self._account, doing, permanent=permanent):
                yield
        except InboxError as error:
            # A refusal (NO, BAD) leaves the connection as it was; all else may leave half an answer in it.
            cause = error.__cause__
            refusal = isinstance(cause, imaplib.IMAP4.error) and not isinstance(cause, BROKEN)
            self._dead = self._dead or not refusal
            raise

    def _select(self) -> None:
        with self._errors_as("the folder cannot be opened", permanent=True):
            folder = self._client.select_folder(self._full_name(self._account.folder))
            self.uid_validity, self.uid_next = folder[b"UIDVALIDITY"], folder[b"UIDNEXT"]
            # Any EXISTS that comes from now on tells of a new mail, whatever command it comes with.
            self._client._imap.untagged_responses.pop("EXISTS", None)
            kept = folder.get(b"PERMANENTFLAGS", ())
            self._keeps_keywords = b"\\*" in kept or DONE_KEYWORD.encode() in kept

    def _fetch(self, uids: Sequence[int], section: str) -> list[Fetched]:
        answers = self._ask(uids, [f"BODY.PEEK[{section}]", "INTERNALDATE"])
        key = f"BODY[{section}]".encode()
        found = ((uid, items) for uid, items in sorted(answers.items()) if items.get(key) is not None)
        return [Fetched(uid, items[key], _received(items)) for uid, items in found]

    def _ask(
        self, uids: Sequence[int], items: Sequence[str], *, fresh: bool = False
    ) -> dict[int, Mapping[bytes, Any]]:
        """Ask about mails; where the server fails over them, about ever fewer, until the bad one is alone.

        Dovecot ends the connection over a mail that it cannot read, whichever mails were asked for with it;
        bad networks end it over any. So a mail is to blame only for a `fresh` connection of its own.
        """
        try:
            with self._errors_as(f"mails cannot be fetched ({len(uids)}, from UID {uids[0]})"):
                answers: dict[int, Mapping[bytes, Any]] = self._client.fetch(uids, items)
                return answers
        except InboxError as error:
            if isinstance(error.__cause__, TimeoutError) or len(self.refused) >= REFUSED_MAILS:
                raise
            lost = self._dead
            if lost:
                self._reopen()
            if len(uids) == 1 and lost and not fresh:
                return self._ask(uids, items, fresh=True)
            if len(uids) == 1:
                self.refused[uids[0]] = str(error)
                return {}
        middle = len(uids) // 2
        return self._ask(uids[:middle], items) | self._ask(uids[middle:], items)

    def _reopen(self) -> None:
        """Go on with a new connection, unless the UIDs mean other mails by now."""
        self.close()
        self._client = open_session(self._account, self._timeout)
        self._dead = False
        before = self.uid_validity
        self._select()
        if self.uid_validity != before:
            raise InboxError(f"IMAP {self._account.host}: UIDVALIDITY has changed meanwhile", False)

    def _flag(self, uids: Sequence[int]) -> None:
        """Set the keyword, where the server keeps keywords at all: it is for people, the ledger is for us."""
        if self._keeps_keywords:
            self._client.add_flags(uids, [DONE_KEYWORD], silent=True)

    def _copy_and_expunge(self, uids: Sequence[int]) -> None:
        """Move without MOVE (RFC 6851, 3.3). What others have marked for deletion is theirs to expunge."""
        flags = self._client.get_flags(uids)
        waiting = [uid for uid, set_ in flags.items() if imapclient.DELETED not in set_]
        if waiting:
            self._client.copy(waiting, self._done())
            self._client.add_flags(waiting, [imapclient.DELETED], silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(uids)
        elif set(self._client.search("DELETED")) <= set(uids):
            self._client.expunge()

    def _done(self) -> str:
        """Return the name of the folder for what is done; make it where it is missing."""
        if not self._done_folder:
            name = self._full_name(self._account.done)
            if not self._client.folder_exists(name):
                self._client.create_folder(name)
                # Webmail shows subscribed folders only.
                self._client.subscribe_folder(name)
            self._done_folder = name
        return self._done_folder

    def _full_name(self, name: str) -> str:
        """Return a folder's name as this server writes it: "Mailbot/Done" may be "INBOX.Mailbot.Done"."""
        if name.upper() == "INBOX":
            return name
        prefix, separator = self._namespace()
        written = name.replace("/", separator) if separator else name
        return written if written.startswith(prefix) else prefix + written

    def _namespace(self) -> tuple[str, str]:
        """Return prefix and separator of the user's own folders (RFC 2342)."""
        if self._client.has_capability("NAMESPACE"):
            personal = self._client.namespace().personal
            if personal:
                prefix, separator = personal[0]
                return prefix, separator or ""
        root = self._client.list_folders("", "")
        return "", root[0][1].decode("ascii") if root and root[0][1] else ""

    def _idle(self, seconds: float, wake: int) -> tuple[bool, bool]:
        """Idle for one round; return whether the server said something, and whether we were woken."""
        if not self.supports_idle:
            return self._watch(seconds, wake)
        with self._errors_as("the connection was lost while waiting for mail"):
            wire = self._client._imap
            tag = wire._command("IDLE")
            early = 0
            # imapclient's own idle() takes a line before the "+" for an error, and idle_check() sees neither
            # the end of the connection nor what came together with the "+".
            while (line := wire._get_response()) is not None:
                if wire.tagged_commands[tag]:
                    raise imaplib.IMAP4.error(f"IDLE is refused: {line!r}")
                early += 1
            said, woken = (True, False) if early or self._has_unread() else self._watch(seconds, wake)
            wire.send(b"DONE\r\n")
            answers = self._client._consume_until_tagged_response(tag, "IDLE")[1]
        return said or bool(answers), woken

    def _watch(self, seconds: float, wake: int) -> tuple[bool, bool]:
        """Wait for the socket and for `wake`; nothing else costs anything meanwhile."""
        connection = self._client.socket()
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select(seconds)}
        return connection in ready, wake in ready

    def _has_unread(self) -> bool:
        """Tell whether something was received that select cannot see, in the buffers of imaplib or of TLS."""
        wire, connection = self._client._imap, self._client.socket()
        if hasattr(wire, "_readbuf"):  # Python 3.14 and later
            return any(wire._readbuf) or bool(getattr(connection, "pending", int)())
        timeout = connection.gettimeout()
        connection.setblocking(False)
        try:
            return bool(wire.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            connection.settimeout(timeout)


def _batches(uids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(set(uids))
    return (ordered[start : start + BATCH_UIDS] for start in range(0, len(ordered), BATCH_UIDS))


def _by_size(described: Mapping[int, MailInfo]) -> Iterator[list[int]]:
    """Yield batches of some mails or some megabytes; a mail larger than that comes alone."""
    batch: list[int] = []
    octets = 0
    for uid, mail in described.items():
        if batch and (len(batch) == BATCH_MAILS or octets + mail.size > BATCH_OCTETS):
            yield batch
            batch, octets = [], 0
        batch.append(uid)
        octets += mail.size
    if batch:
        yield batch


def _message_id(items: Mapping[bytes, Any]) -> str:
    """Return the Message-ID of a header of which nothing else was asked for."""
    header = next((value for key, value in items.items() if key.startswith(b"BODY[")), b"") or b""
    found = re.search(rb"<[^<>\s]+>", header)
    return found[0].decode("utf-8", "replace") if found else ""


def _received(items: Mapping[bytes, Any]) -> datetime:
    """Return INTERNALDATE in UTC; a server that tells none, or nonsense, has the mail since now."""
    told: datetime | None = items.get(b"INTERNALDATE")
    return (told or utc_now()).astimezone(UTC)
