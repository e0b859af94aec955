"""From [imap] and [smtp] and what each school overrides to the accounts of each school."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Generic, Literal, TypeVar

from mailbot.config.fields import Places
from mailbot.config.model import Document, Imap, Smtp
from mailbot.config.problem import Finding, Location
from mailbot.config.secrets import secret_line
from mailbot.config.settings import ImapAccount, OAuth2, Secret, Security, SmtpAccount

_PORTS: dict[tuple[str, Security], int] = {
    ("imap", "tls"): 993,
    ("imap", "starttls"): 143,
    ("imap", "none"): 143,
    ("smtp", "tls"): 465,
    ("smtp", "starttls"): 587,
    ("smtp", "none"): 25,
}
_PASSWORD = ("password_file", "password_env")
_GIVE_PASSWORD = "missing; needed is the password, by password_file or password_env"  # noqa: S105 a sentence

Kind = Literal["imap", "smtp"]
L = TypeVar("L", Imap, Smtp)


@dataclass(frozen=True, slots=True)
class Access(Generic[L]):
    """One school's way to one server, and which of its keys the school itself has set."""

    kind: Kind
    school: int
    login: L
    own: frozenset[str]
    broken: frozenset[str]

    def at(self, key: str) -> Location:
        """Return where a key was set: in the school's table, or in the common one."""
        return ("school", self.school, self.kind, key) if key in self.own else (self.kind, key)

    def needed(self, key: str) -> Location:
        """Return where a key that nobody has set is to be set."""
        return ("school", self.school, self.kind, key)

    def lacks(self, *keys: str) -> bool:
        """Tell whether none of these keys has a value, nor a wrong one that is reported already."""
        return not any(getattr(self.login, key) or key in self.broken for key in keys)

    @property
    def port(self) -> int:
        """Return the port, by default the one of the protocol (RFC 8314)."""
        return self.login.port or _PORTS[self.kind, self.login.security]


def imap_access(document: Document, wrong: Iterable[Location]) -> list[Access[Imap]]:
    """Return how each school's mailbox is reached, in order; what is `wrong` is not asked for again."""
    pairs = [(document.imap, school.imap) for school in document.school]
    return [_access("imap", i, common, own, wrong) for i, (common, own) in enumerate(pairs)]


def smtp_access(document: Document, wrong: Iterable[Location]) -> list[Access[Smtp]]:
    """Return how each school's mails are handed in, in order; what is `wrong` is not asked for again."""
    pairs = [(document.smtp, school.smtp) for school in document.school]
    return [_access("smtp", i, common, own, wrong) for i, (common, own) in enumerate(pairs)]


def _access(kind: Kind, school: int, common: L, own: L, wrong: Iterable[Location]) -> Access[L]:
    """A school that sets one way to its password does without the other way of the common table."""
    model = type(own)
    changes = {name: getattr(own, name) for name in own.model_fields_set}
    values = {name: getattr(common, name) for name in common.model_fields_set & model.model_fields.keys()}
    if changes.keys() & set(_PASSWORD):
        values = {name: value for name, value in values.items() if name not in _PASSWORD}
    tables: tuple[Location, ...] = ((kind,), ("school", school, kind))
    broken = frozenset(str(location[-1]) for location in wrong if location[:-1] in tables)
    return Access(kind, school, model.model_construct(**values | changes), frozenset(changes), broken)


def imap_account(
    access: Access[Imap], places: Places, oauth2: OAuth2 | None
) -> tuple[ImapAccount, list[Finding]]:
    """Return the account of a school's mailbox, good if there are no findings."""
    login = access.login
    password, findings = _password(access, places)
    findings += [*_connection(access), *_folders(access)]
    if access.lacks("username"):
        findings.append(Finding(access.needed("username"), "missing; needed is the name to log in with"))
    by_token = login.auth == "oauth2"
    if not by_token and access.lacks(*_PASSWORD):
        findings.append(Finding(access.needed("password_file"), _GIVE_PASSWORD))
    account = ImapAccount(
        host=login.host,
        port=access.port,
        security=login.security,
        username=login.username,
        password=password or Secret(""),
        folder=login.folder,
        done=login.done,
        poll_seconds=login.poll_seconds,
        ca_file=Path(login.ca_file) if login.ca_file else None,
        oauth2=oauth2 if by_token else None,
    )
    return account, findings


def smtp_account(
    access: Access[Smtp], places: Places, oauth2: OAuth2 | None
) -> tuple[SmtpAccount, list[Finding]]:
    """Return the account that a school sends by, good if there are no findings; no username, no login."""
    login = access.login
    anonymous = not login.username and "username" in login.model_fields_set
    password, findings = (None, []) if anonymous else _password(access, places)
    findings += _connection(access)
    by_token = login.auth == "oauth2"
    if login.username and not by_token and access.lacks(*_PASSWORD):
        findings.append(Finding((*access.at("username")[:-1], "password_file"), _GIVE_PASSWORD))
    if password and not anonymous and access.lacks("username"):
        findings.append(Finding(access.at("username"), "missing; the password is of no use without it"))
    account = SmtpAccount(
        host=login.host,
        port=access.port,
        security=login.security,
        username=login.username,
        password=password,
        ca_file=Path(login.ca_file) if login.ca_file else None,
        oauth2=oauth2 if by_token else None,
    )
    return account, findings


def _connection(access: Access[L]) -> Iterator[Finding]:
    login = access.login
    if access.lacks("host"):
        yield Finding((access.kind, "host"), "missing; needed is the server's name, here or for each school")
    elif login.security == "none" and login.username and login.host and not _loopback(login.host):
        right = f'"tls" or "starttls": without it the password travels readable to {login.host}'
        yield Finding(access.at("security"), f"must be {right}", login.security)


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _folders(access: Access[Imap]) -> Iterator[Finding]:
    folder, done = access.login.folder, access.login.done
    if done.casefold() == folder.casefold():
        yield Finding(access.at("done"), "must be another folder than the one that is read, or empty", done)


def _password(access: Access[L], places: Places) -> tuple[Secret | None, list[Finding]]:
    """Return the password, or None and what is wrong with it; None alone where none is given."""
    file, variable = access.login.password_file, access.login.password_env
    if file and variable:
        right = "must not be set beside password_file; one of them is enough"
        return None, [Finding(access.at("password_env"), right)]
    if access.login.auth == "oauth2":
        return None, []
    try:
        if file or variable:
            return secret_line(file, variable, places), []
    except ValueError as error:
        key = "password_file" if file else "password_env"
        return None, [Finding(access.at(key), str(error), file or variable)]
    return None, []
