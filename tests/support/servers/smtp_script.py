"""Replies of a scripted SMTP server."""

import asyncio
from collections.abc import Callable, Mapping

from mailbot.config import SmtpAccount
from mailbot.smtp.client import SendResult, SmtpClient

RAW = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\n.Punkt am Anfang\r\n"
SENDER, RECIPIENT = "support-gym@schule.example", "lehrerin@schule.example"


def send(account: SmtpAccount, *recipients: str, timeout: float = 10, raw: bytes = RAW) -> list[SendResult]:
    async def run() -> list[SendResult]:
        async with SmtpClient(account, timeout) as relay:
            return [await relay.send(SENDER, recipient, raw) for recipient in recipients or (RECIPIENT,)]

    return asyncio.run(run())


def script(replies: Mapping[bytes, bytes | None]) -> Callable[[bytes], bytes | None]:
    """Play a server that says 250 to everything, but for these; b"." is the end of a mail's text."""
    normal: dict[bytes, bytes | None] = {b"DATA": b"354 go\r\n", b".": b"250 taken\r\n"}
    answers = {**normal, **replies}
    text = False

    def answer(line: bytes) -> bytes | None:
        nonlocal text
        if text and line != b".":
            return b""
        verb = line.split(b" ")[0].upper()
        said = answers.get(verb, b"250 fine\r\n")
        text = verb == b"DATA" and said == b"354 go\r\n"
        return said

    return answer
