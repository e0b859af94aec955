"""Read an export of mailbot into an empty desk, in one transaction. Every file is untrusted."""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from mailbot.service.bootstrap import DeskError
from mailbot.service.desk import Desk, random_token
from mailbot.service.export import FORMAT, MAIL_FIELDS, MANIFEST
from mailbot.store import portable, raw_mail
from mailbot.store.audit_verify import VerifyResult, verify
from mailbot.store.database import Session, transaction
from mailbot.store.mailboxes import start_recovery
from mailbot.store.portable import FieldError, RowError
from mailbot.store.schema import revisions

UNCHANGED = "nothing was imported"
MAX_LINE = 256 * 1024 * 1024  # bytes; a mail has 50 MB, and JSON may need six bytes for a character
MAX_MAIL = 256 * 1024 * 1024
ROWS, MAILS = 500, 10  # rows in memory at once
RECOVERY_MARGIN = timedelta(days=2)  # a mail may wait before it is processed

_MBOX = re.compile(r"[A-Za-z0-9_-]{1,80}\.mbox")
_QUOTED = re.compile(rb"^>(>*From )", re.M)

Numbered = tuple[int, dict[str, Any]]
"""A row with the number of its line."""


@dataclass(slots=True)
class Import:
    """Reads an export into a desk; `rows` are the numbers of imported rows by table."""

    desk: Desk
    directory: Path
    rows: dict[str, int] = field(default_factory=dict)
    verification: VerifyResult = field(default_factory=VerifyResult)

    def total(self) -> int:
        """Return the number of rows; raise DeskError if the directory has no complete export."""
        expected: dict[str, int] = self._manifest()["rows"]
        return sum(expected.values()) + expected["ticket"]

    def steps(self) -> Iterator[int]:
        """Import all rows and commit them together; yield the number of rows of each step.

        Raise DeskError with file, line and field of the first wrong value.
        """
        expected = self._manifest()["rows"]
        with transaction(self.desk.engine) as session:
            if names := portable.occupied_tables(session):
                raise DeskError(f"the database has rows in {', '.join(names)}; use an empty one; {UNCHANGED}")
            for table in portable.TABLES:
                yield from self._import_table(session, table, expected[table.name])
            yield from portable.finish(session)
            start_recovery(session, RECOVERY_MARGIN)
            self.verification = verify(session)

    def _manifest(self) -> dict[str, Any]:
        with self._open(MANIFEST) as opened:
            found = self._parse(MANIFEST, 1, opened.read(MAX_LINE))
        if found.get("format") != FORMAT:
            self._refuse(MANIFEST, 1, "format", f'must be "{FORMAT}"')
        if found.get("schema") != revisions()[-1]:
            reason = f"is another schema than {revisions()[-1]}: import it with the version of mailbot there"
            self._refuse(MANIFEST, 1, "schema", f"{reason}, and upgrade then")
        counts = found.get("rows")
        names = {table.name for table in portable.TABLES}
        if not isinstance(counts, dict) or counts.keys() != names:
            self._refuse(MANIFEST, 1, "rows", "must have the number of rows of each file in data/")
        if not all(type(number) is int and number >= 0 for number in counts.values()):
            self._refuse(MANIFEST, 1, "rows", "must be integers")
        return found

    def _import_table(self, session: Session, table: Any, expected: int) -> Iterator[int]:
        name = f"data/{table.name}.jsonl"
        self.rows[table.name] = 0
        for batch in self._batches(table):
            self._write(name, batch, lambda rows: portable.insert(session, table, rows))
            self.rows[table.name] += len(batch)
            yield len(batch)
        if self.rows[table.name] != expected:
            self._refuse(
                name, self.rows[table.name], "", f"is the last line, but {MANIFEST} names {expected}"
            )
        if portable.self_references(table):  # set last, because the row referred to may come later
            for batch in self._batches(table):
                self._write(name, batch, lambda rows: portable.set_references(session, table, rows))

    def _write(self, name: str, batch: list[Numbered], write: Any) -> None:
        try:
            write([row for _, row in batch])
        except RowError as error:
            self._refuse(name, batch[error.position][0], error.field, str(error))

    def _batches(self, table: Any) -> Iterator[list[Numbered]]:
        size = MAILS if table.name == "raw_mail" else ROWS
        batch: list[Numbered] = []
        for number, record in self._lines(f"data/{table.name}.jsonl"):
            try:
                batch.append((number, self._row(table, record)))
            except FieldError as error:
                self._refuse(f"data/{table.name}.jsonl", number, error.field, str(error))
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch

    def _row(self, table: Any, record: dict[str, Any]) -> dict[str, Any]:
        """Return the checked columns of a record, with the content of a mail and new keys."""
        if table.name == "raw_mail":
            place = {name: record.pop(name, None) for name in MAIL_FIELDS}
            row = portable.check(table, record)
            return row | raw_mail.compress(self._mail(size=row["size"], **place))
        row = portable.check(table, record)
        return portable.with_action_key(row, random_token()) if table.name == "outbox" else row

    def _mail(self, *, size: int, mbox: Any, offset: Any, length: Any, sha256: Any) -> bytes:
        """Return a mail of an mbox file as it arrived; raise FieldError."""
        if not isinstance(mbox, str) or not _MBOX.fullmatch(mbox):
            raise FieldError("mbox", "must be the name of a file in mails/")
        for name, value in (("offset", offset), ("length", length)):
            if type(value) is not int or not 0 <= value < 2**63:
                raise FieldError(name, "must be a number of bytes")
        if length > MAX_MAIL:
            raise FieldError("length", "is too large")
        with self._open(f"mails/{mbox}") as opened:
            if offset + length > os.fstat(opened.fileno()).st_size:
                raise FieldError("offset", f"is beyond the end of mails/{mbox}")
            opened.seek(offset)
            content = _QUOTED.sub(rb"\1", opened.read(length))
        if len(content) != size or hashlib.sha256(content).hexdigest() != sha256:
            raise FieldError("sha256", f"is not that of the mail at this place of mails/{mbox}")
        return content

    def _lines(self, name: str) -> Iterator[Numbered]:
        with self._open(name) as opened:
            number = 0
            while line := opened.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    self._refuse(name, number, "", "is too long")
                yield number, self._parse(name, number, line)

    def _parse(self, name: str, number: int, line: bytes) -> dict[str, Any]:
        try:
            found = json.loads(line.decode(), object_pairs_hook=_object, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            reason = "is nested too deeply" if isinstance(error, RecursionError) else f"is not JSON: {error}"
            self._refuse(name, number, "", reason)
        if not isinstance(found, dict):
            self._refuse(name, number, "", "is not an object")
        return found

    def _open(self, name: str) -> BinaryIO:
        """Open a regular file of the export, not a link; raise DeskError."""
        path = self.directory / name
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise DeskError(f"{path}: {error.strerror}; {UNCHANGED}") from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise DeskError(f"{path}: is not a file; {UNCHANGED}")
        return os.fdopen(handle, "rb")

    def _refuse(self, name: str, line: int, field_name: str, reason: str) -> NoReturn:
        place = f"{self.directory / name}: line {line}{f': {field_name}' if field_name else ''}"
        raise DeskError(f"{place}: {reason}; {UNCHANGED}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
