"""Phase 2, the meaning: what must hold between the parts of a configuration."""

from collections.abc import Hashable, Iterable, Iterator

from mailbot.config.accounts import SchoolLogin
from mailbot.config.hours import week
from mailbot.config.model import Document, Imap, Team
from mailbot.config.problem import FieldError, Location


def check_meaning(document: Document, mailboxes: Iterable[SchoolLogin[Imap]]) -> Iterator[FieldError]:
    """Yield identities that are used twice, teams without working hours, and times in a wrong order."""
    schools = list(enumerate(document.school))
    teams: list[tuple[Location, Team]] = [(("second_level",), document.second_level)]
    teams += [(("school", i, "team"), school.team) for i, school in schools]
    keys = [(("school", i, "key"), school.key, school.key) for i, school in schools]
    addresses = [(("school", i, "address"), school.address, school.address) for i, school in schools]
    yield from _duplicates(keys, "must be the key of one school only")
    yield from _duplicates(addresses, "must be the address of one school only")
    known = [m for m in mailboxes if m.table.host and m.table.username]
    yield from _duplicates(
        map(_mailbox, known), "must be the mailbox (host, username, folder) of one school only"
    )
    support = {school.address for school in document.school}
    for at, team in teams:
        yield from _team(at, team, support)
        if not any(week(document, team)):
            where: Location = (*at, "hours") if team.hours.model_fields_set else ("hours",)
            yield FieldError(where, "must have working hours on at least one day of the week")
    for index, operator in enumerate(document.bot.operators):
        yield from _person(("bot", "operators", index), operator.address, support)
    yield from _times(document)


def _duplicates(uses: Iterable[tuple[Location, Hashable, object]], expected: str) -> Iterator[FieldError]:
    """Report every use of an identity after the first, with the location of the first."""
    first: dict[Hashable, Location] = {}
    for location, identity, value in uses:
        before = first.setdefault(identity, location)
        if before is not location:
            yield FieldError(location, expected, value, before)


def _mailbox(login: SchoolLogin[Imap]) -> tuple[Location, Hashable, object]:
    """Host names, and usually login names, are the same in upper and lower case."""
    table = login.table
    identity = (table.host, table.username.casefold(), table.folder.casefold())
    return ("school", login.school, "imap"), identity, None


def _team(at: Location, team: Team, support: set[str]) -> Iterator[FieldError]:
    uses: list[tuple[Location, Hashable, object]] = []
    for index, member in enumerate(team.members):
        for address in (member.address, *member.aliases):
            where = (*at, "members", index)
            uses.append((where, address, address))
            yield from _person(where, address, support)
    yield from _duplicates(uses, "must be in a team only once")


def _person(at: Location, address: str, support: set[str]) -> Iterator[FieldError]:
    """The bot would send mail to itself, and it rejects mails from its own addresses as loops."""
    if address in support:
        yield FieldError(at, "must be a person's own address, not a school's support address", address)


def _times(document: Document) -> Iterator[FieldError]:
    times, kept, limits = document.times, document.retention, document.limits
    more_than = [
        ("times", "overdue_hours", times.overdue_hours, "reminder_hours", times.reminder_hours),
        ("times", "wait_close_days", times.wait_close_days, "wait_reminder_days", times.wait_reminder_days),
        ("retention", "mail_days", kept.mail_days, "reopen_days", limits.reopen_days),
        ("retention", "other_days", kept.other_days, "confirm_days", limits.confirm_days),
    ]
    for section, key, value, other, least in more_than:
        if 0 < value <= least:
            yield FieldError((section, key), f"must be more than {other}, or 0 for never", value)
    if 0 < kept.text_days < max(kept.mail_days, limits.reopen_days + 1):
        expected = "must be at least mail_days and more than reopen_days, or 0 for never"
        yield FieldError(("retention", "text_days"), expected, kept.text_days)
