"""Get access tokens for XOAUTH2, from Microsoft by msal and from Google by google-auth.

This is the only module that uses these libraries. A token is stored in a file that only this user can read,
and renewed shortly before it expires. A refresh token that the provider replaces is stored before the access
token is used: the old refresh token may be invalid from then on.
"""

# ruff: noqa: PLC0415 - the libraries are optional and load slowly

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
    """No token was obtained; the text names the provider, the reason and what to do.

    `permanent`: the error lasts until the configuration or the provider's settings are changed.
    """

    def __init__(self, message: str, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class _Grant:
    """The response of a provider; `expires` is in seconds since 1970, `refresh_token` may be ""."""

    token: str
    expires: float
    refresh_token: str = ""


def access_token(account: OAuth2, username: str) -> str:
    """Return a token that is valid for at least five minutes; raise OAuthError."""
    # The threads of IMAP and SMTP would request the same token at the same time.
    with _lock:
        stored = _load(account, username)
        if stored is not None and stored.expires - MARGIN_SECONDS > utc_now().timestamp():
            return stored.token
        grant = _request(account, username, stored.refresh_token if stored else "")
        _save(account, username, grant)
        return grant.token


def invalidate(account: OAuth2, username: str) -> None:
    """Delete a token that the mail server refused, so that the next login requests a new one."""
    with _lock:
        stored = _load(account, username)
        if stored is not None:
            _save(account, username, _Grant("", 0, stored.refresh_token))


def secret_expiry(account: OAuth2 | None) -> date | None:
    """Return the last day on which the client secret or certificate is valid, or None if unknown."""
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
    except (ValueError, TypeError):  # damaged, or written by another version: request a new token
        return None


def _save(account: OAuth2, username: str, grant: _Grant) -> None:
    """Replace the token's file atomically; only this user can read it."""
    file = _file(account, username)
    temporary = file.with_suffix(".new")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as opened:
            json.dump(
                {"token": grant.token, "expires": grant.expires, "refresh_token": grant.refresh_token}, opened
            )
            opened.flush()
            # A rotated refresh token replaces the last one at the provider: it must survive a crash.
            os.fsync(opened.fileno())
        temporary.replace(file)
    except OSError as error:
        raise OAuthError(f"{file}: {error.strerror}: the token cannot be stored", permanent=True) from error


def _request(account: OAuth2, username: str, refresh_token: str) -> _Grant:
    microsoft = account.provider == "microsoft"
    request: Callable[[OAuth2, str, str], _Grant] = _request_microsoft if microsoft else _request_google
    try:
        return request(account, username, refresh_token)
    except ModuleNotFoundError as error:
        raise OAuthError(
            f"{error.name} is missing: pip install 'mailbot[{account.provider}]'", True
        ) from None
    except (OSError, ValueError) as error:  # the errors of requests are OSErrors
        advice = "cannot be reached; check authority and network"
        raise OAuthError(_message(account, error, advice), False) from error


def _session(account: OAuth2) -> Any:
    """Return an HTTP client with a timeout that verifies certificates as configured."""
    import requests

    # requests has no timeout by default.
    class Session(requests.Session):
        def request(self, *args: Any, **options: Any) -> Any:
            return super().request(*args, **{**options, "timeout": TIMEOUT_SECONDS})

        def merge_environment_settings(self, *args: Any) -> Any:
            """Read proxies from the environment, but not the certificate authorities."""
            return {**super().merge_environment_settings(*args), "verify": self.verify}

    session = Session()
    session.verify = str(account.ca_file) if account.ca_file else True
    return session


def _request_microsoft(account: OAuth2, _: str, __: str) -> _Grant:
    """Request a token by client credentials (RFC 6749, 4.4): the application has access to the mailboxes."""
    import msal

    application = msal.ConfidentialClientApplication(
        account.client_id,
        client_credential=_microsoft_credential(account),
        authority=account.authority,
        # Otherwise msal asks another host whether the authority is genuine; the configuration names it.
        instance_discovery=False,
        http_client=_session(account),
    )
    response: dict[str, Any] = application.acquire_token_for_client(MICROSOFT_SCOPES)
    if "access_token" not in response:
        reason = f"{response.get('error')}: {response.get('error_description', '')}"
        advice = "refuses the login; check tenant, client_id and secret"
        raise OAuthError(_message(account, reason, advice), permanent=True)
    return _Grant(response["access_token"], utc_now().timestamp() + int(response["expires_in"]))


def _microsoft_credential(account: OAuth2) -> Any:
    if account.kind == "secret":
        return account.secret.get()
    return {"private_key": account.secret.get(), "public_certificate": _certificate(account)}


def _certificate(account: OAuth2) -> str:
    """Return the first certificate of a PEM file that also contains the key."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    text = account.secret.get()
    return begin + text.partition(begin)[2].partition(end)[0] + end + "\n"


def _request_google(account: OAuth2, username: str, refresh_token: str) -> _Grant:
    """Request a token by a service account (RFC 7523) or by a refresh token (RFC 6749, 6)."""
    import google.auth.exceptions
    import google.auth.transport.requests
    import google.oauth2.credentials
    import google.oauth2.service_account

    credentials: Any
    if account.kind == "service-account":
        info = {**json.loads(account.secret.get()), "token_uri": account.authority}
        service_class: Any = google.oauth2.service_account.Credentials
        credentials = service_class.from_service_account_info(info, scopes=GOOGLE_SCOPES, subject=username)
    else:
        first = account.refresh_token.get() if account.refresh_token else ""
        user_class: Any = google.oauth2.credentials.Credentials
        credentials = user_class(
            None, refresh_token or first, None, account.authority, account.client_id, account.secret.get()
        )
    try:
        credentials.refresh(google.auth.transport.requests.Request(_session(account)))
    except google.auth.exceptions.RefreshError as error:
        advice = "refuses the login; check client_id and secret"
        raise OAuthError(_message(account, error, advice), permanent=True) from error
    except google.auth.exceptions.GoogleAuthError as error:
        advice = "cannot be reached; check the network"
        raise OAuthError(_message(account, error, advice), permanent=False) from error
    # The provider may have issued another refresh token (RFC 6749, 6).
    rotated = getattr(credentials, "refresh_token", "") or ""
    return _Grant(credentials.token, credentials.expiry.replace(tzinfo=UTC).timestamp(), rotated)


def _message(account: OAuth2, reason: object, advice: str) -> str:
    return sanitize_reply(f"{account.provider} at {account.authority} {advice} ({reason})", account.secret)
