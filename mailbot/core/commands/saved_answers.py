"""Commands about saved answers: save, use, saved, unsave."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from mailbot.core.commands.command import STAFF, LineLookups, Viewer
from mailbot.core.commands.context import MailContext, reply
from mailbot.core.commands.definition import (
    AnswerCommand,
    MemberChange,
    MemberCommand,
    Query,
    Receipt,
    Request,
    Resolved,
    TypedArgument,
    anything,
)
from mailbot.core.commands.syntax import INVISIBLE, numbers, phrase, ticket_names
from mailbot.core.model.effects import Effect, EndTip, SaveAnswer, UseAnswer
from mailbot.core.model.listing import PAGE_SIZE, page_count
from mailbot.core.model.notification import Notification, Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import Role, Ticket
from mailbot.core.text.signatures import is_only_greeting, is_salutation, is_signoff
from mailbot.core.text.words import fold

MAX_NAME = 40
MAX_TEXT = 4_000
MAX_ANSWERS = 200
"""Maximum number of saved answers of a school, and of those for all schools."""

_MARKS = " \"'„“”«»‚‘’›‹-._/*~"
_BRACKETS = re.compile(r"[()\[\]]")
# Links change other marks: Roundcube takes them for syntax.
_NAME = re.compile(r"[\w ./'’-]+")
_KEY_WORD = re.compile(r"[^\W_]+")
_TO_REPLACE = re.compile(r"\{ ?(name|ticket|team) ?\}", re.I)
NAME_TO_OMIT = re.compile(r"^\{ ?name ?\}[,:!]?[ \t]*|[ \t]?\{ ?name ?\}", re.I | re.M)
_MAX_TAIL = 6  # lines at the end of an answer that may be its closing
_SEPARATORS = str.maketrans("&:", "  ")
_PAGE_WORDS = frozenset({"seite", "page"})


def _look_up(words: tuple[str, ...], viewer: Viewer) -> LineLookups:
    _, named = phrase(words, viewer.school.key)
    return LineLookups(ticket_names(named, viewer.school.key), saved_answers=True)


def look_up_answers(_: tuple[str, ...], __: Viewer) -> LineLookups:
    """Return the lookup of the saved answers."""
    return LineLookups(saved_answers=True)


def answer_key(name: str) -> str:
    """Return the form of a name for comparisons: its folded words without conjunctions."""
    return " ".join(numbers(tuple(_KEY_WORD.findall(fold(name)))))


def usable_name(written: str) -> str:
    """Return the name of a saved answer; "" if it is too long, or has characters that links change."""
    composed = unicodedata.normalize("NFC", INVISIBLE.sub("", written)).translate(_SEPARATORS)
    name = " ".join(_BRACKETS.sub(" ", composed).strip(_MARKS).split())
    usable = _NAME.fullmatch(name) and len(name) <= MAX_NAME and any(map(str.isalpha, answer_key(name)))
    return name if usable else ""


def _name(request: Request, written: str) -> str:
    """Return the name of a saved answer; refuse one that is not usable."""
    name = usable_name(written)
    if not name and not written.strip(_MARKS):
        raise request.wrong("")
    if not name:
        raise request.refusal(Reason.NAME, written[: 2 * MAX_NAME])
    return name


def _name_and_tickets(request: Request) -> tuple[str, tuple[str, ...]]:
    """Split the words into a name and tickets; in "Windows-11" there is no key of a school."""
    args, policy, facts = request.line.args, request.context.policy, request.context.facts
    _, found = phrase(args, facts.school.key)
    keys = {arg: ticket_names((arg,), facts.school.key)[0] for arg in found}
    named = [arg for arg in found if policy.school(keys[arg].rpartition("-")[0]) or facts.ticket(keys[arg])]
    words = tuple(arg for arg in args if arg not in named)
    return " ".join(numbers(words) if named else words), tuple(named)


def _find(request: Request, schools: tuple[str, ...], name: str) -> SavedAnswer:
    """Return the saved answer with that name of the first school that has one; refuse an unknown name."""
    answers, key = request.context.facts.saved_answers, answer_key(name)
    found = (a for school in schools for a in answers if (a.school, a.key) == (school, key))
    answer = next(found, None)
    if answer is None:
        names = {a.key: a.name for a in answers if a.school in schools}
        nearest = get_close_matches(key, names, n=1)
        language = request.context.school.language
        expected = request.command.line(language, names[nearest[0]]) if nearest else ""
        raise request.refusal(Reason.NO_SUCH_ANSWER, name, expected=expected)
    return answer


def _require_team(request: Request) -> None:
    """Refuse people who work neither for the school nor in second level."""
    if not request.context.roles(request.context.ticket) & STAFF:
        raise request.refusal(Reason.FORBIDDEN)


def _scope(context: MailContext) -> str:
    """Return the school whose saved answers the sender changes; "" for those of all schools."""
    only_second_level = Role.SUPPORTER not in context.roles(context.ticket)
    return "" if only_second_level or context.role is Role.SECOND_LEVEL else context.school.key


def _preferred(context: MailContext, ticket: Ticket) -> tuple[str, str]:
    """Return the schools whose saved answers fit a ticket: the sender's level replaces the other one."""
    second_level = context.role_on(ticket) is Role.SECOND_LEVEL
    return ("", ticket.school) if second_level else (ticket.school, "")


