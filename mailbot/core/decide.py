"""Decide what becomes of a mail: a pure function of the mail, the facts, the policy and the time."""

from dataclasses import replace
from datetime import datetime, timedelta

from mailbot.core import aside, audience, personal
from mailbot.core.audience import Turn
from mailbot.core.case import Case, build
from mailbot.core.effects import (
    Append,
    Assign,
    Decision,
    Effect,
    Hold,
    LearnName,
    MarkUndeliverable,
    Open,
    Release,
    SetStatus,
    Tell,
    fold,
)
from mailbot.core.facts import Facts, listing
from mailbot.core.mail import Action, Address, Kind, Mail, Verdict
from mailbot.core.notice import Done, Notice, NoticeKind, Problem
from mailbot.core.orders import Order, understand
from mailbot.core.policy import Policy
from mailbot.core.replies import answer as _answer
from mailbot.core.replies import has_words, internal
from mailbot.core.replies import message as _message
from mailbot.core.ticket import Direction, Message, Role, Status, Ticket, Visibility
from mailbot.core.work import WORK

QUESTIONS = frozenset({"list", "show", "help"})
ANSWERED = QUESTIONS | {"register"}
LIMITED = frozenset(
    {
        NoticeKind.RECEIPT,
        NoticeKind.DONE,
        NoticeKind.REFUSAL,
        NoticeKind.HELP,
        NoticeKind.OVERVIEW,
        NoticeKind.SHEET,
        NoticeKind.UNREADABLE,
    }
)
"""Letters that answer a mail by machine: outside the teams only so many an hour and a day."""

CC_MOST = 20


def decide(mail: Mail, verdict: Verdict, facts: Facts, policy: Policy, now: datetime) -> Decision:
    """Decide what becomes of a mail that lies in a school's mailbox."""
    if facts.duplicate:
        return Decision("duplicate", (facts.duplicate,))
    if verdict.kind is Kind.BOUNCE:
        return _bounce(mail, verdict, facts, now)
    if verdict.kind is not Kind.HUMAN or mail.sender is None:
        return _machine(mail, verdict, facts, now)
    case = build(mail, facts, policy, now)
    decision = _human(case)
    because = (verdict.reason, case.match.because, case.trust.reason, *decision.because)
    return replace(
        decision,
        because=because,
        effects=_within_limits(decision.effects, case),
        ticket=decision.ticket or (case.ticket.key if case.ticket else None),
        matched_by=case.match.by,
        role=case.role.value,
    )


def _machine(mail: Mail, verdict: Verdict, facts: Facts, now: datetime) -> Decision:
    """File an automatic reply in its ticket, in silence; leave everything else alone."""
    ticket = facts.ticket(facts.by_reply)
    if verdict.kind is not Kind.AUTO_REPLY or ticket is None or mail.sender is None:
        return Decision("ignored", (verdict.reason,))
    message = Message(Direction.IN, Visibility.SYSTEM, mail.sender, mail.text, now, mail.message_id)
    return Decision("filed", (verdict.reason,), (Append(ticket.key, message),), ticket.key, "reply")


def _bounce(mail: Mail, verdict: Verdict, facts: Facts, now: datetime) -> Decision:
    """File a bounce of our own letter in its ticket and mark the address."""
    ticket, letter = facts.ticket(facts.by_reply), facts.answered
    if letter is None:
        return Decision("ignored", (verdict.reason, "not about a letter of ours"))
    effects: list[Effect] = [
        MarkUndeliverable(letter.recipient, status.diagnostic or status.status)
        for status in mail.delivery[:1]
        if status.action is Action.FAILED
    ]
    if ticket is not None:
        author = mail.sender or Address("")
        message = Message(Direction.IN, Visibility.SYSTEM, author, mail.text, now, mail.message_id)
        effects.append(Append(ticket.key, message))
    key = ticket.key if ticket else None
    return Decision("filed", (verdict.reason,), tuple(effects), key, "reply" if key else None)


def _human(case: Case) -> Decision:
    """Decide on a human mail: the first row that fits."""
    if (unread := aside.unread(case)) is not None:
        return unread
    staff = case.policy.member(case.sender.email) is not None
    works = bool(case.reading.lines) or (case.ticket is not None and case.role.staff)
    if staff and works and not case.trust.trusted:
        return _hold(case)
    if case.reading.names("confirm") and case.letter is not None and case.letter.held is not None:
        return Decision("confirmed", ("the held mail was confirmed",), (Release(case.letter.held),))
    orders, problems = understand(case)
    if problems:
        return _refuse(case, problems)
    targets = _targets(case, orders)
    if kept := aside.thanked(case, orders) or aside.forestalled(case, orders, targets):
        return kept
    decision = _carry_out(case, orders, targets)
    if staff and case.trust.trusted and case.mail.senders[0].name:
        learnt = LearnName(case.sender)
        decision = replace(decision, effects=(*decision.effects, learnt))
    return decision


