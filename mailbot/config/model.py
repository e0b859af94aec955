"""The TOML document as pydantic models: the only list of keys, types, defaults and meanings.

Every key has a default, so that the right part of a wrong document can still be looked through; those that
have to be given all the same are named in `required`.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mailbot.config.fields import (
    AbsolutePath,
    Authorities,
    Database,
    Domain,
    Email,
    Environment,
    ExistingDirectory,
    Host,
    Key,
    Line,
    Port,
    Size,
    Text,
    Timezone,
)
from mailbot.config.settings import Security

Language = Literal["de", "en"]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[int, Field(ge=1, le=86_400)]
Minutes = Annotated[int, Field(ge=0, le=1_440)]
Days = Annotated[int, Field(ge=0, le=3_650)]


class Table(BaseModel):
    """A table of the document: strict types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
    required: ClassVar[tuple[str, ...]] = ()


class Bot(Table):
    """The bot as a whole."""

    required = ("name",)

    name: Line = Field(default="", description="the name that mails are signed with")
    language: Language = Field(default="de", description="the language of mails")
    timezone: Timezone = Field(default="Europe/Berlin", description="the time zone of dates in mails")
    state_dir: AbsolutePath = Field(
        default="/var/lib/mailbot", description="the directory of the bot's own files"
    )
    database: Database = Field(default="sqlite", repr=False, description="the database of tickets and mails")
    operators: list[Email] = Field(default=[], description="the addresses that get the alerts")
    invitations: bool = Field(default=True, description="whether members are invited to register")
    templates: ExistingDirectory | None = Field(
        default=None, description="a directory of your own mail templates"
    )


class Login(Table):
    """A server, and how to log in there; a school's table overrides the common one key by key."""

    host: Host = Field(default="", description="the server's name")
    port: Port | None = Field(default=None, description="the server's port")
    username: Text = Field(default="", description="the name to log in with")
    password_file: Line | None = Field(default=None, description="the file that holds the password")
    password_env: Environment | None = Field(
        default=None, description="the environment variable with the password"
    )
    ca_file: Authorities | None = Field(default=None, description="the certificates of an own authority, PEM")


class Imap(Login):
    """A support mailbox."""

    security: Security = Field(default="tls", description="how the connection is encrypted")
    folder: Line = Field(default="INBOX", description="the folder to read")
    done: Text = Field(default="Mailbot/Done", description="the folder for handled mails")
    poll_seconds: Seconds = Field(default=60, description="the longest time between two looks")
    authserv_id: Text = Field(default="", description="the server's name in its Authentication-Results")


class ImapSection(Imap):
    """What holds for the mailboxes of all schools."""

    first_contact_days: Days = Field(default=7, description="how old a mail is taken at first")


class Smtp(Login):
    """A server that takes mails."""

    security: Security = Field(default="starttls", description="how the connection is encrypted")


class Member(Table):
    """Somebody of a team; in short "a@b" or "Name <a@b>"."""

    required = ("address",)

    address: Email = Field(default="", description="the registered address")
    name: Text = Field(default="", description="the name shown until mails show a better one")
    also: list[Email] = Field(default=[], description="other addresses of the same person")


def _member(value: object) -> object:
    """Tables and wrong types go on as they are: the model says what is wrong with them."""
    if not isinstance(value, str):
        return value
    if value.endswith(">") and "<" in value:
        name, _, address = value[:-1].rpartition("<")
        return {"address": address, "name": name.strip().strip('"')}
    return {"address": value}


class Team(Table):
    """People who share tickets."""

    required = ("name", "members")

    name: Line = Field(default="", description="the team's name, as in “Hallo Team …”")
    members: list[Annotated[Member, BeforeValidator(_member)]] = Field(
        default=[], min_length=1, description="the team's people"
    )


class School(Table):
    """A school."""

    required = ("key", "name", "address", "team")

    key: Key = Field(default="", description="the school's short key in ticket numbers")
    name: Line = Field(default="", description="the school's name")
    address: Email = Field(default="", description="the support address that teachers write to")
    language: Language | None = Field(default=None, description="the language of this school's mails")
    domains: list[Domain] = Field(default=[], description="the domains of the school's people")
    imap: Imap = Field(default_factory=Imap, description="what differs from [imap]")
    smtp: Smtp = Field(default_factory=Smtp, description="what differs from [smtp]")
    team: Team = Field(default_factory=Team, description="the first-level team")


class Limits(Table):
    """How much is too much."""

    attachments: Size = Field(default=10_000_000, description="how much travels with one notification")
    mail: Size = Field(default=50_000_000, description="the largest mail that is taken")
    hourly_automatic: Count = Field(default=5, description="automatic mails an hour to one outside address")
    daily_automatic: Count = Field(default=20, description="automatic mails a day to one outside address")
    reopen_days: Days = Field(default=14, description="how long a reply reopens a ticket")
    confirm_days: Days = Field(default=3, description="how long a held mail can be confirmed")
    answer_collision_minutes: Minutes = Field(
        default=5, description="how soon after a colleague's answer another is held"
    )


class Document(Table):
    """The whole file."""

    required = ("bot", "school", "second_level")

    bot: Bot = Field(default_factory=Bot, description="the bot as a whole")
    smtp: Smtp = Field(default_factory=Smtp, description="the server that takes mails")
    imap: ImapSection = Field(default_factory=ImapSection, description="what the mailboxes have in common")
    limits: Limits = Field(default_factory=Limits, description="how much is too much")
    school: list[School] = Field(default=[], min_length=1, description="one table for each school")
    second_level: Team = Field(default_factory=Team, description="the team over all schools")
