"""Merge [imap] and [smtp] with each school's own tables into the accounts of the schools."""

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Generic, Literal, TypeVar

from mailbot.config.files import LoadContext, certificates, secret_line, secret_variable
from mailbot.config.model import Document, Imap, Smtp
from mailbot.config.problem import Location
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
_NO_PASSWORD = "missing; expected the password, by password_file or password_env"  # noqa: S105 a sentence

Kind = Literal["imap", "smtp"]
L = TypeVar("L", Imap, Smtp)


@dataclass(frozen=True, slots=True)
class SchoolLogin(Generic[L]):
    """The table of one school for one server, merged with the common one; `own` are the school's keys."""

    kind: Kind
    school: int
    table: L
    own: set[str]

    def at(self, key: str) -> Location:
        """Return the location of a key: in the school's table if it is set there, or in the common one."""
        return ("school", self.school, self.kind, key) if key in self.own else (self.kind, key)

    def is_missing(self, *keys: str) -> bool:
        """Return whether none of these keys has a value."""
        return not any(getattr(self.table, key) for key in keys)

    @property
    def port(self) -> int:
        """Return the port, by default the one of the protocol (RFC 8314)."""
        return self.table.port or _PORTS[self.kind, self.table.security]


def imap_logins(document: Document) -> list[SchoolLogin[Imap]]:
    """Return the mailbox login of each school."""
    return [_merged("imap", i, document.imap, school.imap) for i, school in enumerate(document.school)]


def smtp_logins(document: Document) -> list[SchoolLogin[Smtp]]:
    """Return the SMTP login of each school."""
    return [_merged("smtp", i, document.smtp, school.smtp) for i, school in enumerate(document.school)]


def _merged(kind: Kind, school: int, common: L, own: L) -> SchoolLogin[L]:
    """A school that sets its password in one way ignores the other way in the common table."""
    values = {key: getattr(own, key) for key in own.model_fields_set}
    if not values.keys().isdisjoint(_PASSWORD):
        values = {"password_file": None, "password_env": None} | values
    return SchoolLogin(kind, school, common.model_copy(update=values), own.model_fields_set)


def imap_account(login: SchoolLogin[Imap], context: LoadContext, oauth2: OAuth2 | None) -> ImapAccount:
    """Return the account of a school's mailbox; report its problems."""
    table = login.table
    own: Location = ("school", login.school, "imap")
    password = _password(login, context)
    _check_connection(login, context)
    if login.is_missing("username"):
        context.report((*own, "username"), "missing; expected the name to log in with")
    if table.auth == "password" and login.is_missing(*_PASSWORD):
        context.report((*own, "password_file"), _NO_PASSWORD)
    if table.done.casefold() == table.folder.casefold():
        context.report(login.at("done"), "must be another folder than `folder`, or empty", table.done)
    return ImapAccount(
        host=table.host,
        port=login.port,
        security=table.security,
        username=table.username,
        password=password or Secret(""),
        folder=table.folder,
        done=table.done,
        poll_seconds=table.poll_seconds,
        ca_file=context.read(login.at("ca_file"), table.ca_file, certificates),
        oauth2=oauth2 if table.auth == "oauth2" else None,
    )


def smtp_account(login: SchoolLogin[Smtp], context: LoadContext, oauth2: OAuth2 | None) -> SmtpAccount:
    """Return the account that a school sends with; report its problems. No username means no login."""
    table = login.table
    anonymous = not table.username and "username" in table.model_fields_set
    password = None if anonymous else _password(login, context)
    _check_connection(login, context)
    if table.username and table.auth == "password" and login.is_missing(*_PASSWORD):
        context.report((*login.at("username")[:-1], "password_file"), _NO_PASSWORD)
    if password and not table.username:
        context.report(login.at("username"), "missing; the password is not used without it")
    return SmtpAccount(
        host=table.host,
        port=login.port,
        security=table.security,
        username=table.username,
        password=password,
        ca_file=context.read(login.at("ca_file"), table.ca_file, certificates),
        oauth2=oauth2 if table.auth == "oauth2" else None,
        connections=table.connections,
    )


def _check_connection(login: SchoolLogin[L], context: LoadContext) -> None:
    table = login.table
    if login.is_missing("host"):
        context.report((login.kind, "host"), "missing; expected the server's name, here or in each school")
    elif table.security == "starttls" and login.port == _PORTS[login.kind, "tls"]:
        usual = _PORTS[login.kind, "starttls"]
        expected = f'"tls" with port {login.port}, or "starttls" with port {usual}'
        context.report(login.at("security"), f"must be {expected}", table.security)
    elif table.security == "none" and table.username and not _is_loopback(table.host):
        expected = f'"tls" or "starttls": without encryption everyone on the way to {table.host} can read'
        context.report(login.at("security"), f"must be {expected} the password", table.security)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _password(login: SchoolLogin[L], context: LoadContext) -> Secret | None:
    """Return the password, or None if none is given or it cannot be read."""
    file, variable = login.table.password_file, login.table.password_env
    if file and variable:
        context.report(
            login.at("password_env"), "must not be set together with password_file; remove one of them"
        )
        return None
    if login.table.auth == "oauth2":
        return None
    return context.read(login.at("password_file"), file, secret_line) or context.read(
        login.at("password_env"), variable, secret_variable
    )
