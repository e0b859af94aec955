"""The context of one human mail: its sender, their role, and the ticket that it belongs to."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailbot.core.classify.author import reads_mail
from mailbot.core.classify.classify import CALENDAR_REPLY
from mailbot.core.classify.trust import Evidence, Trust, trust
from mailbot.core.commands.command import Reading
from mailbot.core.commands.match import Match, match_ticket, roles
from mailbot.core.commands.syntax import written_address
from mailbot.core.model.facts import Facts, SentMail
from mailbot.core.model.mail import Address, Mail, Part
from mailbot.core.model.notification import Cause, Notification
from mailbot.core.model.notification_kind import NotificationKind, ReplyRoute
from mailbot.core.model.policy import Member, Policy, School, Team
from mailbot.core.model.ticket import Attachment, Direction, Message, Role, Ticket, Visibility
from mailbot.core.recipients.ticket_change import TicketChange
from mailbot.core.text.known_quotation import quotes_only
from mailbot.core.text.references import without_action_key
from mailbot.core.text.signatures import contact_details, is_only_greeting
from mailbot.core.text.words import fold


@dataclass(frozen=True, slots=True)
class MailContext:
    """One human mail with everything that a decision needs."""

    mail: Mail
    sender: Address
    reading: Reading
    facts: Facts
    policy: Policy
    now: datetime
    school: School
    match: Match
    role: Role
    trust: Trust

    @property
    def ticket(self) -> Ticket | None:
        """Return the ticket that the mail belongs to; None if it belongs to none."""
        return self.match.ticket

    @property
    def sender_addresses(self) -> frozenset[str]:
        """Return all addresses of the sender: a member may have several."""
        return self.policy.addresses(self.sender.email)

    @property
    def person(self) -> Address:
        """Return the sender with their registered address."""
        return Address(self.policy.registered(self.sender.email), self.sender.name)

    @property
    def member(self) -> Member | None:
        """Return the sender as a member of a team; None if they are in no team."""
        return self.policy.find_member(self.sender.email)

    @property
    def cause(self) -> Cause:
        """Return what is known of the sender."""
        if self.trust.trusted:
            return Cause.PROVEN
        if self.trust.forged:
            return Cause.FORGED
        return Cause.KNOWN if self.answered_mail is not None else Cause.UNPROVEN

    @property
    def has_no_content(self) -> bool:
        """Return whether the mail has no text and no files; after a command, inline pictures do not count."""
        ignore_inline = bool(self.reading.lines)
        return not self.reading.text and all(part.inline and ignore_inline for part in self.files)

    @property
    def has_no_answer(self) -> bool:
        """Return whether the mail has no content, and no command that adds text."""
        return self.has_no_content and not any(command.adds_text for command in self.reading.commands)

    @property
    def answers_requester(self) -> bool:
        """Return whether the mail has a ticket that gets its text; a reply to a receipt has none."""
        answered = self.answered_mail
        return self.ticket is not None and (answered is None or answered.reply_route is not ReplyRoute.NOBODY)

    @property
    def may_open_ticket(self) -> bool:
        """Return whether the mail can open a ticket: it belongs to none, and it has content."""
        return self.ticket is None and (not self.has_no_content or bool(self.mail.quoted))

    @property
    def cut(self) -> str:
        """Return what was cut from a requester's mail, for the team: signature and hidden quotation.

        The team knows the messages of the ticket, but not what is written into a quotation of them.
        """
        mail = self.mail
        if self.ticket is None:
            hidden = mail.answers and not mail.forwarded and bool(self.reading.text)
        else:
            history = self.facts.histories.get(self.ticket.key, ())
            hidden = self.answered_mail is None and not quotes_only(mail.quoted, history)
        return "\n\n".join(text for text in (self.signature, mail.quoted if hidden else "") if text)

    @property
    def signature(self) -> str:
        """Return what was cut from a requester's mail as their signature; "" of a member's mail."""
        return "" if self.member else contact_details(without_action_key(self.mail.signature))

    @property
    def is_internal(self) -> bool:
        """Return whether the text of a staff mail stays within the staff."""
        by_command = any(command.internal for command in self.reading.commands)
        return (
            by_command
            or self.answers_calendar
            or (self.answered_mail is not None and self.answered_mail.internal)
        )

    @property
    def answers_calendar(self) -> bool:
        """Return whether a calendar program wrote the mail; staff writes such words for the organizer."""
        return CALENDAR_REPLY in self.mail.reports

    @property
    def answers_invitation(self) -> bool:
        """Return whether the mail replies to an invitation: with proof, it registers its sender."""
        answered = self.answered_mail
        return answered is not None and answered.reply_route is ReplyRoute.REGISTRATION

    @property
    def answered_mail(self) -> SentMail | None:
        """Return the mail from mailbot that this mail replies to, if it was sent to the same person."""
        return _answered_mail(self.facts, self.sender_addresses)

    @property
    def team(self) -> Team:
        """Return second level if the sender acts for it, else the school's team."""
        return self.policy.second_level if self.role is Role.SECOND_LEVEL else self.school.team

    @property
    def language(self) -> str:
        """Return the language of replies to the sender; for second level, that of the organisation."""
        return self.policy.language if self.role is Role.SECOND_LEVEL else self.school.language

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Return the mail's files as files of a message."""
        return tuple(map(Attachment.of, self.files))

    @property
    def files(self) -> tuple[Part, ...]:
        """Return the mail's parts without the logos of its signature."""
        return tuple(part for part in self.mail.parts if not part.logo)

    @property
    def confirm_until(self) -> datetime:
        """Return until when the mail can be confirmed if it is held now."""
        return self.now + timedelta(days=self.policy.limits.confirm_days)

    def message(self, author: Address, text: str, visibility: Visibility) -> Message:
        """Return the mail as an incoming message of a ticket, with this text."""
        return Message(
            Direction.IN,
            visibility,
            author,
            text,
            self.now,
            self.mail.message_id,
            self.mail.quoted,
            self.attachments,
            proven=self.trust.trusted,
            forged=self.trust.forged,
            signature=self.signature,
        )

    def change(
        self,
        before: Ticket,
        after: Ticket,
        message: Message | None,
        cc_added: Iterable[Address] = (),
        not_in_cc: Iterable[Address] = (),
        forwarded_from: Address | None = None,
    ) -> TicketChange:
        """Return the change of a ticket by this mail; its headers put `cc_added` in cc, `not_in_cc` not."""
        return TicketChange(
            before=before,
            after=after,
            school=self.facts.school,
            policy=self.policy,
            absences=self.facts.absences,
            names=self.facts.names,
            now=self.now,
            actor=self.sender,
            message=message,
            history=self.facts.histories.get(before.key, ()),
            cc_added=frozenset(person.email for person in cc_added),
            related=self.match.related,
            related_reason=self.match.related_reason,
            similar=self.facts.similar,
            fitting=self.facts.fitting,
            forged=self.trust.forged,
            not_in_cc=tuple(not_in_cc),
            forwarded_from=forwarded_from,
            cut=self.cut,
            unread=self._is_unread(after),
            bundle=self.facts.followers(after),
        )

    def _is_unread(self, ticket: Ticket) -> bool:
        """Return whether the requester of a ticket is a list, or a program that sent this mail."""
        if ticket.requester is self.sender:
            return not reads_mail(self.mail, self.policy.support_addresses)
        before = self.facts.ticket(ticket.key)
        return (
            ticket.key in self.facts.from_lists
            and before is not None
            and before.requester == ticket.requester
        )

    def roles(self, ticket: Ticket | None) -> frozenset[Role]:
        """Return all roles of the sender on a ticket."""
        return roles(self.sender.email, ticket, self.school_of(ticket), self.policy)

    def is_participant(self, ticket: Ticket) -> bool:
        """Return whether the sender has a role on that ticket."""
        return Role.STRANGER not in self.roles(ticket)

    def role_on(self, ticket: Ticket) -> Role:
        """Return the role in which the sender acts on a ticket, which may not be the ticket of the mail."""
        if self.ticket is not None and self.ticket.key == ticket.key:
            return self.role
        held = self.roles(ticket)
        staff = (
            (Role.SUPPORTER, Role.SECOND_LEVEL) if ticket.level == 1 else (Role.SECOND_LEVEL, Role.SUPPORTER)
        )
        return next(role for role in (*staff, Role.REQUESTER, Role.CC, Role.STRANGER) if role in held)

    def school_of(self, ticket: Ticket | None) -> School:
        """Return the ticket's school, or the school of the mailbox if there is none."""
        return (self.policy.school(ticket.school) if ticket else None) or self.facts.school

    def staff_of(self, tickets: tuple[Ticket, ...]) -> list[Member]:
        """Return the members of the staff who work for the schools of all these tickets."""
        first, *others = (self.school_of(ticket) for ticket in tickets)
        teams = [{m.address for m in self.policy.staff(school)} for school in others]
        return [m for m in self.policy.staff(first) if all(m.address in team for team in teams)]

    def name_of(self, member: Member) -> str:
        """Return the name that a member uses in their own mails, else the configured one."""
        return self.facts.names.get(member.address) or member.name

    def is_called(self, member: Member, name: str) -> bool:
        """Return whether `name` is an address of this member, or consists of words of their name."""
        if "@" in name[1:]:
            email = written_address(name)
            return (email if email.isascii() else self.facts.addresses.get(email)) in member.addresses
        wanted = fold(name).removeprefix("@")
        if any(wanted == a.partition("@")[0] for a in member.addresses):
            return True
        words = fold(self.name_of(member)).replace(",", " ").split()
        local = member.address.partition("@")[0].replace("_", ".").replace("-", ".").split(".")
        return set(wanted.split()) <= {*words, *(part for part in local if len(part) > 1)}


