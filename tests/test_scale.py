"""A full mailbox in one go. MAILS makes it fuller; `make scale` measures it."""

import os
from pathlib import Path

from tests.flood import audit, flood, pour
from tests.house import House
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer

MAILS = int(os.environ.get("MAILS", "80"))


def test_a_full_mailbox_becomes_exactly_its_tickets_messages_and_letters_in_one_call(
    tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str
) -> None:
    house = House(tmp_path, dovecot, smtp_server, user)
    wave = flood(MAILS)
    pour(house, wave.mails)
    assert sum("\\Seen" in stored.flags for stored in dovecot.mails(user)) > MAILS // 10
    counts = house.json("once")
    opened, letters = len(wave.threads), wave.expected_letters()
    assert counts == {
        "fetched": MAILS,
        "opened": opened,
        "replies": MAILS - opened,
        "ignored": 0,
        "quarantined": 0,
        "sent": letters,
        "failed": 0,
    }
    assert set(house.json("once").values()) == {0}
    found = audit(house, wave)
    assert found.broken == ()
    assert (found.tickets, found.messages, found.letters) == (opened, MAILS, letters)
