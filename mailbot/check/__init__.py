"""Check the database, the templates and every IMAP and SMTP server for the daemon; one result each."""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from mailbot import holidays
from mailbot.check.result import CheckResult
from mailbot.check.roundtrip import roundtrip
from mailbot.check.servers import SilentServers, check_servers
from mailbot.clock import utc_now
from mailbot.config import Settings
from mailbot.core.model.policy import School
from mailbot.counting import counted
from mailbot.extras import missing as missing_libraries
from mailbot.monitoring.health import CLOCK_JUMP
from mailbot.preview import broken_templates
from mailbot.render import Templates
from mailbot.service.bootstrap import DeskError, inspect_desk
from mailbot.service.desk import Desk
from mailbot.service.former_members import former_assignees
from mailbot.service.rename_school import orphaned
from mailbot.store import ledger
from mailbot.store.audit_verify import verify
from mailbot.store.database import Engine, SQLAlchemyError, read_only

__all__ = ["CheckResult", "open_points", "run_checks", "school_holidays"]

PARALLEL = 8
"""How many schools are checked at the same time; mail servers allow more connections."""


def run_checks(settings: Settings, *, with_roundtrip: bool) -> Iterator[CheckResult]:
    """Run all checks; `with_roundtrip` sends a mail through each mailbox."""
    yield from _configuration(settings)
    yield from _database(settings)
    yield _templates(settings)
    yield _disk(settings)
    yield from _servers(settings, with_roundtrip=with_roundtrip)


def _configuration(settings: Settings) -> Iterator[CheckResult]:
    """Check the configuration, the libraries and the holidays: they need neither database nor servers."""
    count = len(settings.included)
    included = f" with {counted(count, 'included file')}" if count else ""
    schools = counted(len(settings.policy.schools), "school")
    yield CheckResult(True, "configuration", f"{settings.file}{included}, {schools}")
    for advice in settings.renamed_keys:
        yield CheckResult(True, "configuration", advice)
    yield from (CheckResult(False, "libraries", problem) for problem in missing_libraries(settings))
    yield school_holidays(settings, utc_now().year)


def _servers(settings: Settings, *, with_roundtrip: bool) -> Iterator[CheckResult]:
    """Check several schools at the same time; the results come in the order of the schools."""
    engine = _engine(settings)
    silent = SilentServers()

    def check(school: School) -> list[CheckResult]:
        results = check_servers(school, settings.imap[school.key], settings.smtp[school.key], engine, silent)
        return [*results, roundtrip(settings, school.key)] if with_roundtrip else results

    try:
        with ThreadPoolExecutor(PARALLEL) as pool:
            for results in pool.map(check, settings.policy.schools):
                yield from results
    finally:
        if engine is not None:
            engine.dispose()


def _engine(settings: Settings) -> Engine | None:
    """Open the database, or return None if that fails; `_database` reports why."""
    try:
        desk = inspect_desk(settings)
    except (DeskError, SQLAlchemyError, OSError):
        return None
    return desk.engine if desk else None


def school_holidays(settings: Settings, year: int) -> CheckResult:
    """Check that the school holidays of this year and the next are known or configured."""
    land = settings.land
    if not land:
        return CheckResult(True, "holidays", "none: bot.land is not set")
    given = settings.policy.schools[0].team.calendar.closed - holidays.public(land) - holidays.school(land)
    winters = {day.year for day in given if day.month == 12}
    missing = [y for y in holidays.unknown(land, (year, year + 1)) if y not in winters]
    if missing:
        years = " and ".join(map(str, missing))
        text = f"the school holidays of {land} in {years} are not all known: add them to hours.closed"
        return CheckResult(False, "holidays", text)
    return CheckResult(True, "holidays", f"those of {land} are known for {year} and {year + 1}")


def _database(settings: Settings) -> Iterator[CheckResult]:
    try:
        desk = inspect_desk(settings)
    except (DeskError, SQLAlchemyError, OSError) as error:
        yield CheckResult(False, "database", str(error).splitlines()[0])
        return
    directory = _existing(settings.state_dir)
    if not directory.is_dir() or not os.access(directory, os.W_OK):
        yield CheckResult(
            False, "database", f"{settings.file}: bot.state_dir: {directory} cannot be written to"
        )
    elif desk is None:
        yield CheckResult(True, "database", "none yet: the daemon creates it when it starts")
    else:
        yield CheckResult(True, "database", "the schema is up to date")
    if desk is None:
        return
    yield _audit(desk)
    yield from _tickets(desk)
    yield _clock(desk, utc_now())
    desk.engine.dispose()


