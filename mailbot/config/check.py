"""What must hold between the parts of a configuration: nobody and nothing is two things at once."""

from collections.abc import Hashable, Iterable, Iterator

from mailbot.config.accounts import Access
from mailbot.config.hours import week
from mailbot.config.model import Document, Imap, Team
from mailbot.config.problem import Finding, Location


def check(document: Document, mailboxes: Iterable[Access[Imap]]) -> Iterator[Finding]:
    """Yield what is used twice although it must be one's own; what is missing is not looked at."""
    schools = list(enumerate(document.school))
    keys = [(("school", i, "key"), s.key, s.key) for i, s in schools]
    addresses = [(("school", i, "address"), s.address, s.address) for i, s in schools]
    yield from _twice(keys, "must be the key of one school only")
    yield from _twice(addresses, "must be the address of one school only")
    yield from _twice(
        map(_mailbox, mailboxes), "must be the mailbox (host, username, folder) of one school only"
    )
    support = {s.address for _, s in schools} - {""}
    for index, school in schools:
        yield from _team(("school", index, "team"), school.team, support)
    yield from _team(("second_level",), document.second_level, support)
    for index, address in enumerate(document.bot.operators):
        yield from _person(("bot", "operators", index), address, support)
    yield from _hours(document)
    yield from _times(document)


def _twice(uses: Iterable[tuple[Location, Hashable, object]], right: str) -> Iterator[Finding]:
    """Report every use of an identity but the first, and which school or member has it before."""
    first: dict[Hashable, Location] = {}
    for location, identity, value in uses:
        if not identity:
            continue
        before = first.setdefault(identity, location)
        if before is not location:
            number = next(step for step in reversed(before) if isinstance(step, int)) + 1
            yield Finding(location, f"{right}; no. {number} has it before", value)


def _mailbox(access: Access[Imap]) -> tuple[Location, Hashable, object]:
    """Servers tell neither hosts nor, as a rule, login names apart by case."""
    login = access.login
    known = login.host and login.username
    identity = (login.host, login.username.casefold(), login.folder.casefold()) if known else None
    return ("school", access.school, "imap"), identity, None


def _team(at: Location, team: Team, support: set[str]) -> Iterator[Finding]:
    uses: list[tuple[Location, Hashable, object]] = []
    for index, member in enumerate(team.members):
        for address in (member.address, *member.also):
            where = (*at, "members", index)
            uses.append((where, address, address))
            yield from _person(where, address, support)
    yield from _twice(uses, "must be in a team only once")


def _person(at: Location, address: str, support: set[str]) -> Iterator[Finding]:
    """The bot would mail itself, and takes mails from its own addresses for a loop."""
    if address in support:
        yield Finding(at, "must be a person's own address, not a school's support address", address)


def _hours(document: Document) -> Iterator[Finding]:
    """A team that never works would never be reminded of anything."""
    teams: list[tuple[Location, Team]] = [(("second_level",), document.second_level)]
    teams += [(("school", index, "team"), school.team) for index, school in enumerate(document.school)]
    for at, team in teams:
        if not any(week(document, team)):
            where: Location = (*at, "hours") if team.hours.model_fields_set else ("hours",)
            yield Finding(where, "must leave hours on one day of the week at least")


def _times(document: Document) -> Iterator[Finding]:
    times = document.times
    if 0 < times.overdue_hours <= times.reminder_hours:
        right = "must be more than reminder_hours, or 0 for never"
        yield Finding(("times", "overdue_hours"), right, times.overdue_hours)
    if 0 < times.wait_close_days <= times.wait_reminder_days:
        right = "must be more than wait_reminder_days, or 0 for never"
        yield Finding(("times", "wait_close_days"), right, times.wait_close_days)
    kept, limits = document.retention, document.limits
    if 0 < kept.mail_days <= limits.reopen_days:
        right = "must be more than reopen_days, or 0 for never"
        yield Finding(("retention", "mail_days"), right, kept.mail_days)
    if 0 < kept.text_days < max(kept.mail_days, limits.reopen_days + 1):
        right = "must be no less than mail_days and more than reopen_days, or 0 for never"
        yield Finding(("retention", "text_days"), right, kept.text_days)
    if 0 < kept.other_days <= limits.confirm_days:
        right = "must be more than confirm_days, or 0 for never"
        yield Finding(("retention", "other_days"), right, kept.other_days)
