"""Bundles on a real database: mails, audit trail, undo, timers, disclosure."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.service.timers import run_timers
from mailbot.store.database import read_only
from mailbot.store.disclosure import collect
from mailbot.store.tables import OutboxRow, TicketRow
from tests.support.desk_harness import DeskHarness, open_harness, reply_to
from tests.support.mail_builder import mail
from tests.support.scenario import ERIKA, LENA, MAX, NOW, POLICY, TINA, TONI
from tests.support.school import problem

OLGA, PAUL = "olga@schule.example", "paul@schule.example"
NAMES = {LENA: "Lena Lehrerin", OLGA: "Olga Opal", PAUL: "Paul Pauker"}
SUBJECTS = {LENA: "WLAN weg", OLGA: "Kein Internet im Altbau", PAUL: "Netz tot"}


@pytest.fixture
def three(desk: DeskHarness) -> DeskHarness:
    """A desk with a bundle of three tickets, which GYM-1 leads."""
    for person, name in NAMES.items():
        desk.receive(problem(SUBJECTS[person], sender=f"{name} <{person}>").text(f"Es betrifft {name}."))
    assert desk.reply(MAX, "#bündeln 1 2 3", proven=True) == "command"
    return desk


def leading(desk: DeskHarness, person: str) -> OutboxRow:
    """Return a new mail to a member that shows the bundle which GYM-1 leads."""
    assert desk.reply(person, "#zeige GYM-1") == "answered"
    return desk.outbox_of(person, NotificationKind.TICKET_DETAILS)[-1]


def bundles(desk: DeskHarness) -> list[int | None]:
    return [row.bundle for row in desk.rows(TicketRow)]


def statuses(desk: DeskHarness) -> list[tuple[str, int]]:
    return [(row.status, row.level) for row in desk.rows(TicketRow)]


def actions(desk: DeskHarness, ticket: str) -> list[tuple[str, str, str]]:
    """Return actor, action and detail of the audit entries of a ticket, without those of its opening."""
    return [(e["actor"], e["action"], e["detail"]) for e in desk.ticket(ticket)["events"][2:]]


def last_mail(desk: DeskHarness, person: str) -> OutboxRow:
    """Return a person's last mail about a ticket, other than a receipt of commands."""
    return [row for row in desk.outbox_of(person) if row.kind != "command_receipt"][-1]


def assert_no_one_sees_others(desk: DeskHarness) -> None:
    """Check that no mail to a requester contains name, address, number, subject or text of another one."""
    numbers = {LENA: "GYM-1", OLGA: "GYM-2", PAUL: "GYM-3"}
    own = {row.message_id: row.recipient for row in desk.rows(OutboxRow)}
    for person in NAMES:
        for row in desk.outbox_of(person):
            whole = f"{row.subject}\n{row.text}\n{row.html}\n{row.recipient_name}"
            for other in NAMES.keys() - {person}:
                for secret in (other, NAMES[other], f"{numbers[other]}\\b", SUBJECTS[other]):
                    assert re.search(secret, whole) is None, (person, row.kind, secret)
            assert {own.get(name, person) for name in row.references or []} <= {person}


def test_commands_are_audited_in_each_language(desk: DeskHarness, subtests: pytest.Subtests) -> None:
    for person, name in NAMES.items():
        desk.receive(problem(SUBJECTS[person], sender=f"{name} <{person}>").text(f"Es betrifft {name}."))
    words = (("#bundle", "#unbundle"), ("#bündeln", "#entbündeln"), ("#grouper", "#dégrouper"))
    first = desk.outbox_of(MAX)[0]
    for bundle, unbundle in words:
        with subtests.test(word=bundle):
            for line, expected in ((f"{bundle} 2 3", [1, 1, 1]), (unbundle, [None, None, None])):
                assert desk.outcome(reply_to(first, MAX, line).proven()) == "command"
                assert bundles(desk) == expected
            assert actions(desk, "GYM-1")[-2:] == [(MAX, "bundled", "1"), (MAX, "unbundled", "")]
            assert actions(desk, "GYM-3")[-2:] == [(MAX, "bundled", "1"), (MAX, "unbundled", "")]