def _existing(path: Path) -> Path:
    """Return a path, or the nearest directory above it that exists: there the daemon will create it."""
    return next(found for found in (path, *path.parents) if os.access(found, os.F_OK))


def _tickets(desk: Desk) -> Iterator[CheckResult]:
    """Name open tickets of schools and of supporters that are no longer in the configuration."""
    for key, number in orphaned(desk).items():
        text = (
            f"{counted(number, 'open ticket')} of {key}, which is no school of the configuration:"
            f" mailbot rename-school {key} NEW if it has a new key"
        )
        yield CheckResult(False, "tickets", text)
    former = former_assignees(desk)
    for assignee in sorted({ticket.assignee.email for ticket in former if ticket.assignee}):
        keys = [ticket.key for ticket in former if ticket.assignee and ticket.assignee.email == assignee]
        text = f"{assignee} is in no team of the school any more: the daemon returns {', '.join(keys)} to it"
        yield CheckResult(True, "tickets", text)


def _audit(desk: Desk) -> CheckResult:
    """Verify the audit trail's hash chains; show the newest hash, so that it can be kept elsewhere."""
    with read_only(desk.engine) as session:
        result = verify(session)
    if result.problems:
        more = f"; and {len(result.problems) - 1} more" if len(result.problems) > 1 else ""
        return CheckResult(False, "audit trail", f"was tampered with: {result.problems[0]}{more}")
    return CheckResult(
        True,
        "audit trail",
        f"{result.entries} entries are intact; the newest hash is {result.head[:16] or 'none'}",
    )


def _clock(desk: Desk, now: datetime) -> CheckResult:
    """Check that no mail was processed in the future: then the clock was set back since."""
    with read_only(desk.engine) as session:
        latest = ledger.last_processed_at(session)
    if latest is not None and latest > now + CLOCK_JUMP:
        text = (
            f"a mail was processed at {latest:%Y-%m-%d %H:%M} UTC, in the future: set the clock (timedatectl)"
        )
        return CheckResult(False, "clock", text)
    return CheckResult(True, "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _disk(settings: Settings) -> CheckResult:
    """Check that there is enough disk space for the daemon to fetch mail."""
    if settings.database.startswith("postgresql"):
        return CheckResult(True, "disk", "not checked: the mails are in PostgreSQL")
    needed = settings.health.disk_free
    try:
        free = shutil.disk_usage(_existing(settings.state_dir)).free
    except OSError as error:
        return CheckResult(False, "disk", f"{settings.state_dir}: {error.strerror}")
    space = f"{free / 1e9:.1f} GB free at {settings.state_dir}"
    if free < needed:
        return CheckResult(
            False, "disk", f"{space}: no mail is fetched below {needed / 1e9:.1f} (health.disk_free)"
        )
    return CheckResult(True, "disk", space)


def _templates(settings: Settings) -> CheckResult:
    if settings.templates is None:
        return CheckResult(True, "templates", "those of this version")
    templates = Templates(settings.templates, settings.colour)
    for broken in broken_templates(templates):
        return CheckResult(False, "templates", broken)
    old_names = "".join(f"; {name}" for name in templates.old_names())
    return CheckResult(True, "templates", f"every mail can be rendered in every language{old_names}")


def open_points(settings: Settings, year: int, *, service: bool) -> Iterator[tuple[str, str]]:
    """Yield each open point of a configuration, with advice, for the first lines of the daemon's log.

    `service`: systemd runs the daemon; in a container a call has its user and its passwords anyway.
    """
    if not settings.policy.operators:
        yield "alerts reach no operator", "set bot.operators"
    if without := [school.key for school in settings.policy.schools if not school.authserv_id]:
        names = ", ".join(without) if len(without) < len(settings.policy.schools) else "all schools"
        yield (
            f"senders of new mails are not authenticated in {names}",
            "mailbot check proposes imap.authserv_id",
        )
    holidays = school_holidays(settings, year)
    if not settings.land:
        yield "no holidays are known", "set bot.land"
    elif not holidays.ok:
        yield holidays.text, "install a newer version, or set hours.closed"
    for problem in missing_libraries(settings):
        yield problem, "see docs/installation.md"
    call = "mailbot check --as-service" if service else "mailbot check"
    yield "servers are tried now; failures are logged and alerted", call
