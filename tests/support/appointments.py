"""A ticket with an appointment, and mails about it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailbot.core.model.appointment import Appointment
from mailbot.core.model.mail import Address
from tests.support.scenario import (
    MAX,
    NOW,
    ticket,
)

BEGIN = datetime(2026, 11, 27, 11, tzinfo=UTC)
UID = "gym-1-abc@schule.example"
APPOINTMENT = Appointment(UID, BEGIN, 30, "Raum 204")
OVER = replace(APPOINTMENT, begin=NOW - timedelta(days=1))
VISITED = ticket(
    assignee=Address(MAX, "Max Mustermann"), due=BEGIN, appointment=APPOINTMENT, appointment_revision=1
)
