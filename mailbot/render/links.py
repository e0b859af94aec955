"""One-tap links: `mailto:` URLs (RFC 6068) with recipient, subject, command and action key filled in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind, ReplyRoute
from mailbot.core.model.ticket import Role, Status, Ticket
from mailbot.sanitize import clean, one_line

SUBJECT_LENGTH = 120
BODY_LENGTH = 900  # Outlook and Windows cut URLs off at about 2,000 characters
ENCODED_LENGTH = 1_500

# Roundcube decodes a link twice, and its second pass takes these for syntax: they become look-alikes.
_HARMLESS = str.maketrans({"+": "＋", "%": "％", "<": "‹", ">": "›"})

Condition = Callable[[Notification, Ticket], bool]
"""Whether an action fits a notification about a ticket."""


def _always(_: Notification, __: Ticket) -> bool:
    return True


def _is_at_level(notification: Notification, ticket: Ticket) -> bool:
    """Return whether the ticket is at the reader's level."""
    return _LEVEL.get(notification.role) == ticket.level


def _not_mine(notification: Notification, ticket: Ticket) -> bool:
    mine = ticket.assignee is not None and ticket.assignee.email == notification.to.email
    return _is_at_level(notification, ticket) and not mine


def _offers_postponing(notification: Notification, _: Ticket) -> bool:
    return notification.kind.definition.offers_postponing


def _to_requester(notification: Notification, _: Ticket) -> bool:
    return notification.reply_route is ReplyRoute.REQUESTER


def _to_staff(notification: Notification, _: Ticket) -> bool:
    return notification.reply_route is ReplyRoute.STAFF


def _has_answer(notification: Notification, _: Ticket) -> bool:
    return notification.kind.definition.invites_reply


def _has_no_answer(notification: Notification, _: Ticket) -> bool:
    return not notification.kind.definition.invites_reply


def _offers_status(notification: Notification, _: Ticket) -> bool:
    return notification.kind.definition.offers_status


def _asks_if_helped(notification: Notification, _: Ticket) -> bool:
    return notification.kind.definition.asks_if_helped


_CLOSE: tuple[tuple[str, Condition], ...] = (("close", _to_requester), ("close_silently", _to_staff))
_COMMON: tuple[tuple[str, Condition], ...] = (
    ("take", _not_mine),
    ("wait", _offers_postponing),
    ("remind", _offers_postponing),
    ("list", _always),
    ("help", _always),
)
_OPEN: Mapping[Role, tuple[tuple[str, Condition], ...]] = {
    Role.SUPPORTER: (*_CLOSE, ("escalate", _is_at_level), *_COMMON),
    Role.SECOND_LEVEL: (*_CLOSE, ("return", _is_at_level), *_COMMON),
    Role.REQUESTER: (
        ("reply", _has_answer),
        ("add", _has_no_answer),
        ("solved", _always),
        ("status", _offers_status),
    ),
    Role.CC: (("reply", _has_answer), ("add", _has_no_answer)),
}
_REOPEN: tuple[tuple[str, Condition], ...] = (("reopen", _always), ("list", _always), ("help", _always))
_CLOSED: Mapping[Role, tuple[tuple[str, Condition], ...]] = {
    Role.SUPPORTER: _REOPEN,
    Role.SECOND_LEVEL: _REOPEN,
    Role.REQUESTER: (("helped", _asks_if_helped), ("still_broken", _always)),
}
PRIMARY = frozenset(
    {
        "reply",
        "close",
        "close_silently",
        "reopen",
        "still_broken",
        "send_to_requester",
        "confirm",
        "send_anyway",
        "resend",
        "register",
    }
)
_LEVEL: Mapping[Role, int] = {Role.SUPPORTER: 1, Role.SECOND_LEVEL: 2}


@dataclass(frozen=True, slots=True)
class Link:
    """A link as shown: label, command line ("" for a plain reply), URL, and whether it stands out."""

    label: str
    line: str
    href: str
    primary: bool


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes links that open a mail to `address`.

    In the reader's language, `conjunction` stands for "&", and `hint` follows the action key.
    """

    address: str
    action_key: str
    conjunction: str
    hint: str = ""

    def mailto(self, subject: str, text: str) -> str:
        """Return the URL that opens a mail with that subject and text, and the action key below."""
        subject = self._harmless(one_line(subject))[:SUBJECT_LENGTH]
        key = f"\n\n\n[mailbot:{self.action_key}]  {self.hint}".rstrip()
        body = f"{_encoded(self._harmless(clean(text)))}{_encoded(key)}"
        return f"mailto:{quote(self.address, safe='@')}?subject={_encoded(subject)}&body={body}"

    def keeps(self, text: str) -> bool:
        """Return whether a mail that this link opens has the text unchanged: no look-alikes, not cut off."""
        return (
            short_enough(text) and len(quote(text)) <= ENCODED_LENGTH and self._harmless(clean(text)) == text
        )

    def _harmless(self, text: str) -> str:
        return text.replace("&", self.conjunction).translate(_HARMLESS)


@lru_cache(maxsize=256)  # the links of a mail have one subject and key, those of all mails the same commands
def _encoded(text: str) -> str:
    return quote(text.replace("\n", "\r\n"), safe="")


def short_enough(text: str) -> bool:
    """Return whether a text fits into a link."""
    return len(text) <= BODY_LENGTH


def links(
    notification: Notification, texts: Mapping[str, tuple[str, str, str]], composer: Composer
) -> tuple[Link, ...]:
    """Return the links of a notification; `texts` are label, command line and subject by action."""
    about = notification.ticket.tagged_subject if notification.ticket else ""
    requester = one_line(notification.ticket.requester.shown) if notification.ticket else ""
    found = []
    for name in actions(notification):
        label, line, subject = texts[name]
        href = composer.mailto(subject or about or label, line)
        found.append(Link(label.replace("%s", requester), line, href, name in PRIMARY))
    return tuple(found)


def _fixed(notification: Notification) -> tuple[str, ...] | None:
    """Return the actions that depend on the kind alone; None if the ticket decides."""
    if notification.sendable:
        return ("send_as_is", "help")
    if notification.unaddressed and notification.ticket is not None:
        return ("send_to_requester", "help")
    if notification.kind is NotificationKind.REFUSAL and notification.from_unknown_address:
        return ()
    if notification.kind is NotificationKind.BOUNCE:
        return ("resend", "help") if notification.ticket is not None else ()
    if notification.kind is NotificationKind.OVERVIEW and not notification.role.staff:
        return ("list_open", "list_closed", "list_all", "help")
    return notification.kind.definition.links


def actions(notification: Notification) -> tuple[str, ...]:
    """Return the names of the actions that a mail offers, the most likely one first."""
    own = next((done.links for done in notification.done if done.links), None)
    fixed = own or _fixed(notification)
    if notification.undoable:
        undone = any(done.command == "undo" for done in notification.done)
        return ("redo" if undone else "undo", *(fixed or ()))
    if fixed is not None or notification.ticket is None:
        return fixed or ()
    offered = _CLOSED if notification.ticket.status is Status.CLOSED else _OPEN
    return tuple(
        name for name, fits in offered.get(notification.role, ()) if fits(notification, notification.ticket)
    )
