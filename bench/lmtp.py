"""Deliver mails to Dovecot by LMTP (RFC 2033), as a mail server does."""

import smtplib
from datetime import UTC, datetime

from tests.support.servers.dovecot import Dovecot


def deliver_by_lmtp(dovecot: Dovecot, user: str, raw: bytes) -> datetime:
    """Deliver a mail; return the time at which the delivery began."""
    begin = datetime.now(UTC)
    with smtplib.LMTP("127.0.0.1", dovecot.lmtp_port) as client:
        client.sendmail("lehrkraft@schule.example", [user], raw)
    return begin
