"""Commands about the writer instead of a ticket: registered, away, back."""

from collections.abc import Callable, Iterable

from mailbot.core.commands.context import MailContext
from mailbot.core.commands.resolve import ResolvedCommand
from mailbot.core.model.effects import Effect, Register, SetAbsence
from mailbot.core.model.notification import Done

PERSONAL = frozenset({"register", "away", "back"})

_Work = Callable[[MailContext, ResolvedCommand], tuple[Effect, Done | None]]


def carry_out(
    case: MailContext, orders: Iterable[ResolvedCommand]
) -> tuple[tuple[Effect, ...], tuple[Done, ...]]:
    """Return what the personal orders change, and what the receipt says of them.

    A registration has no line in a receipt: its answer is the welcome letter.
    """
    results = [_WORK[order.command.name](case, order) for order in orders if order.command.name in PERSONAL]
    return tuple(effect for effect, _ in results), tuple(done for _, done in results if done is not None)


def _register(case: MailContext, _: ResolvedCommand) -> tuple[Effect, Done | None]:
    return Register(case.person.email), None


def _away(case: MailContext, order: ResolvedCommand) -> tuple[Effect, Done | None]:
    deputy = order.member
    effect = SetAbsence(case.person.email, order.last_day, deputy.email if deputy else "")
    return effect, Done("away", None, detail=deputy.shown if deputy else "", until=order.last_day)


def _back(case: MailContext, _: ResolvedCommand) -> tuple[Effect, Done | None]:
    was_here = case.person.email not in case.facts.absences
    return SetAbsence(case.person.email, None), Done("back", None, already=was_here)


_WORK: dict[str, _Work] = {"register": _register, "away": _away, "back": _back}
