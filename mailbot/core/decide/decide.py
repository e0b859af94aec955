"""Decide what becomes of a mail: a pure function of the mail, the facts, the policy and the time.

A mail passes named stages; the first one that decides ends it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbot.core.commands.command import Reading
from mailbot.core.commands.context import MailContext, build_context, reply
from mailbot.core.commands.definition import AnyResolved
from mailbot.core.commands.members import CONFIRM
from mailbot.core.commands.resolve import resolve
from mailbot.core.decide.automatic_mail import decide_automatic
from mailbot.core.decide.early_exits import file_thank_you, hold_colliding_answer, reject_unreadable
from mailbot.core.decide.execute import execute, targets
from mailbot.core.decide.rate_limits import (
    apply_rate_limits,
    attach_to_last_ticket,
    mute_followups,
    remaining,
)
from mailbot.core.decide.understanding import Understanding
from mailbot.core.model.effects import Decision, HoldMail, Notify, ReleaseMail
from mailbot.core.model.facts import Facts
from mailbot.core.model.mail import Address, MailKind
from mailbot.core.model.notification import NotificationKind, RefusedLine
from mailbot.core.model.policy import Policy


@dataclass(frozen=True, slots=True)
class _HumanMail:
    """A human mail with its commands resolved, and what is wrong with its other command lines."""

    context: MailContext
    commands: tuple[AnyResolved, ...]
    problems: tuple[RefusedLine, ...]


def decide(understood: Understanding, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """Decide what becomes of a mail that is in a school's mailbox."""
    mail, verdict = understood.mail, understood.verdict
    if facts.duplicate:
        return Decision("duplicate", (facts.duplicate,))
    if verdict.kind is not MailKind.HUMAN or mail.sender is None:
        return decide_automatic(mail, verdict, facts, policy, now)
    if (facts.school.key, mail.sender.email) in facts.blocked and policy.member(mail.sender.email) is None:
        return Decision("ignored", (f"{mail.sender.email} is blocked: one of its mails was spam",))
    context = attach_to_last_ticket(build_context(mail, understood.reading, facts, policy, now))
    human = _resolved(context)
    decision = next(decided for stage in _STAGES if (decided := stage(human)) is not None)
    decision = mute_followups(decision, context)
    return replace(
        decision,
        because=(verdict.reason, context.match.because, context.trust.reason, *decision.because),
        effects=apply_rate_limits(decision.effects, context),
        ticket=decision.ticket or (context.ticket.key if context.ticket else None),
        matched_by=context.match.by,
        role=context.role.value,
        trusted=context.trust.reason,
    )


def _resolved(context: MailContext) -> _HumanMail:
    """Resolve the commands of a mail; wrong command lines of an unproven mail are text.

    A refusal would go to the address that a forger put into From.
    """
    commands, problems = resolve(context)
    if problems and not context.trust.trusted and not _must_confirm(context):
        text = Reading(context.mail.text, (), context.mail.subject)
        return _HumanMail(replace(context, reading=text), (), ())
    return _HumanMail(context, commands, problems)


def _must_confirm(context: MailContext) -> bool:
    """Tell whether a member gives a command, or acts as staff, in a mail that proves nothing."""
    acts = bool(context.reading.lines) or (context.ticket is not None and context.role.staff)
    return context.member is not None and acts and not context.trust.trusted


def _unreadable(human: _HumanMail) -> Decision | None:
    return reject_unreadable(human.context)


def _unproven_command(human: _HumanMail) -> Decision | None:
    """Hold a mail until the registered address confirms it; that address is asked, not the one in From."""
    context = human.context
    if context.member is None or not _must_confirm(context):
        return None
    registered = context.member.address
    question = reply(context, NotificationKind.CONFIRM, context.ticket, text=context.mail.text)
    question = replace(question, to=Address(registered, context.facts.names.get(registered, "")))
    asked = question if remaining(context) > 0 else None
    return Decision("held", ("waits for confirmation",), (HoldMail(registered, _deadline(context), asked),))


def _confirmation(human: _HumanMail) -> Decision | None:
    """Release the held mail that this one confirms."""
    letter = human.context.letter
    if not human.context.reading.has(CONFIRM) or letter is None or letter.held is None:
        return None
    return Decision("confirmed", ("the held mail was confirmed",), (ReleaseMail(letter.held, letter.kind),))


def _refusal(human: _HumanMail) -> Decision | None:
    """Apply nothing if one line is wrong; tell the writer why and give the text back."""
    context, problems = human.context, human.problems
    if not problems:
        return None
    because = tuple(f"{p.line!r}: {p.reason.value}" for p in problems)
    text = context.mail.text
    refusal = reply(context, NotificationKind.REFUSAL, context.ticket, text=text, problems=problems)
    if not refusal.sendable:
        return Decision("refused", because, (Notify(refusal),))
    return Decision("refused", because, (HoldMail(context.person.email, _deadline(context), refusal),))


def _thanks(human: _HumanMail) -> Decision | None:
    return None if human.commands else file_thank_you(human.context)


def _collision(human: _HumanMail) -> Decision | None:
    return hold_colliding_answer(human.context, targets(human.context, human.commands))


def _carry_out(human: _HumanMail) -> Decision:
    return execute(human.context, human.commands)


_STAGES: tuple[Callable[[_HumanMail], Decision | None], ...] = (
    _unreadable,
    _unproven_command,
    _confirmation,
    _refusal,
    _thanks,
    _collision,
    _carry_out,
)


def _deadline(context: MailContext) -> datetime:
    """Return until when a held mail waits."""
    return context.now + timedelta(days=context.policy.limits.confirm_days)
