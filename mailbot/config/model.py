"""The TOML document as pydantic models: the only list of keys, types, defaults and meanings.

A field's description completes the sentence "missing; expected ...". A field with `repr=False` may hold a
password, by mistake or not: its value is never shown.
"""

from datetime import date, time
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict, Field

from mailbot.config.settings import Security
from mailbot.config.types import (
    AuthservId,
    Colour,
    Database,
    DayRange,
    Domain,
    Email,
    Environment,
    Host,
    Hours,
    Key,
    Land,
    Line,
    Patterns,
    Port,
    Size,
    SizeOrNone,
    Text,
    TimeOfDay,
    Timezone,
    Url,
)
from mailbot.core.model.calendar import OFFICE_HOURS

Language = Literal["de", "en", "fr"]
AddressForm = Literal["formal", "informal"]
Count = Annotated[int, Field(ge=1)]
Connections = Annotated[int, Field(ge=1, le=20)]
Seconds = Annotated[int, Field(ge=1, le=300)]
Minutes = Annotated[int, Field(ge=0, le=1_440)]
HoursOfWork = Annotated[int, Field(ge=0, le=2_000)]
Days = Annotated[int, Field(ge=0, le=3_650)]


class Table(BaseModel):
    """A table of the document: strict types, no unknown keys."""

    # Only the validator of the whole document is built: it contains those of the tables.
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, hide_input_in_errors=True, defer_build=True
    )


class Operator(Table):
    """An operator; in short "a@b" or "Name <a@b>"."""

    address: Email = Field(description="the address that gets the alerts")
    name: Text = Field(default="", description="the name in mails to this address")


def person_table(value: object) -> object:
    """Return the table of a person in short form; tables and wrong types stay: the model reports them."""
    if not isinstance(value, str):
        return value
    if value.endswith(">") and "<" in value:
        name, _, address = value[:-1].rpartition("<")
        return {"address": address, "name": name.strip().strip('"')}
    return {"address": value}


class Bot(Table):
    """The bot as a whole."""

    name: Line = Field(description="the name that mails are signed with")
    language: Language = Field(default="de", description="the language of mails")
    address_form: AddressForm = Field(default="formal", description="how German mails address people")
    colour: Colour = Field(default="#1a5f8f", description="the colour of buttons and links in mails")
    timezone: Timezone = Field(default="Europe/Berlin", description="the time zone of dates in mails")
    land: Land = Field(default="", description="the Land whose holidays apply")
    state_dir: Line = Field(default="/var/lib/mailbot", description="the directory of the bot's own files")
    database: Database = Field(default="sqlite", repr=False, description="the database of tickets and mails")
    operators: list[Annotated[Operator, BeforeValidator(person_table)]] = Field(
        default=[], description="the addresses that get the alerts"
    )
    invitations: bool = Field(default=True, description="whether members are invited to register")
    helpline_name: Text = Field(default="", description="whom to call if mail itself does not work")
    helpline_phone: Text = Field(default="", description="their telephone number, for the handouts")
    templates: Line | None = Field(default=None, description="a directory of your own mail templates")


class Login(Table):
    """A server, and how to log in there; a school's table overrides the common one key by key."""

    host: Host = Field(default="", description="the server's name")
    port: Port | None = Field(default=None, description="the server's port")
    username: Text = Field(default="", description="the name to log in with")
    password_file: Line | None = Field(
        default=None, repr=False, description="the file that holds the password"
    )
    password_env: Environment | None = Field(
        default=None, repr=False, description="the environment variable with the password"
    )
    ca_file: Line | None = Field(default=None, description="certificates of your own authority, PEM")
    auth: Literal["password", "oauth2"] = Field(default="password", description="how to log in")