def test_bundle_is_audited_and_shown_to_the_team_only(three: DeskHarness) -> None:
    assert bundles(three) == [1, 1, 1]
    assert actions(three, "GYM-2") == [(MAX, "bundled", "1")]
    three.reply(LENA, "Auch im Keller.")
    three.reply(OLGA, "Und im Hof.")
    first, other = [row.text for row in three.outbox_of(ERIKA, NotificationKind.REQUESTER_REPLY)]
    assert "Bündel: GYM-1, GYM-2, GYM-3" in first
    assert first.startswith("Ihre Antwort geht an Lena Lehrerin und 2 weitere.")
    assert "Bündel: GYM-1\n" in other
    assert other.startswith("Ihre Antwort geht an Olga Opal.")
    assert_no_one_sees_others(three)


def test_answer_and_close_of_the_leading_ticket_reach_each_requester_in_their_thread(
    three: DeskHarness,
) -> None:
    before = {person: three.outbox_of(person)[0] for person in NAMES}
    for text, kind in (("Der Anbieter hat eine Störung.", "answer"), ("Läuft wieder.\n#close", "closed")):
        assert three.outcome(reply_to(leading(three, ERIKA), ERIKA, text)) in ("reply", "command")
        for person, first in before.items():
            row = last_mail(three, person)
            assert (row.kind, row.ticket_id) == (kind, first.ticket_id)
            assert row.in_reply_to == first.in_reply_to or row.references
            assert text.partition("\n")[0] in row.text
    assert statuses(three) == [("closed", 1)] * 3
    (receipt,) = three.outbox_of(ERIKA, NotificationKind.COMMAND_RECEIPT)
    assert "Ebenso: GYM-2, GYM-3" in receipt.text
    assert_no_one_sees_others(three)


def test_undo_of_a_closing_reopens_all_and_a_second_one_closes_all_again(three: DeskHarness) -> None:
    three.outcome(reply_to(leading(three, ERIKA), ERIKA, "Läuft wieder.\n#close"))
    assert three.reply(ERIKA, "#rückgängig", NotificationKind.COMMAND_RECEIPT) == "command"
    assert statuses(three) == [("open", 1)] * 3
    assert [last_mail(three, person).kind for person in NAMES] == ["undone"] * 3
    assert actions(three, "GYM-3")[-1] == (ERIKA, "undone", "open")
    assert three.reply(ERIKA, "#undo", NotificationKind.COMMAND_RECEIPT) == "command"
    assert statuses(three) == [("closed", 1)] * 3
    assert_no_one_sees_others(three)


def test_undo_of_bundle_and_unbundle(three: DeskHarness) -> None:
    first = three.outbox_of(MAX)[0]  # about GYM-1
    steps = (
        ("#undo", [None, None, None]),
        ("#undo", [1, 1, 1]),
        ("#unbundle", [None, None, None]),
        ("#rückgängig", [1, 1, 1]),
    )
    for minutes, (line, expected) in enumerate(steps):
        three.receive(reply_to(first, MAX, line), at=NOW + timedelta(minutes=minutes + 1))
        assert bundles(three) == expected, line
    entries = [(action, detail) for _, action, detail in actions(three, "GYM-1")]
    assert entries[:4] == [("bundled", "1"), ("undone", "open"), ("undone", "open"), ("unbundled", "")]


def test_unbundle_takes_one_ticket_out(three: DeskHarness) -> None:
    three.outcome(reply_to(three.outbox_of(MAX)[1], MAX, "#entbündeln"))
    assert bundles(three) == [1, None, 1]
    three.outcome(reply_to(leading(three, MAX), MAX, "Läuft wieder.\n#close"))
    assert [status for status, _ in statuses(three)] == ["closed", "open", "closed"]