def build_context(mail: Mail, reading: Reading, facts: Facts, policy: Policy, now: datetime) -> MailContext:
    """Return the context of a human mail; `reading` has its commands and its text."""
    sender = mail.senders[0]
    own = policy.addresses(sender.email)
    sender = Address(sender.email, sender.name or _known_name(sender.email, facts, policy))
    # First: the ticket decides the school, and both decide the roles.
    found = match_ticket(mail, facts, policy, now)
    school = (policy.school(found.ticket.school) if found.ticket else None) or facts.school
    held = roles(sender.email, found.ticket, school, policy)
    # Beside a saved answer, a greeting is part of the answer.
    adds_text = any(command.adds_text for command in reading.commands)
    if reading.lines and not adds_text and is_only_greeting(reading.text, sender.name):
        reading = replace(reading, text="")
    context = MailContext(
        mail=mail,
        sender=sender,
        reading=reading,
        facts=facts,
        policy=policy,
        now=now,
        school=school,
        match=found,
        role=_capacity(_answered_mail(facts, own), held),
        trust=Trust(False, ""),
    )
    # Preliminary: the proof is found again when it is known which tickets the commands change.
    return with_proof(context, (found.ticket,) if found.ticket else (), opens=found.ticket is None)


def with_proof(context: MailContext, tickets: Iterable[Ticket], *, opens: bool = False) -> MailContext:
    """Return the context with the proof of the sender for changes of these tickets, or for a new ticket."""
    if context.facts.confirmed:
        return replace(context, trust=Trust(True, context.facts.confirmed))
    facts, policy = context.facts, context.policy
    evidence = Evidence(
        mail=context.mail,
        authserv_id=facts.school.authserv_id,
        answered=facts.answered,
        by_action_key=facts.by_action_key,
        sender_addresses=context.sender_addresses,
        trusted_parents=policy.domains,
        tickets=frozenset(ticket.key for ticket in tickets),
        opens=opens,
        closed_after=context.now - timedelta(days=policy.limits.proof_days),
    )
    return replace(context, trust=trust(evidence))


