"""Mail loops end: two programs that answer each other stop after a few mails."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from itertools import count
from pathlib import Path

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Member, Policy, School, Team
from mailbot.service.desk import Desk
from mailbot.store.database import open_database
from mailbot.store.tables import OutboxRow
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.mail_builder import mail
from tests.support.mail_exchange import MailExchange, Program
from tests.support.new_database import new_sqlite
from tests.support.packaged_templates import TEMPLATES
from tests.support.scenario import ERIKA, GYM, LENA, MAX, NOW, POLICY

NORTH = "support@nord.example"
NORTHERN = School("NORD", "Nordschule", NORTH, Team("Team Nord", (Member("nina@nord.example", "Nina Nord"),)))
ELSEWHERE = Policy("Helfer Nord", (NORTHERN,), Team("Technik", (Member("theo@nord.example"),)))
MOST = 6  # mails that machines write before they are silent


@pytest.fixture
def desks(tmp_path: Path) -> Iterator[tuple[DeskHarness, DeskHarness]]:
    """Two desks of two cities."""
    made = []
    for name, policy in (("one", replace(POLICY, schools=(GYM,))), ("other", ELSEWHERE)):
        engine = open_database(new_sqlite(tmp_path / f"{name}.db"))
        made.append(DeskHarness(Desk(engine, policy, TEMPLATES)))
    yield made[0], made[1]
    for harness in made:
        harness.engine.dispose()


_BY_MACHINE = re.compile(rb"^(?:Auto-Submitted|X-Auto-Response-Suppress):[^\r\n]*\r\n", re.M)
_THREAD = re.compile(rb"^(?:In-Reply-To|References):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", re.M)
_TAG = re.compile(rb"\[#[A-Z]+-\d+\] ?")


def as_it_is(raw: bytes) -> bytes:
    """Return a mail unchanged."""
    return raw


def without_signs(raw: bytes) -> bytes:
    """Remove the signs of an automatic mail, as a bad gateway does."""
    return _BY_MACHINE.sub(b"", raw)


def without_anything(raw: bytes) -> bytes:
    """Also remove the answered mail and the ticket's number: only the limits stop the loop."""
    return _TAG.sub(b"", _THREAD.sub(b"", without_signs(raw)))


@pytest.mark.parametrize(
    ("gateway", "by_machines"),
    [
        (as_it_is, 2),
        (without_signs, 2),
        # Each mail opens a ticket, and only the limits end it: two receipts of each, and after the person's
        # answer one more of each.
        (without_anything, MOST),
    ],
)
def test_two_desks_that_write_to_each_other_stop_after_a_few_mails(
    desks: tuple[DeskHarness, DeskHarness], gateway: Callable[[bytes], bytes], by_machines: int
) -> None:
    ours, theirs = desks
    post = MailExchange({GYM.address: ours, NORTH: theirs}, between=gateway)
    post.deliver(
        GYM.address, mail().sender(f"Helfer Nord <{NORTH}>").text("Der Beamer bleibt dunkel.").build()
    )
    post.settle()
    ours.outcome(reply_to(ours.outbox_of(MAX)[-1], MAX, "Ist das Kabel eingesteckt?"))
    by_people = 2  # the problem and the answer
    assert post.settle() - by_people == by_machines


_numbers = count(1)


def away(to: str, *, answers: bool) -> Program:
    """Return a broken out-of-office note: a new Message-ID, and neither a field nor words of such notes."""

    def answered(message: EmailMessage) -> bytes:
        made = mail().sender(to).subject(f"Re: {message['Subject']}" if answers else "Hallo")
        made.message_id(f"<away{next(_numbers)}@schule.example>")
        if answers:
            made.reply_to(str(message["Message-ID"]))
        return made.text("Vielen Dank, wir melden uns so bald wie es geht. Stand: 26.11.").build()

    return answered


@pytest.mark.parametrize(
    ("answers", "by_machines"), [(True, 2), (False, 4)], ids=["in the thread", "as new mails"]
)
@pytest.mark.parametrize("who", [LENA, MAX, "fremd@anderswo.example"])
def test_a_broken_out_of_office_gets_few_mails(
    desks: tuple[DeskHarness, DeskHarness], who: str, answers: bool, by_machines: int
) -> None:
    ours, _ = desks
    post = MailExchange({GYM.address: ours}, {who: away(who, answers=answers)})
    writer = who if who != MAX else LENA
    post.deliver(GYM.address, mail().sender(writer).text("Der Beamer bleibt dunkel.").build())
    by_people = 1
    assert post.settle() - by_people == by_machines


def page(number: int) -> bytes:
    """Return what a scanner sends for a page: no words, one picture."""
    made = (
        mail()
        .sender("scanner@schule.example")
        .subject(f"Scan {number}")
        .message_id(f"<scan{number}@schule.example>")
    )
    return made.attach(f"{number}.png", b"\x89PNG\r\n\x1a\n" + bytes([number % 256]), "image/png").build()


