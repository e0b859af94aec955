"""Decide what becomes of a mail: a pure function of the mail, the facts, the policy and the time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbot.core.commands.context import MailContext, build_context
from mailbot.core.commands.handlers import WORK
from mailbot.core.commands.resolve import ResolvedCommand, resolve
from mailbot.core.commands.table import Reading
from mailbot.core.decide import early_exits, member_commands, restructure
from mailbot.core.decide.automatic_mail import decide_automatic
from mailbot.core.decide.mail_change import change_by_mail
from mailbot.core.decide.open_ticket import cc_from_headers, open_ticket
from mailbot.core.decide.rate_limits import (
    apply_rate_limits,
    attach_to_last_ticket,
    mute_followups,
    remaining,
)
from mailbot.core.decide.replies import ANSWERED, QUESTIONS, answers_to, reply
from mailbot.core.model.effects import (
    AddCc,
    AddMessage,
    Assign,
    Decision,
    DiscardMail,
    Effect,
    HoldMail,
    LearnName,
    Notify,
    ReleaseMail,
    RevertChange,
    SetBlocked,
    SetStatus,
)
from mailbot.core.model.facts import Facts
from mailbot.core.model.mail import Address, Kind, Mail, Verdict
from mailbot.core.model.notification import Done, Notification, NotificationKind, Problem
from mailbot.core.model.policy import Policy
from mailbot.core.model.ticket import MAX_CC, Direction, Message, Role, Status, Ticket, Visibility
from mailbot.core.model.transition import apply
from mailbot.core.recipients import recipients
from mailbot.core.recipients.ticket_change import TicketChange
from mailbot.core.text.references import without_action_key


def decide(mail: Mail, verdict: Verdict, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """Decide what becomes of a mail that lies in a school's mailbox."""
    mail = replace(mail, text=without_action_key(mail.text), quoted=without_action_key(mail.quoted))
    if facts.duplicate:
        return Decision("duplicate", (facts.duplicate,))
    if verdict.kind is not Kind.HUMAN or mail.sender is None:
        return decide_automatic(mail, verdict, facts, policy, now)
    if (facts.school.key, mail.sender.email) in facts.blocked and policy.member(mail.sender.email) is None:
        return Decision("ignored", (f"{mail.sender.email} is blocked: one of its mails was spam",))
    case = attach_to_last_ticket(build_context(mail, facts, policy, now))
    decision = mute_followups(_human(case), case)
    because = (verdict.reason, case.match.because, case.trust.reason, *decision.because)
    return replace(
        decision,
        because=because,
        effects=apply_rate_limits(decision.effects, case),
        ticket=decision.ticket or (case.ticket.key if case.ticket else None),
        matched_by=case.match.by,
        role=case.role.value,
        trusted=case.trust.reason,
    )


def _human(case: MailContext) -> Decision:
    """Decide on a human mail: the first row that fits."""
    if unread := early_exits.reject_unreadable(case):
        return unread
    staff = case.policy.member(case.sender.email) is not None
    works = bool(case.reading.lines) or (case.ticket is not None and case.role.staff)
    if staff and works and not case.trust.trusted:
        return _hold(case)
    if case.reading.names("confirm") and case.letter is not None and case.letter.held is not None:
        release = ReleaseMail(case.letter.held, case.letter.kind)
        return Decision("confirmed", ("the held mail was confirmed",), (release,))
    orders, problems = resolve(case)
    if problems and not case.trust.trusted:
        case, orders, problems = _as_words(case), (), ()
    if problems:
        return _refuse(case, problems)
    targets = _targets(case, orders)
    if kept := early_exits.file_thank_you(case, orders) or early_exits.hold_colliding_answer(case, targets):
        return kept
    decision = _discarding_refused(_carry_out(case, orders, targets), case)
    shown = case.mail.senders[0].name
    if staff and case.trust.trusted and shown and shown != case.facts.names.get(case.person.email):
        learnt = LearnName(Address(case.person.email, shown))
        decision = replace(decision, effects=(*decision.effects, learnt))
    return decision


def _discarding_refused(decision: Decision, case: MailContext) -> Decision:
    """Discard the mail that was held when it was refused, now that its corrected version is carried out."""
    letter = case.letter
    if letter is None or letter.held is None or letter.kind is not NotificationKind.REFUSAL:
        return decision
    return replace(decision, effects=(*decision.effects, DiscardMail(letter.held)))


def _hold(case: MailContext) -> Decision:
    """Keep the mail until the registered address confirms it; that address is asked, not the one in From."""
    registered = case.person.email
    question = reply(case, NotificationKind.CONFIRM, case.ticket, text=case.text)
    question = replace(question, to=Address(registered, case.facts.names.get(registered, "")))
    asked = question if remaining(case) > 0 else None
    until = case.now + timedelta(days=case.policy.limits.confirm_days)
    return Decision("held", ("waits for confirmation",), (HoldMail(registered, until, asked),))


