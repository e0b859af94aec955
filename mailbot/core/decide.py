"""Decide what becomes of a mail: a pure function of the mail, the facts, the policy and the time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbot.core import aside, audience, personal, repair, undo
from mailbot.core.answers import ANSWERED, QUESTIONS, answer, replies_to
from mailbot.core.audience import Turn
from mailbot.core.case import Case, build
from mailbot.core.commands import Reading
from mailbot.core.effects import (
    Append,
    Assign,
    Copy,
    Decision,
    Discard,
    Effect,
    Hold,
    LearnName,
    Release,
    Restore,
    SetBlocked,
    SetStatus,
    Tell,
)
from mailbot.core.facts import Facts
from mailbot.core.limits import hushed, joined, room, within_limits
from mailbot.core.machine import machine
from mailbot.core.mail import Address, Kind, Mail, Verdict
from mailbot.core.notice import Done, Notice, NoticeKind, Problem
from mailbot.core.opening import copied, open_ticket
from mailbot.core.orders import Order, understand
from mailbot.core.policy import Policy
from mailbot.core.reference import without_action_key
from mailbot.core.ticket import CC_MOST, Direction, Message, Role, Status, Ticket, Visibility
from mailbot.core.transition import apply
from mailbot.core.work import WORK


def decide(mail: Mail, verdict: Verdict, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """Decide what becomes of a mail that lies in a school's mailbox."""
    mail = replace(mail, text=without_action_key(mail.text), quoted=without_action_key(mail.quoted))
    if facts.duplicate:
        return Decision("duplicate", (facts.duplicate,))
    if verdict.kind is not Kind.HUMAN or mail.sender is None:
        return machine(mail, verdict, facts, policy, now)
    if (facts.school.key, mail.sender.email) in facts.blocked and policy.member(mail.sender.email) is None:
        return Decision("ignored", (f"{mail.sender.email} is blocked: one of its mails was spam",))
    case = joined(build(mail, facts, policy, now))
    decision = hushed(_human(case), case)
    because = (verdict.reason, case.match.because, case.trust.reason, *decision.because)
    return replace(
        decision,
        because=because,
        effects=within_limits(decision.effects, case),
        ticket=decision.ticket or (case.ticket.key if case.ticket else None),
        matched_by=case.match.by,
        role=case.role.value,
        trusted=case.trust.reason,
    )


def _human(case: Case) -> Decision:
    """Decide on a human mail: the first row that fits."""
    if unread := aside.unread(case):
        return unread
    staff = case.policy.member(case.sender.email) is not None
    works = bool(case.reading.lines) or (case.ticket is not None and case.role.staff)
    if staff and works and not case.trust.trusted:
        return _hold(case)
    if case.reading.names("confirm") and case.letter is not None and case.letter.held is not None:
        release = Release(case.letter.held, case.letter.kind)
        return Decision("confirmed", ("the held mail was confirmed",), (release,))
    orders, problems = understand(case)
    if problems and not case.trust.trusted:
        case, orders, problems = _as_words(case), (), ()
    if problems:
        return _refuse(case, problems)
    targets = _targets(case, orders)
    if kept := aside.thanked(case, orders) or aside.forestalled(case, targets):
        return kept
    decision = _discarding_refused(_carry_out(case, orders, targets), case)
    shown = case.mail.senders[0].name
    if staff and case.trust.trusted and shown and shown != case.facts.names.get(case.person.email):
        learnt = LearnName(Address(case.person.email, shown))
        decision = replace(decision, effects=(*decision.effects, learnt))
    return decision


def _discarding_refused(decision: Decision, case: Case) -> Decision:
    """Discard the mail that was held when it was refused, now that its corrected version is carried out."""
    letter = case.letter
    if letter is None or letter.held is None or letter.kind is not NoticeKind.REFUSAL:
        return decision
    return replace(decision, effects=(*decision.effects, Discard(letter.held)))


