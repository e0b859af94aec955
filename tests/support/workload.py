"""Generate a mailbox full of mails, and audit their effects."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.parser import BytesHeaderParser
from typing import Any

from mailbot.monitoring.status import status
from mailbot.runtime.sender import MAX_UNRECORDED
from mailbot.service.ticket_documents import list_tickets, show_ticket
from tests.support.mail_builder import mail
from tests.support.school import EDV, ERIKA, MAX, SchoolEnv
from tests.support.servers.smtp import Received

PNG = b"\x89PNG\r\n\x1a\n"
BEGIN = datetime(2026, 11, 23, 7, tzinfo=UTC)
REPLIES = 0.4
READ_ALREADY = 0.2
IN_FLIGHT = MAX_UNRECORDED + 1
"""The mails that may arrive twice after a kill: with unrecorded outcomes, and the one being sent."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Mails in the order of arrival, and the Message-IDs of each expected ticket."""

    mails: tuple[bytes, ...] = field(repr=False)
    threads: tuple[tuple[str, ...], ...]

    def expected_mails(self) -> int:
        """Count the notifications: receipt and both members per problem, both members per reply."""
        return sum(3 + 2 * (len(thread) - 1) for thread in self.threads)


def make_workload(number: int, seed: int = 1, pause: int = 1) -> Workload:
    """Generate problems and replies of many teachers, some with pictures; the same seed gives the same mails.

    At least `pause` mails are between two of a thread. A large mail that a broken connection interrupts is
    processed after smaller ones behind it; a reply before its parent would open a ticket of its own.
    """
    rng = random.Random(seed)
    mails: list[bytes] = []
    threads: list[list[str]] = []
    latest: list[int] = []
    for index in range(number):
        own = f"<mail{index}@schule.example>"
        rested = [thread for thread, last in enumerate(latest) if last <= index - pause]
        if rested and rng.random() < REPLIES:
            which = rng.choice(rested)
            latest[which] = index
            mails.append(_mail(rng, index, which, answers=rng.choice(threads[which])))
            threads[which].append(own)
        else:
            mails.append(_mail(rng, index, len(threads)))
            threads.append([own])
            latest.append(index)
    return Workload(tuple(mails), tuple(map(tuple, threads)))


def _mail(rng: random.Random, index: int, thread: int, answers: str = "") -> bytes:
    """Return one mail of the teacher of that thread."""
    made = (
        mail()
        .sender(f"Lehrkraft {thread} <lehrkraft{thread}@schule.example>")
        .subject(f"{'Re: ' if answers else ''}Beamer {thread} bleibt dunkel")
        .message_id(f"<mail{index}@schule.example>")
        .header("Date", (BEGIN + timedelta(seconds=index)).strftime("%a, %d %b %Y %H:%M:%S +0000"))
        .text(f"Mail {index}: das Gerät Nummer {thread} bleibt weiterhin dunkel. Können Sie kommen?\n")
    )
    if answers:
        made.reply_to(answers)
    size = rng.choices((0, 4_000, 200_000), (70, 20, 10))[0]
    if size:
        made.attach(f"foto{index}.png", PNG + rng.randbytes(size), "image/png")
    return made.build()


def deliver(env: SchoolEnv, mails: Iterable[bytes], seed: int = 1) -> None:
    """Deliver the mails to the support mailbox; mark some as read, as webmail does."""
    rng = random.Random(seed)
    for raw in mails:
        env.dovecot.deliver(env.address, raw, flags="S" if rng.random() < READ_ALREADY else "")


@dataclass(frozen=True, slots=True)
class Audit:
    """The effects of a workload; `broken` has a line for each broken promise.

    `sent` counts mails to teachers and supporters, without alerts to operators.
    """

    tickets: int
    messages: int
    sent: int
    sent_twice: int
    broken: tuple[str, ...]