def _as_words(case: MailContext) -> MailContext:
    """Take wrong command lines for words: a refusal would go to whomever a forger put into From."""
    return replace(case, reading=Reading(case.text, (), case.mail.subject))


def _refuse(case: MailContext, problems: tuple[Problem, ...]) -> Decision:
    """Apply nothing; tell the writer why and give the text back."""
    because = tuple(f"{p.line!r}: {p.reason.value}" for p in problems)
    refusal = reply(case, NotificationKind.REFUSAL, case.ticket, text=case.text, problems=problems)
    if not refusal.sendable:
        return Decision("refused", because, (Notify(refusal),))
    until = case.now + timedelta(days=case.policy.limits.confirm_days)
    return Decision("refused", because, (HoldMail(case.person.email, until, refusal),))


def _carry_out(
    case: MailContext, orders: tuple[ResolvedCommand, ...], targets: tuple[Ticket, ...]
) -> Decision:
    questions = (o for o in orders if o.command.name in ANSWERED)
    own, own_done = member_commands.carry_out(case, orders)
    answers = (*own, *(Notify(notice) for order in questions for notice in answers_to(case, order)))
    if not targets:
        receipt = (Notify(reply(case, NotificationKind.DONE, done=own_done)),) if own_done else ()
        return _without_ticket(case, (*answers, *receipt), orders)
    if case.empty and not orders and case.role.staff:
        return _helped(case, "nothing is written in it")
    turns = [_turn(case, ticket, [o for o in orders if ticket in o.tickets]) for ticket in targets]
    effects = [effect for turn, _ in turns for effect in turn]
    done = (*own_done, *(done for _, did in turns for done in did))
    if done:
        effects.append(Notify(reply(case, NotificationKind.DONE, _about(case, done), done=done)))
    names = ", ".join(f"#{o.command.name}" for o in orders)
    because = f"carries out {names}" if names else "files a message"
    return Decision("command" if done else "reply", (because,), (*effects, *answers), targets[0].key)


def _about(case: MailContext, done: tuple[Done, ...]) -> Ticket | None:
    """Return the ticket that a receipt is about, as it is now: that of the mail, or the last that changed."""
    changed = [item.ticket for item in done if item.ticket is not None]
    own = case.ticket.key if case.ticket else ""
    return next((t for t in reversed(changed) if t.key == own), None) or case.ticket or changed[-1]


def _targets(case: MailContext, orders: tuple[ResolvedCommand, ...]) -> tuple[Ticket, ...]:
    """Return the tickets that this mail changes: those its commands name, else the one it belongs to."""
    named = {t.key: t for o in orders if o.command.name not in QUESTIONS for t in o.tickets}
    if named:
        return tuple(named.values())
    return () if case.ticket is None or (orders and case.empty) else (case.ticket,)


def _without_ticket(
    case: MailContext, answers: tuple[Effect, ...], orders: tuple[ResolvedCommand, ...]
) -> Decision:
    """Answer questions, or open a ticket with the words that are left."""
    for_somebody = tuple(order for order in orders if order.people)
    if answers and not for_somebody and (case.role.staff or case.empty):
        names = ", ".join(f"#{line.command.name}" for line in case.reading.lines if line.command)
        only_letters = all(isinstance(effect, Notify) for effect in answers)
        return Decision("answered" if only_letters else "command", (f"carries out {names}",), answers)
    if case.role.staff and case.letter is not None and case.letter.ticket is None and not for_somebody:
        return _helped(case, "answers a letter that is about no ticket")
    opened = open_ticket(case, for_somebody)
    return replace(opened, effects=(*opened.effects, *answers))


def _helped(case: MailContext, because: str) -> Decision:
    return Decision("answered", (because,), (Notify(reply(case, NotificationKind.HELP, case.ticket)),))


@dataclass(frozen=True, slots=True)
class _Did:
    order: ResolvedCommand
    effects: tuple[Effect, ...]


def _turn(
    case: MailContext, ticket: Ticket, orders: list[ResolvedCommand]
) -> tuple[list[Effect], list[Done]]:
    """Change one ticket by the commands that concern it and by the words of the mail."""
    by_staff = case.role_in(ticket).staff or any(Role.REQUESTER not in o.command.roles for o in orders)
    did = _work(case, ticket, orders)
    mending = restructure.find(orders)
    message = _new_words(case, by_staff=by_staff)
    joins = _joins(case, ticket)
    goes_on = mending.into.key if mending and mending.into else ticket.key
    effects: list[Effect] = [*joins, *([AddMessage(goes_on, message)] if message is not None else [])]
    effects += [effect for one in did for effect in one.effects]
    effects += _first_takes(case, ticket, effects, message) if by_staff else _wakes_up(ticket, did, message)
    after = apply(ticket, effects, case.now)
    effects += restructure.unblock_effects(ticket, after, effects, case.facts.blocked)
    change = change_by_mail(case, ticket, after, message, joins)
    told = recipients.deduplicate(_letters(case, change, effects, mending, by_staff=by_staff), change)
    effects += map(Notify, told)
    people = tuple(notice.to for notice in told)
    done = [_done(case, one, after, people) for one in did]
    done += [Done("note", after, people) for o in orders if o.command.name == "note"]
    return effects, done


