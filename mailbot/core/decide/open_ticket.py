"""A mail that belongs to no ticket opens one: receipt to the requester, the problem to the team."""

import re
from dataclasses import replace

from mailbot.core.commands.context import MailContext
from mailbot.core.commands.resolve import ResolvedCommand
from mailbot.core.decide.mail_change import change_by_mail
from mailbot.core.decide.replies import reply
from mailbot.core.model.effects import AddMessage, Decision, Effect, Notify, OpenTicket
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Done, NotificationKind
from mailbot.core.model.ticket import MAX_CC, Direction, Message, Ticket, Visibility
from mailbot.core.recipients import recipients

NO_SUBJECT = {"de": "(ohne Betreff)", "en": "(no subject)", "fr": "(sans objet)"}

_TAG = re.compile(r"\[\s*#[^\]\[]{1,40}\]")
_PREFIX = re.compile(r"(?:\s*(?:re|aw|antw|wg|fwd?|tr|rép)(?:\[\d+\])?\s?:)+\s*", re.I)


def open_ticket(case: MailContext, orders: tuple[ResolvedCommand, ...] = ()) -> Decision:
    """Open a ticket with the words of the mail; what was forwarded belongs to it, or is all there is.

    Of commands only those count that say for whom it is and who else gets copies.
    """
    school = case.facts.school
    text = _words(case)
    requester = next((o.people[0] for o in orders if o.command.name == "for"), case.sender)
    copies = (
        *(person for o in orders if o.command.name == "cc" for person in o.people),
        *cc_from_headers(case),
    )
    ticket = Ticket(
        school=school.key,
        number=case.facts.next_number,
        subject=_subject(case) or NO_SUBJECT[school.language],
        requester=requester,
        opened=case.now,
        updated=case.now,
        cc=tuple({p.email: p for p in copies if p.email != requester.email}.values())[:MAX_CC],
        messages=1,
    )
    message = _message(case, requester, text)
    change = change_by_mail(case, ticket, ticket, message)
    told = recipients.deduplicate(recipients.to_team_of_new(change), change)
    earlier, reason = _earlier(case)
    receipt = reply(case, NotificationKind.RECEIPT, ticket, text=text, related=earlier, related_reason=reason)
    if requester is not case.sender:
        receipt = replace(receipt, to=requester, ticket=ticket, in_reply_to="")
    people = (requester, *(letter.to for letter in told))
    done = tuple(Done(o.command.name, ticket, people, detail=_names(o)) for o in orders)
    own = (reply(case, NotificationKind.DONE, ticket, done=done),) if done else ()
    effects: tuple[Effect, ...] = (
        OpenTicket(ticket),
        AddMessage(ticket.key, message),
        *(Notify(notice) for notice in (receipt, *told, *own)),
    )
    return Decision("opened", (f"opens {ticket.key}",), effects, ticket.key)


def _message(case: MailContext, requester: Address, text: str) -> Message:
    return Message(
        Direction.IN,
        Visibility.PUBLIC,
        requester,
        text,
        case.now,
        case.mail.message_id,
        case.mail.quoted,
        case.attachments,
    )


def _words(case: MailContext) -> str:
    """Return what the mail says, with what it forwards or quotes alone."""
    text, mail = case.reading.text, case.mail
    return f"{text}\n\n{mail.quoted}".strip() if mail.quoted and (mail.forwarded or not text) else text


def _names(order: ResolvedCommand) -> str:
    return ", ".join(person.email for person in order.people)


def _subject(case: MailContext) -> str:
    """Return the subject without the marks of an older ticket or mail."""
    subject = " ".join(_TAG.sub(" ", case.reading.subject).split())
    return _PREFIX.sub("", subject, count=1) if _TAG.search(case.reading.subject) else subject


def _earlier(case: MailContext) -> tuple[Ticket | None, str]:
    """Return the requester's own ticket that was closed too long ago to be opened again."""
    related = case.match.related
    if related is None or not case.takes_part(related):
        return None, ""
    return related, case.match.related_reason


def cc_from_headers(case: MailContext) -> tuple[Address, ...]:
    """Return the people of the school's own domains who got the mail too, if the mail is trusted.

    Answers go to them and they may ask for the ticket: a forger must not put an address of theirs there.
    """
    if not case.trust.trusted:
        return ()
    others = {a.email: a for a in (*case.mail.to, *case.mail.cc)}
    own = case.policy.own_addresses | case.own
    staff = {address for m in case.policy.staff(case.facts.school) for address in m.addresses}
    kept = [a for e, a in others.items() if a.domain in case.facts.school.domains and e not in own | staff]
    return tuple(kept[:MAX_CC])
