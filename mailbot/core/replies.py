"""What a mail turns into: a message of its ticket, and letters that answer its writer."""

from collections.abc import Iterable
from dataclasses import replace

from mailbot.core.case import Case
from mailbot.core.notice import Notice, NoticeKind
from mailbot.core.orders import Order
from mailbot.core.ticket import Direction, Message, Role, Visibility


def answer(case: Case, kind: NoticeKind, **what: object) -> Notice:
    """Return a letter that answers the mail itself."""
    role = case.role
    if what.get("ticket") is None and role is Role.STRANGER:
        role = Role.REQUESTER
    notice = Notice(kind, case.sender, role, author=case.sender, in_reply_to=case.mail.message_id)
    return replace(notice, **what)  # type: ignore[arg-type]  # the fields of Notice by name


def message(case: Case, text: str, direction: Direction, visibility: Visibility) -> Message:
    """Return the mail as a message of its ticket."""
    mail = case.mail
    return Message(
        direction, visibility, case.sender, text, case.now, mail.message_id, mail.quoted, case.attachments
    )


def has_words(case: Case) -> bool:
    """Tell whether a mail says or brings anything besides its commands."""
    return bool(case.reading.text or case.mail.parts)


def internal(case: Case, orders: Iterable[Order]) -> bool:
    """Tell whether the words of a mail by the staff stay among the staff."""
    noted = any(order.command.name == "note" for order in orders)
    return noted or (case.letter is not None and case.letter.internal)
