"""A house on servers of its own for a measurement."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.house import House
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer
from tests.servers.tls import Authority


@contextmanager
def fresh_house(imap: str = "") -> Iterator[House]:
    """Give a school with its mailbox; `imap` has further lines for the table of that name."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of itself with every login
    with (
        tempfile.TemporaryDirectory() as directory,
        Authority() as authority,
        Dovecot(authority) as dovecot,
        SmtpServer(authority) as smtp,
    ):
        yield House(Path(directory), dovecot, smtp, "support-gym@schule.example", imap=imap)


def number(name: str, default: int) -> int:
    """Return a number from the environment."""
    return int(os.environ.get(name, default))