def audit(env: SchoolEnv, workload: Workload, kills: int = 0, mailboxes: Sequence[str] = ()) -> Audit:
    """Compare tickets, mailbox and sent mails with the expected effects of the workload.

    `mailboxes` are those of all schools, if the workload was delivered to several.
    """
    with env.open() as (desk, _):
        documents = [show_ticket(desk, found["ticket"]) or {} for found in list_tickets(desk, None, "all")]
        state = status(desk)
    received = [(r, _header(r.raw)) for r in env.smtp.received]
    ids = Counter(message_id for _, (message_id, _) in received)
    twice = sum(ids.values()) - len(ids)
    broken = (
        *_tickets_broken(documents, workload),
        *_folders_broken(env, workload, mailboxes or (env.address,), kills),
        *_mails_broken(documents, received),
        *([f"{twice} mails arrived twice, after {kills} kills"] if twice > kills * IN_FLIGHT else []),
        *([f"quarantined: {state['quarantine']}"] if state["quarantine"] else []),
        *([f"outbox: {state['outbox']}"] if set(state["outbox"]) != {"sent"} else []),
    )
    messages = sum(len(document["messages"]) for document in documents)
    sent_mails = len({message_id for mail_, (message_id, _) in received if mail_.recipients != (EDV,)})
    return Audit(len(documents), messages, sent_mails, twice, broken)


def _tickets_broken(documents: list[dict[str, Any]], workload: Workload) -> list[str]:
    """Return messages that are missing, twice or in the wrong ticket."""
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for document in documents:
        school, _, number = document["ticket"].partition("-")
        numbers[school].append(int(number))
    found = Counter(tuple(m["message_id"] for m in document["messages"]) for document in documents)
    wanted = Counter(workload.threads)
    gaps = [
        f"numbers of {school} are not 1 to n: {sorted(given)}"
        for school, given in numbers.items()
        if sorted(given) != list(range(1, len(given) + 1))
    ]
    missing = [f"no ticket consists of {thread}" for thread in wanted - found]
    return [*gaps, *missing, *(f"there should be no ticket of {thread}" for thread in found - wanted)]


def _folders_broken(env: SchoolEnv, workload: Workload, mailboxes: Sequence[str], kills: int) -> list[str]:
    """Return which mails are missing in the folder of processed mails, and whether it has too many copies.

    A killed worker leaves a MOVE behind that its server still executes. A worker that starts meanwhile moves
    the same mails again. Dovecot copies before it expunges, so both copies remain.
    """
    left = [stored for box in mailboxes for stored in env.dovecot.mails(box)]
    filed = Counter(stored.raw for box in mailboxes for stored in env.dovecot.mails(box, "Mailbot/Done"))
    expected = Counter(workload.mails)
    missing, copies = (expected - filed).total(), (filed - expected).total()
    return [
        *([f"{len(left)} mails are still in INBOX"] if left else []),
        *([f"{missing} of {len(workload.mails)} mails are not filed"] if missing else []),
        *([f"{copies} mails are filed twice, after {kills} kills"] if copies > kills else []),
    ]


def _mails_broken(
    documents: list[dict[str, Any]], received: list[tuple[Received, tuple[str, str]]]
) -> list[str]:
    """Return recipients with too few or too many mails of a ticket, and repeated mails that differ."""
    wanted: Counter[tuple[str, str]] = Counter()
    for document in documents:
        about = f"[#{document['ticket']}]"
        wanted[document["requester"], about] = 1
        for member in (MAX, ERIKA):
            wanted[member, about] = len(document["messages"])
    first: dict[str, bytes] = {}
    got: Counter[tuple[str, str]] = Counter()
    changed = []
    for mail_, (message_id, about) in received:
        if mail_.recipients == (EDV,):
            continue  # alerts to the operators about the trouble
        if message_id not in first:
            first[message_id] = mail_.raw
            got[mail_.recipients[0], about] += 1
        elif first[message_id] != mail_.raw:
            changed.append(f"{message_id} came twice, with different content")
    missing = [f"{who} lacks {number} mails of {about}" for (who, about), number in (wanted - got).items()]
    surplus = [f"{who} got {n} mails of {about} too many" for (who, about), n in (got - wanted).items()]
    return [*missing, *surplus, *changed]


def _header(raw: bytes) -> tuple[str, str]:
    """Return the Message-ID of a mail and the tag in its subject."""
    header = BytesHeaderParser().parsebytes(raw.partition(b"\r\n\r\n")[0])
    return str(header["Message-ID"]).strip(), str(header["Subject"]).partition("]")[0].strip() + "]"
