"""Analyse a mail before any lookup: its kind, its commands, and the lookups that it needs."""

from dataclasses import dataclass, replace

from mailbot.core.classify.classify import classify
from mailbot.core.commands.command import LineLookups, Reading, Viewer
from mailbot.core.commands.parse import parse
from mailbot.core.model.listing import Listing
from mailbot.core.model.mail import Classification, Mail
from mailbot.core.model.policy import Policy, School
from mailbot.core.text.references import action_key, subject_tag, without_action_key
from mailbot.core.text.words import TermSet, terms


@dataclass(frozen=True, slots=True)
class Lookups:
    """The lookups in the database that a mail needs. Tickets are keys such as GYM-104.

    `undoes`: load the last changes of its tickets. `splits`: load the next numbers of their schools.
    """

    message_ids: tuple[str, ...]
    action_key: str | None
    tag: str | None
    named: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()
    problem: TermSet | None = None
    dates: tuple[str, ...] = ()
    undoes: bool = False
    splits: bool = False
    schools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Understanding:
    """A mail without action keys, its classification, its commands, and the lookups that it needs."""

    mail: Mail
    classification: Classification
    reading: Reading
    lookups: Lookups


def understand(mail: Mail, school: School, policy: Policy) -> Understanding:
    """Analyse a mail to that school; only members may write commands with marks around them."""
    sender = mail.sender.email if mail.sender else ""
    text, quoted = without_action_key(mail.text), without_action_key(mail.quoted)
    reading = parse(text, mail.subject, lenient=policy.find_member(sender) is None)
    if mail.unseen:
        reading = Reading(text, (), mail.subject)
    return Understanding(
        replace(mail, text=text, quoted=quoted),
        classify(mail, policy.support_addresses),
        reading,
        _lookups(mail, reading, Viewer(sender, school, policy)),
    )


def _lookups(mail: Mail, reading: Reading, viewer: Viewer) -> Lookups:
    originals = tuple(d.original_message_id for d in mail.delivery if d.original_message_id)
    thread = (*mail.in_reply_to, *reversed(mail.references), *originals)
    lines: list[LineLookups] = [line.lookups(viewer) for line in reading.lines]
    problem = without_action_key(mail.ticket_text)
    return Lookups(
        message_ids=tuple(dict.fromkeys(thread)),
        action_key=None if mail.forwarded else action_key(f"{mail.text}\n{mail.signature}"),
        tag=subject_tag(mail.subject),
        named=tuple(dict.fromkeys(name for line in lines for name in line.tickets)),
        listings=tuple(dict.fromkeys(listing for line in lines for listing in line.listings)),
        problem=terms(viewer.school.key, mail.subject, problem, mail.sender),
        dates=tuple(dict.fromkeys(date for line in lines for date in line.dates)),
        undoes=any(line.changes for line in lines),
        splits=any(line.numbers for line in lines),
        schools=tuple(dict.fromkeys(school for line in lines for school in line.schools)),
    )