def saved_text(answer: str, writer: str) -> str:
    """Return an answer without its salutation, its closing formula and the name of its writer.

    A salutation with a placeholder stays, such as "Hallo {name},".
    """
    lines = answer.strip().splitlines()
    if lines and is_salutation(lines[0]) and "{" not in lines[0]:
        del lines[0]
    for at in range(max(0, len(lines) - _MAX_TAIL), len(lines)):
        if is_signoff(lines[at]) and is_only_greeting("\n".join(lines[at:]), writer):
            lines = lines[:at]
            break
    return "\n".join(lines).strip()


def _resolve_save(request: Request) -> Resolved[SavedAnswer]:
    _require_team(request)
    context = request.context
    words, named = _name_and_tickets(request)
    if named:
        raise request.refusal(Reason.NAME, named[0])
    name = _name(request, words)
    if context.is_internal:
        raise request.refusal(Reason.INTERNAL)
    text = context.reading.text
    if context.answers_requester:
        text = saved_text(text, context.sender.name)
    if not text:
        raise request.refusal(Reason.NO_TEXT)
    if len(text) > MAX_TEXT:
        raise request.refusal(Reason.TEXT_TOO_LONG, str(MAX_TEXT))
    scope, key = _scope(context), answer_key(name)
    keys = {answer.key for answer in context.facts.saved_answers if answer.school == scope}
    if len(keys | {key}) > MAX_ANSWERS:
        raise request.refusal(Reason.TOO_MANY_ANSWERS, str(MAX_ANSWERS))
    answer = SavedAnswer(scope, key, name, text, context.person, context.now)
    return (), answer


def own_answer(request: Request, written: str) -> SavedAnswer:
    """Return the saved answer with that name, if the sender may change it; refuse one of the other level."""
    _require_team(request)
    context = request.context
    scope, other = _scope(context), "" if _scope(context) else context.school.key
    name = _name(request, written)
    if _is_saved_beside(request, name):
        raise request.refusal(Reason.AMBIGUOUS, f"#{SAVE.word(context.school.language)}")
    answer = _find(request, (scope, other), name)
    if answer.school != scope:
        raise request.refusal(Reason.FORBIDDEN, answer.name)
    return answer


def _is_saved_beside(request: Request, name: str) -> bool:
    """Return whether another line of the mail saves an answer under that name."""
    saving = (line for line in request.context.reading.lines if line.command is SAVE)
    return any(answer_key(" ".join(line.args)) == answer_key(name) for line in saving)


def resolve_own(request: Request) -> Resolved[SavedAnswer]:
    """Return the saved answer that the words name, if the sender may change it."""
    return (), own_answer(request, " ".join(request.line.args))


@dataclass(frozen=True, slots=True)
class ChosenAnswer:
    """The saved answer for each ticket, by its key: schools may have different ones with that name."""

    name: str
    by_ticket: Mapping[str, SavedAnswer] = field(compare=False)

    def of(self, ticket: Ticket) -> SavedAnswer:
        """Return the answer to a ticket, or to the one that leads its bundle."""
        return self.by_ticket.get(ticket.key) or self.by_ticket[ticket.leading_key]


def _resolve_use(request: Request) -> Resolved[ChosenAnswer]:
    words, named = _name_and_tickets(request)
    tickets = request.tickets(named)
    name = _name(request, words)
    found = {ticket.key: _find(request, _preferred(request.context, ticket), name) for ticket in tickets}
    return tickets, ChosenAnswer(found[tickets[0].key].name, found)


def _resolve_page(request: Request) -> Resolved[int]:
    _require_team(request)
    words = [word for word in request.line.args if fold(word) not in _PAGE_WORDS]
    number = words[0] if len(words) == 1 else "" if words else "1"
    if not number.isdecimal() or not 0 < int(number[:4]) <= page_count(2 * MAX_ANSWERS):
        raise request.wrong(" ".join(words))
    return (), int(number)


