"""The SMTP client: the meaning of each server reply and of silence for a mail."""

import asyncio
import dataclasses
import threading
from functools import partial
from typing import Any

import pytest

from mailbot.config import Secret, SmtpAccount
from mailbot.smtp import client
from mailbot.smtp.client import MAILS_PER_CONNECTION, SendResult, SmtpClient
from tests.support.servers.process import wait_until
from tests.support.servers.scripted import Answer, ScriptedServer
from tests.support.servers.smtp import PASSWORD, USER, RecordingSmtpServer
from tests.support.servers.smtp_script import RAW, RECIPIENT, SENDER, script, send
from tests.support.servers.tls import CertificateAuthority


def check(account: SmtpAccount) -> SendResult | None:
    async def run() -> SendResult | None:
        async with SmtpClient(account) as relay:
            return await relay.check(SENDER)

    return asyncio.run(run())


def test_after_five_timeouts_behind_data_in_a_row_the_next_mail_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "DATA_TIMEOUT_FACTOR", 0.1)
    ends = iter([b""] * 5)
    with ScriptedServer(b"220 x\r\n", lambda: script({b".": next(ends, b"250 taken\r\n")})) as server:
        account = SmtpAccount("localhost", server.port, "none")
        found = send(account, *[RECIPIENT] * 6, timeout=2)
    assert [(outcome.state, outcome.server_down) for outcome in found] == [
        *[("uncertain", True)] * 5,
        ("sent", False),
    ]


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_a_mail_arrives_as_it_was_handed_in_by_each_kind_of_security(
    smtp_server: RecordingSmtpServer, security: Any
) -> None:
    [outcome] = send(smtp_server.account(security))
    assert (outcome.state, outcome.code) == ("sent", 250)
    [received] = smtp_server.received
    assert (received.sender, received.recipients, received.raw) == (SENDER, (RECIPIENT,), RAW)


def test_large_mail_whose_lines_begin_with_dots_arrives_unchanged(
    authority: CertificateAuthority, subtests: pytest.Subtests
) -> None:
    large = RAW + b"".join(b"." * (number % 3) + b"%d\r\n" % number for number in range(70_000))
    assert len(large) > 2 * client._PIECE_BYTES
    securities: tuple[Any, ...] = ("tls", "starttls", "none")
    for security in securities:
        for raw in (large, large.removesuffix(b"\r\n"), large.replace(b"\r\n", b"\n")):
            with subtests.test(security=security), RecordingSmtpServer(authority) as server:
                assert [result.state for result in send(server.account(security), raw=raw)] == ["sent"]
                assert [received.raw for received in server.received] == [large]


