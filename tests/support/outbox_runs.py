"""Send the outbox of a desk to a scripted server."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from mailbot.config import SmtpAccount
from mailbot.runtime.sender import AccountSender
from mailbot.store.tables import OutboxRow
from tests.support.desk_harness import DeskHarness
from tests.support.scenario import NOW
from tests.support.school import problem
from tests.support.servers.scripted import Answer


def smtp(answers: dict[bytes, bytes | None]) -> Callable[[], Answer]:
    """Return a script of a server that takes mail, but for these answers; None closes the connection."""

    def begin() -> Answer:
        text = False

        def answer(line: bytes) -> bytes | None:
            nonlocal text
            if text and line != b".":
                return b""
            text = False
            verb = b"." if line == b"." else line.split(b" ")[0].upper()
            plain = {b"DATA": b"354 go\r\n"}
            said = answers.get(verb, plain.get(verb, b"250 fine\r\n"))
            text = verb == b"DATA" and said == b"354 go\r\n"
            return said

        return answer

    return begin


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


POOL = ThreadPoolExecutor(4)


def drain(desk: DeskHarness, port: int, clock: Clock) -> AccountSender:
    """Send what is due; return the lane."""
    sender = AccountSender(desk.desk, SmtpAccount("localhost", port, "none"), ("GYM", "HBG"), clock, POOL)
    asyncio.run(sender.send_all())
    return sender


def states(desk: DeskHarness) -> list[str]:
    return [row.state for row in desk.rows(OutboxRow)]


QUOTA = b"554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException\r\n"


def report(desk: DeskHarness, number: int) -> None:
    """Let `number` teachers report a problem each."""
    for n in range(number):
        desk.receive(problem(f"Beamer {n}", sender=f"lehrer{n}@schule.example").text("dunkel"))
