"""Settings and accounts for the rest of the bot, with secrets that do not print themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

from mailbot.core.model.policy import Policy, Thresholds

Security = Literal["tls", "starttls", "none"]


class Secret:
    """A password that is hidden in `repr`, logs and error messages."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def get(self) -> str:
        """Return the password itself, for the code that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True, slots=True)
class OAuth2:
    """How to get access tokens (RFC 6749).

    `secret` is the application's secret, its certificate with the key (PEM), or Google's service account
    (JSON), as `kind` says. `authority` is Microsoft's with the tenant, or Google's token endpoint. Tokens are
    kept in the directory `cache`. `expires` is the last day on which the provider accepts the secret.
    """

    provider: Literal["microsoft", "google"]
    kind: Literal["secret", "certificate", "service-account", "refresh-token"]
    client_id: str
    secret: Secret
    authority: str
    cache: Path
    refresh_token: Secret | None = None
    expires: date | None = None
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """How to reach one support mailbox (RFC 9051). `done` is "" if mails are flagged instead of moved."""

    host: str
    port: int
    security: Security
    username: str
    password: Secret
    folder: str = "INBOX"
    done: str = "Mailbot/Done"
    poll_seconds: int = 60
    ca_file: Path | None = None
    oauth2: OAuth2 | None = None


@dataclass(frozen=True, slots=True)
class SmtpAccount:
    """How to submit mail (RFC 6409); without a username there is no login.

    `connections` is the limit of connections at the same time.
    """

    host: str
    port: int
    security: Security
    username: str = ""
    password: Secret | None = None
    ca_file: Path | None = None
    oauth2: OAuth2 | None = None
    connections: int = 1


@dataclass(frozen=True, slots=True)
class Settings:
    """A valid configuration. `imap` and `smtp` are keyed by the school's key.

    `database` is a URL, `state_dir` and `templates` are absolute. The URL may hold a password: not shown.
    `connections` is the limit of connections to an IMAP server; None if each mailbox keeps one.
    `renamed_keys` are sentences about old names of keys in the file. `included` are the files that it
    includes.
    """

    file: Path
    policy: Policy
    state_dir: Path
    database: str = field(repr=False)
    imap: Mapping[str, ImapAccount]
    smtp: Mapping[str, SmtpAccount]
    first_contact_days: int = 7
    connections: int | None = None
    templates: Path | None = None
    land: str = ""
    colour: str = "#1a5f8f"
    oauth2: OAuth2 | None = None
    health: Thresholds = field(default_factory=Thresholds)
    metrics_file: Path | None = None
    metrics_port: int | None = None
    renamed_keys: tuple[str, ...] = ()
    included: tuple[Path, ...] = ()
