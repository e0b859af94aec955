"""Random sequences of mails: after each mail the promises of the help desk hold."""

from dataclasses import dataclass, field, replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mailbot.core.commands.parse import COMMANDS, parse
from mailbot.core.model.effects import (
    AddMessage,
    LearnName,
    Merge,
    Move,
    OpenTicket,
    RecordStatusQuestion,
    ReleaseMail,
    Split,
)
from mailbot.core.model.facts import Facts, SentMail
from mailbot.core.model.mail import Address, Classification, Mail, MailKind
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import School
from mailbot.core.model.ticket import Message, Status, Ticket, Visibility
from mailbot.core.model.transition import apply
from tests.support.scenario import (
    ERIKA,
    EVE,
    GYM,
    HANNA,
    HBG,
    HUMAN,
    KARL,
    LENA,
    MAX,
    MAX_AT_HOME,
    NOW,
    POLICY,
    TINA,
    TONI,
    MailScenario,
    Outcome,
    notifications,
    photo,
)

PEOPLE = (LENA, KARL, EVE, MAX, MAX_AT_HOME, ERIKA, HANNA, TONI, TINA)
ANSWERS = {
    NotificationKind.RECEIPT,
    NotificationKind.COMMAND_RECEIPT,
    NotificationKind.REFUSAL,
    NotificationKind.CONFIRM,
    NotificationKind.HELD_ANSWER,
    NotificationKind.UNREADABLE,
    NotificationKind.WELCOME,
    NotificationKind.HELP,
    NotificationKind.OVERVIEW,
    NotificationKind.TICKET_DETAILS,
    NotificationKind.TICKET_STATUS,
    NotificationKind.SAVED_ANSWERS,
}
WORDS = [word for command in COMMANDS for word in command.all_words]
ARGUMENTS = [
    "",
    "",
    "",
    "1",
    "1 2",
    "GYM-1, HBG-1",
    "99",
    "Max",
    "Toni 2",
    "hoch",
    "low 1",
    "alle",
    "mine",
    "x",
]
LINES = st.one_of(
    st.sampled_from(["Der Beamer ist dunkel.", "Danke!", "Ist das Kabel drin?", "", "#MINT", "#clsoe"]),
    st.builds(
        lambda word, argument: f"#{word} {argument}", st.sampled_from(WORDS), st.sampled_from(ARGUMENTS)
    ),
)
TEXTS = st.lists(LINES, min_size=0, max_size=3).map("\n".join)


@dataclass
class World:
    """The state that the help desk has in its database."""

    tickets: dict[str, Ticket] = field(default_factory=dict)
    histories: dict[str, tuple[Message, ...]] = field(default_factory=dict)
    sent: list[SentMail] = field(default_factory=list)
    held: list[MailScenario] = field(default_factory=list)

    def write(self, outcome: Outcome) -> None:
        """Apply a decision."""
        for effect in outcome.effects:
            if isinstance(effect, OpenTicket):
                self.tickets[effect.ticket.key] = replace(effect.ticket, messages=0)
                self.histories[effect.ticket.key] = ()
            if isinstance(effect, AddMessage):
                self.histories[effect.ticket] += (effect.message,)
            if isinstance(effect, Merge | Split | Move):
                self._repair(effect)
        folded = {key: apply(ticket, outcome.effects, NOW) for key, ticket in self.tickets.items()}
        self.histories = {folded[key].key: history for key, history in self.histories.items() if history}
        self.tickets = {t.key: t for t in folded.values() if t.key in self.histories}
        if outcome.outcome == "held":
            self.held.append(outcome.case)
        self.sent += [self._sent(notice) for notice in notifications(outcome.effects)]

    def _repair(self, effect: Merge | Split | Move) -> None:
        """Move messages to another ticket; a merged ticket is removed."""
        history = self.histories[effect.ticket]
        match effect:
            case Merge(ticket, into):
                self.histories |= {ticket: (), into: self.histories[into] + history}
            case Split(ticket, position, opened):
                rest = history[:position] + history[position + 1 :]
                self.histories |= {ticket: rest, opened: (history[position],)}
            case Move():
                pass

    def _sent(self, notice: Notification) -> SentMail:
        held = (
            len(self.held) - 1
            if notice.kind in (NotificationKind.CONFIRM, NotificationKind.HELD_ANSWER)
            else None
        )
        about = notice.ticket.key if notice.ticket else None
        return SentMail(notice.to.email, notice.role, notice.kind, about, notice.internal, held)