OWN_ANSWER = TypedArgument(resolve=resolve_own, lookups=look_up_answers)
"""The name of a saved answer that the sender may change."""


def _save(context: MailContext, answer: SavedAnswer) -> MemberChange:
    """Save a new version; with another text it is no tip, since the team approved the former one."""
    found = (a for a in context.facts.saved_answers if (a.school, a.key) == (answer.school, answer.key))
    before = next(found, None)
    if before is not None and before.text == answer.text:
        answer = replace(answer, tip=before.tip)
    same = before is not None and (before.name, before.text) == (answer.name, answer.text)
    ends = _end_tip(before, answer)
    effects: tuple[Effect, ...] = () if same else (SaveAnswer(answer), *ends)
    phrase = ("save" if answer.school else "save_for_all") + ("_ends_tip" if ends else "")
    return MemberChange(effects, already=same, detail=answer.name, text=answer.text, phrase=phrase)


def _end_tip(before: SavedAnswer | None, after: SavedAnswer) -> tuple[EndTip, ...]:
    return (EndTip(after),) if before is not None and before.tip and not after.tip else ()


def _unsave(context: MailContext, answer: SavedAnswer) -> MemberChange:
    deleted = replace(answer, text="", tip="", author=context.person, at=context.now)
    phrase = "unsave_ends_tip" if answer.tip else "unsave"
    effects: tuple[Effect, ...] = (SaveAnswer(deleted), *_end_tip(answer, deleted))
    return MemberChange(effects, detail=answer.name, phrase=phrase)


def _use(ticket: Ticket, chosen: ChosenAnswer) -> tuple[UseAnswer]:
    answer = chosen.of(ticket)
    return (UseAnswer(ticket.key, answer.school, answer.key),)


def without_placeholders(context: MailContext, ticket: Ticket, text: str) -> str:
    """Return a text with {name}, {ticket} and {team} replaced; one in a name stays as it is."""
    second_level = context.role_on(ticket) is Role.SECOND_LEVEL
    team = context.policy.second_level if second_level else context.school_of(ticket).team
    name = "" if "@" in ticket.requester.name else ticket.requester.name.strip()
    if not name:
        text = NAME_TO_OMIT.sub("", text)
    values = {"name": name, "ticket": ticket.key, "team": team.name}
    return _TO_REPLACE.sub(lambda found: " ".join(values[found[1].lower()].split()), text)


def _text_for(context: MailContext, ticket: Ticket, chosen: ChosenAnswer) -> str:
    return without_placeholders(context, ticket, chosen.of(ticket).text)


def _list(context: MailContext, _: tuple[Ticket, ...], page: int) -> Iterator[Notification]:
    """List the saved answers that the sender may use, by name; those of their level replace the others."""
    known, scope = context.facts.saved_answers, _scope(context)
    other = "" if scope else context.school.key
    usable = {a.key: a for school in (other, scope) for a in known if a.school == school}
    answers = sorted(usable.values(), key=lambda answer: answer.key)
    page = min(page, page_count(len(answers)))
    yield reply(
        context,
        NotificationKind.SAVED_ANSWERS,
        context.ticket,
        answers=tuple(answers[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]),
        total=len(answers),
        page=page,
        line=SAVED.line(context.language),
    )


SAVE = MemberCommand(
    name="save",
    words={"de": ("merken",), "fr": ("mémoriser", "enregistrer")},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_save, lookups=look_up_answers),
    example="Toner",
    handler=_save,
    answer=lambda answer: answer,
    links=("saved", "help"),
    undoable=True,
    takes_text=True,
)
USE = AnswerCommand(
    name="use",
    words={"de": ("baustein",), "fr": ("modèle", "utiliser")},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_use, lookups=_look_up),
    example="Toner",
    adds_text=True,
    text=_text_for,
    handler=_use,
    receipt=lambda chosen: Receipt(chosen.name),
)
SAVED = Query(
    name="saved",
    words={"de": ("bausteine",), "fr": ("modèles",)},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_page, fits=anything, lookups=look_up_answers),
    answers=_list,
)
UNSAVE = MemberCommand(
    name="unsave",
    words={"de": ("vergessen",), "fr": ("oublier",)},
    roles=STAFF,
    argument=OWN_ANSWER,
    example="Toner",
    handler=_unsave,
    answer=lambda answer: answer,
    links=("saved", "help"),
    undoable=True,
)
SAVED_ANSWERS = (SAVE, USE, SAVED, UNSAVE)
