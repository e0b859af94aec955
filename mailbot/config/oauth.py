"""From [oauth2] to how access tokens are had."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from mailbot.config.fields import Places
from mailbot.config.model import Document
from mailbot.config.model import OAuth2 as Table
from mailbot.config.problem import Finding
from mailbot.config.secrets import secret_line, secret_text
from mailbot.config.settings import OAuth2, Secret

_MICROSOFT = "https://login.microsoftonline.com"
_GOOGLE = "https://oauth2.googleapis.com/token"

# What each way to a token needs.
_NEEDS: dict[str, tuple[str, ...]] = {
    "secret": ("tenant", "client_id"),
    "certificate": ("tenant", "client_id"),
    "service-account": (),
    "refresh-token": ("client_id", "refresh_token_file"),
}
Kind = Literal["secret", "certificate", "service-account", "refresh-token"]


_FILES = ("secret_file", "secret_env", "certificate_file", "service_account_file", "refresh_token_file")


def oauth2_of(document: Document, places: Places) -> tuple[OAuth2 | None, list[Finding]]:
    """Return how tokens are had, and what is wrong with it; None where nobody logs in by a token."""
    of_schools = (login for s in document.school for login in (s.imap, s.smtp))
    logins = [document.imap, document.smtp, *of_schools]
    if not any(login.auth == "oauth2" for login in logins):
        return None, []
    table = document.oauth2
    findings = list(_missing(table))
    secret, refresh_token = Secret(""), None
    for key in _FILES:
        name = getattr(table, key)
        try:
            if name and key == "refresh_token_file":
                refresh_token = secret_line(name, None, places)
            elif name and key in ("secret_file", "secret_env"):
                secret = secret_line(table.secret_file, table.secret_env, places)
            elif name:
                secret = Secret(secret_text(name, places))
        except ValueError as error:
            findings.append(Finding(("oauth2", key), str(error), name))
    return (
        OAuth2(
            provider=table.provider,
            kind=_kind(table),
            client_id=table.client_id,
            secret=secret,
            authority=_authority(table),
            cache=Path(document.bot.state_dir, "tokens"),
            refresh_token=refresh_token,
            expires=table.expires,
            ca_file=Path(table.ca_file) if table.ca_file else None,
        ),
        findings,
    )


def _kind(table: Table) -> Kind:
    if table.provider == "google":
        return "service-account" if table.service_account_file else "refresh-token"
    return "certificate" if table.certificate_file else "secret"


def _missing(table: Table) -> Iterator[Finding]:
    kind = _kind(table)
    for key in _NEEDS[kind]:
        if not getattr(table, key):
            yield Finding(("oauth2", key), f"missing; needed for {table.provider}")
    if kind in ("secret", "refresh-token") and not (table.secret_file or table.secret_env):
        others = {"secret": "certificate_file", "refresh-token": "service_account_file"}
        right = (
            f"missing; needed is the application's secret, by secret_file or secret_env, or {others[kind]}"
        )
        yield Finding(("oauth2", "secret_file"), right)


def _authority(table: Table) -> str:
    if table.provider == "google":
        return table.authority or _GOOGLE
    return f"{(table.authority or _MICROSOFT).rstrip('/')}/{table.tenant}"
