"""A leading ticket and the tickets that follow it, and mails about them."""

from dataclasses import replace

from mailbot.core.model.facts import Change, SentNotification
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import (
    Attachment,
    Direction,
    Message,
    Role,
    Ticket,
    Visibility,
)
from tests.support.scenario import (
    EARLIER,
    LENA,
    MAX,
    NOW,
    MailScenario,
    Outcome,
    ticket,
    writes,
)

OLGA, PAUL, KIRA = "olga@schule.example", "paul@schule.example", "kira@schule.example"


def problem(number: int, requester: str, bundle: int | None = None) -> Ticket:
    """Return an open ticket of a teacher; Kira is in cc of Paul's."""
    cc = (Address(KIRA),) if requester == PAUL else ()
    name = requester.partition("@")[0].title()
    return ticket(
        number, subject=f"Internet weg bei {name}", requester=Address(requester, name), cc=cc, bundle=bundle
    )


FIRST, SECOND, THIRD = problem(1, LENA), problem(2, OLGA), problem(4, PAUL)


def bundled(*tickets: Ticket) -> tuple[Ticket, ...]:
    """Return tickets of a bundle that the first one leads."""
    return tuple(replace(one, bundle=tickets[0].number) for one in tickets)


LEADING, OF_OLGA, OF_PAUL = BUNDLE = bundled(FIRST, SECOND, THIRD)


def about_bundle(text: str, writer: str = MAX, about: Ticket = LEADING, *others: Ticket) -> MailScenario:
    """Begin an answer to a mail about a ticket of the bundle, which shows all; it alone proves the sender."""
    shown = tuple((one.key, one.closed) for one in (others or BUNDLE) if about.leads or one == about)
    return writes(writer, text).answering(about, shows=shown).with_facts(*(others or BUNDLE))


def to_outside(done: Outcome) -> dict[str, Notification]:
    """Return the notifications to people outside the teams."""
    return {n.to.email: n for n in done.notifications if not n.role.staff}


def received(ticket: Ticket, *files: Attachment) -> dict[str, tuple[Message, ...]]:
    """Return the history of a ticket with one message of its requester with these files."""
    text, sender = "Bei mir geht nichts.", ticket.requester
    said = Message(Direction.IN, Visibility.PUBLIC, sender, text, EARLIER, attachments=files)
    return {ticket.key: (said,)}


def change(before: Ticket, actor: str = MAX) -> Change:
    """Return a change of a ticket an hour ago, of which its requester was notified."""
    sent = SentNotification(before.requester, Role.REQUESTER, NotificationKind.CLOSED)
    return Change(actor, NOW.replace(hour=9), before, (sent,))


SHOWN = tuple((one.key, None) for one in BUNDLE)
BEFORE = ((LEADING.key, None),)
"""The tickets that a mail from before the bundle showed."""


def texts_to(done: Outcome) -> set[str]:
    """Return who outside the teams gets a text."""
    return {to for to, n in to_outside(done).items() if n.text}
