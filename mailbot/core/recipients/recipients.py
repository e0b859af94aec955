"""Who is told what when a ticket changes: letters follow from the ticket before, after, and the new words."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mailbot.core.commands.context import MailContext
from mailbot.core.model.absence import present, stand_in
from mailbot.core.model.change import Change
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification, NotificationKind
from mailbot.core.model.policy import Member, Team
from mailbot.core.model.ticket import Attachment, Message, Role, Status, Ticket, Visibility


@dataclass(frozen=True, slots=True)
class TicketChange:
    """One change of one ticket by one mail; `message` holds the new words, if there are any.

    `joined` are addresses that came into copy because the mail itself went there, too.
    """

    case: MailContext
    before: Ticket
    after: Ticket
    message: Message | None
    joined: frozenset[str] = frozenset()

    @property
    def actor(self) -> Address:
        """Return who wrote the mail."""
        return self.case.sender

    @property
    def public(self) -> bool:
        """Tell whether there are new words for everybody."""
        return self.message is not None and self.message.visibility is Visibility.PUBLIC

    @property
    def closed(self) -> bool:
        """Tell whether the ticket closes now."""
        return self.before.status is not Status.CLOSED and self.after.status is Status.CLOSED

    @property
    def reopened(self) -> bool:
        """Tell whether the ticket opens again now."""
        return self.before.status is Status.CLOSED and self.after.status is not Status.CLOSED

    @property
    def waits(self) -> bool:
        """Tell whether the ticket waits for the requester from now on."""
        return self.before.status is not Status.WAITING and self.after.status is Status.WAITING

    def history(self, role: Role) -> tuple[Message, ...]:
        """Return what was written before and that role may read."""
        history = self.case.facts.histories.get(self.before.key, ())
        return history if role.staff else tuple(m for m in history if m.visibility is Visibility.PUBLIC)


def to_requester_side(turn: TicketChange) -> Iterable[Notification]:
    """Tell the requester and those in copy what the staff did or wrote."""
    kind = _news_for_requester(turn)
    if kind is None:
        return
    yield notice(turn, kind, turn.after.requester, Role.REQUESTER)
    for person in turn.after.cc:
        if person.email not in turn.joined:
            yield notice(turn, kind, person, Role.CC)


def _news_for_requester(turn: TicketChange) -> NotificationKind | None:
    if turn.closed:
        return NotificationKind.CLOSED
    if turn.after.level > turn.before.level:
        return NotificationKind.ESCALATED_REQUESTER
    if turn.waits:
        return NotificationKind.WAITING
    if turn.reopened:
        return NotificationKind.REOPENED
    return NotificationKind.ANSWER if turn.public else None


def to_colleagues(turn: TicketChange) -> Iterable[Notification]:
    """Tell the staff what one of them did or wrote; the first row that fits is the news."""
    case, before, after = turn.case, turn.before, turn.after
    team = tuple(present_members(turn, case.school_of(after).team))
    second_level = tuple(present_members(turn, case.policy.second_level))
    if after.level > before.level:
        yield from _all(turn, NotificationKind.ESCALATED_SECOND_LEVEL, second_level, Role.SECOND_LEVEL)
        yield from _all(turn, NotificationKind.ESCALATED_TEAM, team, Role.SUPPORTER)
    elif after.level < before.level:
        yield from _all(turn, NotificationKind.RETURNED, team, Role.SUPPORTER)
    elif turn.closed:
        yield from _to_responsible(turn, NotificationKind.CLOSED_TEAM, before)
        if before.level == 2:
            yield from _all(turn, NotificationKind.CLOSED_TEAM, team, Role.SUPPORTER)
    elif turn.reopened:
        yield from _to_responsible(turn, NotificationKind.REOPENED, after)
    else:
        yield from _assignment(turn)
        yield from _words(turn)


def _assignment(turn: TicketChange) -> Iterable[Notification]:
    new, old = turn.after.assignee, turn.before.assignee
    if new is None or (old is not None and new.email == old.email):
        return
    if new.email not in turn.case.own:
        for to, role in with_deputy(turn, turn.after, new):
            yield notice(turn, NotificationKind.ASSIGNED, to, role)
    yield from _to_responsible(turn, NotificationKind.TAKEN, replace(turn.before, level=turn.after.level))


def _words(turn: TicketChange) -> Iterable[Notification]:
    if turn.message is None:
        return
    kind = NotificationKind.ANSWER_COPY if turn.public else NotificationKind.NOTE
    if turn.public and turn.after.assignee is not None and turn.before.assignee is None:
        return  # the colleagues were told who has it
    ticket = turn.after
    if not turn.public and ticket.assignee is not None and ticket.assignee.email in turn.case.own:
        ticket = replace(ticket, assignee=None)  # a note to nobody but oneself is meant for the team
    yield from _to_responsible(turn, kind, ticket)


def to_staff_from_requester(turn: TicketChange) -> Iterable[Notification]:
    """Tell who works on the ticket what the requester's side wrote or did."""
    kind = NotificationKind.REQUESTER_REPLY
    if turn.closed:
        kind = NotificationKind.CLOSED_TEAM
    elif turn.reopened:
        kind = NotificationKind.REOPENED
    elif turn.message is None:
        return
    yield from _to_responsible(turn, kind, turn.after)


def to_new_participants(turn: TicketChange) -> Iterable[Notification]:
    """Tell whoever a command put in copy, or made the requester, what the ticket is about."""
    before = {turn.before.requester.email, *(person.email for person in turn.before.cc)}
    if turn.after.requester.email not in before:
        yield notice(turn, NotificationKind.COPIED, turn.after.requester, Role.REQUESTER)
    for person in turn.after.cc:
        if person.email not in before | turn.joined:
            yield notice(turn, NotificationKind.COPIED, person, Role.CC)


