"""What a mail asks the database."""

from dataclasses import dataclass

from mailbot.core.commands import table
from mailbot.core.commands.away import phrases
from mailbot.core.commands.listing import requested_listing
from mailbot.core.commands.table import Argument, Reading
from mailbot.core.model.listing import Listing
from mailbot.core.model.mail import Mail
from mailbot.core.model.policy import Policy, School
from mailbot.core.model.similar import Terms
from mailbot.core.text.references import action_key, subject_tag, without_action_key
from mailbot.core.text.similarity import terms


@dataclass(frozen=True, slots=True)
class Lookups:
    """What a mail asks to be looked up."""

    message_ids: tuple[str, ...]
    action_key: str | None
    tag: str | None
    named: tuple[str, ...]
    listings: tuple[Listing, ...]
    problem: Terms | None = None
    dates: tuple[str, ...] = ()
    undoes: bool = False
    splits: bool = False
    schools: tuple[str, ...] = ()


def lookups_for(mail: Mail, reading: Reading, school: School, policy: Policy) -> Lookups:
    """Return what has to be looked up for a mail to that school."""
    originals = tuple(d.original_message_id for d in mail.delivery if d.original_message_id)
    thread = (*mail.in_reply_to, *reversed(mail.references), *originals)
    named: list[str] = []
    listings, dates, schools = [], [], []
    for line in reading.lines:
        named += table.tickets_of(line, school.key)
        wanted = (
            requested_listing(line, mail.sender.email, school, policy) if mail.sender is not None else None
        )
        listings += [wanted] if wanted is not None else []
        if line.command is not None and line.command.argument is Argument.DATE:
            dates.append(table.phrase(line.args, school.key)[0])
        if line.command is not None and line.command.argument is Argument.ABSENCE:
            dates += phrases(line.args)
        if line.command is not None and line.command.argument is Argument.SCHOOL:
            there = policy.school_called(table.phrase(line.args, school.key)[0])
            schools += [there.key] if there is not None else []
    return Lookups(
        message_ids=tuple(dict.fromkeys(thread)),
        action_key=None if mail.forwarded else action_key(f"{mail.text}\n{mail.signature}"),
        tag=subject_tag(mail.subject),
        named=tuple(dict.fromkeys(named)),
        listings=tuple(dict.fromkeys(listings)),
        problem=terms(school.key, mail.subject, without_action_key(mail.problem), mail.sender),
        dates=tuple(dict.fromkeys(dates)),
        undoes=reading.names("undo"),
        splits=reading.names("split"),
        schools=tuple(dict.fromkeys(schools)),
    )
