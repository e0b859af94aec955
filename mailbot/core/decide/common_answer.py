"""Find out what of an answer to the ticket that leads a bundle may go to all of its requesters."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from mailbot.core.commands.bundle import BUNDLE
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import AnyResolved, TicketCommand
from mailbot.core.model.mail import Part
from mailbot.core.model.ticket import Attachment, Direction, Message, Ticket
from mailbot.core.text.header_block import is_quoted
from mailbot.core.text.repeated import addresses_reader, names_any, names_ticket, repeats
from mailbot.core.text.signatures import is_only_salutation
from mailbot.core.text.tip_text import capitalised

_WORD_BREAK = re.compile(r"_|(?<=[a-zäöüß])(?=[A-ZÄÖÜ])")  # in names of files
_WHOLE_QUOTATION = 8
"""Lines from which the quotation above an answer may be that of a whole mail, and not of one passage."""


@dataclass(frozen=True, slots=True)
class CommonAnswer:
    """The part of a mail that goes to the other requesters of a bundle.

    `begin` is where their text begins: behind a salutation of one person. `parts` are their files, `withheld`
    the names of those that stay in the ticket of the mail.
    """

    begin: int
    parts: tuple[Part, ...]
    withheld: tuple[str, ...]

    def of(self, context: MailContext) -> MailContext:
        """Return the context of a mail with that part of it."""
        text = context.reading.text
        if self.begin:
            text = capitalised(text[self.begin :])
        mail = replace(context.mail, quoted="", parts=self.parts)
        return replace(context, mail=mail, reading=replace(context.reading, text=text))


def common_answer(
    context: MailContext, own: Ticket, bundle: Collection[Ticket], commands: Iterable[AnyResolved]
) -> CommonAnswer | None:
    """Return what of a mail about `own` may go to all requesters of a bundle; None if it concerns one ticket.

    The text must have no line, words or number of a requester, and must not be between such lines. It must
    name no one, apart from a salutation: that stays with the requester of `own` if the text below does
    not address its reader. Each command must be one for all of a bundle.
    """
    changes = (c.command for c in commands if isinstance(c.command, TicketCommand))
    if not all(command.for_bundle or command == BUNDLE for command in changes):
        return None
    if _quotes_or_answers_lines(context):
        return None
    text, begin = context.reading.text, 0
    if _is_about_one(context, text, bundle):
        begin = _behind_salutation(context, text, own, bundle)
        rest = text[begin:]
        if not begin or addresses_reader(rest) or _is_about_one(context, rest, bundle):
            return None
    files = () if context.has_no_content else context.files
    parts = tuple(part for part in files if _is_common(context, part, own, bundle))
    withheld = tuple(part.filename for part in files if part not in parts)
    # A picture within the text is a file of its own in another ticket: see `may_quote`.
    return CommonAnswer(begin, tuple(replace(part, inline=False) for part in parts), withheld)


def _is_about_one(context: MailContext, text: str, bundle: Collection[Ticket]) -> bool:
    """Return whether the text repeats words of a requester, or names one or another ticket."""
    return repeats(text, _said(context, bundle)) or _names_one(context, text, bundle)


def _said(context: MailContext, bundle: Iterable[Ticket]) -> Iterator[str]:
    """Yield the subjects, texts and signatures that the requesters' side wrote."""
    for ticket in bundle:
        yield ticket.subject
        received = _received(context, ticket)
        yield from (text for message in received for text in (message.text, message.signature))
        yield from (message.quoted for message in received[:1])  # later ones quote answers of the staff


def _received(context: MailContext, ticket: Ticket) -> list[Message]:
    history = context.facts.histories.get(ticket.key, ())
    return [message for message in history if message.direction is Direction.IN]


def _names_one(context: MailContext, text: str, bundle: Iterable[Ticket]) -> bool:
    """Return whether a text names someone who is or was in one of the tickets, or one of these."""
    bundle = tuple(bundle)
    people = [person for ticket in bundle for person in (ticket.requester, *ticket.cc)]
    authors = (message.author for ticket in bundle for message in _received(context, ticket))
    people += [author for author in authors if author.email not in context.sender_addresses]
    numbers = {ticket.number for ticket in bundle}
    return names_any(text, [p.name for p in people], [p.email for p in people]) or names_ticket(
        text, {ticket.school for ticket in bundle}, numbers
    )


def _behind_salutation(context: MailContext, text: str, own: Ticket, bundle: Iterable[Ticket]) -> int:
    """Return where the text begins behind a salutation of people of the mail's ticket; 0 without one."""
    line, _, rest = text.partition("\n")
    others = [ticket for ticket in bundle if ticket.key != own.key]
    names_own = is_only_salutation(line) and _names_one(context, line, [own])
    if not names_own or _names_one(context, line, others):
        return 0
    return len(text) - len(rest.lstrip())


def _is_common(context: MailContext, part: Part, own: Ticket, bundle: Collection[Ticket]) -> bool:
    """Return whether a file may go to all: it comes from no requester, and its name names no one.

    Programs attach files of the answered mail again, perhaps under other names. They repeat pictures within
    a quotation, and may compress them, so such a picture is common only if there was none to repeat.
    """
    received = [file for ticket in bundle for file in _files(context, ticket)]
    if any(
        file.size == part.size or file.filename.casefold() == part.filename.casefold() for file in received
    ):
        return False
    if part.inline and any(file.picture for file in _files(context, own)):
        return False
    name = _WORD_BREAK.sub(" ", part.filename)
    return not _names_one(context, name, bundle)


def _files(context: MailContext, ticket: Ticket) -> Iterator[Attachment]:
    return (file for message in _received(context, ticket) for file in message.attachments)


def _quotes_or_answers_lines(context: MailContext) -> bool:
    """Return whether the text has quoted lines, or is between or below a few of the answered mail."""
    if any(is_quoted(line) for line in context.reading.text.split("\n")):
        return True
    own, quoted = (_lines(text) for text in (context.reading.text, context.mail.quoted))
    lines = [line.strip("> \t") for line in context.mail.whole_text.split("\n")]
    at = [number for number, line in enumerate(lines) if line in quoted - own]
    if not at:
        return False
    last = at[-1] if _is_whole(context, [lines[number] for number in at]) else len(lines)
    return any(at[0] < number < last for number, line in enumerate(lines) if line in own - quoted)


def _is_whole(context: MailContext, quoted: list[str]) -> bool:
    """Return whether a quotation is that of the whole answered mail: long, and from its first line."""
    answered = context.answered_mail
    first = answered.text.strip().partition("\n")[0].split() if answered is not None else []
    return len(quoted) >= _WHOLE_QUOTATION and " ".join(first) in " ".join(" ".join(quoted).split())


def _lines(text: str) -> set[str]:
    return {line.strip("> \t") for line in text.split("\n")} - {""}