def test_a_scanner_that_sends_100_pages_opens_few_tickets_and_causes_fewer_mails(
    desks: tuple[DeskHarness, DeskHarness],
) -> None:
    ours, _ = desks
    for number in range(100):
        ours.receive(page(number))
    assert len(ours.outbox_of("scanner@schule.example")) == 5
    assert len(ours.outbox_of(ERIKA)) == 21
    assert len(ours.ticket("GYM-20")["messages"]) == 81
    assert ours.ticket("GYM-21") is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("List-Id", "<kollegium.schule.example>"),
        ("List-Unsubscribe", "<mailto:weg@liste.example>"),
        ("Precedence", "list"),
    ],
)
def test_a_list_that_subscribed_the_address_gets_no_answer(
    desks: tuple[DeskHarness, DeskHarness], field: str, value: str
) -> None:
    ours, _ = desks
    for number in range(5):
        ours.receive(
            mail()
            .sender("Zeitschrift <redaktion@verlag.example>")
            .header(field, value)
            .to("kollegium@schule.example")
            .message_id(f"<{number}@l>")
            .text(f"Heft {number}")
        )
    assert ours.rows(OutboxRow) == []


def test_device_without_message_id_and_date_reports_the_same_fault_again(
    desks: tuple[DeskHarness, DeskHarness],
) -> None:
    ours, _ = desks
    report = mail().sender("kopierer@schule.example").subject("Toner").text("Toner leer in Fach 2")
    report = report.message_id("").header("Date", "")
    outcomes = [
        decision and decision.outcome
        for at in (NOW, NOW + timedelta(minutes=2), NOW + timedelta(days=3))
        if (decision := ours.receive(report, at=at))
    ]
    assert outcomes == ["opened", "duplicate", "reply"]
    assert [message["text"] for message in ours.ticket("GYM-1")["messages"]] == ["Toner leer in Fach 2"] * 2


def test_own_mail_that_comes_back_is_ignored_with_any_from(
    desks: tuple[DeskHarness, DeskHarness],
) -> None:
    ours, _ = desks
    ours.receive(mail().text("Der Beamer bleibt dunkel."))
    answer = reply_to(ours.outbox_of(MAX, NotificationKind.NEW_TICKET)[0], MAX, "Die Lampe ist bestellt.")
    assert ours.outcome(answer) == "reply"
    sent = ours.outbox_of(LENA, NotificationKind.ANSWER)[0]
    back = mail().subject(sent.subject).text(sent.text)
    listed = back.sender("Hilfe <hilfe@schule.example>").message_id(sent.message_id)
    assert ours.outcome(listed) == "ignored"
    rewritten = back.sender("Max <support-gym@schule.example>").message_id("<neu@gateway.example>")
    assert ours.outcome(rewritten) == "ignored"


def test_a_bounce_without_our_message_id_notifies_the_author_by_tag_and_recipient(
    desks: tuple[DeskHarness, DeskHarness],
) -> None:
    ours, _ = desks
    ours.receive(mail().text("Der Beamer bleibt dunkel."))
    ours.reply(MAX, "Die Lampe ist bestellt.")
    for text, outcome, notices in (
        ("[#GYM-1]: Die Mail an niemand@schule.example ist unzustellbar.", "filed", 0),
        (f"[#GYM-7]: Die Mail an {LENA} ist unzustellbar.", "ignored", 0),
        (f"[#GYM-1]: Die Mail an {LENA} ist unzustellbar.", "filed", 1),
    ):
        report = mail().sender("Mailfilter <filter@kreis.example>").subject("Mail unzustellbar")
        report = report.message_id(f"<{len(text)}{outcome}@kreis.example>").text(text)
        assert ours.outcome(report) == outcome, text
        assert len(ours.outbox_of(MAX, NotificationKind.BOUNCE)) == notices, text


def test_a_bounce_of_a_bounce_notifies_no_one(desks: tuple[DeskHarness, DeskHarness]) -> None:
    ours, _ = desks
    ours.receive(mail().text("Der Beamer bleibt dunkel."))
    sent = len(ours.rows(OutboxRow))
    for number, to in enumerate((LENA, MAX, ERIKA)):
        bounce = (
            mail()
            .sender("MAILER-DAEMON@mx.example")
            .header("Return-Path", "<>")
            .message_id(f"<b{number}@mx.example>")
        )
        bounce.subject("Undelivered Mail Returned to Sender").reply_to(ours.outbox_of(to)[0].message_id)
        ours.receive(bounce.text("550 5.1.1 user unknown"))
    assert len(ours.rows(OutboxRow)) == sent
