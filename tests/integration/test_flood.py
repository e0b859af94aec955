"""A flood in a real mailbox does not delay mails that arrive meanwhile."""

from pathlib import Path

from sqlmodel import col, select

from mailbot.inbox import Mailbox
from mailbot.runtime.ingest import BATCH_SIZE
from mailbot.store.database import read_only
from mailbot.store.tables import LedgerRow
from tests.support.mail_builder import mail
from tests.support.scenario import LENA
from tests.support.school import SchoolEnv, ingest_of, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer


def bulk(number: int) -> bytes:
    """Return an automatic mail, which is not answered."""
    made = mail().sender("machine@flood.example").message_id(f"<{number}@flood.example>")
    return made.header("Precedence", "bulk").text(f"{number}").build()


def test_a_mail_that_arrives_during_a_flood_is_processed_with_the_next_batch(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str
) -> None:
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user)
    env.deliver(*(bulk(number) for number in range(4 * BATCH_SIZE)))
    meanwhile = [problem().text("Der Beamer bleibt dunkel.")]
    with env.open() as (desk, settings):

        def deliver(_: str) -> None:
            env.deliver(*(meanwhile.pop() for _ in tuple(meanwhile)))

        with Mailbox.open(settings.imap["GYM"]) as box:
            ingest_of(desk, settings, processed=deliver).process_new(box)
        with read_only(desk.engine) as session:
            senders = session.exec(select(LedgerRow.sender).order_by(col(LedgerRow.id))).all()
    assert len(senders) == 4 * BATCH_SIZE + 1
    assert BATCH_SIZE <= senders.index(LENA) < 2 * BATCH_SIZE
