"""Recognise receipts without their machine-readable part: that a mail was read, delivered or recalled."""

from mailbot.core.classify import bounce
from mailbot.core.classify.auto_mail_patterns import RECEIPT_SUBJECT, RECEIPT_TEXT
from mailbot.core.classify.subject import bare_subject
from mailbot.core.model.mail import Mail

_LONGEST = 1_500  # characters


def is_receipt(mail: Mail) -> bool:
    """Return whether subject and text of a mail are those of a receipt.

    People write "Rückruf - 0171 2345" and "Rückruf: 0171 2345" without a text, so these do not count alone.
    """
    subject = RECEIPT_SUBJECT.match(bare_subject(mail.subject))
    if subject is None:
        return False
    says_all = not mail.text and subject[0].endswith(":") and not subject["recall"]
    return says_all or bounce.has_null_path(mail) or _says_receipt(mail)


def _says_receipt(mail: Mail) -> bool:
    """Return whether the text is that of a receipt; the header that it names looks like a quotation."""
    text = bounce.full_text(mail)
    said = len(text) < _LONGEST and RECEIPT_TEXT.match(text.lower())
    return bool(said) and not bounce.sounds_human(mail)
