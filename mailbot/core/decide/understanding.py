"""Analyse a mail before any lookup: its kind, its commands, and the lookups that it needs."""

from dataclasses import dataclass, replace

from mailbot.core.classify.author import behind_from
from mailbot.core.classify.calendar_words import author_words, without_calendar
from mailbot.core.classify.classify import CALENDAR_ANSWER, classify, is_alert
from mailbot.core.commands.command import LineLookups, Reading, Viewer
from mailbot.core.commands.parse import parse
from mailbot.core.commands.syntax import written_address
from mailbot.core.model.listing import Listing
from mailbot.core.model.mail import Classification, Mail, MailKind
from mailbot.core.model.place import Place
from mailbot.core.model.policy import Policy, School
from mailbot.core.text.places import find_places
from mailbot.core.text.references import action_key, subject_tags, without_action_key
from mailbot.core.text.words import TermSet, terms

_RETURNED_HEADER = 8_000
"""Characters of a bounce in which the subject of the returned mail is searched."""


@dataclass(frozen=True, slots=True)
class Lookups:
    """The lookups in the database that a mail needs. Tickets are keys such as GYM-104.

    `addresses` are those of the command lines that are not ASCII. `bounced` are the recipients that a bounce
    names: find the last mail to one of them in the tagged ticket. `same_words`: find an open ticket of the
    sender with these words. `undoes`: load the last changes of its tickets. `splits`: load the next numbers
    of their schools. `resends`: load the undelivered mails of its tickets. `holders`: load since when its
    tickets are where they are. `appointment` is the UID of an appointment: find its ticket.
    `saved_answers`: load those of the schools. `tips`: load those in the receipts of its tickets. `places`
    are the rooms and devices that a new problem names.
    """

    message_ids: tuple[str, ...]
    own_id: str
    action_key: str | None
    tags: tuple[str, ...]
    named: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()
    problem: TermSet | None = None
    dates: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    undoes: bool = False
    splits: bool = False
    schools: tuple[str, ...] = ()
    same_words: str = ""
    bounced: tuple[str, ...] = ()
    resends: bool = False
    places: tuple[Place, ...] = ()
    saved_answers: bool = False
    tips: bool = False
    holders: bool = False
    appointment: str = ""


@dataclass(frozen=True, slots=True)
class Understanding:
    """A mail without action keys, its classification, its commands, and the lookups that it needs.

    `alert`: a device of the school reports something, and such a report opens a ticket.
    """

    mail: Mail
    classification: Classification
    reading: Reading
    lookups: Lookups
    alert: bool = False


def understand(mail: Mail, school: School, policy: Policy) -> Understanding:
    """Analyse a mail to that school; only members may write commands with marks around them."""
    author = behind_from(mail, policy.support_addresses, policy.school_domains)
    if author is not None:
        mail = replace(mail, senders=(author,), via=mail.sender)
    sender = mail.sender.email if mail.sender else ""
    text, quoted = without_action_key(mail.text), without_action_key(mail.quoted)
    reading = parse(text, mail.subject, lenient=policy.find_member(sender) is None)
    classification = classify(mail, policy.support_addresses, policy.school_domains)
    if classification.kind is not MailKind.BOUNCE:
        mail = replace(mail, delivery=())  # a report that a person forwards proves nothing
    answers_invitation = classification.reason == CALENDAR_ANSWER
    if answers_invitation:
        mail = without_calendar(mail)
        words = without_action_key(author_words(mail, policy.addresses(sender)))
        if words or any(not part.logo for part in mail.parts):
            by_person = "words or a file of a person in an answer to an invitation"
            classification, text = Classification(MailKind.HUMAN, by_person), words
    alert = _opens_ticket_for_machine(mail, classification, school, policy)
    if answers_invitation or alert or mail.unseen:
        reading = Reading(text, (), mail.subject)  # an answer to an invitation changes nothing
    lookups = _lookups(mail, reading, Viewer(sender, school, policy))
    if classification.kind is MailKind.BOUNCE:
        tags = lookups.tags or subject_tags(f"{text}\n{mail.signature}\n{quoted}"[:_RETURNED_HEADER])
        recipients = tuple(dict.fromkeys(delivery.recipient for delivery in mail.delivery))
        lookups = replace(lookups, tags=tags, bounced=recipients)
    if alert or not mail.message_id:
        lookups = replace(lookups, same_words=f"{mail.subject}\n{text}")
    return Understanding(replace(mail, text=text, quoted=quoted), classification, reading, lookups, alert)


def _opens_ticket_for_machine(
    mail: Mail, classification: Classification, school: School, policy: Policy
) -> bool:
    """Return whether a mail is an alert of the school's devices; programs of members may answer our mails."""
    sender = mail.sender
    if school.machines == "ignore" or sender is None or sender.domain not in school.domains:
        return False
    return policy.find_member(sender.email) is None and is_alert(
        mail, classification, policy.support_addresses
    )


def _lookups(mail: Mail, reading: Reading, viewer: Viewer) -> Lookups:
    originals = tuple(d.original_message_id for d in mail.delivery if d.original_message_id)
    thread = (*mail.in_reply_to, *reversed(mail.references), *originals)
    lines: list[LineLookups] = [line.lookups(viewer) for line in reading.lines]
    args = (arg for line in reading.lines for arg in line.args)
    problem = without_action_key(mail.ticket_text)
    return Lookups(
        message_ids=tuple(dict.fromkeys(thread)),
        own_id=mail.message_id,
        action_key=None if mail.forwarded else action_key(f"{mail.text}\n{mail.signature}"),
        tags=_tags(mail),
        named=tuple(dict.fromkeys(name for line in lines for name in line.tickets)),
        listings=tuple(dict.fromkeys(listing for line in lines for listing in line.listings)),
        problem=terms(viewer.school.key, mail.subject, problem, mail.sender),
        places=find_places(mail.subject, problem),
        dates=tuple(dict.fromkeys(date for line in lines for date in line.dates)),
        addresses=tuple(dict.fromkeys(written_address(a) for a in args if "@" in a and not a.isascii())),
        undoes=any(line.changes for line in lines),
        splits=any(line.numbers for line in lines),
        resends=any(line.failures for line in lines),
        saved_answers=any(line.saved_answers for line in lines),
        tips=any(line.tips for line in lines),
        holders=any(line.holders for line in lines),
        schools=tuple(dict.fromkeys(school for line in lines for school in line.schools)),
        appointment=mail.calendar_answer.uid if mail.calendar_answer else "",
    )


def _tags(mail: Mail) -> tuple[str, ...]:
    """Return the tickets that the subject names; or that of the UID, which outlives the appointment."""
    uid = mail.calendar_answer.uid if mail.calendar_answer else ""
    return subject_tags(mail.subject) or subject_tags(f"[#{'-'.join(uid.split('-')[:2])}]".upper())
