"""The values of the core say what they are."""

from datetime import UTC, datetime

from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Ticket


def test_a_ticket_bears_the_schools_key_and_its_number_in_the_subject_tag() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    ticket = Ticket("GYM", 104, "Beamer defekt", Address("lehrer@schule.example"), now, now)
    assert ticket.tagged_subject == "[#GYM-104] Beamer defekt"
