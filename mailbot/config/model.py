"""The TOML document as pydantic models: the only list of keys, types, defaults and meanings.

Every key has a default, so that the right part of a wrong document can still be looked through; those that
have to be given all the same are named in `required`.
"""

from datetime import date, time
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from mailbot.config.fields import (
    AbsolutePath,
    Authorities,
    Colour,
    Database,
    DaysAway,
    Domain,
    Email,
    Environment,
    ExistingDirectory,
    Host,
    Hours,
    Key,
    Land,
    Line,
    Port,
    Size,
    Text,
    TimeOfDay,
    Timezone,
    Url,
)
from mailbot.config.settings import Security
from mailbot.core.model.calendar import OFFICE_HOURS

Language = Literal["de", "en", "fr"]
AddressForm = Literal["formal", "informal"]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[int, Field(ge=1, le=300)]
Minutes = Annotated[int, Field(ge=0, le=1_440)]
HoursOfWork = Annotated[int, Field(ge=0, le=2_000)]
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
    address_form: AddressForm = Field(default="formal", description="how German mails address people")
    colour: Colour = Field(default="#1a5f8f", description="the colour of buttons and links in mails")
    timezone: Timezone = Field(default="Europe/Berlin", description="the time zone of dates in mails")
    land: Land = Field(default="", description="the Land whose holidays are kept")
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
    auth: Literal["password", "oauth2"] = Field(default="password", description="how to log in")


class Imap(Login):
    """A support mailbox."""

    security: Security = Field(default="tls", description="how the connection is encrypted")
    folder: Line = Field(default="INBOX", description="the folder to read")
    done: Text = Field(default="Mailbot/Done", description="the folder for handled mails")
    poll_seconds: Seconds = Field(default=60, description="seconds between looks; with IDLE, five times that")
    authserv_id: Text = Field(default="", description="the server's name in its Authentication-Results")


class ImapSection(Imap):
    """What holds for the mailboxes of all schools."""

    connections: Count | None = Field(default=None, description="to one server at once, if it allows few")
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


class WorkingHours(Table):
    """When a team works; its own table overrides the common one day by day."""

    mon: Hours = Field(default=OFFICE_HOURS[0], description="the hours on Mondays")
    tue: Hours = Field(default=OFFICE_HOURS[1], description="the hours on Tuesdays")
    wed: Hours = Field(default=OFFICE_HOURS[2], description="the hours on Wednesdays")
    thu: Hours = Field(default=OFFICE_HOURS[3], description="the hours on Thursdays")
    fri: Hours = Field(default=OFFICE_HOURS[4], description="the hours on Fridays")
    sat: Hours = Field(default=OFFICE_HOURS[5], description="the hours on Saturdays")
    sun: Hours = Field(default=OFFICE_HOURS[6], description="the hours on Sundays")
    closed: list[DaysAway] = Field(default=[], description="days on which nobody works, besides the holidays")


class Team(Table):
    """People who share tickets."""

    required = ("name", "members")

    name: Line = Field(default="", description="the team's name, as in “Hallo Team …”")
    members: list[Annotated[Member, BeforeValidator(_member)]] = Field(
        default=[], min_length=1, description="the team's people"
    )
    hours: WorkingHours = Field(default_factory=WorkingHours, description="what differs from [hours]")


class School(Table):
    """A school."""

    required = ("key", "name", "address", "team")

    key: Key = Field(default="", description="the school's short key in ticket numbers")
    name: Line = Field(default="", description="the school's name")
    address: Email = Field(default="", description="the support address that teachers write to")
    language: Language | None = Field(default=None, description="the language of this school's mails")
    address_form: AddressForm | None = Field(
        default=None, description="how this school's German mails address people"
    )
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
    hourly_overall: Count = Field(default=500, description="letters by machine an hour to everybody together")
    hourly_tickets: Count = Field(default=20, description="tickets that one outside address opens in an hour")
    reopen_days: Days = Field(default=14, description="how long a reply reopens a ticket")
    confirm_days: Days = Field(default=3, description="how long a held mail can be confirmed")
    answer_collision_minutes: Minutes = Field(
        default=5, description="how soon after a colleague's answer another is held"
    )


