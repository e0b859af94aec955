"""Commands about their author: away, back, register, confirm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from mailbot.core.commands.command import EVERYONE, STAFF, LineLookups, Viewer
from mailbot.core.commands.context import MailContext, reply
from mailbot.core.commands.definition import (
    NOTHING,
    MemberChange,
    MemberCommand,
    Request,
    ResolvableCommand,
    Resolved,
    TypedArgument,
    resolve_nothing,
)
from mailbot.core.model.effects import Notify, Register, SetAbsence
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.text.words import fold

MAX_ABSENCE = timedelta(days=364)
"""A later day is a mistake: on 23 November, "23.11." means next year's."""
_MAX_WORDS = 5
_FILLERS = frozenset({"vertretung", "deputy", "durch", "by", "par", "remplacant", "remplacante"})


def date_phrases(args: Sequence[str]) -> tuple[str, ...]:
    """Return the phrases of "#away DATE [DEPUTY]" that may be the date, the longest first."""
    return tuple(" ".join(args[:end]) for end in range(min(len(args), _MAX_WORDS), 0, -1))


def away_until(args: Sequence[str], dates: Mapping[str, date], today: date) -> tuple[date | None, str]:
    """Return the last day and the deputy's name of "#away DATE [DEPUTY]"; None without a valid day.

    `dates` maps phrases to days.
    """
    found = next((phrase for phrase in date_phrases(args) if phrase in dates), None)
    if found is None or not today <= dates[found] <= today + MAX_ABSENCE:
        return None, ""
    rest = args[len(found.split()) :]
    return dates[found], " ".join(word for word in rest if fold(word.strip(":")) not in _FILLERS)


@dataclass(frozen=True, slots=True)
class PlannedAbsence:
    """The last day of an absence, and the deputy if there is one."""

    until: date
    deputy: Address | None = None


def _look_up_date(words: tuple[str, ...], _: Viewer) -> LineLookups:
    return LineLookups(dates=date_phrases(words))


def _resolve_absence(request: Request) -> Resolved[PlannedAbsence]:
    request.require_staff()
    context, args = request.context, request.line.args
    today = context.school.team.calendar.day(context.now)
    until, name = away_until(args, context.facts.dates, today)
    if until is None:
        raise request.wrong(args[0] if args else "")
    colleagues = context.policy.colleagues(context.sender.email)
    return (), PlannedAbsence(until, request.member(name, colleagues) if name else None)


def _refuse_confirmation(request: Request) -> Resolved[None]:
    """Refuse the command: no mail is held, or it is no longer held."""
    resolve_nothing(request)
    raise request.refusal(Reason.FORBIDDEN)


def _away(context: MailContext, absence: PlannedAbsence) -> MemberChange:
    deputy = absence.deputy
    effect = SetAbsence(context.person.email, absence.until, deputy.email if deputy else "")
    return MemberChange((effect,), detail=deputy.shown if deputy else "", until=absence.until)


def _back(context: MailContext, _: None) -> MemberChange:
    was_here = context.person.email not in context.facts.absences
    return MemberChange((SetAbsence(context.person.email, None),), already=was_here)


def _register(context: MailContext, _: None) -> MemberChange:
    """Register the sender; the reply is the welcome mail instead of a receipt."""
    welcome = Notify(reply(context, NotificationKind.WELCOME))
    return MemberChange((Register(context.person.email), welcome), receipt=False)


AWAY = MemberCommand(
    name="away",
    words={"de": ("abwesend",), "fr": ("absent", "absente")},
    roles=STAFF,
    argument=TypedArgument(resolve=_resolve_absence, lookups=_look_up_date),
    example="2026-12-01",
    handler=_away,
    links=("back", "help"),
)
BACK = MemberCommand(
    name="back",
    words={"de": ("anwesend",), "fr": ("présent", "présente")},
    roles=STAFF,
    argument=NOTHING,
    handler=_back,
)
REGISTER = MemberCommand(
    name="register",
    words={"de": ("anmelden",), "fr": ("inscription",)},
    roles=STAFF,
    argument=NOTHING,
    handler=_register,
)
CONFIRM = ResolvableCommand(
    name="confirm",
    words={"de": ("bestätigen",), "fr": ("confirmer",)},
    roles=EVERYONE,
    argument=TypedArgument(resolve=_refuse_confirmation, fits=NOTHING.fits),
    hidden=True,
)
MEMBERS = (AWAY, BACK, REGISTER, CONFIRM)