def _hold(case: Case) -> Decision:
    """Keep the mail until the registered address confirms it; that address is asked, not the one in From."""
    registered = case.person.email
    question = answer(case, NoticeKind.CONFIRM, case.ticket, text=case.text)
    question = replace(question, to=Address(registered, case.facts.names.get(registered, "")))
    asked = question if room(case) > 0 else None
    until = case.now + timedelta(days=case.policy.limits.confirm_days)
    return Decision("held", ("waits for confirmation",), (Hold(registered, until, asked),))


def _as_words(case: Case) -> Case:
    """Take wrong command lines for words: a refusal would go to whomever a forger put into From."""
    return replace(case, reading=Reading(case.text, (), case.mail.subject))


def _refuse(case: Case, problems: tuple[Problem, ...]) -> Decision:
    """Apply nothing; tell the writer why and give the text back."""
    because = tuple(f"{p.line!r}: {p.reason.value}" for p in problems)
    refusal = answer(case, NoticeKind.REFUSAL, case.ticket, text=case.text, problems=problems)
    if not refusal.sendable:
        return Decision("refused", because, (Tell(refusal),))
    until = case.now + timedelta(days=case.policy.limits.confirm_days)
    return Decision("refused", because, (Hold(case.person.email, until, refusal),))


def _carry_out(case: Case, orders: tuple[Order, ...], targets: tuple[Ticket, ...]) -> Decision:
    questions = (o for o in orders if o.command.name in ANSWERED)
    own, own_done = personal.carry_out(case, orders)
    answers = (*own, *(Tell(notice) for order in questions for notice in replies_to(case, order)))
    if not targets:
        receipt = (Tell(answer(case, NoticeKind.DONE, done=own_done)),) if own_done else ()
        return _without_ticket(case, (*answers, *receipt), orders)
    if case.empty and not orders and case.role.staff:
        return _helped(case, "nothing is written in it")
    turns = [_turn(case, ticket, [o for o in orders if ticket in o.tickets]) for ticket in targets]
    effects = [effect for turn, _ in turns for effect in turn]
    done = (*own_done, *(done for _, did in turns for done in did))
    if done:
        effects.append(Tell(answer(case, NoticeKind.DONE, _about(case, done), done=done)))
    names = ", ".join(f"#{o.command.name}" for o in orders)
    because = f"carries out {names}" if names else "files a message"
    return Decision("command" if done else "reply", (because,), (*effects, *answers), targets[0].key)


def _about(case: Case, done: tuple[Done, ...]) -> Ticket | None:
    """Return the ticket that a receipt is about, as it is now: that of the mail, or the last that changed."""
    changed = [item.ticket for item in done if item.ticket is not None]
    own = case.ticket.key if case.ticket else ""
    return next((t for t in reversed(changed) if t.key == own), None) or case.ticket or changed[-1]


def _targets(case: Case, orders: tuple[Order, ...]) -> tuple[Ticket, ...]:
    """Return the tickets that this mail changes: those its commands name, else the one it belongs to."""
    named = {t.key: t for o in orders if o.command.name not in QUESTIONS for t in o.tickets}
    if named:
        return tuple(named.values())
    return () if case.ticket is None or (orders and case.empty) else (case.ticket,)


def _without_ticket(case: Case, answers: tuple[Effect, ...], orders: tuple[Order, ...]) -> Decision:
    """Answer questions, or open a ticket with the words that are left."""
    for_somebody = tuple(order for order in orders if order.people)
    if answers and not for_somebody and (case.role.staff or case.empty):
        names = ", ".join(f"#{line.command.name}" for line in case.reading.lines if line.command)
        only_letters = all(isinstance(effect, Tell) for effect in answers)
        return Decision("answered" if only_letters else "command", (f"carries out {names}",), answers)
    if case.role.staff and case.letter is not None and case.letter.ticket is None and not for_somebody:
        return _helped(case, "answers a letter that is about no ticket")
    opened = open_ticket(case, for_somebody)
    return replace(opened, effects=(*opened.effects, *answers))


def _helped(case: Case, because: str) -> Decision:
    return Decision("answered", (because,), (Tell(answer(case, NoticeKind.HELP, case.ticket)),))


@dataclass(frozen=True, slots=True)
class _Did:
    order: Order
    effects: tuple[Effect, ...]


