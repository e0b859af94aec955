"""Render a notification: prepare the values for its templates, and build the mail from their output."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import TemplateError

from mailbot import itip
from mailbot.core.classify.failure_cause import failure_cause
from mailbot.core.model.appointment import Appointment
from mailbot.core.model.listing import Scope
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification, RefusedLine
from mailbot.core.model.notification_kind import Audience, NotificationKind
from mailbot.core.model.policy import Policy, School, Team
from mailbot.core.model.ticket import Message, Role, Ticket, Visibility
from mailbot.core.model.ticket_fields import notification_values
from mailbot.core.text.places import label
from mailbot.core.text.references import KEEP_HINT
from mailbot.outgoing import OutgoingMail, content_id
from mailbot.render.formats import (
    format_age,
    format_day,
    format_number,
    format_size,
    format_time,
    working_hours,
)
from mailbot.render.help import help_list
from mailbot.render.history import cut, shown, with_signatures_once
from mailbot.render.links import Composer, links, short_enough
from mailbot.render.templates import BrokenTemplateError, Templates
from mailbot.sanitize import clean, one_line

CUT_LONGEST = 4_000  # characters of what was cut from a mail
TEXT_LONGEST = 30_000  # characters of a message that a mail shows; the ticket keeps the whole text
_BLANK = "\n\n\n"
_SIGNATURE = "-- "


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture within the text, shown by its Content-ID (RFC 2392)."""

    filename: str
    cid: str


def render(
    notification: Notification,
    school: School,
    policy: Policy,
    templates: Templates,
    *,
    message_id: str,
    action_key: str,
    now: datetime,
) -> OutgoingMail:
    """Render a notification; raise `BrokenTemplateError` if a template is missing or uses an unknown name.

    `message_id` is that of the mail, `action_key` the secret in its links.
    """
    name = f"{_language(notification, school, policy)}/{notification.kind.value}"
    get = partial(templates.get, informal=_informal(notification, school, policy))
    try:
        context = _context(notification, school, policy, message_id) | _wording(
            notification, school, policy, templates, action_key=action_key, now=now
        )
        subject, _, text = clean(get(f"{name}.txt.j2").render(context)).partition("\n")
        html = clean(get(f"{name}.html.j2").render(context, subject=one_line(subject)))
    except (TemplateError, LookupError, OSError, TypeError, ValueError) as error:
        raise BrokenTemplateError(f"templates/{name}: {error}") from error
    return OutgoingMail(
        message_id=message_id,
        kind=notification.kind,
        recipient=notification.to,
        sender=Address(school.address, _sender_name(notification, school, policy, context["words"])),
        subject=one_line(subject),
        text=_tidy(text),
        html=_tidy_page(html),
        calendar=_calendar(notification, school, policy, now),
        in_reply_to=notification.in_reply_to,
        attachments=notification.attachments,
        automatic=notification.kind.definition.automatic,
        internal=notification.internal,
        ticket=notification.ticket.key if notification.ticket else "",
    )


def _calendar(notification: Notification, school: School, policy: Policy, now: datetime) -> str:
    """Return the iCalendar object of an invitation or a cancellation, or "" for other notifications."""
    method, ticket = notification.kind.definition.calendar, notification.ticket
    if method is None or ticket is None or notification.appointment is None:
        return ""
    return itip.write(
        itip.Invitation(
            method=method,
            appointment=notification.appointment,
            sequence=ticket.appointment_revision - 1,
            organizer=Address(school.address, f"{one_line(policy.name)} {one_line(school.name)}"),
            attendee=notification.to,
            summary=one_line(ticket.tagged_subject),
            location=one_line(school.name),
            stamp=now,
            zone=policy.timezone,
        )
    )


def _language(notification: Notification, school: School, policy: Policy) -> str:
    """Return the language: second level and operators serve all schools and read the default language."""
    return policy.language if _over_schools(notification) else school.language


def _informal(notification: Notification, school: School, policy: Policy) -> bool:
    return policy.informal if _over_schools(notification) else school.informal


def _over_schools(notification: Notification) -> bool:
    return (
        notification.role is Role.SECOND_LEVEL or notification.kind.definition.audience is Audience.OPERATORS
    )


