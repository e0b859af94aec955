"""Read the database of osTicket 1.10 or later (MySQL or MariaDB); the only module that uses pymysql."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import pymysql
import pymysql.cursors

from mailbot.addresses import stored_address
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Priority, Status
from mailbot.importer.import_model import EntryKind, SourceEntry, SourceFile, SourceTicket

Row = Mapping[str, Any]

BATCH_SIZE = 200
_HIDDEN = 0x0004  # the old version of an edited entry; the new version is an entry of its own
_KINDS = {"M": EntryKind.MESSAGE, "R": EntryKind.RESPONSE, "N": EntryKind.NOTE}
_STATUSES = {"open": Status.OPEN, "closed": Status.CLOSED, "archived": Status.CLOSED}
_PRIORITIES = {"low": Priority.LOW, "high": Priority.HIGH, "emergency": Priority.URGENT}

_TICKETS = """
SELECT t.ticket_id, t.number, t.created, t.closed, t.duedate, s.state, th.id AS thread_id,
  u.name AS user_name, ue.address AS user_address, d.name AS department, tm.name AS team, e.email AS mailbox,
  a.email AS agent, CONCAT_WS(' ', a.firstname, a.lastname) AS agent_name
FROM {0}ticket t
JOIN {0}thread th ON th.object_id = t.ticket_id AND th.object_type = 'T'
LEFT JOIN {0}ticket_status s ON s.id = t.status_id
LEFT JOIN {0}user u ON u.id = t.user_id
LEFT JOIN {0}user_email ue ON ue.id = COALESCE(NULLIF(t.user_email_id, 0), u.default_email_id)
LEFT JOIN {0}department d ON d.id = t.dept_id
LEFT JOIN {0}team tm ON tm.team_id = t.team_id
LEFT JOIN {0}email e ON e.email_id = t.email_id
LEFT JOIN {0}staff a ON a.staff_id = t.staff_id
WHERE t.ticket_id > %s ORDER BY t.ticket_id LIMIT %s
"""
_FIELDS = """
SELECT fe.object_id AS ticket_id, f.name, v.value, p.priority
FROM {0}form_entry fe
JOIN {0}form_entry_values v ON v.entry_id = fe.id
JOIN {0}form_field f ON f.id = v.field_id AND f.name IN ('subject', 'priority')
LEFT JOIN {0}ticket_priority p ON p.priority_id = v.value_id
WHERE fe.object_type = 'T' AND fe.object_id IN %s
"""
_ENTRIES = """
SELECT te.id, te.thread_id, te.type, te.flags, te.poster, te.title, te.body, te.format, te.created,
  s.email AS agent, CONCAT_WS(' ', s.firstname, s.lastname) AS agent_name,
  u.name AS user_name, ue.address AS user_address, m.mid
FROM {0}thread_entry te
LEFT JOIN {0}staff s ON s.staff_id = te.staff_id
LEFT JOIN {0}user u ON u.id = te.user_id
LEFT JOIN {0}user_email ue ON ue.id = u.default_email_id
LEFT JOIN (SELECT thread_entry_id, MIN(mid) AS mid FROM {0}thread_entry_email GROUP BY thread_entry_id) m
  ON m.thread_entry_id = te.id