class Times(Table):
    """After how much working time what happens; 0 means never."""

    reminder_hours: HoursOfWork = Field(default=8, description="until nobody's ticket is brought to mind")
    overdue_hours: HoursOfWork = Field(default=24, description="until a ticket without progress is overdue")
    escalate_hours: HoursOfWork = Field(default=0, description="until nobody's ticket goes to second level")
    wait_reminder_days: Days = Field(default=5, description="until a requester is reminded of our question")
    wait_close_days: Days = Field(default=10, description="until a ticket without an answer is closed")
    digest: TimeOfDay = Field(default=time(7, 30), description="when the morning's overview comes")


class Guard(Table):
    """When silence is trouble; 0 means never."""

    mailbox_minutes: Minutes = Field(default=15, description="how long a mailbox may go unread")
    outbox_minutes: Minutes = Field(default=60, description="how long a letter may wait to be sent")
    disk_free: Size = Field(default=200_000_000, description="below how much free disk no mail is taken")


class Metrics(Table):
    """Where Prometheus finds figures."""

    textfile: AbsolutePath | None = Field(default=None, description="a file for node_exporter, *.prom")
    port: Port | None = Field(default=None, description="a port of this machine that answers scrapes")


class OAuth2(Table):
    """How access tokens are had, where `auth` is "oauth2"."""

    provider: Literal["microsoft", "google"] = Field(default="microsoft", description="who gives the tokens")
    tenant: Text = Field(default="", description="Microsoft: the directory's id or domain")
    client_id: Text = Field(default="", description="the application's id")
    secret_file: Line | None = Field(default=None, description="the file with the application's secret")
    secret_env: Environment | None = Field(default=None, description="the environment variable with it")
    certificate_file: Line | None = Field(default=None, description="Microsoft: certificate and key, PEM")
    service_account_file: Line | None = Field(default=None, description="Google: a service account's JSON")
    refresh_token_file: Line | None = Field(default=None, description="Google: the first refresh token")
    authority: Url = Field(default="", description="another token endpoint, such as a national cloud's")
    expires: date | None = Field(default=None, description="the last day of the application's secret")
    ca_file: Authorities | None = Field(default=None, description="the certificates of an own authority, PEM")


class Retention(Table):
    """After how many days what is erased; 0 means never."""

    mail_days: Days = Field(default=180, description="raw mails and files, after a ticket was closed")
    text_days: Days = Field(default=730, description="all words and names, after a ticket was closed")
    other_days: Days = Field(default=90, description="mails and letters that belong to no ticket")


class Document(Table):
    """The whole file."""

    required = ("bot", "school", "second_level")

    bot: Bot = Field(default_factory=Bot, description="the bot as a whole")
    smtp: Smtp = Field(default_factory=Smtp, description="the server that takes mails")
    imap: ImapSection = Field(default_factory=ImapSection, description="what the mailboxes have in common")
    oauth2: OAuth2 = Field(default_factory=OAuth2, description="how access tokens are had")
    limits: Limits = Field(default_factory=Limits, description="how much is too much")
    hours: WorkingHours = Field(default_factory=WorkingHours, description="when teams work")
    times: Times = Field(default_factory=Times, description="after how much time what happens")
    retention: Retention = Field(default_factory=Retention, description="after how many days what is erased")
    guard: Guard = Field(default_factory=Guard, description="when silence is trouble")
    metrics: Metrics = Field(default_factory=Metrics, description="where Prometheus finds figures")
    school: list[School] = Field(default=[], min_length=1, description="one table for each school")
    second_level: Team = Field(default_factory=Team, description="the team over all schools")