def _sender_name(notification: Notification, school: School, policy: Policy, words: Mapping[str, Any]) -> str:
    author = notification.author
    own = author is None or author.email == notification.to.email
    name = "" if author is None or own else one_line(author.name)
    if notification.role.staff and author is not None and not own and not name:
        name = one_line(author.email.partition("@")[0])  # else it looks like a mail by the bot
    if notification.kind.definition.in_person and name and "@" not in name:
        return f"{name} {words['via']} {one_line(policy.name)}"
    return f"{one_line(policy.name)} {one_line(school.name)}"


def _context(notification: Notification, school: School, policy: Policy, message_id: str) -> dict[str, Any]:
    """Return the values for the templates that do not depend on the language."""
    team = _team_of_reader(notification, school, policy)
    return {
        "notification": notification,
        "notice": notification,  # its name in version 0.1
        "ticket": notification.ticket,
        "text": cut(clean(notification.text).strip(), TEXT_LONGEST),
        "cut": cut(clean(notification.cut).strip(), CUT_LONGEST),
        "cause": _cause(notification),
        "corrected": _corrected(clean(notification.text), notification.problems),
        "author": notification.author or Address("", policy.name),
        "school": school,
        "schools": {s.key: s.name for s in policy.schools},
        "team": team,
        "team_name": team.name.removeprefix("Team ").strip() or team.name,
        "operator": policy.operators[0].email if policy.operators else "",
        "operator_name": policy.operators[0].name if policy.operators else "",
        "author_team": _team_of(notification.author, school, policy),
        "second_level": policy.second_level,
        "brand": policy.name,
        "limits": policy.limits,
        "times": policy.times,
        "staff": notification.role.staff,
        "role": notification.role.value,
        "salutation": _salutation(notification, team),
        **_files(notification, message_id),
        "history": shown([*_readable(notification)], notification.left_out),
        "short_enough": short_enough,
    }


def _corrected(text: str, problems: tuple[RefusedLine, ...]) -> str:
    """Return the text with each refused line as it was meant, or "" if one of them cannot be guessed."""
    if not all(problem.meant for problem in problems):
        return ""
    lines = text.split("\n")
    above: list[str] = []  # commands of the subject or the signature
    for problem in problems:
        refused = problem.line.strip()
        place = _line_of(refused, lines)
        if place is None:
            above.append(problem.meant)
        else:
            lines[place] = lines[place].strip().removesuffix(refused) + problem.meant
    return "\n".join([*above, *lines]).strip()


def _line_of(refused: str, lines: list[str]) -> int | None:
    """Return the index of the line that was refused, or of the line that ends with it: "#note and #close"."""
    whole = (at for at, line in enumerate(lines) if line.strip() == refused)
    ending = (at for at, line in enumerate(lines) if line.strip().endswith(refused))
    return next(whole, next(ending, None))


def _cause(notification: Notification) -> str:
    """Return why the mail that a bounce notification is about did not arrive, or "" if that is unknown."""
    if notification.kind is not NotificationKind.BOUNCE:
        return ""
    return failure_cause(dict(notification.details).get("reason", ""))


