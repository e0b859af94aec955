"""Write everything that a successor needs in open formats; docs/export.md describes the files."""

import csv
import io
import json
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from mailbot import __version__
from mailbot.parse import part_contents
from mailbot.sanitize import one_line
from mailbot.service.bootstrap import DeskError
from mailbot.service.desk import Desk
from mailbot.store import portable, raw_mail
from mailbot.store.database import Session, snapshot
from mailbot.store.portable import File
from mailbot.store.schema import revisions

FORMAT = "mailbot export"
MANIFEST = "mailbot.json"
MAIL_FIELDS = ("mbox", "offset", "length", "sha256")
"""Where the content of a raw mail is: the file in mails/, and the place of its quoted form there."""

_OVERVIEW = (
    *("ticket", "subject", "status", "level", "priority", "requester", "requester_name"),
    *("assignee", "assignee_name", "opened", "updated", "closed", "messages"),
)
_FROM_LINE = re.compile(rb"^(>*From )", re.M)  # mboxrd: one more ">" than in the mail
_UNSAFE = re.compile(r"[^\w.-]+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NAME_BYTES = 150


class Export:
    """Writes an export into a new directory; only the owner can read its files."""

    def __init__(self, desk: Desk, directory: Path) -> None:
        self._desk, self._directory = desk, directory
        self.rows: dict[str, int] = {}
        self.files = 0
        self.missing_files = 0

    def steps(self) -> Iterator[int]:
        """Write all files from one consistent state; yield the number of rows of each step.

        Raise DeskError if the directory is not empty, a file cannot be written, or a mail is damaged.
        """
        try:
            self._make_directories()
            with snapshot(self._desk.engine) as session:
                for table in portable.TABLES:
                    write = self._write_mails if table.name == "raw_mail" else self._write_table
                    self.rows[table.name] = 0
                    for _ in write(session, table):
                        self.rows[table.name] += 1
                        yield 1
                self._write_files(session)
            self._write_members()
            manifest = {
                "format": FORMAT,
                "schema": revisions()[-1],
                "version": __version__,
                "rows": self.rows,
            }
            with self._create(MANIFEST) as file:  # last: without it, the export is incomplete
                file.write(json.dumps(manifest, indent=1).encode() + b"\n")
        except OSError as error:
            raise DeskError(f"{error.filename or self._directory}: {error.strerror}") from error

    def total(self) -> int:
        """Return the approximate number of rows."""
        with snapshot(self._desk.engine) as session:
            return portable.count(session)

    def _make_directories(self) -> None:
        if self._directory.exists():
            if not self._directory.is_dir() or any(self._directory.iterdir()):
                raise DeskError(f"{self._directory}: is not an empty directory; name a new one")
            self._directory.chmod(0o700)
        else:
            self._directory.mkdir(mode=0o700)
        for name in ("data", "mails", "attachments"):
            (self._directory / name).mkdir(mode=0o700)

    def _create(self, name: str) -> BinaryIO:
        path = self._directory / name
        return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")

    def _write_table(self, session: Session, table: Any) -> Iterator[None]:
        with ExitStack() as stack:
            data = stack.enter_context(self._create(f"data/{table.name}.jsonl"))
            overview = self._csv(stack, "tickets.csv", _OVERVIEW) if table.name == "ticket" else None
            for record in portable.records(session, table):
                data.write(to_line(record))
                if overview is not None:
                    named = record | {"ticket": f"{record['school']}-{record['number']}"}
                    overview.writerow([cell(named[name]) for name in _OVERVIEW])
                yield

    def _write_mails(self, session: Session, _: Any) -> Iterator[None]:
        with ExitStack() as stack:
            data = stack.enter_context(self._create("data/raw_mail.jsonl"))
            boxes: dict[str, BinaryIO] = {}
            for fields, compressed, school, at in portable.mails(session):
                name = f"{safe_name(school or 'other')}.mbox"
                if name not in boxes:
                    boxes[name] = stack.enter_context(self._create(f"mails/{name}"))
                content = _decompressed(fields["id"], compressed)
                offset, length = write_mail(boxes[name], content, at)
                place = (name, offset, length, sha256(content).hexdigest())
                data.write(to_line(fields | dict(zip(MAIL_FIELDS, place, strict=True))))
                yield

    def _write_files(self, session: Session) -> None:
        raw_id, parts = 0, {}
        for file in portable.files(session):
            if file.raw_id != raw_id:  # the files of a mail follow each other
                raw_id, parts = file.raw_id, part_contents(raw_mail.load(session, file.raw_id))
            if file.path in parts:
                folder = self._directory / "attachments" / safe_name(file.ticket)
                folder.mkdir(mode=0o700, exist_ok=True)
                with self._create(f"attachments/{folder.name}/{file_name(file)}") as written:
                    written.write(parts[file.path])
                self.files += 1
            else:
                self.missing_files += 1

    def _write_members(self) -> None:
        policy = self._desk.policy
        teams = [(school.key, school.team) for school in policy.schools]
        with ExitStack() as stack:
            lines = self._csv(stack, "members.csv", ("school", "team", "name", "address"))
            for key, team in (*teams, ("", policy.second_level)):
                for member in team.members:
                    lines.writerow([cell(v) for v in (key, team.name, member.name, member.address)])

    def _csv(self, stack: ExitStack, name: str, titles: tuple[str, ...]) -> Any:
        opened = stack.enter_context(self._create(name))
        lines = csv.writer(stack.enter_context(io.TextIOWrapper(opened, "utf-8", newline="")))
        lines.writerow(titles)
        return lines


def _decompressed(raw_id: int, compressed: bytes) -> bytes:
    try:
        return zlib.decompress(compressed)
    except zlib.error as error:
        reason = f"is damaged in the database: {error}; the export is incomplete"
        raise DeskError(f"raw_mail {raw_id}: {reason}; restore a backup, and export again") from error


def to_line(record: dict[str, Any]) -> bytes:
    """Return a record as a line of JSON Lines."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def cell(value: Any) -> Any:
    """Return a cell of a CSV file that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_mail(box: BinaryIO, content: bytes, at: datetime | None) -> tuple[int, int]:
    """Append a mail to an mbox file (mboxrd); return the offset and the length of its quoted form."""
    moment = (at or datetime(1970, 1, 1, tzinfo=UTC)).astimezone(UTC)
    box.write(f"From MAILER-DAEMON {moment.ctime()}\n".encode())
    offset, quoted = box.tell(), _FROM_LINE.sub(rb">\1", content)
    box.write(quoted + (b"\n" if quoted.endswith(b"\n") else b"\n\n"))
    return offset, len(quoted)


def safe_name(text: str) -> str:
    """Return a text as the name of a file: no folders, no leading dot, at most _NAME_BYTES bytes."""
    name = _UNSAFE.sub("_", one_line(text)).lstrip(".") or "_"
    return name.encode()[-_NAME_BYTES:].decode("utf-8", "ignore").lstrip(".")


def file_name(file: File) -> str:
    """Return the name of an attachment's file; a dangerous one gets a suffix that no program opens."""
    return f"{file.id}-{safe_name(file.filename)}{'.dangerous' if file.dangerous else ''}"