def test_escalation_brings_second_level_one_mail_and_return_brings_all_back(three: DeskHarness) -> None:
    three.outcome(reply_to(leading(three, MAX), MAX, "Bitte ansehen.\n#escalate"))
    assert statuses(three) == [("open", 2)] * 3
    (sent,) = three.outbox_of(TONI)
    assert "Bündel: GYM-1, GYM-2, GYM-3" in sent.text
    assert len(three.outbox_of(TINA)) == 1
    three.outcome(reply_to(sent, TONI, "Das kann die Schule.\n#return"))
    assert statuses(three) == [("open", 1)] * 3
    assert [row.kind for row in three.outbox_of(ERIKA)].count("returned") == 1
    assert_no_one_sees_others(three)


def test_waiting_tickets_of_a_bundle_end_their_wait_one_by_one(three: DeskHarness) -> None:
    three.outcome(reply_to(leading(three, MAX), MAX, "Geht es wieder?\n#wait"))
    three.reply(OLGA, "Nein.")
    assert [status for status, _ in statuses(three)] == ["waiting", "open", "waiting"]
    assert_no_one_sees_others(three)


def test_staff_are_reminded_of_the_leading_ticket_only_while_it_is_open(three: DeskHarness) -> None:
    for days in range(1, 6):
        run_timers(three.desk, NOW + timedelta(days=days))
    late = [r for r in three.outbox_of(MAX) if r.kind in ("reminder", "overdue")]
    assert {row.ticket_id for row in late} == {1}
    assert "Bündel: GYM-1, GYM-2, GYM-3" in late[0].text
    three.receive(reply_to(three.outbox_of(LENA)[0], LENA, "#erledigt"), at=NOW + timedelta(days=6))
    for days in range(7, 12):
        run_timers(three.desk, NOW + timedelta(days=days))
    late = [r for r in three.outbox_of(MAX) if r.kind in ("reminder", "overdue")]
    assert {row.ticket_id for row in late} == {1, 2, 3}


def test_disclosure_names_no_other_ticket_of_the_bundle(three: DeskHarness) -> None:
    built = reply_to(leading(three, MAX), MAX, "Wir sind dran.\n\n> Es betrifft Lena Lehrerin.")
    three.outcome(built)
    with read_only(three.engine) as session:
        found = collect(session, OLGA)
    assert [ticket["bundle"] for ticket in found["tickets"]] == [None]
    disclosed = {**found, "tickets": [{**t, "internal": []} for t in found["tickets"]]}
    for secret in (LENA, NAMES[LENA], PAUL, "GYM-1"):
        assert secret not in repr(disclosed), secret


def test_third_similar_report_offers_a_bundle_and_later_ones_join_it_by_one_tap(desk: DeskHarness) -> None:
    for person, name in NAMES.items():
        desk.receive(problem(SUBJECTS[person], sender=f"{name} <{person}>").text("Bitte schnell."))
    second, third = [row.text for row in desk.outbox_of(MAX, NotificationKind.NEW_TICKET)][1:]
    assert "#bündeln" not in second
    assert "3 ähnliche Meldungen in zwei Stunden." in third
    assert "Zu einem Bündel machen: #bündeln 1 2 3" in third
    assert tap(desk, MAX, "Zu einem Bündel machen", proven=True) == "command"
    assert bundles(desk) == [1, 1, 1]
    long = "Im ganzen Altbau kommt niemand mehr ins Netz. " * 50
    desk.receive(problem("Internet geht nicht", sender="Kira <kira@schule.example>").text(long))
    (line,) = desk.outbox_of(ERIKA, NotificationKind.ALSO_REPORTED)
    assert "Kira meldet wohl dasselbe wie GYM-1 („WLAN weg“)." in line.text
    assert "Zum Bündel GYM-1 hinzufügen: #bündeln 1" in line.text
    assert len(line.text) < 1_500 < len(long)
    assert tap(desk, ERIKA, "Zum Bündel GYM-1 hinzufügen") == "command"  # without proof by the server
    assert bundles(desk) == [1, 1, 1, 1]
    desk.outcome(reply_to(leading(desk, MAX), MAX, "Läuft wieder.\n#close"))
    assert [status for status, _ in statuses(desk)] == ["closed"] * 4
    assert_no_one_sees_others(desk)
    desk.receive(problem("Internet weg", sender="Lars <lars@schule.example>").text("Wieder."))
    assert last_mail(desk, MAX).kind == "new_ticket"


