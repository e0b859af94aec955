"""Commands about tips, the saved answers that receipts show to requesters: tip, untip, solved-by-tip."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby

from mailbot.core.commands.command import STAFF, LineLookups, Viewer
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.definition import (
    ExclusiveGroup,
    MemberChange,
    MemberCommand,
    Request,
    Resolved,
    TicketCommand,
    TypedArgument,
    all_name_tickets,
)
from mailbot.core.commands.saved_answers import (
    NAME_TO_OMIT,
    OWN_ANSWER,
    answer_key,
    look_up_answers,
    own_answer,
)
from mailbot.core.commands.status import close
from mailbot.core.commands.syntax import ticket_names
from mailbot.core.model.effects import SetTip, SolveByTip, TicketEffect
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import Role, Status, Ticket
from mailbot.core.text.tip_text import personal_details, tip_text
from mailbot.core.text.words import fold

MAX_TEXT = 1_000
"""Maximum number of characters of a tip: a receipt is short."""
_YES = frozenset({"yes", "ja", "oui", "ok", "okay"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A saved answer, and its text as a tip. `approved`: the sender saw that text and says yes."""

    answer: SavedAnswer
    text: str
    approved: bool = False


def _resolve_tip(request: Request) -> Resolved[Proposal]:
    """Return the tip that the words name; "yes" behind a name approves a text that the sender has seen.

    A name may end with that word: it approves nothing then, except in a reply to the proposal of a
    name without it.
    """
    written = request.line.args or ("",)
    whole, name = " ".join(written), " ".join(written[:-1])
    known = {answer.key: answer for answer in request.context.facts.saved_answers}
    named = known.get(answer_key(name))
    if fold(written[-1]) not in _YES or (answer_key(whole) in known and not _proposes(request, named)):
        return (), _propose(request, whole)
    proposal = _propose(request, name)
    return (), replace(proposal, approved=_has_seen(request, proposal))


def _propose(request: Request, written: str) -> Proposal:
    """Return a saved answer with its text as a tip; refuse one without such a text, or with a long one."""
    answer, context = own_answer(request, written), request.context
    people = frozenset((answer.author.name, *_staff_names(context)))
    teams = (context.school.team.name, context.policy.second_level.name)
    text = tip_text(NAME_TO_OMIT.sub("", answer.text), people, teams)
    if not any(map(str.isalnum, text)) or len(text) > MAX_TEXT:
        raise request.refusal(Reason.TIP_TEXT, str(MAX_TEXT))
    return Proposal(answer, text)


def _staff_names(context: MailContext) -> Iterator[str]:
    """Yield the names of the people who may have signed a saved answer."""
    for member in context.policy.staff(context.school):
        yield from (member.name, context.name_of(member))


def _proposes(request: Request, answer: SavedAnswer | None) -> bool:
    """Return whether the mail that the sender answers has the link that enables the tip."""
    shown = request.context.answered_mail
    if answer is None or shown is None or shown.kind is not NotificationKind.COMMAND_RECEIPT:
        return False
    line = request.command.line(request.context.language, answer.name)
    text = " ".join(shown.text.split())
    return any(f"{line} {yes}" in text for yes in _YES)


def _has_seen(request: Request, proposal: Proposal) -> bool:
    """Return whether the mail that the sender answers proposes the tip with its text as it is now."""
    shown, answer = request.context.answered_mail, proposal.answer
    if shown is None or shown.created is None or shown.created < answer.at or not _proposes(request, answer):
        return False
    return proposal.text.split() in _quoted_texts(shown.text)


def _quoted_texts(text: str) -> list[list[str]]:
    """Return the words of each block of quoted lines in the text of a mail."""
    blocks = groupby(text.splitlines(), key=lambda line: line.startswith(">"))
    return [
        [word for line in lines for word in line.removeprefix(">").split()]
        for quoted, lines in blocks
        if quoted
    ]


def _tip(context: MailContext, proposal: Proposal) -> MemberChange:
    """Make a saved answer a tip, or show the text that requesters would get."""
    answer, text = proposal.answer, proposal.text
    if answer.tip == text:
        return MemberChange((), already=True, detail=answer.name, text=text)
    if not proposal.approved:
        phrase = "tip_proposed" if answer.school else "tip_proposed_for_all"
        personal = personal_details(text, _known_people(context, answer))
        return MemberChange((), already=True, detail=answer.name, text=text, phrase=phrase, personal=personal)
    return MemberChange((SetTip(replace(answer, tip=text, at=context.now)),), detail=answer.name, text=text)


def _known_people(context: MailContext, answer: SavedAnswer) -> Iterator[str]:
    """Yield the names of the staff, the author of a saved answer, and the requester of the mail's ticket."""
    yield from (answer.author.name, *_staff_names(context))
    if context.ticket is not None:
        yield context.ticket.requester.name


def _untip(context: MailContext, answer: SavedAnswer) -> MemberChange:
    """End a tip. Its text keeps its author, as after `_tip`: their name is cut from the next tip too."""
    plain = replace(answer, tip="", at=context.now)
    return MemberChange((SetTip(plain),) if answer.tip else (), already=not answer.tip, detail=answer.name)


@dataclass(frozen=True, slots=True)
class SentTips:
    """The key of the tip in the receipt of each ticket, by the ticket's key."""

    by_ticket: Mapping[str, str] = field(compare=False)


def _look_up_tips(words: tuple[str, ...], viewer: Viewer) -> LineLookups:
    return LineLookups(ticket_names(words, viewer.school.key), tips=True)


def _resolve_tickets(request: Request) -> Resolved[SentTips]:
    """Return the tickets with the tips in their receipts; refuse a ticket without one."""
    tickets, sent = request.tickets(request.line.args), request.context.facts.tips
    for ticket in tickets:
        if ticket.key not in sent:
            raise request.refusal(Reason.NO_TIP, ticket.key)
    return tickets, SentTips(sent)


def _solve(ticket: Ticket, sent: SentTips, _: Address) -> tuple[TicketEffect | SolveByTip, ...]:
    if ticket.status is Status.CLOSED:
        return ()
    return (*close(ticket), SolveByTip(ticket.key, sent.by_ticket[ticket.key]))


SOLVED_BY_TIP = TicketCommand(
    name="solved-by-tip",
    words={"de": ("tipp-hat-geholfen",), "fr": ("astuce-utile",)},
    roles=frozenset({Role.REQUESTER}),
    argument=TypedArgument(
        resolve=_resolve_tickets, fits=all_name_tickets, lookups=_look_up_tips, optional=True
    ),
    handler=_solve,
    exclusive_groups=frozenset({ExclusiveGroup.STATUS}),
)
TIP = MemberCommand(
    name="tip",
    words={"de": ("tipp",), "fr": ("astuce",)},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_tip, lookups=look_up_answers),
    example="Toner",
    handler=_tip,
    answer=lambda proposal: proposal.answer,
    links=("saved", "help"),
    undoable=True,
)
UNTIP = MemberCommand(
    name="untip",
    words={"de": ("tipp-aus",), "fr": ("astuce-fin",)},
    roles=STAFF,
    argument=OWN_ANSWER,
    example="Toner",
    handler=_untip,
    answer=lambda answer: answer,
    links=("saved", "help"),
    undoable=True,
)
TIPS = (TIP, UNTIP)