def _hold(case: Case) -> Decision:
    """Keep the mail until the registered address confirms it; that address is asked, not the one in From."""
    member = case.policy.member(case.sender.email)
    registered = member.address if member else case.sender.email
    question = _answer(case, NoticeKind.CONFIRM, text=case.mail.text, ticket=case.ticket)
    question = replace(question, to=Address(registered, case.facts.names.get(registered, "")))
    asked = None if _limit_reached(case) else question
    until = case.now + timedelta(days=case.policy.limits.confirm_days)
    return Decision("held", ("waits for confirmation",), (Hold(registered, until, asked),))


def _refuse(case: Case, problems: tuple[Problem, ...]) -> Decision:
    """Apply nothing; tell the writer why and give the text back."""
    because = tuple(f"{p.line!r}: {p.reason.value}" for p in problems)
    refusal = _answer(case, NoticeKind.REFUSAL, text=case.mail.text, ticket=case.ticket, problems=problems)
    return Decision("refused", because, (Tell(refusal),))


def _carry_out(case: Case, orders: tuple[Order, ...], targets: tuple[Ticket, ...]) -> Decision:
    own, own_done = personal.carry_out(case, orders)
    asked = (_reply_to_question(case, o) for o in orders if o.command.name in ANSWERED)
    answers: tuple[Effect, ...] = (*own, *map(Tell, asked))
    if not targets:
        if own_done:
            answers = (*answers, Tell(_answer(case, NoticeKind.DONE, done=own_done)))
        return _without_ticket(case, answers)
    effects: list[Effect] = []
    done = list(own_done)
    for ticket in targets:
        more, did = _turn(case, ticket, [o for o in orders if ticket in o.tickets])
        effects += more
        done += did
    if done:
        about = case.ticket or done[-1].ticket
        receipt = _answer(case, NoticeKind.DONE, ticket=about, done=tuple(done))
        effects.append(Tell(receipt))
    names = ", ".join(f"#{o.command.name}" for o in orders)
    because = f"carries out {names}" if names else "files a message"
    return Decision("command" if done else "reply", (because,), (*effects, *answers), targets[0].key)


def _targets(case: Case, orders: tuple[Order, ...]) -> tuple[Ticket, ...]:
    """Return the tickets that this mail changes: those its commands name, else the one it belongs to."""
    named = {t.key: t for o in orders if o.command.name not in QUESTIONS for t in o.tickets}
    if named:
        return tuple(named.values())
    return () if case.ticket is None or (orders and not has_words(case)) else (case.ticket,)


def _without_ticket(case: Case, answers: tuple[Effect, ...]) -> Decision:
    """Answer questions, or open a ticket with the words that are left."""
    asked = bool(answers)
    staff = case.role.staff
    if asked and (staff or not case.reading.text):
        names = ", ".join(f"#{line.command.name}" for line in case.reading.lines if line.command)
        return Decision("answered", (f"answers {names}",), answers)
    if staff and case.letter is not None and case.letter.ticket is None:
        help_ = Tell(_answer(case, NoticeKind.HELP))
        return Decision("answered", ("answers a letter that is about no ticket",), (help_,))
    opened = _open(case)
    return replace(opened, effects=(*opened.effects, *answers))


def _open(case: Case) -> Decision:
    """Open a ticket: receipt to the requester, the problem to the team."""
    mail, school = case.mail, case.facts.school
    text = case.reading.text
    if mail.quoted and (mail.forwarded or not text):
        text = f"{text}\n\n{mail.quoted}".strip()
    ticket = Ticket(
        school=school.key,
        number=case.facts.next_number,
        subject=" ".join(mail.subject.split()) or "(ohne Betreff)",
        requester=case.sender,
        opened=case.now,
        updated=case.now,
        cc=_copied(case),
        messages=1,
    )
    message = _message(case, text, Direction.IN, Visibility.PUBLIC)
    turn = Turn(case, ticket, ticket, message)
    notices = audience.once_each(audience.to_team_of_new(turn), case.sender)
    receipt = _answer(case, NoticeKind.RECEIPT, ticket=ticket, text=text)
    letters = (Tell(notice) for notice in (receipt, *notices))
    effects: tuple[Effect, ...] = (Open(ticket), Append(ticket.key, message), *letters)
    return Decision("opened", (f"opens {ticket.key}",), effects, ticket.key)


def _copied(case: Case) -> tuple[Address, ...]:
    """Return the people of the school's own domains who got the mail too."""
    others = {a.email: a for a in (*case.mail.to, *case.mail.cc)}
    own = case.policy.own_addresses | {case.sender.email}
    staff = {address for m in case.policy.staff(case.facts.school) for address in m.addresses}
    kept = [a for e, a in others.items() if a.domain in case.facts.school.domains and e not in own | staff]
    return tuple(kept[:CC_MOST])


