"""OAuth 2 logins with a token provider on loopback, a real Dovecot and an SMTP server."""

import asyncio
import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from mailbot.config import OAuth2, Secret
from mailbot.inbox import InboxError, Mailbox
from mailbot.oauth import OAuthError, access_token, invalidate
from mailbot.service.maintenance import maintain
from mailbot.smtp.client import SmtpClient
from mailbot.store.tables import AlertRow
from tests.support.daemon import Daemon
from tests.support.desk_harness import DeskHarness
from tests.support.scenario import EDV, NOW
from tests.support.school import LENA, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import USER as SMTP_USER
from tests.support.servers.smtp import RecordingSmtpServer
from tests.support.servers.tls import CertificateAuthority
from tests.support.servers.tokens import TokenServer

USER = "support-gym@schule.example"
SECRET = "Anwendungsgeheimnis-4711"


@pytest.fixture
def tokens(authority: CertificateAuthority) -> Iterator[TokenServer]:
    """A provider of its own."""
    with TokenServer(authority) as server:
        server.username = USER
        yield server


@pytest.fixture
def microsoft(tokens: TokenServer, authority: CertificateAuthority, tmp_path: Path) -> OAuth2:
    """An application at Microsoft."""
    url, ca = f"{tokens.authority}/tenant", authority.ca_file
    return OAuth2("microsoft", "secret", "client", Secret(SECRET), url, tmp_path / "tokens", ca_file=ca)


@pytest.fixture
def google(microsoft: OAuth2, tokens: TokenServer) -> OAuth2:
    """An application at Google with a refresh token."""
    url = f"{tokens.authority}/token"
    return replace(
        microsoft, provider="google", kind="refresh-token", authority=url, refresh_token=Secret("first")
    )


def test_a_token_is_requested_once_and_stored_with_mode_0600(microsoft: OAuth2, tokens: TokenServer) -> None:
    assert access_token(microsoft, USER) == access_token(microsoft, USER) == "token-1-geheim"
    assert [form["grant_type"] for form in tokens.asked] == ["client_credentials"]
    (file,) = microsoft.cache.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(microsoft.cache.stat().st_mode) == 0o700


def test_an_expiring_or_refused_token_is_requested_again(microsoft: OAuth2, tokens: TokenServer) -> None:
    tokens.lifetime = 60
    assert access_token(microsoft, USER) != access_token(microsoft, USER)
    tokens.lifetime = 3600
    before = access_token(microsoft, USER)
    invalidate(microsoft, USER)
    assert access_token(microsoft, USER) != before


def test_a_replaced_refresh_token_is_used_from_then_on(google: OAuth2, tokens: TokenServer) -> None:
    tokens.lifetime = 60
    for _ in range(3):
        access_token(google, USER)
    assert [form["refresh_token"] for form in tokens.asked] == [
        "first",
        "refresh-1-geheim",
        "refresh-2-geheim",
    ]
    (file,) = google.cache.iterdir()
    assert json.loads(file.read_text())["refresh_token"] == "refresh-3-geheim"


@pytest.mark.parametrize("provider", ["microsoft", "google"])
def test_a_refusal_says_what_to_check_without_any_secret(
    request: pytest.FixtureRequest, tokens: TokenServer, provider: str
) -> None:
    account = request.getfixturevalue(provider)
    tokens.refusal = {"error": "invalid_client", "error_description": f"{SECRET} is wrong"}
    with pytest.raises(OAuthError, match="refuses the login; check") as raised:
        access_token(account, USER)
    assert raised.value.permanent
    assert SECRET not in str(raised.value) + repr(account)


def test_a_provider_without_a_trusted_certificate_gets_no_secret(
    microsoft: OAuth2, tokens: TokenServer
) -> None:
    with pytest.raises(OAuthError) as raised:
        access_token(replace(microsoft, ca_file=None), USER)
    assert not raised.value.permanent
    assert tokens.asked == []