class Story(RuleBasedStateMachine):
    """People write mails to two schools; the invariants are checked after each mail."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @rule(
        sender=st.sampled_from(PEOPLE),
        text=TEXTS,
        school=st.sampled_from([GYM, HBG]),
        answered=st.one_of(st.none(), st.integers(0, 50)),
        kind=st.sampled_from([MailKind.HUMAN] * 8 + list(MailKind)),
        proven=st.booleans(),
        picture=st.sampled_from([None, None, True, False]),
    )
    def somebody_writes(
        self,
        sender: str,
        text: str,
        school: School,
        answered: int | None,
        kind: MailKind,
        proven: bool,
        picture: bool | None,
    ) -> None:
        """Handle a mail, perhaps an answer to an earlier mail of the help desk."""
        proof = (("authentication-results", f"{school.authserv_id}; dmarc=pass"),) if proven else ()
        headers = (("from", sender), *proof)
        parts = () if picture is None else (photo(inline=picture),)
        mail = Mail("<m@x>", (Address(sender),), subject="Beamer", text=text, headers=headers, parts=parts)
        sent_mail = (
            self.world.sent[answered % len(self.world.sent)]
            if self.world.sent and answered is not None
            else None
        )
        verdict = HUMAN if kind is MailKind.HUMAN else Classification(kind, "machine")
        case = MailScenario(mail, Facts(school), verdict)
        case = case.with_facts(answered=sent_mail, by_reply=sent_mail.ticket if sent_mail else None)
        self.handle(case)

    def handle(self, case: MailScenario, *, confirmed: str = "") -> None:
        """Decide, check and write."""
        keys = [t.number for t in self.world.tickets.values() if t.school == case.facts.school.key]
        case = case.with_facts(
            *self.world.tickets.values(),
            next_number=max(keys, default=0) + 1,
            histories=dict(self.world.histories),
            confirmed=confirmed,
        )
        done = case.decide()
        self.check(done)
        self.world.write(done)
        for effect in done.effects:
            if isinstance(effect, ReleaseMail):
                self.handle(self.world.held[effect.held], confirmed="yes")

    def check(self, done: Outcome) -> None:
        """Assert the promises of every decision."""
        sender = done.case.mail.senders[0].email
        own = POLICY.addresses(sender)
        assert done.decision.because
        if done.outcome in ("refused", "held", "answered", "ignored"):
            assert [e for e in done.changes if not isinstance(e, LearnName | RecordStatusQuestion)] == []
        for notice in done.notifications:
            assert notice.kind in ANSWERS or notice.to.email not in own
            self.check_secrets(notice, done)
        notices = [n for n in done.notifications if n.kind not in ANSWERS]
        news = [(POLICY.registered(n.to.email), n.ticket and n.ticket.key) for n in notices]
        assert len(news) == len(set(news))
        self.check_answered(done)

    def check_secrets(self, notice: Notification, done: Outcome) -> None:
        """Assert that no internal text reaches a requester and no ticket reaches a stranger."""
        if notice.role.staff:
            assert POLICY.find_member(notice.to.email)
            return
        internal = {m.text for m in done.messages if m.visibility is not Visibility.PUBLIC} - {""}
        assert notice.kind is NotificationKind.REFUSAL or notice.text not in internal or not notice.text
        assert {m.visibility for m in notice.history} <= {Visibility.PUBLIC}
        for ticket in (notice.ticket, notice.related, *notice.tickets):
            people = {p.email for p in (ticket.requester, *ticket.cc)} if ticket else {notice.to.email}
            assert POLICY.addresses(notice.to.email) & people or POLICY.find_member(notice.to.email)

    def check_answered(self, done: Outcome) -> None:
        """Assert that a mail of a person with commands gets a reply or becomes a message."""
        if done.case.verdict.kind is not MailKind.HUMAN:
            assert done.notifications == []
            return
        sender = done.case.mail.senders[0].email
        lenient = POLICY.find_member(sender) is None
        if parse(done.case.mail.text, lenient=lenient).lines and done.outcome != "confirmed":
            to = {sender, POLICY.registered(sender)}
            answered = [n for n in done.notifications if n.kind in ANSWERS and n.to.email in to]
            assert answered or (lenient and any(isinstance(e, AddMessage) for e in done.effects))

    @invariant()
    def every_ticket_is_whole(self) -> None:
        """Assert that every ticket has a history and a consistent state."""
        for key, ticket in self.world.tickets.items():
            assert ticket.messages == len(self.world.histories[key]) > 0
            assert (ticket.closed is not None) == (ticket.status is Status.CLOSED)
            assert ticket.level in (1, 2)
            if ticket.assignee is not None:
                member = POLICY.find_member(ticket.assignee.email)
                assert member is not None
                assert member.address == ticket.assignee.email


test_decisions_keep_all_promises_in_random_stories = Story.TestCase
