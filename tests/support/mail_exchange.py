"""Exchange mails between desks and programs that answer mail, in one process."""

import email
import email.policy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage

from mailbot.service.sending import build_message, record_and_claim
from mailbot.store.outbox import ClaimedMail, SendOutcome
from tests.support.desk_harness import DeskHarness
from tests.support.scenario import NOW

Program = Callable[[EmailMessage], bytes | None]
"""A program that reads a mail and may answer it."""


def built(harness: DeskHarness, due: ClaimedMail) -> bytes:
    """Return the message of an outbox entry as it goes to the server."""
    school = harness.desk.policy.school(due.school)
    assert school is not None
    return build_message(harness.desk, due, school.address)


def sent(harness: DeskHarness, now: datetime) -> Iterator[tuple[ClaimedMail, bytes]]:
    """Send all due mails; yield the messages as they go to the server."""
    schools = [school.key for school in harness.desk.policy.schools]
    done: list[SendOutcome] = []
    while claimed := record_and_claim(harness.desk, schools, done, None, now, most=100):
        done = [SendOutcome(due.id, "sent") for due in claimed]
        for due in claimed:
            yield due, built(harness, due)


def parsed(raw: bytes) -> EmailMessage:
    """Return the parsed mail."""
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


@dataclass
class MailExchange:
    """Deliver mails until there are no more; `exchanged` has those that reached a desk or a program."""

    desks: dict[str, DeskHarness]
    programs: dict[str, Program] = field(default_factory=dict)
    between: Callable[[bytes], bytes] = lambda raw: raw
    now: datetime = NOW
    exchanged: list[bytes] = field(default_factory=list)

    def deliver(self, to: str, raw: bytes) -> None:
        """Deliver one mail, and let the recipient answer a minute later."""
        self.exchanged.append(raw)
        self.now += timedelta(minutes=1)
        if to in self.desks:
            self.desks[to].receive(raw, self.desks[to].desk.policy.schools[0].key, at=self.now)
            return
        answer = self.programs[to](parsed(raw))
        if answer is not None:
            self.deliver(str(parsed(raw)["From"].addresses[0].addr_spec), answer)

    def settle(self, most: int = 40) -> int:
        """Deliver mails until there are no more; return the number of exchanged mails."""
        while found := [mail for harness in self.desks.values() for mail in sent(harness, self.now)]:
            for due, raw in found:
                to = due.outgoing.recipient.email
                if to in (*self.desks, *self.programs) and len(self.exchanged) < most:
                    self.deliver(to, self.between(raw))
        return len(self.exchanged)