def _work(case: MailContext, ticket: Ticket, orders: list[ResolvedCommand]) -> list[_Did]:
    """Return what each command changes, in the order of the table: a level before who works there."""
    table = list(WORK)
    once = {(o.command.name, o.member, o.priority, o.people): o for o in orders if o.command.name in WORK}
    did: list[_Did] = []
    for order in sorted(once.values(), key=lambda o: table.index(o.command.name)):
        effects = WORK[order.command.name](ticket, order, case.person)
        ticket = apply(ticket, effects, case.now)
        did.append(_Did(order, effects))
    return did


def _done(case: MailContext, one: _Did, after: Ticket, told: tuple[Address, ...]) -> Done:
    order = one.order
    detail = _detail(order)
    absence = case.facts.absences.get(order.member.email) if order.member else None
    until = absence.until if absence else None
    return Done(order.command.name, after, told, already=not one.effects, detail=detail, until=until)


def _detail(order: ResolvedCommand) -> str:
    """Return what the receipt says besides: a priority, a person, a school, a ticket."""
    if order.priority is not None:
        return order.priority.value
    if order.member is not None:
        return order.member.shown
    if order.into is not None:
        return order.into.key
    if order.school is not None:
        return order.school.name
    if order.parted is not None:
        return f"{order.tickets[0].school}-{dict(order.numbers)[order.tickets[0].key]}"
    return ", ".join(person.email for person in order.people)


def _letters(
    case: MailContext,
    change: TicketChange,
    effects: list[Effect],
    mending: ResolvedCommand | None,
    *,
    by_staff: bool,
) -> Iterator[Notification]:
    if mending is not None:
        into = apply(mending.into, effects, case.now) if mending.into else None
        yield from restructure.notifications(case, change, mending, into)
        return
    undone = [effect.ticket for effect in effects if isinstance(effect, RevertChange)]
    yield from recipients.to_new_participants(change)
    for key in undone:
        yield from recipients.undo_notifications(change, case.facts.changes[key])
    if undone:
        change = replace(change, before=change.after)  # `undo_notifications` tells of the change
    if by_staff:
        yield from recipients.to_requester_side(change)
        yield from recipients.to_colleagues(change)
    else:
        yield from recipients.to_staff_from_requester(change)


def _joins(case: MailContext, ticket: Ticket) -> list[AddCc]:
    """Put in copy whom else a trusted mail went to, if these are people of the school."""
    if ticket != case.ticket or not case.takes_part(ticket):
        return []
    there = {ticket.requester.email, *(person.email for person in ticket.cc)}
    new = [person for person in cc_from_headers(case) if person.email not in there]
    return [AddCc(ticket.key, person) for person in new[: max(0, MAX_CC - len(ticket.cc))]]


def _new_words(case: MailContext, *, by_staff: bool) -> Message | None:
    """Return the message that the remaining text makes; an empty mail with commands makes none."""
    if case.empty and (case.reading.lines or by_staff):
        return None
    # The note is of the mail, not of one ticket: "#note" beside "#close 14" keeps the text inside there too.
    internal = case.internal if by_staff else case.reading.names("note")
    return Message(
        direction=Direction.OUT if by_staff else Direction.IN,
        visibility=Visibility.INTERNAL if internal else Visibility.PUBLIC,
        author=case.sender,
        text=case.mail.quoted if case.empty else case.reading.text,  # somebody wrote between the quotations
        at=case.now,
        message_id=case.mail.message_id,
        quoted=case.mail.quoted,
        attachments=case.attachments,
    )


def _first_takes(
    case: MailContext, ticket: Ticket, effects: list[Effect], message: Message | None
) -> list[Effect]:
    """Give the ticket to the first who answers or closes it, unless it was just assigned or handed on."""
    settled = ticket.assignee is not None or any(
        isinstance(e, Assign | RevertChange | SetBlocked) for e in effects
    )
    closes = any(isinstance(e, SetStatus) and e.status is Status.CLOSED for e in effects)
    answers = message is not None and message.visibility is Visibility.PUBLIC
    elsewhere = ticket.level == 2 and Role.SECOND_LEVEL not in case.roles(ticket)
    if settled or elsewhere or not (answers or closes):
        return []
    return [Assign(ticket.key, case.person)]


def _wakes_up(ticket: Ticket, did: list[_Did], message: Message | None) -> list[Effect]:
    """Open a closed or waiting ticket when the requester's side writes again."""
    if ticket.status is Status.OPEN or did or message is None:
        return []
    return [SetStatus(ticket.key, Status.OPEN)]
