"""Find and read the configuration in two phases, form and meaning; each reports all of its problems."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import structlog

from mailbot.addresses import ascii_domain
from mailbot.config import model
from mailbot.config.accounts import imap_account, imap_logins, smtp_account, smtp_logins
from mailbot.config.files import LoadContext, directory
from mailbot.config.form import read_form
from mailbot.config.hours import office_calendar, school_calendar
from mailbot.config.meaning import check_meaning
from mailbot.config.oauth import read_oauth2
from mailbot.config.problem import ConfigError, ConfigurationError, FieldError
from mailbot.config.settings import Settings
from mailbot.config.sources import Sources, read_sources
from mailbot.core.model.calendar import Calendar
from mailbot.core.model.mail import Address
from mailbot.core.model.policy import Limits, Member, Policy, Retention, School, Team, Thresholds, Times

STANDARD_FILES = (Path("config/mailbot.toml"), Path("/etc/mailbot/mailbot.toml"))


def find(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """Return the file given by --config or MAILBOT_CONFIG, or else the first existing STANDARD_FILES.

    A named file is returned even if it does not exist. Raises ConfigurationError with the names of
    STANDARD_FILES if none of them exists.
    """
    named = explicit or Path(environ.get("MAILBOT_CONFIG", ""))
    if named != Path():
        return named
    found = next((path for path in STANDARD_FILES if _exists(path)), None)
    if found is None:
        looked = " or ".join(map(str, STANDARD_FILES))
        expected = (
            f"no file {looked}; write one with `mailbot init`, or name one by --config or MAILBOT_CONFIG"
        )
        raise ConfigurationError((ConfigError(STANDARD_FILES[0].absolute(), "", expected),))
    return found


def _exists(path: Path) -> bool:
    """Return whether a file exists; one below an unreadable working directory does not.

    An absolute file in an unreadable folder counts as existing: reading it then reports the error.
    """
    try:
        return path.is_file()
    except OSError:
        return path.is_absolute()


def load(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read a configuration, the files that it includes, and the passwords and files that it names.

    Raises ConfigurationError with every problem of the first phase that fails: a file cannot be read or is
    not TOML; the form is wrong (missing, unknown and invalid keys); its meaning is wrong (contradictions
    between keys, files and environment variables that cannot be used). Logs a warning for each old name of
    a key.
    """
    sources = read_sources(path)
    for advice in sources.renamed_keys:
        structlog.get_logger().warning("configuration key renamed", file=str(path), advice=advice)
    settings, field_errors = evaluate(path, sources, environ)
    if settings is None:
        raise sources.error(field_errors)
    return replace(settings, renamed_keys=sources.renamed_keys, included=tuple(sources.files)[1:])


def evaluate(
    path: Path, sources: Sources, environ: Mapping[str, str]
) -> tuple[Settings | None, list[FieldError]]:
    """Return the settings of a document, or None and every problem of the first phase that fails."""
    document, field_errors = read_form(sources.data)
    if document is None:
        return None, field_errors
    context = LoadContext(path.absolute().parent, environ)
    return _settings(path, document, context), context.field_errors


def _settings(path: Path, document: model.Document, context: LoadContext) -> Settings | None:
    """Return the settings, or None after reporting every problem of the meaning."""
    bot, metrics = document.bot, document.metrics
    keys = [school.key for school in document.school]
    mailboxes = imap_logins(document)
    context.field_errors.extend(check_meaning(document, mailboxes))
    oauth2 = read_oauth2(document, context)
    imap = [imap_account(login, context, oauth2) for login in mailboxes]
    smtp = [smtp_account(login, context, oauth2) for login in smtp_logins(document)]
    templates = context.read(("bot", "templates"), bot.templates, directory)
    if context.field_errors:
        return None
    state_dir = context.path(bot.state_dir)
    return Settings(
        file=path,
        policy=_policy(document, [login.table.authserv_id for login in mailboxes]),
        state_dir=state_dir,
        database=_database(bot.database, state_dir),
        imap=dict(zip(keys, imap, strict=True)),
        smtp=dict(zip(keys, smtp, strict=True)),
        first_contact_days=document.imap.first_contact_days,
        connections=document.imap.connections,
        templates=templates,
        land=bot.land,
        colour=bot.colour,
        oauth2=oauth2,
        health=Thresholds(**document.health.model_dump()),
        metrics_file=context.path(metrics.textfile) if metrics.textfile else None,
        metrics_port=metrics.port,
    )


def _database(url: str, state_dir: Path) -> str:
    """Return the database's URL; SQLite's file is in the state directory, unless its path is absolute."""
    scheme, _, name = url.partition(":///")
    return f"sqlite:///{state_dir / (name or 'mailbot.db')}" if scheme == "sqlite" else url


def _policy(document: model.Document, authserv_ids: Iterable[str]) -> Policy:
    bot = document.bot
    schools = zip(document.school, authserv_ids, strict=True)
    return Policy(
        name=bot.name,
        schools=tuple(_school(document, school, authserv_id) for school, authserv_id in schools),
        second_level=_team(document.second_level, office_calendar(document, document.second_level)),
        language=bot.language,
        timezone=bot.timezone,
        operators=tuple(Address(operator.address, operator.name) for operator in bot.operators),
        invitations=bot.invitations,
        helpline_name=bot.helpline_name,
        helpline_phone=bot.helpline_phone,
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
        authserv_id=ascii_domain(authserv_id) or authserv_id,
        machines=school.machines,
        informal=(school.address_form or document.bot.address_form) == "informal",
    )


def _team(team: model.Team, calendar: Calendar) -> Team:
    members = tuple(Member(m.address, m.name, tuple(m.aliases)) for m in team.members)
    return Team(team.name, members, calendar)
