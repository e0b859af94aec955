"""`mailbot explain` reports the outcome of a mail by the code that processes it, and writes nothing."""

from sqlalchemy import select

from mailbot.parse import parse
from mailbot.service.receive import dry_run
from mailbot.store.tables import metadata
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.mail_builder import mail
from tests.support.scenario import EVE, MAX

STAFF_LINES = ("#close", "#escalate", "Kabel getauscht.", "#unsinn", "Das ist #erledigt, danke!")


def content(desk: DeskHarness) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of the database."""
    with desk.engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(select(table))]
            for name, table in metadata.tables.items()
        }


def test_a_dry_run_decides_as_the_real_run_and_writes_nothing(desk: DeskHarness) -> None:
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    first = desk.outbox_of(MAX)[0]
    mails = [reply_to(first, MAX, line).build() for line in STAFF_LINES]
    mails.append(mail().sender(EVE).message_id("<2@x>").subject("Neu").text("Noch etwas.").build())
    for raw in mails:
        before = content(desk)
        tried = dry_run(desk.desk, parse(raw), raw)
        assert content(desk) == before
        real = desk.receive(raw)
        assert real is not None
        expected = (tried.outcome, tried.ticket, tried.role, tried.matched_by, tried.trusted)
        assert expected == (real.outcome, real.ticket, real.role, real.matched_by, real.trusted)


def test_a_processed_mail_is_explained_as_if_it_were_new(desk: DeskHarness) -> None:
    raw = mail().text("Der Beamer bleibt dunkel.").build()
    desk.outcome(raw)
    assert dry_run(desk.desk, parse(raw), raw).outcome == "opened"