def test_answer_of_a_colleague_who_knows_no_bundle_goes_to_one_requester(
    three: DeskHarness,
) -> None:
    first = three.outbox_of(ERIKA)[0]
    assert first.text.startswith("Ihre Antwort geht an Lena Lehrerin.")
    three.outcome(reply_to(first, ERIKA, "Wegen Ihrer Krankmeldung komme ich erst Montag."))
    assert last_mail(three, LENA).kind == "answer"
    assert [last_mail(three, person).kind for person in (OLGA, PAUL)] == ["receipt", "receipt"]
    receipt = three.outbox_of(ERIKA, NotificationKind.COMMAND_RECEIPT)[-1]
    assert "gilt nur für die Meldung von Lena Lehrerin, nicht für die anderen im Bündel." in receipt.text
    shown = leading(three, ERIKA)
    assert shown.text.startswith("Ihre Antwort geht an Lena Lehrerin und 2 weitere.")


def test_answers_between_lines_of_the_mail_go_to_one_requester(
    three: DeskHarness, subtests: pytest.Subtests
) -> None:
    said = "> Es betrifft Lena Lehrerin."
    for name, text in {
        "plain": f"{said}\n\nWissen wir, wir sind dran.\n\n> Lena",
        "attribution": f"Hallo,\n\nLena Lehrerin <{LENA}> schrieb:\n{said}\nWissen wir.\n> Raum 204\nJa.",
        "one answer": "{above}\nWissen wir, wir sind dran.\n{below}",
    }.items():
        with subtests.test(name=name):
            shown = leading(three, ERIKA)
            quoted = [f"> {line}" for line in shown.text.split("\n")]
            at = next(number for number, line in enumerate(quoted) if "Es betrifft Lena" in line) + 1
            parts = {"above": "\n".join(quoted[:at]), "below": "\n".join(quoted[at:])}
            three.outcome(reply_to(shown, ERIKA, text.format(**parts)))
            assert last_mail(three, LENA).kind == "answer"
            assert "Wissen wir" in last_mail(three, LENA).text
            assert last_mail(three, OLGA).kind == "receipt"


def test_held_answer_that_is_confirmed_after_the_bundling_goes_to_one_requester(desk: DeskHarness) -> None:
    for person, name in NAMES.items():
        desk.receive(problem(SUBJECTS[person], sender=f"{name} <{person}>").text(f"Es betrifft {name}."))
    of_erika, of_max = desk.outbox_of(ERIKA)[0], desk.outbox_of(MAX)[0]
    desk.outcome(reply_to(of_erika, ERIKA, "Hallo Lena, ich schaue."))
    assert desk.outcome(reply_to(of_max, MAX, "Hallo Lena, wegen deiner Note in Mathe.")) == "held"
    assert desk.outcome(reply_to(of_erika, ERIKA, "#bündeln 1 2 3").proven()) == "command"
    assert desk.reply(MAX, "#bestätigen", NotificationKind.HELD_ANSWER) == "reply"
    assert "Note in Mathe" in last_mail(desk, LENA).text
    assert "Note in Mathe" not in last_mail(desk, OLGA).text