def to_team_of_new(turn: TicketChange) -> Iterable[Notification]:
    """Tell the school's team of a new problem."""
    team = turn.case.school_of(turn.after).team
    yield from _all(turn, NotificationKind.NEW_TICKET, present_members(turn, team), Role.SUPPORTER)


def deduplicate(notices: Iterable[Notification], case: MailContext) -> tuple[Notification, ...]:
    """Keep the first notice to each person and none to the author: nobody is told the same thing twice."""
    first: dict[str, Notification] = {}
    for letter in notices:
        if letter.to.email not in case.own:
            first.setdefault(case.policy.registered(letter.to.email), letter)
    return tuple(first.values())


def assignees(turn: TicketChange, ticket: Ticket) -> tuple[tuple[Address, Role], ...]:
    """Return the assignee or a deputy, or the whole team of the ticket's level where there is neither."""
    if ticket.assignee is not None and (found := with_deputy(turn, ticket, ticket.assignee)):
        return found
    team, role = turn.case.school_of(ticket).team, Role.SUPPORTER
    if ticket.level == 2:
        team, role = turn.case.policy.second_level, Role.SECOND_LEVEL
    return tuple((person, role) for person in present_members(turn, team))


def with_deputy(turn: TicketChange, ticket: Ticket, colleague: Address) -> tuple[tuple[Address, Role], ...]:
    """Return somebody of the staff, or a deputy while away; nobody where there is neither (any more)."""
    case = turn.case
    staff = tuple(case.policy.staff(case.school_of(ticket)))
    member = next((m for m in staff if colleague.email in m.addresses), None)
    who = stand_in(member, case.facts.absences, staff) if member else None
    if who is None:
        return ()
    to = colleague if who is member else _addressed(case, who)
    return ((to, _staff_role(case, ticket, to.email)),)


def _to_responsible(turn: TicketChange, kind: NotificationKind, ticket: Ticket) -> Iterable[Notification]:
    return (notice(turn, kind, to, role) for to, role in assignees(turn, ticket))


def _staff_role(case: MailContext, ticket: Ticket, email: str) -> Role:
    return Role.SUPPORTER if case.school_of(ticket).team.member(email) else Role.SECOND_LEVEL


def present_members(turn: TicketChange, team: Team) -> Iterable[Address]:
    """Yield who of a team is there, at their registered addresses, without whoever wrote this mail."""
    case = turn.case
    staff = case.policy.staff(case.school_of(turn.after))
    for member in present(team.members, case.facts.absences, staff):
        if case.sender.email not in member.addresses:
            yield _addressed(case, member)


def _addressed(case: MailContext, member: Member) -> Address:
    return Address(member.address, case.facts.names.get(member.address) or member.name)


def _all(
    turn: TicketChange, kind: NotificationKind, people: Iterable[Address], role: Role
) -> Iterable[Notification]:
    return (notice(turn, kind, person, role) for person in people)


WITH_HISTORY = frozenset(
    {
        NotificationKind.ESCALATED_SECOND_LEVEL,
        NotificationKind.ASSIGNED,
        NotificationKind.RETURNED,
        NotificationKind.MOVED_TEAM,
        NotificationKind.COPIED,
    }
)
INTERNAL = frozenset({NotificationKind.NOTE})


def notice(turn: TicketChange, kind: NotificationKind, to: Address, role: Role) -> Notification:
    """Return a letter about the turn: with its words where that role may read them."""
    message, match = turn.message, turn.case.match
    readable = message is not None and (role.staff or message.visibility is Visibility.PUBLIC)
    history = turn.history(role) if kind in WITH_HISTORY else ()
    files = message.attachments if message is not None and readable else ()
    if kind in WITH_HISTORY:
        files = (*(file for old in history for file in old.attachments), *files)
    travelling, listed = split_attachments(files, turn.case.policy.limits.attachments)
    return Notification(
        kind=kind,
        to=to,
        role=role,
        ticket=turn.after,
        author=turn.actor,
        text=message.text if message is not None and readable else "",
        attachments=travelling,
        listed=listed,
        history=history,
        related=match.related if role.staff else None,
        related_reason=match.related_reason if role.staff else "",
        similar=turn.case.facts.similar if kind is NotificationKind.NEW_TICKET else (),
        internal=kind in INTERNAL,
    )


def split_attachments(
    files: Iterable[Attachment], limit: int
) -> tuple[tuple[Attachment, ...], tuple[Attachment, ...]]:
    """Part files into those that travel with a letter, up to a sum of octets, and those only listed.

    What can do harm never travels.
    """
    travelling: list[Attachment] = []
    listed: list[Attachment] = []
    room = limit
    for file in files:
        fits = file.size <= room and not file.danger
        (travelling if fits else listed).append(file)
        room -= file.size if fits else 0
    return tuple(travelling), tuple(listed)


NEWS = frozenset(
    {
        NotificationKind.CLOSED,
        NotificationKind.ESCALATED_REQUESTER,
        NotificationKind.WAITING,
        NotificationKind.REOPENED,
        NotificationKind.COPIED,
        NotificationKind.UNDONE,
    }
)
"""Letters that told the requester's side where the ticket stands, which is no longer true."""


def undo_notifications(turn: TicketChange, change: Change) -> Iterable[Notification]:
    """Tell those who were told of the change that it was taken back; of the staff those who are there."""
    for told in change.told:
        if told.role.staff:
            for to, role in with_deputy(turn, turn.after, told.to):
                yield notice(turn, NotificationKind.UNDONE, to, role)
        elif told.kind in NEWS:
            yield notice(turn, NotificationKind.UNDONE, told.to, told.role)