def test_server_that_ends_a_large_text_early_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses the mail, and reads on or not; or it says nothing, and closes the connection or not."""
    monkeypatch.setattr(client, "DATA_TIMEOUT_FACTOR", 1)
    monkeypatch.setattr(client, "MIN_BYTES_PER_SECOND", 1 << 40)
    large = RAW + b"within\r\n" + (b"." * 70 + b"\r\n") * 200_000
    resume = threading.Event()
    refusal = b"552 5.3.4 too large\r\n"

    def reader(said: bytes, then: str) -> Answer:
        answer, within = script({}), False

        def heard(line: bytes) -> bytes | None:
            nonlocal within
            if within and then != "reads":
                if then == "stops":
                    resume.wait(60)
                return None
            within = within or line == b"within"
            return said if line == b"within" else answer(line)

        return heard

    for said, then, expected in (
        (refusal, "reads", ("permanent", 552, False)),
        (refusal, "stops", ("permanent", 552, False)),
        (b"", "closes", ("uncertain", None, True)),
        (b"", "stops", ("uncertain", None, True)),
    ):
        resume.clear()
        with ScriptedServer(b"220 x\r\n", partial(reader, said, then)) as server:
            account = SmtpAccount("localhost", server.port, "none")
            [result] = send(account, raw=large, timeout=1 if then == "stops" and not said else 10)
            resume.set()
        assert (result.state, result.code, result.server_down) == expected, (said, then)


def test_a_mail_goes_out_without_a_login_where_none_is_configured(authority: CertificateAuthority) -> None:
    with RecordingSmtpServer(authority, login=False) as server:
        assert [outcome.state for outcome in send(server.account())] == ["sent"]


def test_mails_share_one_connection(smtp_server: RecordingSmtpServer) -> None:
    send(smtp_server.account(), *[RECIPIENT] * 5)
    assert (len(smtp_server.received), smtp_server.connections) == (5, 1)


def test_a_connection_is_renewed_after_many_mails(smtp_server: RecordingSmtpServer) -> None:
    send(smtp_server.account(), *[RECIPIENT] * (MAILS_PER_CONNECTION + 1))
    assert smtp_server.connections == 2


def test_a_connection_is_renewed_after_a_pause(
    smtp_server: RecordingSmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "IDLE_SECONDS", 0)
    send(smtp_server.account(), RECIPIENT, RECIPIENT)
    assert smtp_server.connections == 2


def test_an_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[bytes] = []

    def begin() -> Answer:
        answer = script({})

        def heard(line: bytes) -> bytes | None:
            said.append(line.upper())
            return answer(line)

        return heard

    with ScriptedServer(b"220 x\r\n", begin) as server:

        async def run() -> None:
            async with SmtpClient(SmtpAccount("localhost", server.port, "none")) as relay:
                await relay.send(SENDER, RECIPIENT, RAW)
                await relay.close_if_idle()
                assert b"QUIT" not in said
                monkeypatch.setattr(client, "IDLE_SECONDS", 0)
                await relay.close_if_idle()
                assert said[-1] == b"QUIT"

        asyncio.run(run())


def test_a_mail_with_8bit_content_is_announced_as_8bitmime() -> None:
    replies = {b"EHLO": b"250-x\r\n250-SIZE\r\n250 8BITMIME\r\n"}
    with ScriptedServer(b"220 x\r\n", lambda: script(replies)) as server:

        async def run() -> SendResult:
            async with SmtpClient(SmtpAccount("localhost", server.port, "none")) as relay:
                return await relay.send(SENDER, RECIPIENT, "Grüße\r\n".encode())

        assert asyncio.run(run()).state == "sent"
        assert f"MAIL FROM:<{SENDER}> SIZE=9 BODY=8BITMIME\r\n".encode() in server.heard


def test_a_name_with_umlauts_before_the_at_needs_a_server_with_smtputf8() -> None:
    replies = {b"EHLO": b"250-x\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"}
    raw = "To: jürgen@schule.example\r\n\r\n".encode()
    for offered, state in ((replies, "sent"), ({}, "permanent")):
        with ScriptedServer(b"220 x\r\n", partial(script, offered)) as server:

            async def run(port: int = server.port) -> SendResult:
                async with SmtpClient(SmtpAccount("localhost", port, "none")) as relay:
                    return await relay.send(SENDER, "jürgen@schule-köln.example", raw)

            result = asyncio.run(run())
            assert (result.state, result.server_down) == (state, False), result
            rcpt = "RCPT TO:<jürgen@xn--schule-kln-lcb.example>\r\n".encode()
            assert (rcpt in server.heard) is bool(offered)
            assert (f"MAIL FROM:<{SENDER}> BODY=8BITMIME SMTPUTF8\r\n".encode() in server.heard) is bool(
                offered
            )


def test_a_server_that_was_restarted_between_two_mails_gets_the_second_one_as_well(
    smtp_server: RecordingSmtpServer,
) -> None:
    async def run() -> list[SendResult]:
        async with SmtpClient(smtp_server.account()) as relay:
            first = await relay.send(SENDER, RECIPIENT, RAW)
            await asyncio.to_thread(smtp_server.stop)
            smtp_server.start()
            return [first, await relay.send(SENDER, RECIPIENT, RAW)]

    assert [outcome.state for outcome in asyncio.run(run())] == ["sent", "sent"]


@pytest.mark.parametrize(
    ("reply", "state"), [("550 5.1.1 no such user", "permanent"), ("451 4.2.0 greylisted", "temporary")]
)
def test_a_refused_recipient_is_about_this_mail_alone(
    smtp_server: RecordingSmtpServer, reply: str, state: str
) -> None:
    smtp_server.replies["gone@schule.example"] = reply
    refused, other = send(smtp_server.account(), "gone@schule.example", RECIPIENT)
    assert (refused.state, refused.server_down) == (state, False)
    assert f"{refused.code} {refused.reply}" == reply
    assert other.state == "sent"


def test_a_domain_with_umlauts_is_written_as_idna(smtp_server: RecordingSmtpServer) -> None:
    send(smtp_server.account(), "post@schule-köln.example", "post@weiße-straße.example.")
    written = [mail.recipients for mail in smtp_server.received]
    assert written == [("post@xn--schule-kln-lcb.example",), ("post@xn--weie-strae-73ag.example",)]


def test_an_address_that_cannot_be_written_to_fails_without_asking_the_server(
    subtests: pytest.Subtests, smtp_server: RecordingSmtpServer
) -> None:
    for address in [
        "kein Klammeraffe",
        "a@b..example",
        "a@b.example\r\nRCPT TO:<c@d.example>",
        "@x",
    ]:
        with subtests.test(address=address):
            [outcome] = send(smtp_server.account(), address)
            assert (outcome.state, outcome.server_down, smtp_server.connections) == ("permanent", False, 0)


def test_the_null_sender_is_accepted(smtp_server: RecordingSmtpServer) -> None:
    async def run() -> SendResult:
        async with SmtpClient(smtp_server.account()) as relay:
            return await relay.send("", RECIPIENT, RAW)

    assert asyncio.run(run()).state == "sent"
    assert smtp_server.received[0].sender == ""


def test_a_refused_login_names_user_and_advice_and_not_the_password(
    smtp_server: RecordingSmtpServer,
) -> None:
    account = dataclasses.replace(smtp_server.account(), password=Secret("geheim-und-falsch"))
    [outcome] = send(account)
    assert (outcome.state, outcome.code, outcome.server_down) == ("temporary", 535, True)
    assert USER in outcome.reply
    assert "check username and password" in outcome.reply
    assert "geheim" not in repr(outcome)


def test_a_server_that_repeats_the_password_does_not_get_it_into_the_outcome() -> None:
    replies = {b"EHLO": b"250-x\r\n250 AUTH PLAIN\r\n", b"AUTH": f"535 not {PASSWORD}\r\n".encode()}
    with ScriptedServer(b"220 x\r\n", lambda: script(replies)) as server:
        account = SmtpAccount("localhost", server.port, "none", USER, Secret(PASSWORD))
        [outcome] = send(account)
    assert outcome.code == 535
    assert PASSWORD not in outcome.reply


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_certificate_of_an_unknown_authority_is_refused(
    smtp_server: RecordingSmtpServer, security: Any
) -> None:
    with CertificateAuthority() as other:
        [outcome] = send(dataclasses.replace(smtp_server.account(security), ca_file=other.ca_file))
    assert (outcome.state, outcome.server_down, smtp_server.received) == ("temporary", True, [])
    assert "certificate is not trusted" in outcome.reply


def test_a_missing_ca_file_is_named(
    smtp_server: RecordingSmtpServer, authority: CertificateAuthority
) -> None:
    missing = authority.ca_file.with_name("missing.pem")
    [outcome] = send(dataclasses.replace(smtp_server.account(), ca_file=missing))
    assert f"ca_file {missing} cannot be read" in outcome.reply


def test_a_password_is_not_sent_in_clear_text_to_another_machine() -> None:
    [outcome] = send(SmtpAccount("mail.example", 25, "none", USER, Secret(PASSWORD)))
    assert outcome.server_down
    assert "clear text" in outcome.reply


def test_password_is_not_sent_to_a_server_without_starttls() -> None:
    replies = {b"EHLO": b"250-x\r\n250 AUTH PLAIN\r\n"}
    with ScriptedServer(b"220 x\r\n", lambda: script(replies)) as server:
        [outcome] = send(SmtpAccount("localhost", server.port, "starttls", USER, Secret(PASSWORD)))
        assert not [line for line in server.heard if line.startswith(b"AUTH")]
    assert (outcome.state, outcome.server_down) == ("temporary", True)


def test_a_refused_connection_is_reported_as_such(smtp_server: RecordingSmtpServer) -> None:
    smtp_server.stop()
    [outcome] = send(smtp_server.account())
    assert (outcome.state, outcome.code, outcome.server_down) == ("temporary", None, True)
    assert "no server listens there" in outcome.reply


def test_a_cancelled_mail_does_not_spoil_the_connection_for_the_next_one() -> None:
    silent_once = iter([{b"MAIL": b""}, {}])
    with ScriptedServer(b"220 x\r\n", lambda: script(next(silent_once))) as server:

        async def run() -> SendResult:
            async with SmtpClient(SmtpAccount("localhost", server.port, "none"), 10) as relay:
                task = asyncio.create_task(relay.send(SENDER, RECIPIENT, RAW))
                await asyncio.to_thread(
                    wait_until, lambda: f"MAIL FROM:<{SENDER}>\r\n".encode() in server.heard
                )
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                return await relay.send(SENDER, RECIPIENT, RAW)

        assert asyncio.run(run()).state == "sent"


def test_check_logs_in_and_reports_no_fault(smtp_server: RecordingSmtpServer) -> None:
    assert check(smtp_server.account()) is None


def test_check_reports_the_fault(smtp_server: RecordingSmtpServer) -> None:
    account = dataclasses.replace(smtp_server.account(), password=Secret("falsch"))
    outcome = check(account)
    assert outcome is not None
    assert outcome.code == 535
