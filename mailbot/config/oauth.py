"""Read [oauth2]: how to get access tokens."""

from typing import Literal

from mailbot.config.files import LoadContext, certificates, secret_line, secret_text, secret_variable
from mailbot.config.model import Document
from mailbot.config.model import OAuth2 as Table
from mailbot.config.settings import OAuth2, Secret

_MICROSOFT = "https://login.microsoftonline.com"
_GOOGLE = "https://oauth2.googleapis.com/token"
Kind = Literal["secret", "certificate", "service-account", "refresh-token"]
_NEEDED: dict[Kind, tuple[str, ...]] = {
    "secret": ("tenant", "client_id"),
    "certificate": ("tenant", "client_id"),
    "service-account": (),
    "refresh-token": ("client_id", "refresh_token_file"),
}


def read_oauth2(document: Document, context: LoadContext) -> OAuth2 | None:
    """Return how to get access tokens, or None if no login uses them; report the problems."""
    of_schools = (login for s in document.school for login in (s.imap, s.smtp))
    if not any(login.auth == "oauth2" for login in (document.imap, document.smtp, *of_schools)):
        return None
    table, kind = document.oauth2, _kind(document.oauth2)
    _report_missing(table, kind, context)
    read, at = context.read, "oauth2"
    secrets = {
        "certificate": read((at, "certificate_file"), table.certificate_file, secret_text),
        "service-account": read((at, "service_account_file"), table.service_account_file, secret_text),
    }
    secret = read((at, "secret_file"), table.secret_file, secret_line) or read(
        (at, "secret_env"), table.secret_env, secret_variable
    )
    return OAuth2(
        provider=table.provider,
        kind=kind,
        client_id=table.client_id,
        secret=secrets.get(kind, secret) or Secret(""),
        authority=_authority(table),
        cache=context.path(document.bot.state_dir) / "tokens",
        refresh_token=read((at, "refresh_token_file"), table.refresh_token_file, secret_line),
        expires=table.expires,
        ca_file=read((at, "ca_file"), table.ca_file, certificates),
    )


def _kind(table: Table) -> Kind:
    if table.provider == "google":
        return "service-account" if table.service_account_file else "refresh-token"
    return "certificate" if table.certificate_file else "secret"


def _report_missing(table: Table, kind: Kind, context: LoadContext) -> None:
    for key in _NEEDED[kind]:
        if not getattr(table, key):
            context.report(("oauth2", key), f"missing; needed for {table.provider}")
    other = {"secret": "certificate_file", "refresh-token": "service_account_file"}.get(kind)
    if other and not (table.secret_file or table.secret_env):
        expected = f"the application's secret, by secret_file or secret_env, or {other}"
        context.report(("oauth2", "secret_file"), f"missing; expected {expected}")


def _authority(table: Table) -> str:
    if table.provider == "google":
        return table.authority or _GOOGLE
    return f"{(table.authority or _MICROSOFT).rstrip('/')}/{table.tenant}"
