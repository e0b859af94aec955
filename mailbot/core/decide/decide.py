"""Decide what to do about a mail: a pure function of the mail, the facts, the policy and the time.

A human mail passes named stages in order; the first stage that returns a decision ends the process.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from mailbot.core.classify.classify import may_be_human
from mailbot.core.commands.assignment import FOR
from mailbot.core.commands.command import Reading
from mailbot.core.commands.context import MailContext, build_context, reply, with_proof
from mailbot.core.commands.definition import AnyResolved, Query
from mailbot.core.commands.members import CONFIRM
from mailbot.core.commands.resolve import resolve
from mailbot.core.decide.automatic_mail import decide_automatic
from mailbot.core.decide.bundle_changes import answered_tickets
from mailbot.core.decide.calendar_answer import with_response
from mailbot.core.decide.early_exits import (
    file_helped,
    file_thank_you,
    hold_colliding_answer,
    reject_unreadable,
    return_unaddressed,
)
from mailbot.core.decide.execute import (
    changed_tickets,
    execute,
    opens_ticket,
    targets,
    without_taken_text,
)
from mailbot.core.decide.machine_alert import decide_alert, join_same_report
from mailbot.core.decide.open_ticket import notify_of_tips, sent_tips
from mailbot.core.decide.rate_limits import (
    apply_rate_limits,
    attach_to_last_ticket,
    mute_followups,
    remaining,
)
from mailbot.core.decide.understanding import Understanding
from mailbot.core.decide.unknown_address import file_reply_from_unknown_address
from mailbot.core.model.effects import AddProof, Decision, DiscardMail, HoldMail, Notify, ReleaseMail
from mailbot.core.model.facts import Copies, Facts
from mailbot.core.model.mail import Address, Classification, MailKind
from mailbot.core.model.notification import Reason, RefusedLine
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Policy


@dataclass(frozen=True, slots=True)
class _HumanMail:
    """A human mail with its resolved commands and its refused command lines."""

    context: MailContext
    commands: tuple[AnyResolved, ...]
    problems: tuple[RefusedLine, ...]


def decide(understood: Understanding, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """Decide what to do about a mail in a school's mailbox."""
    mail, classification, copies = understood.mail, _reconsider(understood, facts), facts.copies
    # Sent mails come back by lists and by forwarding rules, perhaps with another From.
    if facts.own:
        return Decision("ignored", ("sent by mailbot: its Message-ID is in the outbox",))
    if mail.sender is None or (classification.kind is not MailKind.HUMAN and not understood.alert):
        if copies is not None:
            return Decision("duplicate", (copies.reason,))
        return decide_automatic(mail, classification, facts, policy, now)
    # Before the commands are resolved: both may give the mail another ticket.
    context = attach_to_last_ticket(
        join_same_report(build_context(mail, understood.reading, facts, policy, now))
    )
    human = _HumanMail(context, (), ()) if understood.alert else _resolve_commands(context)
    context = human.context
    # A proven copy of a mail that is held, or was ignored, is executed: it may be the original.
    if copies is not None and (copies.carried_out or not context.trust.trusted):
        return _decide_copy(context, copies)
    is_blocked = (facts.school.key, mail.sender.email) in facts.blocked
    if is_blocked and policy.find_member(mail.sender.email) is None:
        return Decision("ignored", (f"{mail.sender.email} is blocked because of spam",))
    decision = (
        decide_alert(context)
        if understood.alert
        else next(result for stage in _STAGES if (result := stage(human)) is not None)
    )
    decision = mute_followups(with_response(decision, context), context)
    # A later confirmation of an earlier copy, which is held, must not execute the mail again.
    superseded = tuple(map(DiscardMail, copies.held)) if copies is not None else ()
    effects = notify_of_tips(apply_rate_limits(decision.effects, context))
    return replace(
        decision,
        because=(classification.reason, context.match.because, context.trust.reason, *decision.because),
        effects=(*effects, *sent_tips(effects), *superseded),
        ticket=decision.ticket or (context.ticket.key if context.ticket else None),
        matched_by=context.match.by,
        role=context.role.value,
        trusted=context.trust.reason,
    )


def _decide_copy(context: MailContext, copies: Copies) -> Decision:
    """Ignore a copy of a mail; if it proves the sender and the first one did not, record the proof."""
    if not context.trust.trusted or copies.unproven is None:
        return Decision("duplicate", (copies.reason,))
    proof = AddProof(copies.unproven, context.mail.message_id)
    because = (copies.reason, context.trust.reason)
    return Decision("duplicate", because, (proof,), copies.unproven, trusted=context.trust.reason)


def _reconsider(understood: Understanding, facts: Facts) -> Classification:
    """Return the classification; a person of the school may write in the words of a bounce."""
    mail, found = understood.mail, understood.classification
    of_school = mail.sender is not None and mail.sender.domain in facts.school.domains
    if not of_school or facts.answered is not None or not may_be_human(mail, found):
        return found
    return Classification(MailKind.HUMAN, f"{found.reason}, but it is not about a mail from mailbot")


def _resolve_commands(context: MailContext) -> _HumanMail:
    """Resolve the commands of a mail; wrong command lines of an unauthenticated mail are text.

    A refusal would go to an address that may be forged; members get theirs at their registered address. If
    the server says that From is forged, all command lines are text, unless all of them are queries.
    """
    commands, problems = resolve(context)
    context = without_taken_text(context, commands)
    problems += _answers_to_lists(context, commands)
    if _confirms(context):
        # A confirmation is about the held mail and changes no ticket, so no ticket limits the proof.
        context = with_proof(context, ())
    else:
        opens = opens_ticket(context, commands)
        context = with_proof(context, changed_tickets(context, commands), opens=opens)
    unproven = not context.trust.trusted and not _must_confirm(context) and not _only_queries(context)
    denied = context.trust.forged and any(not isinstance(c.command, Query) for c in commands)
    if unproven and (problems or denied):
        text = Reading(_whole_text(context), (), context.mail.subject)
        return _HumanMail(replace(context, reading=text), (), ())
    return _HumanMail(context, commands, problems)