def test_question_about_a_held_answer_to_all_names_them_and_confirms_it_for_them(three: DeskHarness) -> None:
    three.reply(LENA, "Auch im Keller.")
    of_erika, of_max = (three.outbox_of(p, NotificationKind.REQUESTER_REPLY)[-1] for p in (ERIKA, MAX))
    later = NOW + timedelta(minutes=1)
    three.receive(reply_to(of_erika, ERIKA, "Wir warten auf den Anbieter."), at=later)
    three.receive(reply_to(of_max, MAX, "Hallo Lena,\n\nder Anbieter hat eine Störung."), at=later)
    (question,) = three.outbox_of(MAX, NotificationKind.HELD_ANSWER)
    assert question.text.startswith("Ihre Antwort geht an Lena Lehrerin und 2 weitere.")
    assert "Erika Muster hat Lena Lehrerin vor wenigen Minuten schon geantwortet." in question.text
    assert three.reply(MAX, "#bestätigen", NotificationKind.HELD_ANSWER) == "reply"
    for person in NAMES:
        assert last_mail(three, person).text.count("er Anbieter hat eine Störung.") == 1
    assert "Hallo Lena" in last_mail(three, LENA).text
    assert_no_one_sees_others(three)


def test_question_about_an_answer_to_one_of_the_bundle_names_its_requester(three: DeskHarness) -> None:
    later = NOW + timedelta(minutes=1)
    three.receive(reply_to(three.outbox_of(ERIKA)[1], ERIKA, "Ich komme vorbei."), at=later)
    three.receive(reply_to(leading(three, MAX), MAX, "Der Anbieter hat eine Störung."), at=later)
    (question,) = three.outbox_of(MAX, NotificationKind.HELD_ANSWER)
    assert question.text.startswith("Ihre Antwort geht an Lena Lehrerin und 2 weitere.")
    assert "Erika Muster hat Olga Opal vor wenigen Minuten schon geantwortet." in question.text
    assert three.outcome(reply_to(question, MAX, "Es ist eine Störung.")) == "reply"
    assert all("Es ist eine Störung." in last_mail(three, person).text for person in NAMES)
    assert_no_one_sees_others(three)


def test_text_beside_undo_is_in_the_mail_about_it(three: DeskHarness) -> None:
    three.outcome(reply_to(leading(three, ERIKA), ERIKA, "Läuft wieder.\n#close"))
    text = "Doch noch nicht, wir melden uns."
    assert three.reply(ERIKA, f"{text}\n#rückgängig", NotificationKind.COMMAND_RECEIPT) == "command"
    for person in (*NAMES, MAX):
        undone = last_mail(three, person)
        assert (undone.kind, text in undone.text, text in undone.html) == ("undone", True, True)
    assert last_mail(three, MAX).text.startswith("Ihre Antwort geht an Lena Lehrerin und 2 weitere.")
    assert_no_one_sees_others(three)


def test_files_of_the_staff_go_to_all_and_those_of_a_requester_to_none(desk: DeskHarness) -> None:
    screen = ("bildschirm.png", b"\x89PNG" + b"a" * 500, "image/png")
    for person, name in NAMES.items():
        built = problem(SUBJECTS[person], sender=f"{name} <{person}>").text("Siehe Bild.")
        desk.receive(built.attach(*screen) if person == OLGA else built)
    desk.reply(MAX, "#bündeln 1 2 3", proven=True)
    answer = reply_to(leading(desk, MAX), MAX, "So geht es weiter.")
    desk.outcome(answer.attach("plan.pdf", b"%PDF-1.4", "application/pdf").attach("1.png", *screen[1:]))
    sent = {person: [file["filename"] for file in last_mail(desk, person).attachments] for person in NAMES}
    assert sent == {LENA: ["plan.pdf", "1.png"], OLGA: ["plan.pdf"], PAUL: ["plan.pdf"]}
    (receipt,) = desk.outbox_of(MAX, NotificationKind.COMMAND_RECEIPT)[1:]
    assert "1.png" in receipt.text
    assert "plan.pdf" not in receipt.text