WHERE te.thread_id IN %s ORDER BY te.id
"""
_COLLABORATORS = """
SELECT c.thread_id, u.name, ue.address FROM {0}thread_collaborator c
JOIN {0}user u ON u.id = c.user_id JOIN {0}user_email ue ON ue.id = u.default_email_id
WHERE c.thread_id IN %s ORDER BY c.id
"""
_FILES = """
SELECT a.object_id AS entry_id, a.inline, f.id, f.name, f.type, f.bk, f.key FROM {0}attachment a
JOIN {0}file f ON f.id = a.file_id WHERE a.type = 'H' AND a.object_id IN %s ORDER BY a.id
"""
_CHUNKS = "SELECT filedata FROM {0}file_chunk WHERE file_id = %s ORDER BY chunk_id"
_BACKENDS = {"F": "the file system of the web server", "3": "Amazon S3"}


class OsTicketError(Exception):
    """The database cannot be read or does not belong to osTicket; the text says why."""


@dataclass(frozen=True, slots=True)
class OsTicket:
    """An open osTicket database; `zone` is the time zone of its timestamps."""

    connection: Any
    prefix: str
    zone: tzinfo

    @classmethod
    @contextmanager
    def open(cls, url: str, password: str, prefix: str, zone: tzinfo) -> Iterator[Self]:
        """Connect to mysql://USER@HOST:PORT/DATABASE and start a read-only transaction; raise OsTicketError.

        Connections to other machines use TLS.
        """
        try:
            connection = pymysql.connect(**_address(url), password=password, **_CONNECTION_OPTIONS)
        except (pymysql.MySQLError, OSError, ValueError) as error:
            raise OsTicketError(f"{url}: {_error_text(error)}") from error
        try:
            with connection.cursor() as cursor:
                # The web help desk may still be in use: tickets and threads must be of one moment.
                cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield cls(connection, prefix, zone)
        except pymysql.MySQLError as error:
            raise OsTicketError(f"{url}: {_error_text(error)}") from error
        finally:
            connection.close()

    def count(self) -> int:
        """Count the tickets."""
        return int(self._rows("SELECT COUNT(*) AS number FROM {0}ticket")[0]["number"])

    def tickets(self) -> Iterator[SourceTicket]:
        """Yield all tickets in the order of their opening, each with its entries and files."""
        last = 0
        # By key and not by OFFSET, which would read all earlier rows again.
        while rows := self._rows(_TICKETS, last, BATCH_SIZE):
            last = rows[-1]["ticket_id"]
            fields = self._fields([row["ticket_id"] for row in rows])
            threads = [row["thread_id"] for row in rows]
            entries, cc = self._entries(threads), self._collaborators(threads)
            for row in rows:
                thread = row["thread_id"]
                yield self._ticket(row, fields, tuple(entries.get(thread, ())), tuple(cc.get(thread, ())))

    def _ticket(
        self,
        row: Row,
        fields: Mapping[tuple[int, str], str],
        entries: tuple[SourceEntry, ...],
        cc: tuple[Address, ...],
    ) -> SourceTicket:
        ticket_id = row["ticket_id"]
        priority = fields.get((ticket_id, "priority"), "").lower()
        return SourceTicket(
            number=str(row["number"]),
            subject=fields.get((ticket_id, "subject"), ""),
            department=row["department"] or "",
            team=row["team"] or "",
            mailbox=stored_address(row["mailbox"] or ""),
            requester=_person(row["user_address"], row["user_name"]),
            opened=self._to_utc(row["created"]),
            status=_STATUSES.get(row["state"]),
            closed=self._to_utc(row["closed"]) if row["closed"] else None,
            due=self._to_utc(row["duedate"]) if row["duedate"] else None,
            priority=_PRIORITIES.get(priority, Priority.NORMAL),
            assignee=_person(row["agent"], row["agent_name"]) if row["agent"] else None,
            cc=cc,
            entries=entries,
        )

    def _fields(self, tickets: list[int]) -> dict[tuple[int, str], str]:
        """Return subject and priority of tickets, which osTicket stores as fields of a form."""
        rows = self._rows(_FIELDS, tickets)
        return {(r["ticket_id"], r["name"]): r["priority"] or r["value"] or "" for r in rows}

    def _entries(self, threads: list[int]) -> dict[int, list[SourceEntry]]:
        rows = [r for r in self._rows(_ENTRIES, threads) if r["type"] in _KINDS and not r["flags"] & _HIDDEN]
        files = self._files([row["id"] for row in rows])
        found: dict[int, list[SourceEntry]] = {}
        for row in rows:
            found.setdefault(row["thread_id"], []).append(self._entry(row, tuple(files.get(row["id"], ()))))
        return found

    def _entry(self, row: Row, files: tuple[SourceFile, ...]) -> SourceEntry:
        agent = _person(row["agent"], row["agent_name"] or row["poster"])
        user = _person(row["user_address"], row["user_name"] or row["poster"])
        return SourceEntry(
            number=row["id"],
            kind=_KINDS[row["type"]],
            author=agent if row["agent"] else user,
            at=self._to_utc(row["created"]),
            subject=row["title"] or "",
            body=row["body"] or "",
            html=row["format"] == "html",
            message_id=(row["mid"] or "").strip(),
            files=files,
        )

    def _collaborators(self, threads: list[int]) -> dict[int, list[Address]]:
        found: dict[int, list[Address]] = {}
        for row in self._rows(_COLLABORATORS, threads):
            found.setdefault(row["thread_id"], []).append(_person(row["address"], row["name"]))
        return found

    def _files(self, entries: list[int]) -> dict[int, list[SourceFile]]:
        found: dict[int, list[SourceFile]] = {}
        for row in self._rows(_FILES, entries) if entries else ():
            found.setdefault(row["entry_id"], []).append(self._file(row))
        return found

    def _file(self, row: Row) -> SourceFile:
        in_database = row["bk"] == "D"
        chunks = self._rows(_CHUNKS, row["id"]) if in_database else ()
        return SourceFile(
            name=row["name"] or "",
            content_type=row["type"] or "",
            content=b"".join(chunk["filedata"] for chunk in chunks) if in_database else None,
            content_id=row["key"] if row["inline"] else "",
            storage="" if in_database else _BACKENDS.get(row["bk"], f"storage {row['bk']!r}"),
        )

    def _rows(self, query: str, *arguments: object) -> list[Row]:
        with self.connection.cursor() as cursor:
            cursor.execute(query.format(self.prefix), arguments or None)
            return list(cursor.fetchall())

    def _to_utc(self, timestamp: datetime) -> datetime:
        return timestamp.replace(tzinfo=self.zone).astimezone(UTC)


_CONNECTION_OPTIONS = {
    "charset": "utf8mb4",
    "cursorclass": pymysql.cursors.DictCursor,
    "connect_timeout": 30,
    "read_timeout": 300,
}


def _address(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in ("mysql", "mariadb") or not parts.hostname or len(parts.path) < 2:
        raise ValueError("write it as mysql://USER@HOST:PORT/DATABASE")
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    return {
        "host": parts.hostname,
        "port": parts.port or 3306,
        "user": unquote(parts.username or ""),
        "database": unquote(parts.path[1:]),
        "ssl": None if local else ssl.create_default_context(),
    }


def _error_text(error: Exception) -> str:
    """Return the text of a MySQL error without its number."""
    return str(error.args[1] if len(error.args) > 1 else error)


def _person(email: str | None, name: str | None) -> Address:
    return Address(stored_address(email or ""), " ".join((name or "").split()))