class Imap(Login):
    """A support mailbox."""

    security: Security = Field(default="tls", description="how the connection is encrypted")
    folder: Line = Field(default="INBOX", description="the folder to read")
    done: Text = Field(default="Mailbot/Done", description="the folder for processed mails")
    poll_seconds: Seconds = Field(default=60, description="seconds between polls; with IDLE, five times that")
    authserv_id: AuthservId = Field(default="", description="the server's name in its Authentication-Results")


class ImapSection(Imap):
    """The settings of all schools' mailboxes."""

    connections: Count | None = Field(
        default=None, description="connections to one server, if it limits them"
    )
    first_contact_days: Days = Field(
        default=7, description="age limit of mails at the first contact, in days"
    )


class Smtp(Login):
    """A server that accepts mails."""

    security: Security = Field(default="starttls", description="how the connection is encrypted")
    connections: Connections = Field(default=1, description="connections at the same time")


class Member(Table):
    """A member of a team; in short "a@b" or "Name <a@b>"."""

    address: Email = Field(description="the registered address")
    name: Text = Field(default="", description="the name shown until mails show a better one")
    aliases: list[Email] = Field(default=[], description="other addresses of the same person")


class WorkingHours(Table):
    """When a team works; its own table overrides the common one day by day."""

    mon: Hours = Field(default=OFFICE_HOURS[0], description="the hours on Mondays")
    tue: Hours = Field(default=OFFICE_HOURS[1], description="the hours on Tuesdays")
    wed: Hours = Field(default=OFFICE_HOURS[2], description="the hours on Wednesdays")
    thu: Hours = Field(default=OFFICE_HOURS[3], description="the hours on Thursdays")
    fri: Hours = Field(default=OFFICE_HOURS[4], description="the hours on Fridays")
    sat: Hours = Field(default=OFFICE_HOURS[5], description="the hours on Saturdays")
    sun: Hours = Field(default=OFFICE_HOURS[6], description="the hours on Sundays")
    closed: list[DayRange] = Field(default=[], description="days off in addition to the holidays")


class Team(Table):
    """A team that shares tickets."""

    name: Line = Field(description="the team's name, as in “Hallo Team …”")
    members: list[Annotated[Member, BeforeValidator(person_table)]] = Field(
        min_length=1, description="the team's people"
    )
    hours: WorkingHours = Field(default_factory=WorkingHours, description="what differs from [hours]")


class School(Table):
    """A school."""

    key: Key = Field(description="the school's short key in ticket numbers")
    name: Line = Field(description="the school's name")
    address: Email = Field(description="the support address that teachers write to")
    language: Language | None = Field(default=None, description="the language of this school's mails")
    address_form: AddressForm | None = Field(
        default=None, description="how this school's German mails address people"
    )
    domains: list[Domain] = Field(default=[], description="the domains of the school's people")
    machines: Literal["ticket", "ignore"] = Field(
        default="ticket", description="what alerts of the school's devices become"
    )
    imap: Imap = Field(default_factory=Imap, description="what differs from [imap]")
    smtp: Smtp = Field(default_factory=Smtp, description="what differs from [smtp]")
    team: Team = Field(description="the first-level team")


class Limits(Table):
    """Rate limits and size limits."""

    attachments: Size = Field(
        default=ByteSize(10_000_000), description="the size of the attachments of one notification"
    )
    mail: Size = Field(default=ByteSize(50_000_000), description="the largest mail that is accepted")
    hourly_automatic: Count = Field(default=5, description="automatic mails an hour to one outside address")
    daily_automatic: Count = Field(default=20, description="automatic mails a day to one outside address")
    hourly_overall: Count = Field(default=500, description="automatic mails an hour to all addresses")
    hourly_tickets: Count = Field(default=20, description="tickets that one outside address opens in an hour")
    reopen_days: Days = Field(default=14, description="how long a reply reopens a ticket")
    confirm_days: Days = Field(default=3, description="how long a held mail can be confirmed")
    proof_days: Days = Field(
        default=30, description="how long replies to mails about a closed ticket prove their writer"
    )
    answer_collision_minutes: Minutes = Field(
        default=5, description="how soon after a colleague's answer another is held"
    )