def _answers_to_lists(context: MailContext, commands: tuple[AnyResolved, ...]) -> tuple[RefusedLine, ...]:
    """Return a refused line for each mailing list that would get the text of a staff mail as a requester.

    `#for` names the person who gets the text instead.
    """
    if context.has_no_answer or context.is_internal:
        return ()
    named = {ticket.key for command in commands if command.command == FOR for ticket in command.tickets}
    expected = FOR.line(context.school.language)
    answered = (ticket for ticket in targets(context, commands) if ticket.key not in named)
    lists = (ticket.requester.email for ticket in answered if ticket.key in context.facts.from_lists)
    return tuple(RefusedLine(email, Reason.TO_LIST, argument=email, expected=expected) for email in lists)


def _whole_text(context: MailContext) -> str:
    """Return the text of the mail with its command lines, below the subject if a command was parsed there."""
    mail = context.mail
    in_subject = context.reading.subject != mail.subject
    return f"{mail.subject}\n\n{mail.text}" if in_subject else mail.text


def _must_confirm(context: MailContext) -> bool:
    """Return whether a member gives a command, or acts as staff, in an unauthenticated mail.

    Queries need no proof: their answers go to the registered address only. If the server says that From is
    forged, no mail of the staff is processed.
    """
    if context.member is None or context.trust.trusted:
        return False
    if context.trust.forged and context.role.staff:
        return True
    acts = bool(context.reading.lines) or (context.ticket is not None and context.role.staff)
    return acts and not _only_queries(context)


def _only_queries(context: MailContext) -> bool:
    """Return whether a mail by a member has queries and nothing else."""
    lines = context.reading.lines
    queries = bool(lines) and all(isinstance(line.command, Query) for line in lines)
    return context.member is not None and queries and context.has_no_content


def _confirms(context: MailContext) -> bool:
    """Return whether the mail confirms the held mail that it replies to."""
    answered = context.answered_mail
    return context.reading.has(CONFIRM) and answered is not None and answered.held is not None


def _hold_for_confirmation(human: _HumanMail) -> Decision | None:
    """Hold a mail until the registered address confirms it; the request never goes to another address."""
    context = human.context
    if context.member is None or not _must_confirm(context):
        return None
    registered = context.member.address
    reason = "not-shown" if context.answered_mail is not None else ""
    if context.trust.unreadable:
        reason = "unreadable-results"
    question = reply(
        context,
        NotificationKind.CONFIRM,
        context.ticket,
        text=_whole_text(context),
        reason=reason,
        forged=context.trust.forged and not context.trust.unreadable,
    )
    question = replace(question, to=Address(registered, context.facts.names.get(registered, "")))
    # Beyond the limit the mail is held without a question: forged mails must not flood the member.
    sent = question if remaining(context) > 0 else None
    held = HoldMail(registered, context.confirm_until, sent)
    return Decision("held", ("waits for confirmation",), (held,))


def _release_confirmed(human: _HumanMail) -> Decision | None:
    """Release the held mail that this one confirms."""
    request = human.context.answered_mail
    if not _confirms(human.context) or request is None or request.held is None:
        return None
    if not human.context.trust.trusted:
        return None
    shown = frozenset(key for key, _ in request.shows)
    release = ReleaseMail(request.held, request.kind, shown)
    return Decision("confirmed", ("the held mail was confirmed",), (release,))


def _refuse(human: _HumanMail) -> Decision | None:
    """Apply nothing if one line is wrong; return the reasons and the text to the author."""
    context, problems = human.context, human.problems
    if not problems:
        return None
    because = tuple(f"{p.line!r}: {p.reason.value}" for p in problems)
    text = context.mail.text
    refusal = reply(
        context,
        NotificationKind.REFUSAL,
        context.ticket,
        text=text,
        problems=problems,
        internal=context.is_internal,
    )
    if not refusal.sendable:
        return Decision("refused", because, (Notify(refusal),))
    held = HoldMail(context.person.email, context.confirm_until, refusal)
    return Decision("refused", because, (held,))


def _file_thanks(human: _HumanMail) -> Decision | None:
    return None if human.commands else file_thank_you(human.context)


def _hold_collision(human: _HumanMail) -> Decision | None:
    tickets = targets(human.context, human.commands)
    return hold_colliding_answer(human.context, answered_tickets(human.context, tickets, human.commands))


def _execute(human: _HumanMail) -> Decision:
    return execute(human.context, human.commands)


def _by_context(stage: Callable[[MailContext], Decision | None]) -> Callable[[_HumanMail], Decision | None]:
    """Return a stage that needs neither the commands nor the refused lines."""
    return lambda human: stage(human.context)


_STAGES: tuple[Callable[[_HumanMail], Decision | None], ...] = (
    _by_context(reject_unreadable),
    _by_context(file_reply_from_unknown_address),
    # An unproven mail of a member is held before its lines are refused or executed.
    _hold_for_confirmation,
    _release_confirmed,
    _by_context(file_helped),
    _refuse,
    _file_thanks,
    _by_context(return_unaddressed),
    _hold_collision,
    _execute,
)