def _known_name(email: str, facts: Facts, policy: Policy) -> str:
    """Return the name of a person, as learned from their own mails, else as configured."""
    member = policy.find_member(email)
    return facts.names.get(policy.registered(email), "") or (member.name if member else "")


def _answered_mail(facts: Facts, own: frozenset[str]) -> SentMail | None:
    candidates = (facts.answered, facts.by_action_key)
    return next((sent for sent in candidates if sent is not None and sent.recipient in own), None)


def _capacity(answered: SentMail | None, held: frozenset[Role]) -> Role:
    """Return the role in which a person writes: that of the answered mail, else requester before staff."""
    if answered is not None and answered.role in held:
        return answered.role
    # A supporter who reported a problem writes as its requester, unless they answer a mail to the team.
    order = (Role.REQUESTER, Role.SUPPORTER, Role.SECOND_LEVEL, Role.CC, Role.STRANGER)
    return next(role for role in order if role in held)


def reply(
    context: MailContext, kind: NotificationKind, ticket: Ticket | None = None, **what: object
) -> Notification:
    """Return a notification that replies to the mail; `what` are further fields of it.

    It names a ticket only if the sender is a participant. A sender who acts as staff gets it at their
    registered address.
    """
    shown = ticket if ticket is not None and context.is_participant(ticket) else None
    role = context.role
    if kind is NotificationKind.RECEIPT or (shown is None and role is Role.STRANGER):
        role = Role.REQUESTER
    to = context.person if role.staff else context.sender
    plain = Notification(kind, to, role, shown, author=context.sender, in_reply_to=context.mail.message_id)
    return replace(plain, cause=context.cause, **what)  # type: ignore[arg-type]  # the fields of Notification by name
