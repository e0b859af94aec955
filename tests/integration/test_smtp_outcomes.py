"""The outcome of a mail for each reply, and for each missing one."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from mailbot.config import SmtpAccount
from mailbot.smtp import client
from mailbot.smtp.client import SendResult, SmtpClient, Submission
from tests.support.servers.scripted import Answer, ScriptedServer
from tests.support.servers.smtp_script import RAW, RECIPIENT, SENDER, script, send


def grouped(replies: Mapping[str, str | None]) -> Callable[[], Answer]:
    """Play a server with PIPELINING that answers each group in one packet, at its DATA or its end of text.

    `replies` are by command and number, as in "RCPT 2". With "and more" the server first reads the rest of
    the group: the announced envelope behind a text. At None it closes the connection.
    """
    counts: dict[str, int] = {}

    def begin() -> Answer:
        held: list[str] = []
        text = False

        def answer(line: bytes) -> bytes | None:
            nonlocal text
            if text and line != b".":
                return b""
            verb = "." if line == b"." else line.split(b" ")[0].upper().decode()
            counts[verb] = counts.get(verb, 0) + 1
            usual = {"EHLO": "250-x\r\n250 PIPELINING", "DATA": "354 go"}
            reply = replies.get(f"{verb} {counts[verb]}", usual.get(verb, "250 fine"))
            if reply is None:
                return None
            held.append(reply.removesuffix(" and more"))
            text = verb == "DATA" and reply == "354 go"
            if verb in ("MAIL", "RCPT") or reply.endswith("and more"):
                return b""
            said = "".join(f"{one}\r\n" for one in held).encode()
            held.clear()
            return said

        return answer

    return begin


async def send_three(port: int) -> list[SendResult]:
    mails = [Submission(SENDER, f"lehrer{number}@schule.example", RAW) for number in range(3)]
    async with SmtpClient(SmtpAccount("localhost", port, "none"), 10) as relay:
        pairs = zip(mails, [*mails[1:], None], strict=True)
        return [await relay.send(m.sender, m.recipient, m.raw, following) for m, following in pairs]


GROUPS: list[tuple[dict[str, str | None], list[str], int]] = [
    ({}, ["sent"] * 3, 0),
    ({". 1": "250 taken and more", ". 2": "250 taken and more"}, ["sent"] * 3, 0),
    ({"RCPT 1": "550 5.1.1 unknown"}, ["permanent", "sent", "sent"], 1),
    ({"RCPT 1": "550 5.1.1 unknown", "DATA 1": "503 no recipient"}, ["permanent", "sent", "sent"], 1),
    ({"RCPT 2": "450 4.2.1 busy", "DATA 2": "554 no recipient"}, ["sent", "temporary", "sent"], 1),
    ({"DATA 2": "452 4.3.1 full"}, ["sent", "temporary", "sent"], 1),
    ({". 1": "554 5.7.1 spam and more"}, ["permanent", "sent", "sent"], 0),
    ({"MAIL 2": "552 5.3.4 too large"}, ["sent", "permanent", "sent"], 0),
    ({"RCPT 1": None}, ["temporary", "sent", "sent"], 0),
    ({"RCPT 2": None}, ["sent", "sent", "sent"], 0),
    ({". 1": "250 taken and more", "MAIL 2": None}, ["uncertain", "sent", "sent"], 0),
    ({". 1": None}, ["uncertain", "sent", "sent"], 0),
    ({"DATA 2": "250 fine"}, ["sent", "uncertain", "sent"], 0),
    ({". 1": "554 5.2.0 SubmissionQuotaExceeded"}, ["temporary", "sent", "sent"], 0),
    ({". 1": "421 4.3.2 closing"}, ["temporary", "sent", "sent"], 0),
]


def test_in_a_group_of_commands_each_reply_counts_for_its_own_mail(subtests: pytest.Subtests) -> None:
    for replies, states, resets in GROUPS:
        with subtests.test(replies=replies):
            with ScriptedServer(b"220 x\r\n", grouped(replies)) as server:
                found = asyncio.run(send_three(server.port))
                heard = b"".join(server.heard)
            assert [result.state for result in found] == states
            assert heard.count(b"RSET\r\n") == resets
            lone_dots = heard.count(b"DATA\r\n.\r\n")
            assert lone_dots == (replies == {"RCPT 1": "550 5.1.1 unknown"})


def test_a_mail_that_was_announced_is_not_sent_if_another_follows() -> None:
    with ScriptedServer(b"220 x\r\n", grouped({})) as server:

        async def run() -> list[SendResult]:
            async with SmtpClient(SmtpAccount("localhost", server.port, "none")) as relay:
                announced = Submission(SENDER, "angekuendigt@schule.example", b"x")
                first = await relay.send(SENDER, RECIPIENT, RAW, announced)
                return [first, await relay.send(SENDER, RECIPIENT, RAW)]

        assert [result.state for result in asyncio.run(run())] == ["sent", "sent"]
        begun = [line.split()[0] for line in server.heard if line.startswith((b"EHLO", b"Subject", b"x"))]
        assert begun == [b"EHLO", b"Subject:", b"EHLO", b"Subject:"]


def test_a_mail_that_the_account_may_not_send_is_handed_in_once() -> None:
    quota = b"554 5.2.0 SubmissionQuotaExceededException\r\n"
    ends = iter([b"250 taken\r\n", quota, quota])

    def begin() -> Answer:
        answer = script({})
        return lambda line: next(ends) if (said := answer(line)) == b"250 taken\r\n" else said

    with ScriptedServer(b"220 x\r\n", begin) as server:
        sent, refused = send(SmtpAccount("localhost", server.port, "none"), RECIPIENT, RECIPIENT)
        assert server.heard.count(b".\r\n") == 2
    assert (sent.state, refused.state) == ("sent", "temporary")


@pytest.mark.parametrize(
    ("when", "reply", "state", "code", "server_down"),
    [
        (b"EHLO", b"421 too busy\r\n", "temporary", 421, True),
        (b"EHLO", None, "temporary", None, True),
        (b"EHLO", b"", "temporary", None, True),
        (b"MAIL", b"421 closing\r\n", "temporary", 421, True),
        (b"MAIL", b"451 try later\r\n", "temporary", 451, True),
        (b"MAIL", b"553 not your address\r\n", "temporary", 553, True),
        (b"MAIL", b"552 too large\r\n", "permanent", 552, False),
        (b"MAIL", None, "temporary", None, True),
        (b"RCPT", b"421 closing\r\n", "temporary", 421, True),
        (b"RCPT", b"450 mailbox busy\r\n", "temporary", 450, False),
        (b"RCPT", b"530 login first\r\n", "temporary", 530, True),
        (b"RCPT", b"450 4.7.1 too many messages per hour\r\n", "temporary", 450, True),
        (b"RCPT", b"550-5.4.5 Daily user sending\r\n550 5.4.5 limit exceeded\r\n", "temporary", 550, True),
        (b"RCPT", b"553 5.7.1 Sender address rejected: not owned by user x\r\n", "temporary", 553, True),
        (b"RCPT", b"452 4.2.2 over quota\r\n", "temporary", 452, False),
        (b"RCPT", b"552 5.2.2 over quota\r\n", "permanent", 552, False),
        (b"MAIL", b"552 Your account has been suspended\r\n", "temporary", 552, True),
        (b"RCPT", b"550 unknown\r\n", "permanent", 550, False),
        (b"RCPT", b"", "temporary", None, True),
        (b"RCPT", None, "temporary", None, True),
        (b"DATA", b"451 later\r\n", "temporary", 451, False),
        (b"DATA", b"554 no\r\n", "permanent", 554, False),
        (b"DATA", None, "uncertain", None, True),
        (b".", b"250 taken\r\n", "sent", 250, False),
        (b".", b"251 taken as well\r\n", "sent", 251, False),
        (b".", b"354 go on\r\n", "uncertain", 354, True),
        (b"DATA", b"250 fine\r\n", "uncertain", 250, True),
        (b"DATA", b"251 fine\r\n", "uncertain", 251, True),
        (b"DATA", b"334 go\r\n", "uncertain", 334, True),
        (b".", b"421 shutting down\r\n", "temporary", 421, True),
        (b".", b"452 disk full\r\n", "temporary", 452, False),
        (b".", b"550 spam\r\n", "permanent", 550, False),
        (
            b".",
            b"554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException\r\n",
            "temporary",
            554,
            True,
        ),
        (b".", b"554 5.2.252 SendAsDenied; a not allowed to send as b\r\n", "temporary", 554, True),
        (b".", b"gibberish\r\n", "uncertain", None, True),
        (b".", b"", "uncertain", None, True),
        (b".", None, "uncertain", None, True),
    ],
)
def test_every_reply_and_every_missing_reply_has_its_outcome(
    *,
    monkeypatch: pytest.MonkeyPatch,
    when: bytes,
    reply: bytes | None,
    state: str,
    code: int | None,
    server_down: bool,
) -> None:
    """An empty answer is a server that hangs; None is one that closes the connection."""
    monkeypatch.setattr(client, "DATA_TIMEOUT_FACTOR", 1)
    with ScriptedServer(b"220 x\r\n", lambda: script({when: reply})) as server:
        [outcome] = send(SmtpAccount("localhost", server.port, "none"), timeout=1 if reply == b"" else 10)
    assert (outcome.state, outcome.code, outcome.server_down) == (state, code, server_down)