def _turn(case: Case, ticket: Ticket, orders: list[Order]) -> tuple[list[Effect], list[Done]]:
    """Change one ticket by the commands that concern it and by the words of the mail."""
    effects: list[Effect] = []
    changed = [(order, WORK[order.command.name](ticket, order, case.sender)) for order in _changing(orders)]
    for _, missing in changed:
        effects += missing
    by_staff = case.role_in(ticket).staff or any(Role.REQUESTER not in o.command.roles for o in orders)
    message = _new_words(case, orders, by_staff=by_staff)
    if message is not None:
        effects.append(Append(ticket.key, message))
    effects += _first_takes(case, ticket, effects, message) if by_staff else _wakes_up(ticket, orders)
    after = fold(ticket, effects, case.now)
    turn = Turn(case, ticket, after, message)
    told = audience.once_each(_news(turn, by_staff=by_staff), case.sender)
    effects += map(Tell, told)
    people = tuple(n.to for n in told)
    done = [_done(order, after, people, missing) for order, missing in changed]
    done += [Done("note", after, people) for o in orders if o.command.name == "note"]
    return effects, done


def _changing(orders: list[Order]) -> list[Order]:
    return [order for order in orders if order.command.name in WORK]


def _done(order: Order, after: Ticket, told: tuple[Address, ...], missing: tuple[Effect, ...]) -> Done:
    detail = order.priority.value if order.priority else (order.member.shown if order.member else "")
    return Done(order.command.name, after, told, already=not missing, detail=detail)


def _news(turn: Turn, *, by_staff: bool) -> tuple[Notice, ...]:
    if by_staff:
        return (*audience.to_requester_side(turn), *audience.to_colleagues(turn))
    return tuple(audience.to_staff_from_requester(turn))


def _new_words(case: Case, orders: list[Order], *, by_staff: bool) -> Message | None:
    """Return the message that the remaining text makes; an empty mail with commands makes none."""
    if not has_words(case):
        return None
    direction = Direction.OUT if by_staff else Direction.IN
    visibility = Visibility.INTERNAL if by_staff and internal(case, orders) else Visibility.PUBLIC
    return _message(case, case.reading.text, direction, visibility)


def _first_takes(case: Case, ticket: Ticket, effects: list[Effect], message: Message | None) -> list[Effect]:
    """Give the ticket to the first who answers or closes it, unless it was just assigned or handed on."""
    settled = ticket.assignee is not None or any(isinstance(e, Assign) for e in effects)
    closes = any(isinstance(e, SetStatus) and e.status is Status.CLOSED for e in effects)
    answers = message is not None and message.visibility is Visibility.PUBLIC
    if settled or not (answers or closes):
        return []
    return [Assign(ticket.key, case.sender)]


def _wakes_up(ticket: Ticket, orders: list[Order]) -> list[Effect]:
    """Open a closed or waiting ticket when the requester's side writes again."""
    if ticket.status is Status.OPEN or _changing(orders):
        return []
    return [SetStatus(ticket.key, Status.OPEN)]


def _reply_to_question(case: Case, order: Order) -> Notice:
    match order.command.name:
        case "list":
            wanted = listing(order.scope, case.sender.email, case.school, case.policy)
            tickets = case.facts.listings.get(wanted, ())
            return _answer(case, NoticeKind.OVERVIEW, tickets=tickets, scope=order.scope)
        case "show":
            return _sheet(case, order.tickets[0])
        case "register":
            return _answer(case, NoticeKind.WELCOME)
        case _:
            return _answer(case, NoticeKind.HELP, ticket=case.ticket)


def _sheet(case: Case, ticket: Ticket) -> Notice:
    staff = any(role.staff for role in case.roles(ticket))
    history = tuple(
        m
        for m in case.facts.histories.get(ticket.key, ())
        if m.visibility is Visibility.PUBLIC or (staff and m.visibility is Visibility.INTERNAL)
    )
    files = (file for message in history for file in message.attachments)
    travelling, listed = audience.travel(files, case.policy.limits.attachments)
    return _answer(
        case, NoticeKind.SHEET, ticket=ticket, history=history, attachments=travelling, listed=listed
    )


def _limit_reached(case: Case) -> bool:
    limits, facts = case.policy.limits, case.facts
    return (
        facts.automatic_last_hour >= limits.hourly_automatic
        or facts.automatic_last_day >= limits.daily_automatic
    )


def _within_limits(effects: tuple[Effect, ...], case: Case) -> tuple[Effect, ...]:
    """Drop letters that answer by machine where an address outside the teams had its share."""
    if case.role.staff or not _limit_reached(case):
        return effects
    return tuple(e for e in effects if not (isinstance(e, Tell) and e.notice.kind in LIMITED))