def test_undo_of_a_bundle_takes_out_tickets_that_joined_it_later(three: DeskHarness) -> None:
    three.receive(problem("Internet geht nicht", sender="Kira <kira@schule.example>").text("Auch weg."))
    assert three.reply(ERIKA, "#bündeln 1") == "command"
    receipt = three.outbox_of(MAX, NotificationKind.COMMAND_RECEIPT)[-1]
    assert three.outcome(reply_to(receipt, MAX, "#undo")) == "command"
    assert bundles(three) == [None] * 4


def test_undo_of_unbundle_brings_closed_tickets_back_but_not_into_an_ended_bundle(three: DeskHarness) -> None:
    of_max = three.outbox_of(MAX)
    three.outcome(reply_to(three.outbox_of(OLGA)[0], OLGA, "#erledigt"))
    steps = (
        (0, "#unbundle", [None, None, None]),
        (0, "#undo", [1, 1, 1]),
        (2, "#entbündeln", [1, 1, None]),
        (0, "#entbündeln", [None, None, None]),
        (2, "#undo", [None, None, None]),
    )
    for minutes, (about, line, expected) in enumerate(steps):
        three.receive(reply_to(of_max[about], MAX, line), at=NOW + timedelta(minutes=minutes + 1))
        assert bundles(three) == expected, (minutes, line)


def test_staff_are_reminded_of_a_reply_that_only_another_ticket_of_the_bundle_got(three: DeskHarness) -> None:
    three.outcome(reply_to(leading(three, MAX), MAX, "Der Anbieter hat eine Störung."))
    three.outcome(reply_to(last_mail(three, OLGA), OLGA, "Hilft nicht, ich brauche Hilfe."))
    for days in range(1, 4):
        run_timers(three.desk, NOW + timedelta(days=days))
    late = [row for row in three.outbox_of(MAX) if row.kind == "reminder"]
    assert {row.ticket_id for row in late} == {2}


def test_staff_are_notified_of_an_escalation_by_time_unless_the_leading_ticket_escalates(
    tmp_path: Path, subtests: pytest.Subtests
) -> None:
    times = replace(POLICY.times, escalate_hours=16, reminder_hours=8)
    for name, answer, expected in (("leading too", False, {1}), ("another alone", True, {2})):
        directory = tmp_path / name
        directory.mkdir()
        with subtests.test(name=name), open_harness(directory, replace(POLICY, times=times)) as desk:
            for person in NAMES:
                desk.receive(problem(SUBJECTS[person], sender=person).text("Bitte."))
            desk.reply(MAX, "#bündeln 1 2 3", proven=True)
            if answer:
                desk.outcome(reply_to(leading(desk, MAX), MAX, "Bitte neu starten."))
                desk.outcome(reply_to(last_mail(desk, OLGA), OLGA, "Hilft nicht."))
            for hours in range(1, 24 * 4):
                run_timers(desk.desk, NOW + timedelta(hours=hours))
            sent = [row.ticket_id for row in desk.outbox_of(TONI, NotificationKind.ESCALATED_SECOND_LEVEL)]
            assert set(sent) == expected


def tap(desk: DeskHarness, person: str, label: str, *, proven: bool = False) -> str:
    """Send the mail that a link of a person's last mail opens; return the outcome."""
    html = last_mail(desk, person).html
    (href,) = re.findall(rf'href="(mailto:[^"]*)"[^>]*>(?:<!--.*?-->)?{label}', html)
    fields = parse_qs(urlsplit(unescape(href)).query)
    built = mail().sender(person).subject(fields["subject"][0]).text(fields["body"][0])
    built = built.message_id(f"<tap-{label.replace(' ', '')}@mail.example>")
    return desk.outcome(built.proven() if proven else built)
