"""Combine a school with its IMAP account and the lease of its mailbox."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from mailbot.config import ImapAccount
from mailbot.core.model.policy import School
from mailbot.service.desk import Desk
from mailbot.store.database import Session, transaction
from mailbot.store.leases import Lease, assert_held


@dataclass(frozen=True, slots=True)
class SchoolMailbox:
    """A school, its IMAP account and its lease; `lease` is None if no other worker shares the database."""

    desk: Desk
    school: School
    account: ImapAccount
    clock: Callable[[], datetime]
    lease: Lease | None = None

    @property
    def key(self) -> str:
        """Return the key of the school."""
        return self.school.key

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Session]:
        """Begin a transaction that requires the lease; raise LeaseLostError if another worker holds it."""
        with transaction(self.desk.engine, durable=durable) as session:
            assert_held(session, self.lease)
            yield session
