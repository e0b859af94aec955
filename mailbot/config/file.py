"""Finds the configuration's file and reads it; everything wrong with it is told at once."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from mailbot.config import model
from mailbot.config.accounts import imap_access, imap_account, smtp_access, smtp_account
from mailbot.config.check import check
from mailbot.config.fields import Places
from mailbot.config.hours import office_calendar, school_calendar
from mailbot.config.oauth import oauth2_of
from mailbot.config.problem import ConfigurationError, Finding, Location, Problem, place, shown
from mailbot.config.settings import ImapAccount, OAuth2, Settings, SmtpAccount
from mailbot.config.validate import validate
from mailbot.core.model.calendar import Calendar
from mailbot.core.model.policy import Limits, Member, Policy, Retention, School, Team, Thresholds, Times

STANDARD_FILES = (Path("config/mailbot.toml"), Path("/etc/mailbot/mailbot.toml"))


def find(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the file given by --config or MAILBOT_CONFIG, else the first of STANDARD_FILES that is there.

    A file that was named is returned whether it is there or not. Raises ConfigurationError that names all the
    places looked at.
    """
    named = explicit or Path(environ.get("MAILBOT_CONFIG", ""))
    if named != Path():
        return named
    found = next((path for path in STANDARD_FILES if _there(path)), None)
    if found is None:
        looked = " or ".join(map(str, STANDARD_FILES))
        right = f"no file {looked}; write one with `mailbot init`, or name one by --config or MAILBOT_CONFIG"
        raise ConfigurationError((Problem(STANDARD_FILES[0].absolute(), "", right),))
    return found


def _there(path: Path) -> bool:
    """A folder that must not be looked into may hold the file: reading it then says so."""
    try:
        return path.is_file()
    except OSError:
        return True


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read a configuration and the passwords that it names.

    Raises ConfigurationError with all problems: a file that cannot be read or is no TOML, and every key
    that is missing, unknown, of a wrong type or value, or at odds with another.
    """
    data = _read(path)
    places = Places(path.absolute().parent, environ)
    document, findings = validate(data, places)
    wrong = [finding.location for finding in findings]
    mailboxes = imap_access(document, wrong)
    oauth2, unfit = oauth2_of(document, places)
    imap = [imap_account(access, places, oauth2) for access in mailboxes]
    smtp = [smtp_account(access, places, oauth2) for access in smtp_access(document, wrong)]
    findings += [*check(document, mailboxes), *unfit]
    findings += [finding for _, found in (*imap, *smtp) for finding in found]
    if findings:
        raise ConfigurationError(tuple(_problems(path, data, findings)))
    policy = _policy(document, [access.login.authserv_id for access in mailboxes])
    return _settings(path, document, policy, [a for a, _ in imap], [a for a, _ in smtp], oauth2)


def _read(path: Path) -> dict[str, object]:
    """Editors on Windows put a byte order mark in front: it is no part of the document."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        right = "is not there; `mailbot init` writes a configuration"
    except OSError as error:
        right = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        right = f"is not in UTF-8 (line {line}); save it in this encoding"
    except ValueError as error:  # tomllib's own kind, and int()'s for a number of too many digits
        right = f"is no TOML: {error}"
    raise ConfigurationError((Problem(path, "", right),))


def _problems(path: Path, data: dict[str, object], findings: Iterable[Finding]) -> Iterator[Problem]:
    """One line for each place, in the order of the file; what is found there first causes the rest."""
    first: dict[Location, Finding] = {}
    for finding in findings:
        first.setdefault(finding.location, finding)
    for finding in sorted(first.values(), key=partial(_order, list(data))):
        yield Problem(path, place(finding.location, data), finding.right, shown(finding.value))


def _order(sections: list[str], finding: Finding) -> tuple[int, int]:
    section, *rest = finding.location
    school = rest[0] if rest and isinstance(rest[0], int) else -1
    return (sections.index(str(section)) if section in sections else len(sections), school)


def _settings(
    path: Path,
    document: model.Document,
    policy: Policy,
    imap: Iterable[ImapAccount],
    smtp: Iterable[SmtpAccount],
    oauth2: OAuth2 | None,
) -> Settings:
    bot = document.bot
    keys = [school.key for school in document.school]
    return Settings(
        file=path,
        policy=policy,
        state_dir=Path(bot.state_dir),
        database=_database(bot),
        imap=dict(zip(keys, imap, strict=True)),
        smtp=dict(zip(keys, smtp, strict=True)),
        first_contact_days=document.imap.first_contact_days,
        connections=document.imap.connections,
        templates=Path(bot.templates) if bot.templates else None,
        land=bot.land,
        colour=bot.colour,
        oauth2=oauth2,
        guard=Thresholds(**document.guard.model_dump()),
        metrics_file=Path(document.metrics.textfile) if document.metrics.textfile else None,
        metrics_port=document.metrics.port,
    )


def _database(bot: model.Bot) -> str:
    """SQLite's file lies in the bot's own directory unless it is given as an absolute one."""
    scheme, _, name = bot.database.partition(":///")
    if scheme != "sqlite":
        return bot.database
    return f"sqlite:///{Path(bot.state_dir, name or 'mailbot.db')}"


def _policy(document: model.Document, authserv_ids: Iterable[str]) -> Policy:
    bot = document.bot
    schools = zip(document.school, authserv_ids, strict=True)
    return Policy(
        name=bot.name,
        schools=tuple(_school(document, school, authserv_id) for school, authserv_id in schools),
        second_level=_team(document.second_level, office_calendar(document, document.second_level)),
        language=bot.language,
        timezone=bot.timezone,
        operators=tuple(bot.operators),
        invitations=bot.invitations,
        limits=Limits(**document.limits.model_dump()),
        times=Times(**document.times.model_dump()),
        retention=Retention(**document.retention.model_dump()),
        informal=bot.address_form == "informal",
    )


def _school(document: model.Document, school: model.School, authserv_id: str) -> School:
    return School(
        key=school.key,
        name=school.name,
        address=school.address,
        team=_team(school.team, school_calendar(document, school.team)),
        language=school.language or document.bot.language,
        domains=tuple(school.domains) or (school.address.rpartition("@")[2],),
        authserv_id=authserv_id,
        informal=(school.address_form or document.bot.address_form) == "informal",
    )


def _team(team: model.Team, calendar: Calendar) -> Team:
    members = tuple(Member(m.address, m.name, tuple(m.also)) for m in team.members)
    return Team(team.name, members, calendar)
