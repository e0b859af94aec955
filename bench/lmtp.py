"""Hand mails to a Dovecot as a mail server does, by LMTP (RFC 2033)."""

import smtplib
from datetime import UTC, datetime

from tests.support.servers.dovecot import Dovecot


def hand_over(dovecot: Dovecot, user: str, octets: bytes) -> datetime:
    """Deliver a mail; return when that began."""
    begin = datetime.now(UTC)
    with smtplib.LMTP("127.0.0.1", dovecot.lmtp_port) as client:
        client.sendmail("lehrkraft@schule.example", [user], octets)
    return begin
