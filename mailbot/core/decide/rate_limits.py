"""How much is too much: letters by machine to one address, and mails of one sender.

A program that answers each of our mails must not start a mail loop.
"""

from collections.abc import Iterable
from dataclasses import replace

from mailbot.core.commands.context import MailContext, Match
from mailbot.core.model.effects import Decision, Effect, HoldMail, Notify
from mailbot.core.model.notification import LIMITED, Notification, NotificationKind
from mailbot.core.model.ticket import Role

STAFF_HOURLY = 60
"""Letters by machine to a member of a team within an hour."""


def remaining(context: MailContext) -> int:
    """Return how many letters outside the teams, or questions for confirmation, the sender may still get."""
    limits, traffic = context.policy.limits, context.facts.recent_activity
    return min(limits.hourly_automatic - traffic.hour, limits.daily_automatic - traffic.day)


def _left(context: MailContext) -> int:
    """Return how many letters by machine this mail may cause: none where it says the same once more.

    People say the same twice when they ask for a list again: commands are answered. Nobody outside the teams
    is, where the house wrote too many.
    """
    traffic = context.facts.recent_activity
    again = traffic.is_repeat(context.mail.text) and not context.reading.lines
    if not _outside(context):
        return 0 if again else STAFF_HOURLY - traffic.answered_hour
    too_many = traffic.overall_hour >= context.policy.limits.hourly_overall
    return 0 if too_many or again else remaining(context)


def _outside(context: MailContext) -> bool:
    return context.policy.member(context.sender.email) is None


def apply_rate_limits(effects: Iterable[Effect], context: MailContext) -> tuple[Effect, ...]:
    """Drop letters that answer by machine where an address had its share; members have a larger one.

    An address of a team may be another machine, too: no exchange of letters goes on for ever.
    """
    left = _left(context)
    kept: list[Effect] = []
    for effect in effects:
        letter = _automatic(effect)
        if letter is None:
            kept.append(effect)
        elif left > 0 and not _told_today(letter, context):
            left -= 1
            kept.append(effect)
        elif isinstance(effect, HoldMail):
            kept.append(replace(effect, question=None))
    return tuple(kept)


def _automatic(effect: Effect) -> Notification | None:
    """Return the letter of an effect if it answers a mail by machine."""
    match effect:
        case Notify(Notification() as letter) | HoldMail(question=Notification() as letter) if (
            letter.kind in LIMITED
        ):
            return letter
        case _:
            return None


def reasons(notice: Notification) -> frozenset[str]:
    """Return why a letter refuses a mail; nothing where it is no refusal."""
    if notice.kind not in (NotificationKind.REFUSAL, NotificationKind.UNREADABLE):
        return frozenset()
    return frozenset({notice.reason, *(problem.reason.value for problem in notice.problems)} - {""})


def _told_today(notice: Notification, context: MailContext) -> bool:
    """Tell whether somebody outside the teams heard all these reasons within a day.

    Members hear it each time: they have to know that a command was not carried out.
    """
    why = reasons(notice)
    return _outside(context) and bool(why) and why <= context.facts.recent_activity.refused


def attach_to_last_ticket(context: MailContext) -> MailContext:
    """Let a mail belong to the sender's last ticket if it would open one too many."""
    traffic = context.facts.recent_activity
    ticket = context.facts.ticket(traffic.flooding_ticket(context.policy.limits))
    if context.ticket is not None or ticket is None or not _outside(context):
        return context
    because = f"{context.sender.email} opened {traffic.opened_hour} tickets within the hour"
    match = Match(ticket, None, because, flood=True)
    school = context.policy.school(ticket.school) or context.school
    return replace(context, match=match, role=Role.REQUESTER, school=school)


def mute_followups(decision: Decision, context: MailContext) -> Decision:
    """Tell the team of the first mail of a flood, and file the others in silence."""
    if not context.match.flood or context.ticket is None:
        return decision
    before = context.facts.histories.get(context.ticket.key, ())
    first = len(before) < 2 or before[-1].author.email != context.sender.email
    if first:
        return decision
    return replace(decision, effects=tuple(e for e in decision.effects if not isinstance(e, Notify)))
