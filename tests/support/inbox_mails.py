"""Mails in an inbox, and an IMAP server with given replies."""

from collections.abc import Callable

from mailbot.config import ImapAccount, Secret
from mailbot.inbox import FetchedMail, Mailbox
from tests.support.servers.dovecot import PASSWORD
from tests.support.servers.scripted import Answer, ScriptedServer


def mail(number: int, size: int = 0) -> bytes:
    head = f"From: lehrerin@schule.example\r\nSubject: Problem {number}\r\n\r\n".encode()
    return head + b"Gr\xfc\xdfe \xff\r\n" + b"x" * size + b"\r\n"


def fetch_all(mailbox: Mailbox) -> list[FetchedMail]:
    """Fetch all mails of the folder."""
    return list(mailbox.fetch(mailbox.describe(mailbox.uids())))


def imap_script(replies: dict[bytes, bytes | None]) -> Answer:
    """Play an IMAP server that says OK to everything; in a reply, %t is the command's tag."""
    select = b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 1] x\r\n%t OK done\r\n"
    capability = b"* CAPABILITY IMAP4rev1 IDLE\r\n%t OK done\r\n"
    answers: dict[bytes, bytes | None] = {
        b"SELECT": select,
        b"CAPABILITY": capability,
        b"IDLE": b"+ idling\r\n",
    }
    answers.update(replies)
    tag = b""

    def answer(line: bytes) -> bytes | None:
        nonlocal tag
        first, _, command = line.partition(b" ")
        # A line of one word continues the command before: DONE, or a password.
        tag = first if command else tag
        said = answers.get((command or first).split(b" ")[0].upper(), b"%t OK done\r\n")
        return said and said.replace(b"%t", tag)

    return answer


def play(
    replies: dict[bytes, bytes | None],
    use: Callable[[Mailbox], object],
    user: str = "u",
    script: Callable[[], Answer] | None = None,
    *,
    timeout: float = 5,
    greeting: bytes = b"* OK ready\r\n",
) -> None:
    with ScriptedServer(greeting, script or (lambda: imap_script(replies))) as server:
        account = ImapAccount("localhost", server.port, "none", user, Secret(PASSWORD))
        with Mailbox.open(account, timeout=timeout) as mailbox:
            use(mailbox)
