"""Write the rows of a desk that this version filled: `python -m tests.support.released_rows FILE`.

A release adds such a file to tests/integration/released, and later versions prove their migrations with it.
"""

import base64
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.service.maintenance import maintain
from mailbot.service.timers import run_timers
from mailbot.store.database import transaction
from mailbot.store.heartbeat import record_heartbeat
from mailbot.store.tables import metadata
from tests.support.desk_harness import DeskHarness, open_harness, reply_to
from tests.support.mail_builder import MailBuilder, mail
from tests.support.scenario import ERIKA, KARL, LENA, MAX, NOW, TONI

OLGA = "olga@schule.example"
ADVERTISER = "werbung@anderswo.example"
COMMANDS = (
    ("WLAN", OLGA, "Ein Satz.\n#escalate"),
    ("Maus", OLGA, "Ein Satz.\n#remind 2026-12-24"),
    ("Tafel", OLGA, "Ein Satz.\n#wait"),
    ("Kabel", OLGA, "Ein Satz.\n#priority high"),
    ("Werbung", ADVERTISER, "#spam"),
    ("Beamer blinkt", OLGA, "#note Siehe alten Fall."),
)
"""Tickets GYM-3 and following, and what Max replies to each."""

_numbers = count(1)


def rows() -> Iterator[dict[str, Any]]:
    """Yield every row of that desk, table by table."""
    with TemporaryDirectory() as directory, open_harness(Path(directory)) as harness:
        _fill(harness)
        with harness.engine.connect() as connection:
            for table in metadata.sorted_tables:
                for row in connection.execute(select(table)).mappings():
                    values = {name: _to_json(value) for name, value in row.items()}
                    yield {"table": table.name, "row": values}


def _fill(harness: DeskHarness) -> None:
    beamer = _problem("Lena Lehrerin <lena@schule.example>", "Beamer", "Der Beamer bleibt dunkel.")
    harness.outcome(beamer.proven().cc(KARL))
    harness.outcome(_problem(LENA, "Drucker im Lehrerzimmer", "Er druckt nur leere Seiten."))
    harness.reply(MAX, "Ich schaue nach.", NotificationKind.NEW_TICKET)
    _reply(harness, ERIKA, "GYM-1", "Netzteil getauscht.\n#schließen")
    for number, (subject, sender, answer) in enumerate(COMMANDS, 3):
        harness.outcome(_problem(sender, subject, f"{subject} {number} geht nicht, bitte helfen."))
        _reply(harness, MAX, f"GYM-{number}", answer)
    _reply(harness, MAX, "GYM-8", "#merge 6")
    harness.outcome(reply_to(harness.outbox_of(TONI)[0], TONI, "#move HBG"))
    harness.reply(ERIKA, "#abwesend 2026-12-01 Max")
    _reply(harness, ERIKA, "GYM-4", "Gefälscht.\n#close", sender=MAX)
    _reply(harness, MAX, "GYM-4", "Läuft. #schließen")
    week = NOW + timedelta(days=8)
    run_timers(harness.desk, week)
    maintain(harness.desk, week)
    with transaction(harness.engine) as session:
        record_heartbeat(session, "host:/var/lib/mailbot:0011aabb", NOW)


def _problem(sender: str, subject: str, text: str) -> MailBuilder:
    return (
        mail().sender(sender).message_id(f"<new{next(_numbers)}@schule.example>").subject(subject).text(text)
    )


def _reply(harness: DeskHarness, to: str, ticket: str, text: str, sender: str = "") -> None:
    """Reply to the first mail that a person got about a ticket."""
    row = next(row for row in harness.outbox_of(to) if f"{ticket}]" in row.subject)
    built = reply_to(row, sender or to, text)
    harness.outcome(built if sender else built.proven())


def _to_json(value: Any) -> Any:
    match value:
        case bytes():
            return {"bytes": base64.b64encode(value).decode()}
        case datetime():
            return {"datetime": (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()}
        case date():
            return {"date": value.isoformat()}
        case _:
            return value


if __name__ == "__main__":
    lines = (json.dumps(row, ensure_ascii=False) for row in rows())
    Path(sys.argv[1]).write_text("".join(f"{line}\n" for line in lines), "utf-8")
