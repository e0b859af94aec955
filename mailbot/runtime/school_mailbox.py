"""A school's mailbox and the right to write for it."""

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
    """What reading a mailbox needs; `lease` is None where no other worker shares the database."""

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
    def transaction(self) -> Iterator[Session]:
        """Begin a transaction under the lease; raise LeaseLostError if another worker has it now."""
        with transaction(self.desk.engine) as session:
            assert_held(session, self.lease)
            yield session
