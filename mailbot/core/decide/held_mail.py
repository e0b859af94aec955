"""Expire held mails that were not confirmed in time."""

from datetime import datetime

from mailbot.core.model.effects import AddMessage, Decision
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import Direction, Message, Ticket, Visibility

EXPIRED = "expired"
NOTE = {
    "de": "Eine Mail im Namen von {sender} („{subject}“) wartete bis {until} auf eine Bestätigung."
    " Es kam keine, darum wurde sie verworfen; sie hat nichts geändert.",
    "en": "A mail in the name of {sender} (“{subject}”) waited until {until} for a confirmation."
    " There was none, so it was dropped; it has changed nothing.",
    "fr": "Un message au nom de {sender} («\u00a0{subject}\u00a0») a attendu une confirmation"
    " jusqu’au {until}. Elle n’est pas venue\u00a0: il a donc été écarté et n’a rien changé.",
}


def expire(
    ticket: Ticket | None, sender: str, subject: str, until: str, language: str, now: datetime
) -> Decision:
    """Drop a held mail and add a note to its ticket, without the text of the mail.

    `until` is the last day for the confirmation, formatted in the language of the readers.
    """
    because = ("not confirmed in time",)
    if ticket is None:
        return Decision(EXPIRED, because)
    note = NOTE[language].format(sender=sender, subject=subject, until=until)
    message = Message(Direction.IN, Visibility.INTERNAL, Address("", "mailbot"), note, now)
    return Decision(EXPIRED, because, (AddMessage(ticket.key, message),), ticket.key)
