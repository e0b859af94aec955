"""Schools, people and mails as values: the input of a decision, without a server or database."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from mailbot.core.decide.decide import decide
from mailbot.core.decide.understanding import understand
from mailbot.core.model.effects import AddMessage, Decision, Effect, HoldMail, Notify, OpenTicket
from mailbot.core.model.facts import Facts, SentMail
from mailbot.core.model.mail import Action, Address, Classification, DeliveryStatus, Mail, MailKind, Part
from mailbot.core.model.notification import Notification, Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Member, Policy, School, Team
from mailbot.core.model.ticket import Message, Role, Status, Ticket
from mailbot.core.model.transition import apply

LENA = "lena@schule.example"  # a teacher: requester of GYM-1
KARL = "karl@schule.example"  # a teacher in copy of GYM-1
MAX = "max@support.example"  # first level of GYM
MAX_AT_HOME = "max@zuhause.example"  # the same person
ERIKA = "erika@support.example"  # first level of GYM
HANNA = "hanna@support.example"  # first level of HBG
TONI = "toni@stadt.example"  # second level
TINA = "tina@stadt.example"  # second level
EVE = "eve@anderswo.example"  # a stranger
EDV = "edv@stadt.example"  # operates the bot

GYM = School(
    "GYM",
    "Gymnasium Marienschule",
    "support-gym@schule.example",
    Team("Team Marienschule", (Member(MAX, "Max Mustermann", (MAX_AT_HOME,)), Member(ERIKA, "Erika Muster"))),
    domains=("schule.example",),
    authserv_id="mx.schule.example",
)
HBG = School(
    "HBG",
    "Heisenberg-Gymnasium",
    "support-hbg@heisenberg.example",
    Team("Team Heisenberg", (Member(HANNA, "Hanna Helfer"),)),
    language="en",
    domains=("heisenberg.example",),
    authserv_id="mx.heisenberg.example",
)
POLICY = Policy(
    "Schul-Support",
    (GYM, HBG),
    Team("Second-Level-Support", (Member(TONI, "Toni Technik"), Member(TINA))),
    operators=(Address(EDV),),
)
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(days=1)
HUMAN = Classification(MailKind.HUMAN, "matches no rule for automatic mail")


def ticket(number: int = 1, school: str = "GYM", **what: object) -> Ticket:
    """Return an open ticket of Lena, with Karl in copy."""
    plain = Ticket(school, number, "Beamer defekt", Address(LENA, "Lena Lehrerin"), EARLIER, EARLIER)
    return replace(plain, **{"cc": (Address(KARL),), "messages": 1, **what})  # type: ignore[arg-type]


def closed(number: int = 1, days_ago: float = 1) -> Ticket:
    """Return a closed ticket."""
    return ticket(number, status=Status.CLOSED, closed=NOW - timedelta(days=days_ago))


def assigned(to: str, level: int = 1) -> Ticket:
    """Return a ticket with an assignee."""
    return ticket(assignee=Address(to), level=level)


def role_of(email: str, about: Ticket | None) -> Role:
    """Return the role in which a person gets a mail about a ticket."""
    school = POLICY.school(about.school) if about else GYM
    assert school is not None
    if school.team.member(email):
        return Role.SUPPORTER
    if POLICY.second_level.member(email):
        return Role.SECOND_LEVEL
    return Role.REQUESTER if email == LENA else Role.CC


@dataclass(frozen=True)
class MailScenario:
    """A mail and the facts that the help desk knows; every method returns a new scenario."""

    mail: Mail
    facts: Facts
    verdict: Classification = HUMAN
    policy: Policy = POLICY

    def with_facts(self, *tickets: Ticket, **facts: object) -> "MailScenario":
        """Add tickets and other facts."""
        known = {**self.facts.tickets, **{t.key: t for t in tickets}}
        return replace(self, facts=replace(self.facts, tickets=known, **facts))  # type: ignore[arg-type]

    def answering(self, about: Ticket | None, *, to: str = "", **sent: object) -> "MailScenario":
        """Make it an answer to a mail about that ticket, which was sent to the author or to `to`."""
        recipient = to or self.mail.senders[0].email
        kind = NotificationKind.NEW_TICKET if about else NotificationKind.OVERVIEW
        shows = ((about.key, about.closed),) if about else ()
        plain = SentMail(
            recipient, role_of(recipient, about), kind, about.key if about else None,
            shows=shows, created=EARLIER,
        )  # fmt: skip
        answered = replace(plain, **sent)  # type: ignore[arg-type]
        case = self.with_facts(*((about,) if about else ()))
        return case.with_facts(answered=answered, by_reply=about.key if about else None)

    def keyed(self, about: Ticket | None, *, to: str = "") -> "MailScenario":
        """Give it the action key of such a mail instead of a reference."""
        case = self.answering(about, to=to)
        return case.with_facts(by_action_key=case.facts.answered, answered=None, by_reply=None)

    def tagged(self, about: Ticket) -> "MailScenario":
        """Put a ticket's tag into the subject."""
        mail = replace(self.mail, subject=f"Re: {about.tagged_subject}")
        return replace(self, mail=mail).with_facts(about, by_subject_tag=about.key)

    def proven(self) -> "MailScenario":
        """Add the result of the receiving server that From is authentic."""
        result = ("authentication-results", f"{self.facts.school.authserv_id}; dmarc=pass")
        return self.with_mail(headers=(*self.mail.headers, result))

    def failed(self, padding: int = 0) -> "MailScenario":
        """Add the result of the receiving server that From is forged, after `padding` blanks."""
        result = (
            "authentication-results",
            f"{self.facts.school.authserv_id}; spf=fail;{' ' * padding} dmarc=fail (p=reject)",
        )
        return self.with_mail(headers=(*self.mail.headers, result))

    def with_mail(self, **what: object) -> "MailScenario":
        """Change the mail."""
        return replace(self, mail=replace(self.mail, **what))  # type: ignore[arg-type]

    def of_kind(self, kind: MailKind) -> "MailScenario":
        """Classify it as automatic mail of that kind."""
        return replace(self, verdict=Classification(kind, f"it is {kind.value}"))

    def decide(self) -> "Outcome":
        """Decide."""
        understood = understand(self.mail, self.facts.school, self.policy)
        understood = replace(understood, classification=self.verdict)
        return Outcome(self, decide(understood, self._facts(), self.policy, NOW))

    def _facts(self) -> Facts:
        """Return the facts; an overview that the mail replies to shows all tickets."""
        answered = self.facts.answered
        if answered is None or answered.shows or answered.kind is not NotificationKind.OVERVIEW:
            return self.facts
        shows = tuple((t.key, t.closed) for t in self.facts.tickets.values())
        return replace(self.facts, answered=replace(answered, shows=shows))