def _turn(case: Case, ticket: Ticket, orders: list[Order]) -> tuple[list[Effect], list[Done]]:
    """Change one ticket by the commands that concern it and by the words of the mail."""
    by_staff = case.role_in(ticket).staff or any(Role.REQUESTER not in o.command.roles for o in orders)
    did = _work(case, ticket, orders)
    mending = repair.of(orders)
    message = _new_words(case, by_staff=by_staff)
    joins = _joins(case, ticket)
    goes_on = mending.into.key if mending and mending.into else ticket.key
    effects: list[Effect] = [*joins, *([Append(goes_on, message)] if message is not None else [])]
    effects += [effect for one in did for effect in one.effects]
    effects += _first_takes(case, ticket, effects, message) if by_staff else _wakes_up(ticket, did, message)
    after = apply(ticket, effects, case.now)
    effects += repair.lifted(ticket, after, effects, case.facts.blocked)
    turn = Turn(case, ticket, after, message, frozenset(copy.person.email for copy in joins))
    told = audience.once_each(_letters(turn, effects, mending, by_staff=by_staff), case)
    effects += map(Tell, told)
    people = tuple(notice.to for notice in told)
    done = [_done(case, one, after, people) for one in did]
    done += [Done("note", after, people) for o in orders if o.command.name == "note"]
    return effects, done


def _work(case: Case, ticket: Ticket, orders: list[Order]) -> list[_Did]:
    """Return what each command changes, in the order of the table: a level before who works there."""
    table = list(WORK)
    once = {(o.command.name, o.member, o.priority, o.people): o for o in orders if o.command.name in WORK}
    did: list[_Did] = []
    for order in sorted(once.values(), key=lambda o: table.index(o.command.name)):
        effects = WORK[order.command.name](ticket, order, case.person)
        ticket = apply(ticket, effects, case.now)
        did.append(_Did(order, effects))
    return did


def _done(case: Case, one: _Did, after: Ticket, told: tuple[Address, ...]) -> Done:
    order = one.order
    detail = _detail(order)
    absence = case.facts.absences.get(order.member.email) if order.member else None
    until = absence.until if absence else None
    return Done(order.command.name, after, told, already=not one.effects, detail=detail, until=until)


def _detail(order: Order) -> str:
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


def _letters(turn: Turn, effects: list[Effect], mending: Order | None, *, by_staff: bool) -> Iterator[Notice]:
    if mending is not None:
        into = apply(mending.into, effects, turn.case.now) if mending.into else None
        yield from repair.news(turn, mending, into)
        return
    yield from audience.to_joined(turn)
    yield from _taken_back(turn, effects)
    yield from _news(turn, effects, by_staff=by_staff)


def _joins(case: Case, ticket: Ticket) -> list[Copy]:
    """Put in copy whom else a trusted mail went to, if these are people of the school."""
    if ticket != case.ticket or not case.takes_part(ticket):
        return []
    there = {ticket.requester.email, *(person.email for person in ticket.cc)}
    new = [person for person in copied(case) if person.email not in there]
    return [Copy(ticket.key, person) for person in new[: max(0, CC_MOST - len(ticket.cc))]]


def _taken_back(turn: Turn, effects: list[Effect]) -> tuple[Notice, ...]:
    changes = turn.case.facts.changes
    undone = [effect.ticket for effect in effects if isinstance(effect, Restore)]
    return tuple(notice for key in undone for notice in undo.news(turn, changes[key]))


def _news(turn: Turn, effects: list[Effect], *, by_staff: bool) -> tuple[Notice, ...]:
    if any(isinstance(effect, Restore) for effect in effects):
        turn = replace(turn, before=turn.after)  # `undo.news` tells of the change
    if by_staff:
        return (*audience.to_requester_side(turn), *audience.to_colleagues(turn))
    return tuple(audience.to_staff_from_requester(turn))


def _new_words(case: Case, *, by_staff: bool) -> Message | None:
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


def _first_takes(case: Case, ticket: Ticket, effects: list[Effect], message: Message | None) -> list[Effect]:
    """Give the ticket to the first who answers or closes it, unless it was just assigned or handed on."""
    settled = ticket.assignee is not None or any(
        isinstance(e, Assign | Restore | SetBlocked) for e in effects
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