def _wording(
    notification: Notification,
    school: School,
    policy: Policy,
    templates: Templates,
    *,
    action_key: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the phrases of the reader's language, its links, and how it writes dates and sizes."""
    ticket, language = notification.ticket, _language(notification, school, policy)
    words: Mapping[str, Any] = templates.words(
        language, informal=_informal(notification, school, policy), second_level=policy.second_level.name
    )
    calendar = policy.team_at(ticket.level if ticket is not None else 1, school).calendar
    composer = Composer(school.address, action_key, str(words["conjunction"]), KEEP_HINT.get(language, ""))
    write_date = partial(
        format_time, zone=ZoneInfo(policy.timezone), language=language, formats=words["dates"]
    )
    return {
        "language": language,
        "words": words,
        "commands": help_list(words, notification.role, short=notification.scope != Scope.ALL),
        "links": links(notification, words["actions"], composer),
        "survives_link": composer.keeps,
        "mailto": composer.mailto,
        "now": now,
        "date": write_date,
        "fields": tuple(_fields(notification, ticket, words, write_date)) if ticket else (),
        "hours": working_hours(calendar, words["report"]["days"]),
        "next_opening": partial(calendar.next_opening, now),
        "day": partial(format_day, language=language, formats=words["dates"]),
        "age": partial(format_age, now=now, zone=ZoneInfo(policy.timezone), phrases=words["ages"]),
        "proposal": _proposal(notification, school, policy, now),
        "place_name": partial(label, language=language),
        "size": partial(format_size, language=language),
        "number": partial(format_number, language=language),
    }


def _proposal(notification: Notification, school: School, policy: Policy, now: datetime) -> str:
    """Return the time that an attendee proposes, as `#visit` understands it; "" if there is none ahead."""
    answer, appointment = notification.answer, notification.appointment
    if answer is None or appointment is None or answer.proposed is None or answer.proposed <= now:
        return ""
    zone = _team_of_reader(notification, school, policy).calendar.timezone
    minutes = answer.minutes or appointment.minutes
    return f"{answer.proposed.astimezone(zone):%Y-%m-%d %H:%M} {minutes} min"


def _fields(
    notification: Notification,
    ticket: Ticket,
    words: Mapping[str, Any],
    write_date: Callable[[datetime], str],
) -> Iterator[tuple[str, str]]:
    """Yield names and values of the basic data that differ from those of a new ticket."""
    for name, value in notification_values(ticket, staff=notification.role.staff):
        if name == "bundle":  # a number means little without the school, and without the others
            yield name, ", ".join((ticket.leading_key, *(other.key for other in notification.bundle)))
        else:
            yield name, _written(name, value, words, write_date)


def _written(name: str, value: Any, words: Mapping[str, Any], write_date: Callable[[datetime], str]) -> str:
    match value:
        case datetime():
            return write_date(value)
        case Appointment(begin=begin):
            return write_date(begin)
        case StrEnum():
            return str(words[name][value])
        case Address():
            return value.shown
        case tuple():
            return ", ".join(person.shown for person in value)
        case _:
            return str(value)


def _team_of_reader(notification: Notification, school: School, policy: Policy) -> Team:
    return policy.second_level if notification.role is Role.SECOND_LEVEL else school.team


def _team_of(author: Address | None, school: School, policy: Policy) -> Team:
    return policy.second_level if author and policy.second_level.member(author.email) else school.team


def _salutation(notification: Notification, team: Team) -> str:
    ticket = notification.ticket
    mine = (
        ticket is not None and ticket.assignee is not None and ticket.assignee.email == notification.to.email
    )
    definition = notification.kind.definition
    by_name = definition.audience in (Audience.PERSON, Audience.OPERATORS) or definition.calendar is not None
    return notification.to.name if mine or by_name or not notification.role.staff else team.name


def _files(notification: Notification, message_id: str) -> dict[str, Any]:
    """Return the pictures beside the text, those of messages of the history, and the other files."""
    pictures = {
        attachment: Picture(attachment.filename, content_id(message_id, position))
        for position, attachment in enumerate(notification.attachments)
        if attachment.picture
    }
    earlier = {attachment for message in notification.history for attachment in message.attachments}
    return {
        "pictures": tuple(picture for attachment, picture in pictures.items() if attachment not in earlier),
        "pictures_of": lambda message: tuple(pictures[a] for a in message.attachments if a in pictures),
        "files": tuple(a for a in notification.attachments if not a.picture),
    }


def _readable(notification: Notification) -> Iterator[Message]:
    """Yield the messages of the history that the recipient may read."""
    messages = (m for m in notification.history if _may_read(notification.role, m))
    return with_signatures_once(messages, notification.cut, staff=notification.role.staff)


def _may_read(role: Role, message: Message) -> bool:
    """Return whether a role may read a message: no internal note is sent even if the core chose it."""
    return message.visibility is Visibility.PUBLIC or (
        role.staff and message.visibility is Visibility.INTERNAL
    )


def _tidy(text: str) -> str:
    """Remove trailing blanks and repeated empty lines, which template syntax leaves."""
    lines = "\n".join(line if line == _SIGNATURE else line.rstrip() for line in text.split("\n"))
    while _BLANK in lines:
        lines = lines.replace(_BLANK, "\n\n")
    return f"{lines.strip()}\n"


def _tidy_page(html: str) -> str:
    """Drop indentation and empty lines: in a page, a person's line breaks are tags."""
    return "".join(f"{line.strip()}\n" for line in html.split("\n") if line.strip())
