"""Process randomly changed mails at a whole desk, and check every outgoing mail strictly.

RUNS=20000 SEED=1 python -m bench.fuzz_desk [FOLDER of further mails to mutate]
"""

import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import col, select

from bench.fuzz_parse import LARGEST, mutated
from mailbot.core.decide.automatic_mail import UnusableFromError
from mailbot.service.desk import Desk
from mailbot.store.database import open_database, read_only
from mailbot.store.schema import migrate
from mailbot.store.tables import LedgerRow, OutboxRow
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness, reply_to
from tests.support.mail_builder import mail
from tests.support.mail_exchange import sent
from tests.support.malformed_mails import ODDITIES
from tests.support.message_lint import lint
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import ERIKA, LENA, MAX, NOW, TONI

LATEST = 20
LINES = (
    "#close",
    "#escalate",
    "#list alle",
    "#show 1",
    "#help",
    "#note",
    "#take",
    "#clsoe",
    "Danke!",
    "",
    "#wait",
)


@dataclass
class Report:
    """Outcomes of the mails, the number of outgoing mails checked, and the faults found."""

    outcomes: Counter[str] = field(default_factory=Counter)
    mails: int = 0
    wrong: list[str] = field(default_factory=list)


def samples(harness: DeskHarness, rng: random.Random) -> list[bytes]:
    """Return mails that people could write now: problems, and replies to mails that they received."""
    made = [mail().message_id(f"<p{rng.random()}@schule.example>").text("Der Beamer bleibt dunkel.").build()]
    for person in (LENA, MAX, ERIKA, TONI):
        if mails := _latest(harness, person):
            line = f"Bitte prüfen.\n{rng.choice(LINES)}\n{rng.choice(LINES)}"
            made.append(reply_to(rng.choice(mails), person, line, f"<a{rng.random()}@x.example>").build())
    return made


def _latest(harness: DeskHarness, person: str) -> list[OutboxRow]:
    """Return the mails that a person received last; all of them would become too many."""
    query = select(OutboxRow).where(OutboxRow.recipient == person).order_by(col(OutboxRow.id).desc())
    with read_only(harness.engine) as session:
        return list(session.exec(query.limit(LATEST)))


def fuzz(harness: DeskHarness, runs: int, seed: int, more: Sequence[bytes] = ()) -> Report:
    """Process mails: one in three unchanged, so that tickets continue; the others changed at random."""
    rng, report, now, fresh = random.Random(seed), Report(), NOW, list[bytes]()
    for number in range(runs):
        fresh = samples(harness, rng) if number % 10 == 0 else fresh
        raw = rng.choice(fresh)
        if number % 3:
            raw = next(mutated([raw, rng.choice((*more, *ODDITIES.values()))], seed * 1_000_003 + number))
        now += timedelta(minutes=7)
        decision = harness.receive(raw, rng.choice(("GYM", "HBG")), at=now)
        report.outcomes[decision.outcome if decision else "nothing"] += 1
        for fault in _read(harness, now, report):
            report.wrong.append(f"mail {number}: {fault}")
            Path(f"fuzz-desk-{seed}-{number}.eml").write_bytes(raw)
    report.wrong += [
        row.traceback
        for row in harness.rows(LedgerRow)
        if row.outcome == "quarantined" and UnusableFromError.__name__ not in row.traceback
    ]
    return report


def _read(harness: DeskHarness, now: datetime, report: Report) -> Iterator[str]:
    for due, raw in sent(harness, now):
        report.mails += 1
        yield from (f"{due.outgoing.kind}: {fault}" for fault in lint(raw, due.outgoing.recipient.email))


def main() -> int:
    """Run the fuzzer; return 1 if it found a fault."""
    more = [
        path.read_bytes()[:LARGEST]
        for folder in sys.argv[1:]
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    ]
    runs, seed = int(os.environ.get("RUNS", "20000")), int(os.environ.get("SEED", "1"))
    with tempfile.TemporaryDirectory() as directory:
        engine = open_database(f"sqlite:///{directory}/mailbot.db")
        migrate(engine)
        report = fuzz(DeskHarness(Desk(engine, GERMAN_POLICY, TEMPLATES)), runs, seed, more)
        engine.dispose()
    print(f"{runs} mails, {report.mails} mails, {dict(report.outcomes)}, {len(report.wrong)} wrong")
    print("\n".join(report.wrong[:20]))
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