def test_a_mailbox_is_read_by_a_token_and_a_bad_one_is_replaced(
    start_dovecot: Callable[..., Dovecot], microsoft: OAuth2, tokens: TokenServer
) -> None:
    server = start_dovecot(introspection=tokens.introspection)
    account = replace(server.account(USER), password=Secret(""), oauth2=microsoft)
    server.deliver(USER, b"Subject: Beamer\r\n\r\ndunkel\r\n")
    with Mailbox.open(account) as box:
        assert len(box.uids()) == 1
    tokens.good.clear()
    with pytest.raises(InboxError, match="token is refused"):
        Mailbox.open(account).__enter__()
    with Mailbox.open(account) as box:
        assert len(box.uids()) == 1


def test_mail_is_handed_in_by_a_token(
    authority: CertificateAuthority, microsoft: OAuth2, tokens: TokenServer
) -> None:
    with RecordingSmtpServer(authority) as server:
        server.good_tokens = tokens.good
        account = replace(server.account(), username=USER, password=None, oauth2=microsoft)

        async def send() -> str:
            async with SmtpClient(account) as relay:
                return (await relay.send(USER, EDV, b"Subject: x\r\n\r\nx\r\n")).state

        assert asyncio.run(send()) == "sent"
        tokens.good.clear()
        assert asyncio.run(send()) == "temporary"
        assert asyncio.run(send()) == "sent"
    assert len(server.received) == 2


def by_token(env: SchoolEnv, tokens: TokenServer, authority: CertificateAuthority) -> None:
    """Let a school log in at all servers by tokens of an application at Microsoft."""
    (env.directory / "secret").write_text(SECRET)
    (env.directory / "secret").chmod(0o600)
    text = env.config.read_text("utf-8")
    text = text.replace('password_file = "smtp"', 'auth = "oauth2"')
    text = text.replace('password_file = "imap"', 'auth = "oauth2"')
    text = text.replace(f'username = "{SMTP_USER}"', f'username = "{env.address}"')
    assert text.count('auth = "oauth2"') == 2
    env.config.write_text(
        f"""{text}
[oauth2]
tenant = "tenant"
client_id = "client"
secret_file = "secret"
authority = "{tokens.authority}"
ca_file = "{authority.ca_file}"
""",
        "utf-8",
    )


def test_a_daemon_logs_in_by_token_and_replaces_revoked_tokens(
    start_dovecot: Callable[..., Dovecot],
    authority: CertificateAuthority,
    tokens: TokenServer,
    tmp_path: Path,
) -> None:
    dovecot = start_dovecot(introspection=tokens.introspection)
    with RecordingSmtpServer(authority) as smtp:
        smtp.good_tokens = tokens.good
        env = SchoolEnv(tmp_path / "school", dovecot, smtp, USER, imap="poll_seconds = 1")
        by_token(env, tokens, authority)
        with Daemon(env, forked=True) as daemon:
            env.deliver(problem("Beamer").text("dunkel"))
            daemon.wait(lambda: len(env.mails_to(LENA)) == 1, "the receipt of the first problem")
            asked = len(tokens.asked)
            tokens.good.clear()
            dovecot.restart()
            env.deliver(problem("Drucker", "Otto <otto@schule.example>").text("leer"))
            daemon.wait(lambda: len(env.mails_to("otto@schule.example")) == 1, "the receipt of the second")
            assert daemon.stop() == 0
            assert SECRET not in daemon.log
            assert "geheim" not in daemon.log
    assert len(tokens.asked) > asked
    files = list((env.directory / "state").rglob("*token*/*"))
    assert files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_operators_are_warned_two_weeks_before_the_secret_expires(desk: DeskHarness) -> None:
    last = date(2027, 3, 31)
    for days, alerts in ((15, 0), (14, 1), (1, 1)):
        maintain(desk.desk, NOW.replace(year=2027, month=3, day=31) - timedelta(days=days), last)
        assert len(desk.outbox_of(EDV)) == alerts
    assert [row.topic for row in desk.rows(AlertRow)] == ["oauth2 secret"]
    maintain(desk.desk, NOW.replace(year=2027, month=4, day=1), date(2029, 3, 31))
    assert desk.rows(AlertRow) == []
