"""Access tokens for XOAUTH2: Microsoft by msal, Google by google-auth; the only module that knows these two.

A token is kept in a file that only we read, and asked for anew when it is about to expire. A refresh token
that the provider replaces is written before the access token is used: the old one may be worth nothing then.
"""

# ruff: noqa: PLC0415 - the libraries are extras, and slow to load

import hashlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from typing import Any

from mailbot.clock import utc_now
from mailbot.config import OAuth2
from mailbot.network import sanitize_reply

MARGIN_SECONDS = 300
TIMEOUT_SECONDS = 30
MICROSOFT_SCOPES = ["https://outlook.office365.com/.default"]
GOOGLE_SCOPES = ["https://mail.google.com/"]

_lock = threading.Lock()


class OAuthError(Exception):
    """No token could be had: from whom, why, what to do. `permanent`: until somebody changes something."""

    def __init__(self, message: str, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class _Grant:
    """What a provider gave; `refresh_token` is "" where there is none."""

    token: str
    expires: float
    refresh_token: str = ""


def access_token(account: OAuth2, username: str) -> str:
    """Return a token that is good for some minutes at least. Raises OAuthError."""
    with _lock:
        kept = _load(account, username)
        if kept is not None and kept.expires - MARGIN_SECONDS > utc_now().timestamp():
            return kept.token
        grant = _ask(account, username, kept.refresh_token if kept else "")
        _save(account, username, grant)
        return grant.token


def invalidate(account: OAuth2, username: str) -> None:
    """Forget a token that the mail server does not take, so that the next login asks for a new one."""
    with _lock:
        kept = _load(account, username)
        if kept is not None:
            _save(account, username, _Grant("", 0, kept.refresh_token))


def secret_expiry(account: OAuth2 | None) -> date | None:
    """Return the last day on which the provider takes our secret, where it is known."""
    if account is None or account.kind != "certificate":
        return account.expires if account else None
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(_certificate(account).encode())
    return min(certificate.not_valid_after_utc.date(), account.expires or date.max)


def _file(account: OAuth2, username: str) -> Path:
    first = account.refresh_token.get() if account.refresh_token else ""
    name = "\0".join((account.provider, account.authority, account.client_id, username, first))
    return account.cache / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"


def _load(account: OAuth2, username: str) -> _Grant | None:
    try:
        return _Grant(**json.loads(_file(account, username).read_bytes()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):  # half a file of another version: a new token is to be had
        return None


def _save(account: OAuth2, username: str, grant: _Grant) -> None:
    """Write all or nothing, readable by nobody else."""
    file = _file(account, username)
    fresh = file.with_suffix(".new")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as opened:
            json.dump(
                {"token": grant.token, "expires": grant.expires, "refresh_token": grant.refresh_token}, opened
            )
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(file)
    except OSError as error:
        raise OAuthError(f"{file}: {error.strerror}: the token cannot be kept", permanent=True) from error


def _ask(account: OAuth2, username: str, refresh_token: str) -> _Grant:
    ask: Callable[[OAuth2, str, str], _Grant] = _microsoft if account.provider == "microsoft" else _google
    try:
        return ask(account, username, refresh_token)
    except ModuleNotFoundError as error:
        raise OAuthError(
            f"{error.name} is missing: pip install 'mailbot[{account.provider}]'", True
        ) from None
    except (OSError, ValueError) as error:  # requests' errors are OSErrors
        raise OAuthError(
            _said(account, error, "cannot be reached; check authority and network"), False
        ) from error


def _session(account: OAuth2) -> Any:
    """Return an HTTP client that verifies certificates as configured, and does not wait for ever."""
    import requests

    class Session(requests.Session):
        def request(self, *args: Any, **options: Any) -> Any:
            return super().request(*args, **{**options, "timeout": TIMEOUT_SECONDS})

        def merge_environment_settings(self, *args: Any) -> Any:
            """Take proxies from the environment, and not whom to trust."""
            return {**super().merge_environment_settings(*args), "verify": self.verify}

    session = Session()
    session.verify = str(account.ca_file) if account.ca_file else True
    return session


def _microsoft(account: OAuth2, _: str, __: str) -> _Grant:
    """Client credentials (RFC 6749, 4.4): the application itself may read these mailboxes."""
    import msal

    application = msal.ConfidentialClientApplication(
        account.client_id,
        client_credential=_microsoft_credential(account),
        authority=account.authority,
        instance_discovery=False,
        http_client=_session(account),
    )
    answer: dict[str, Any] = application.acquire_token_for_client(MICROSOFT_SCOPES)
    if "access_token" not in answer:
        told = f"{answer.get('error')}: {answer.get('error_description', '')}"
        raise OAuthError(_said(account, told, "refuses; check tenant, client_id and secret"), permanent=True)
    return _Grant(answer["access_token"], utc_now().timestamp() + int(answer["expires_in"]))


def _microsoft_credential(account: OAuth2) -> Any:
    if account.kind == "secret":
        return account.secret.get()
    return {"private_key": account.secret.get(), "public_certificate": _certificate(account)}


def _certificate(account: OAuth2) -> str:
    """Return the first certificate of a PEM file that holds the key, too."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    text = account.secret.get()
    return begin + text.partition(begin)[2].partition(end)[0] + end + "\n"


def _google(account: OAuth2, username: str, refresh_token: str) -> _Grant:
    """A service account that acts for the mailbox (RFC 7523), or a refresh token (RFC 6749, 6)."""
    import google.auth.exceptions
    import google.auth.transport.requests
    import google.oauth2.credentials
    import google.oauth2.service_account

    credentials: Any
    if account.kind == "service-account":
        info = {**json.loads(account.secret.get()), "token_uri": account.authority}
        of_service: Any = google.oauth2.service_account.Credentials
        credentials = of_service.from_service_account_info(info, scopes=GOOGLE_SCOPES, subject=username)
    else:
        first = account.refresh_token.get() if account.refresh_token else ""
        of_user: Any = google.oauth2.credentials.Credentials
        credentials = of_user(
            None, refresh_token or first, None, account.authority, account.client_id, account.secret.get()
        )
    try:
        credentials.refresh(google.auth.transport.requests.Request(_session(account)))
    except google.auth.exceptions.RefreshError as error:
        raise OAuthError(
            _said(account, error, "refuses; check client_id and secret"), permanent=True
        ) from error
    except google.auth.exceptions.GoogleAuthError as error:
        raise OAuthError(
            _said(account, error, "cannot be reached; check the network"), permanent=False
        ) from error
    rotated = getattr(credentials, "refresh_token", "") or ""
    return _Grant(credentials.token, credentials.expiry.replace(tzinfo=UTC).timestamp(), rotated)


def _said(account: OAuth2, told: object, advice: str) -> str:
    return sanitize_reply(f"{account.provider} at {account.authority} {advice} ({told})", account.secret)
