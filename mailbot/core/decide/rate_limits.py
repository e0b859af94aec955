"""Rate limits: automatic mails to one address, and new tickets of one sender.

They stop mail loops with programs that answer every mail.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from mailbot.core.classify.author import reads_mail
from mailbot.core.commands.context import MailContext
from mailbot.core.commands.match import Match
from mailbot.core.decide.open_ticket import NO_SUBJECT
from mailbot.core.model.effects import Decision, Effect, HoldMail, Notify
from mailbot.core.model.notification import Cause, Notification
from mailbot.core.model.notification_kind import RateLimit
from mailbot.core.model.ticket import Message, Role

STAFF_HOURLY = 60
"""Maximum number of automatic replies to a member of a team within an hour."""
_HOUR = timedelta(hours=1)


def remaining(context: MailContext) -> int:
    """Return how many automatic mails (of members: confirmation requests) the sender may still get.

    Replies to mails that may be forged do not count against a mail of which more is known.
    """
    limits, recent = context.policy.limits, context.facts.recent_activity
    lesser = _lesser_causes(context.cause)
    hour = sum(number for cause, number in recent.hour.items() if cause not in lesser)
    day = sum(number for cause, number in recent.day.items() if cause not in lesser)
    return min(limits.hourly_automatic - hour, limits.daily_automatic - day)


def _lesser_causes(cause: Cause) -> frozenset[Cause]:
    """Return the causes of replies that do not count against a mail: a forger may have caused them."""
    if cause in (Cause.PROVEN, Cause.KNOWN):
        return frozenset({Cause.FORGED, Cause.UNPROVEN})
    return frozenset({Cause.FORGED}) if cause is Cause.UNPROVEN else frozenset()


def _allowed_replies(context: MailContext) -> int:
    """Return how many automatic replies this mail may cause.

    A repeated text gets none, unless it has commands: people may query the same list twice. People outside
    the teams get none if the organisation has reached its overall limit. A program or a list gets none.
    """
    if not reads_mail(context.mail, context.policy.support_addresses):
        return 0
    recent = context.facts.recent_activity
    proven = context.trust.trusted
    subject = context.mail.subject or NO_SUBJECT[context.facts.school.language]
    repeated = recent.is_repeat(subject, context.mail.text, proven=proven) and not context.reading.lines
    if not _is_outsider(context):
        limit = STAFF_HOURLY if proven else context.policy.limits.hourly_automatic
        return 0 if repeated else limit - recent.answered_hour
    exhausted = recent.overall_hour >= context.policy.limits.hourly_overall
    return 0 if exhausted or repeated else remaining(context)


def _is_outsider(context: MailContext) -> bool:
    return context.policy.find_member(context.sender.email) is None


def apply_rate_limits(effects: Iterable[Effect], context: MailContext) -> tuple[Effect, ...]:
    """Drop automatic replies beyond the limits of the sender's address; members have a higher limit.

    Members have a limit too, since the address of a member may be that of a program.
    """
    allowed = _allowed_replies(context)
    kept: list[Effect] = []
    for effect in effects:
        notification = _automatic_reply(effect)
        if notification is None:
            kept.append(effect)
        elif allowed > 0 and not _refused_today(notification, context):
            allowed -= 1
            kept.append(effect)
        elif isinstance(effect, HoldMail):
            kept.append(replace(effect, question=None))
    return tuple(kept)


def _automatic_reply(effect: Effect) -> Notification | None:
    """Return the notification of an effect if it is an automatic reply."""
    match effect:
        case Notify(Notification() as notification) | HoldMail(question=Notification() as notification) if (
            notification.kind.definition.rate_limit is RateLimit.LIMITED
        ):
            return notification
        case _:
            return None


def refusal_reasons(notification: Notification) -> frozenset[str]:
    """Return the reasons of a refusal; the empty set for other notifications."""
    if not notification.kind.definition.states_refusal:
        return frozenset()
    return frozenset({notification.reason, *(p.reason.value for p in notification.problems)} - {""})


def _refused_today(notification: Notification, context: MailContext) -> bool:
    """Return whether a sender outside the teams got all these reasons within the last day.

    Members are notified each time: they have to know that a command was not executed.
    """
    reasons = refusal_reasons(notification)
    lesser = _lesser_causes(context.cause)
    refused = context.facts.recent_activity.refused
    known = {reason for cause, given in refused.items() if cause not in lesser for reason in given}
    return _is_outsider(context) and bool(reasons) and reasons <= known


def attach_to_last_ticket(context: MailContext) -> MailContext:
    """Match a mail to the sender's last ticket if the sender has reached the limit of new tickets.

    An authenticated mail is never a part of a flood: the flood may be forged. Mails that are forged, as the
    mail server says, are a flood of their own.
    """
    recent = context.facts.recent_activity
    opened = recent.opened_forged if context.trust.forged else recent.opened
    ticket = context.facts.ticket(opened.flooding(context.policy.limits))
    if context.ticket is not None or ticket is None or not _is_outsider(context) or context.trust.trusted:
        return context
    because = f"{context.sender.email} opened {opened.hour} tickets within the hour"
    match = Match(ticket, None, because, flood=True)
    school = context.policy.school(ticket.school) or context.school
    return replace(context, match=match, role=Role.REQUESTER, school=school)


def mute_followups(decision: Decision, context: MailContext) -> Decision:
    """Keep the notifications of the first mail of a flood, and of one mail in each further hour."""
    if not context.match.flood or context.ticket is None:
        return decision
    notified = _last_notified(context.facts.histories.get(context.ticket.key, ()), context.sender.email)
    if notified is None or context.now - notified >= _HOUR:
        return decision
    return replace(decision, effects=tuple(e for e in decision.effects if not isinstance(e, Notify)))


def _last_notified(history: Sequence[Message], sender: str) -> datetime | None:
    """Return when the team was last notified of the flood that ends the history of a ticket."""
    notified: datetime | None = None
    for message in history[1:]:
        if message.author.email != sender:
            notified = None
        elif notified is None or message.at - notified >= _HOUR:
            notified = message.at
    return notified