def writes(
    sender: str, text: str = "", *, subject: str = "Beamer", school: School = GYM, name: str = ""
) -> MailScenario:
    """Create a mail of a person to the support address of a school."""
    address = Address(sender, name)
    mail = Mail("<new@mail.example>", (address,), to=(Address(school.address),), subject=subject, text=text)
    mail = replace(mail, headers=(("from", sender),))
    return MailScenario(mail, Facts(school, next_number=100))


def answers(sender: str, about: Ticket, text: str) -> MailScenario:
    """Create an answer of a person to a mail about a ticket."""
    return writes(sender, text).answering(about)


@dataclass(frozen=True)
class Outcome:
    """A decision, with accessors for assertions."""

    case: MailScenario
    decision: Decision

    @property
    def outcome(self) -> str:
        """Return the decision's name."""
        return self.decision.outcome

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Return all effects."""
        return self.decision.effects

    @property
    def notifications(self) -> list[Notification]:
        """Return all notifications, including the question about a held mail."""
        return list(notifications(self.effects))

    @property
    def notified(self) -> set[tuple[str, str]]:
        """Return recipients and kinds of all notifications, including replies to the mail."""
        rows = [(n.to.email, n.kind.value, n.ticket and n.ticket.key) for n in self.notifications]
        assert len(rows) == len(set(rows)), f"notified twice: {rows}"
        return {(to, kind) for to, kind, _ in rows}

    @property
    def changes(self) -> tuple[Effect, ...]:
        """Return all effects except notifications and held mails."""
        return tuple(e for e in self.effects if not isinstance(e, Notify | HoldMail))

    @property
    def messages(self) -> list[Message]:
        """Return the messages that are added."""
        return [e.message for e in self.effects if isinstance(e, AddMessage)]

    @property
    def message(self) -> Message:
        """Return the only message that is added."""
        (message,) = self.messages
        return message

    @property
    def reasons(self) -> list[Reason]:
        """Return why the mail was refused."""
        return [p.reason for n in self.notifications for p in n.problems]

    def ticket(self, key: str = "GYM-1") -> Ticket:
        """Return a ticket after the decision."""
        opened = (e.ticket for e in self.effects if isinstance(e, OpenTicket))
        tickets = {**self.case.facts.tickets, **{t.key: replace(t, messages=0) for t in opened}}
        return apply(tickets[key], self.effects, NOW)

    def notification(self, to: str, kind: NotificationKind | None = None) -> Notification:
        """Return the only notification to a person, of that kind."""
        (found,) = [n for n in self.notifications if n.to.email == to and kind in (None, n.kind)]
        return found


def notifications(effects: Iterable[Effect]) -> Iterable[Notification]:
    """Yield the notifications among effects."""
    for effect in effects:
        if isinstance(effect, Notify):
            yield effect.notification
        elif isinstance(effect, HoldMail) and effect.question is not None:
            yield effect.question


def photo(name: str = "foto.png", *, inline: bool = False) -> Part:
    """Return a picture of a mail."""
    return Part("2", name, "image/png", 3, inline)


def failed(recipient: str, action: Action = Action.FAILED) -> DeliveryStatus:
    """Return the delivery status of a recipient in a bounce."""
    return DeliveryStatus(recipient, action, "5.1.1", "550 user unknown", "<sent@schule.example>")


def unproven(text: str, writer: str = MAX) -> MailScenario:
    """Return a mail with a forged From of the staff that replies to the requester's mail."""
    return writes(writer, text).answering(ticket(), to=LENA)
