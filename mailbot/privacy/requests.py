"""Disclose and erase the personal data of a person (GDPR, Art. 15 and 17)."""

import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from mailbot.core.commands.saved_answers import answer_key
from mailbot.privacy.personal_data import REDACTED, PersonalDataMatcher, build_matcher
from mailbot.service.desk import Desk
from mailbot.service.operations import OperationError
from mailbot.store import compaction, disclosure, erasure, saved_answers, search
from mailbot.store.audit import Origin, record
from mailbot.store.audit_verify import ERASED
from mailbot.store.database import Session, read_only, transaction
from mailbot.store.erasure import Erased

README = """Auskunft nach Art. 15 DSGVO / Access under Art. 15 GDPR
{address}, {now}

data.json      was gespeichert ist / what is stored
internal.json  interne Notizen zu diesen Tickets: vor der Herausgabe prüfen, ob Rechte anderer entgegenstehen
               (Art. 15 Abs. 4 DSGVO) / internal notes: check the rights of others before giving them out
mails/         die Mails dieser Person, wie sie ankamen / this person's mails as they came
"""


def disclose(desk: Desk, address: str, file: Path, now: datetime) -> Iterator[None]:
    """Write the personal data of a person into a new ZIP file with the mode 0600; yield after each mail.

    Raise OperationError if the file exists or cannot be written.
    """
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise OperationError(f"{file} already exists; name a new file by --to") from error
    except OSError as error:
        raise OperationError(f"{file}: {error.strerror}") from error
    with (
        os.fdopen(handle, "wb") as opened,
        zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED) as archive,
        read_only(desk.engine) as session,
    ):
        document = disclosure.collect(session, address)
        internal = {f"{t['school']}-{t['number']}": t.pop("internal") for t in document["tickets"]}
        archive.writestr("README.txt", README.format(address=address, now=f"{now:%Y-%m-%d %H:%M} UTC"))
        archive.writestr("data.json", _json(document))
        archive.writestr("internal.json", _json(internal))
        for number, raw in disclosure.raw_mails(session, address):
            archive.writestr(f"mails/{number}.eml", raw)
            yield
    with transaction(desk.engine) as session:
        record(session, Origin(desk.actor, now), "disclosed", address)


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, default=str)


@dataclass(slots=True)
class PersonErasure:
    """Erases a person's data in steps; it can be interrupted and started again."""

    desk: Desk
    address: str
    now: datetime
    erased: Erased = field(default_factory=Erased)

    def check(self) -> None:
        """Raise OperationError if the person must not be erased yet."""
        policy = self.desk.policy
        operators = {operator.email for operator in policy.operators}
        if policy.find_member(self.address) is not None or self.address in operators:
            raise OperationError(
                f"{self.address} is a member or an operator; remove the address from the configuration first"
            )
        if self.address in policy.support_addresses:
            raise OperationError(f"{self.address} is a school's support address, and no person")
        with read_only(self.desk.engine) as session:
            due = erasure.count_due_mails(session, self.address)
        if due:
            text = f"{due} mails to {self.address} or about these tickets are not sent yet"
            raise OperationError(f"{text}; wait until they are sent, or drop them (mailbot outbox)")

    def total(self) -> int:
        """Return the approximate number of steps."""
        with read_only(self.desk.engine) as session:
            sizes = [erasure.count_rows(session, table) for table in erasure.REDACTED_TABLES]
            return len(erasure.tickets_of(session, self.address)) + sum(sizes)

    def steps(self) -> Iterator[None]:
        """Erase the person's tickets, their other texts, and quotations of them; yield at each row."""
        with read_only(self.desk.engine) as session:
            # First: the next steps erase what the person is recognised by in the texts of others.
            names, texts = erasure.names_and_texts(session, self.address)
            tickets = erasure.tickets_of(session, self.address)
        for ticket_id in tickets:
            with transaction(self.desk.engine) as session:
                self._add(session, erasure.erase_ticket(session, ticket_id, self.now))
            yield
        with transaction(self.desk.engine) as session:
            self._add(session, erasure.erase_own_texts(session, self.address, REDACTED))
        # Keys of saved answers, also those in the audit trail, have names in their form for comparisons.
        keys = set(map(answer_key, names))
        yield from self._redact_tables(build_matcher([self.address], names | keys, texts))
        # Each ticket once, after all tables: several rows of a ticket may have changed.
        self._update_index()
        for _ in compaction.compact(self.desk.engine):
            yield

    def _redact_tables(self, matcher: PersonalDataMatcher) -> Iterator[None]:
        for table in erasure.REDACTED_TABLES:
            last, rows = 0, 1
            while rows:
                with transaction(self.desk.engine) as session:
                    last, rows, erased = erasure.redact_batch(session, table, last, matcher)
                    self._add(session, erased)
                yield from [None] * rows
        with transaction(self.desk.engine) as session:
            self.erased.places += erasure.redact_people(session, matcher)
            origin = Origin(self.desk.actor, self.now)
            self.erased.places += saved_answers.erase_person(session, self.address, matcher, origin)

    def _add(self, session: Session, erased: Erased) -> None:
        """Add to the counts, and record the number of erased audit entries without naming the person."""
        self.erased.add(erased)
        if erased.entries or erased.tickets:
            detail = {"why": "forget", "tickets": erased.tickets, "entries": erased.entries}
            record(session, Origin(self.desk.actor, self.now), ERASED, json.dumps(detail))

    def _update_index(self) -> None:
        for ticket_id in sorted(self.erased.changed):
            with transaction(self.desk.engine) as session:
                search.index(session, [ticket_id])
