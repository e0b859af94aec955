"""Commands about tips, the saved answers that receipts show to requesters: tip, untip, solved-by-tip."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

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
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import Role, Status, Ticket
from mailbot.core.text.saved_text import tip_text
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
    """Return the tip that the words name; "yes" behind a name approves a text that the sender has seen."""
    written = request.line.args or ("",)
    known = {answer.key for answer in request.context.facts.saved_answers}
    if fold(written[-1]) not in _YES or answer_key(" ".join(written)) in known:
        return (), _propose(request, " ".join(written))
    proposal = _propose(request, " ".join(written[:-1]))
    return (), replace(proposal, approved=_has_seen(request.context, proposal))


def _propose(request: Request, written: str) -> Proposal:
    """Return a saved answer with its text as a tip; refuse one without such a text, or with a long one."""
    answer = own_answer(request, written)
    text = tip_text(NAME_TO_OMIT.sub("", answer.text), frozenset(_staff_names(request.context, answer)))
    if not any(map(str.isalnum, text)) or len(text) > MAX_TEXT:
        raise request.refusal(Reason.TIP_TEXT, str(MAX_TEXT))
    return Proposal(answer, text)


def _staff_names(context: MailContext, answer: SavedAnswer) -> Iterator[str]:
    """Yield the names of the people and teams that may have signed a saved answer."""
    yield from (answer.author.name, context.school.team.name, context.policy.second_level.name)
    for member in context.policy.staff(context.school):
        yield from (member.name, context.name_of(member))


def _has_seen(context: MailContext, proposal: Proposal) -> bool:
    """Return whether the mail that the sender answers shows the text of a tip as it is now."""
    shown = context.answered_mail
    if shown is None or shown.created is None or shown.created < proposal.answer.at:
        return False
    return _characters(proposal.text) in _characters(shown.text)


def _characters(text: str) -> str:
    """Return the letters and digits of a text, which no layout changes."""
    return "".join(filter(str.isalnum, text))


def _tip(context: MailContext, proposal: Proposal) -> MemberChange:
    """Make a saved answer a tip, or show the text that requesters would get."""
    answer, text = proposal.answer, proposal.text
    if answer.tip == text:
        return MemberChange((), already=True, detail=answer.name, text=text)
    if not proposal.approved:
        return MemberChange((), already=True, detail=answer.name, text=text, phrase="tip_proposed")
    tip = replace(answer, tip=text, author=context.person, at=context.now)
    return MemberChange((SetTip(tip),), detail=answer.name, text=text)


def _untip(context: MailContext, answer: SavedAnswer) -> MemberChange:
    plain = replace(answer, tip="", author=context.person, at=context.now)
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
    links=("saved", "help"),
    undoable=True,
)
TIPS = (TIP, UNTIP)