class Times(Table):
    """Working time until reminders and escalation; 0 means never."""

    reminder_hours: HoursOfWork = Field(default=8, description="until a reminder of an untouched ticket")
    overdue_hours: HoursOfWork = Field(default=24, description="until a ticket without progress is overdue")
    escalate_hours: HoursOfWork = Field(
        default=0, description="until an untouched ticket goes to second level"
    )
    wait_reminder_days: Days = Field(default=5, description="until a requester is reminded of our question")
    wait_close_days: Days = Field(default=10, description="until a ticket without an answer is closed")
    digest: TimeOfDay = Field(default=time(7, 30), description="when the daily digest is sent")


class Health(Table):
    """Health rules: limits beyond which the operators are alerted; 0 turns a rule off."""

    mailbox_minutes: Minutes = Field(default=15, description="how long a mailbox may stay unread")
    outbox_minutes: Minutes = Field(default=60, description="how long a mail may wait to be sent")
    disk_free: SizeOrNone = Field(
        default=ByteSize(200_000_000), description="free disk space below which no mail is fetched"
    )


class Metrics(Table):
    """Where Prometheus finds the metrics."""

    textfile: Line | None = Field(default=None, description="a file for node_exporter, *.prom")
    port: Port | None = Field(default=None, description="a port of this machine that answers scrapes")


class OAuth2(Table):
    """How to get access tokens, where `auth` is "oauth2"."""

    provider: Literal["microsoft", "google"] = Field(
        default="microsoft", description="the provider of the tokens"
    )
    tenant: Text = Field(default="", description="Microsoft: the directory's id or domain")
    client_id: Text = Field(default="", description="the application's id")
    secret_file: Line | None = Field(
        default=None, repr=False, description="the file with the application's secret"
    )
    secret_env: Environment | None = Field(
        default=None, repr=False, description="the environment variable with it"
    )
    certificate_file: Line | None = Field(default=None, description="Microsoft: certificate and key, PEM")
    service_account_file: Line | None = Field(default=None, description="Google: a service account's JSON")
    refresh_token_file: Line | None = Field(default=None, description="Google: the first refresh token")
    authority: Url = Field(default="", description="another token endpoint, such as a national cloud's")
    expires: date | None = Field(default=None, description="the last day of the application's secret")
    ca_file: Line | None = Field(default=None, description="certificates of your own authority, PEM")


class Retention(Table):
    """Days until data is erased; 0 means never."""

    mail_days: Days = Field(default=180, description="raw mails and files, after a ticket was closed")
    text_days: Days = Field(default=730, description="all words and names, after a ticket was closed")
    other_days: Days = Field(default=90, description="mails that belong to no ticket")


class Document(Table):
    """The whole configuration: the main file and those that it includes."""

    include: Patterns = Field(default=(), description="files with further sections and schools")
    bot: Bot = Field(description="the bot as a whole")
    smtp: Smtp = Field(default_factory=Smtp, description="the server that accepts mails")
    imap: ImapSection = Field(default_factory=ImapSection, description="what the mailboxes have in common")
    oauth2: OAuth2 = Field(default_factory=OAuth2, description="how to get access tokens")
    limits: Limits = Field(default_factory=Limits, description="rate limits and size limits")
    hours: WorkingHours = Field(default_factory=WorkingHours, description="when teams work")
    times: Times = Field(default_factory=Times, description="working time until reminders and escalation")
    retention: Retention = Field(default_factory=Retention, description="days until data is erased")
    health: Health = Field(default_factory=Health, description="health rules")
    metrics: Metrics = Field(default_factory=Metrics, description="where Prometheus finds the metrics")
    school: list[School] = Field(min_length=1, description="one table for each school")
    second_level: Team = Field(description="the team over all schools")
