"""The change of one ticket: the value from which all notifications of it follow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailbot.core.model.mail import Address
from mailbot.core.model.place import PlaceReports
from mailbot.core.model.policy import Absence, Member, Policy, School
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import Message, OpenReport, Similar, Status, Ticket, Visibility


@dataclass(frozen=True, slots=True)
class TicketChange:
    """One change of one ticket; `actor` is None if a timer made it.

    `absences` and `names` are keyed by registered address. `school` is the school of the mailbox. It replaces
    the school of the ticket if that one is no longer configured.

    `message` is the new text, `history` are the messages before it. `cc_added` are the addresses that the
    mail itself put in cc, `not_in_cc` the people whom it did not add, since nothing proves its sender.
    `forged`: the mail server says that its sender is forged. `related` is another ticket that the mail may
    belong to, `related_reason` says why. `cut` is what was cut from a requester's mail.
    `unread`: no single person reads mail to the requester, which is a list or a program.
    `reports` are those about the place of a new ticket that was reported before.
    `fitting` are the saved answers that fit a new ticket.
    `bundle` are the other tickets of the bundle that the ticket leads.
    `resembling` are tickets that report the same problem as a new one, or the one that leads their bundle.
    `forwarded_from` is the author of a mail that a member of the staff forwarded in their own name.
    """

    before: Ticket
    after: Ticket
    school: School
    policy: Policy
    absences: Mapping[str, Absence]
    names: Mapping[str, str]
    now: datetime
    actor: Address | None
    message: Message | None = None
    history: tuple[Message, ...] = ()
    cc_added: frozenset[str] = frozenset()
    related: Ticket | None = None
    related_reason: str = ""
    similar: tuple[Similar, ...] = ()
    reports: PlaceReports | None = None
    fitting: tuple[SavedAnswer, ...] = ()
    forged: bool = False
    not_in_cc: tuple[Address, ...] = ()
    forwarded_from: Address | None = None
    cut: str = ""
    unread: bool = False
    bundle: tuple[Ticket, ...] = ()
    resembling: tuple[OpenReport, ...] = ()

    @property
    def actor_addresses(self) -> frozenset[str]:
        """Return all addresses of the actor: a member may have several."""
        return self.policy.addresses(self.actor.email) if self.actor else frozenset()

    @property
    def is_public(self) -> bool:
        """Return whether there is a new public text."""
        return self.message is not None and self.message.visibility is Visibility.PUBLIC

    @property
    def closes(self) -> bool:
        """Return whether the change closes the ticket."""
        return self.before.status is not Status.CLOSED and self.after.status is Status.CLOSED

    @property
    def reopens(self) -> bool:
        """Return whether the change opens a closed ticket."""
        return self.before.status is Status.CLOSED and self.after.status is not Status.CLOSED

    @property
    def starts_waiting(self) -> bool:
        """Return whether the ticket waits for the requester from now on."""
        return self.before.status is not Status.WAITING and self.after.status is Status.WAITING

    @property
    def escalates(self) -> bool:
        """Return whether the change hands the ticket over to second level."""
        return self.after.level > self.before.level

    def school_of(self, ticket: Ticket) -> School:
        """Return the school of a ticket."""
        return self.policy.school(ticket.school) or self.school

    def staff_of(self, ticket: Ticket) -> tuple[Member, ...]:
        """Return the members of the staff who may work on a ticket."""
        return tuple(self.policy.staff(self.school_of(ticket)))
