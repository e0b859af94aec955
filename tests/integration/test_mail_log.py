"""`mailbot find` and `mailbot today`: what became of each mail, why, and where it is."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from mailbot.service.mail_log import find_mails, summary
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.mail_builder import mail
from tests.support.scenario import EVE, LENA, MAX, NOW
from tests.support.school import SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.smtp import RecordingSmtpServer

DONE = {"GYM": "Mailbot/Done", "HBG": "INBOX"}


def found(desk: DeskHarness, text: str, days: int = 90, school: str | None = None) -> list[Any]:
    """Return the mails that have a text."""
    return list(find_mails(desk.desk, DONE, text, days, school, NOW)["mails"])


def summaries(mails: list[Any]) -> list[tuple[str, str, str | None]]:
    """Return direction, outcome and ticket of each mail."""
    return [(m["direction"], m["outcome"], m["ticket"]) for m in mails]


def test_a_mail_is_found_by_address_message_id_and_subject_with_its_outcome(desk: DeskHarness) -> None:
    desk.outcome(
        mail().subject("Türöffner ÄRGERT uns").message_id("<Eins_50%@schule.example>").text("Er klemmt.")
    )
    desk.reply(MAX, "#unsinn")
    desk.outcome(
        mail().sender("Robot <no-reply@shop.example>").subject("Angebot").header("Precedence", "bulk")
    )
    by_subject = found(desk, "türöffner ärgert")
    assert {m[0] for m in summaries(by_subject)} == {"in", "out"}
    assert ("in", "opened", "GYM-1") in summaries(by_subject)
    assert [m["sender"] for m in found(desk, "<EINS_50%@")] == [LENA]
    assert found(desk, "Eins_5%") == []
    [shop] = found(desk, "shop.example")
    assert (shop["outcome"], shop["folder"], shop["ticket"]) == ("ignored", "Mailbot/Done", None)
    assert any("no-reply" in reason or "Precedence" in reason for reason in shop["because"]), shop
    to_max = [m for m in found(desk, MAX) if m["direction"] == "out"]
    assert to_max
    assert all(m["see"].startswith("mailbot outbox show ") for m in to_max)
    assert [m["outcome"] for m in found(desk, "support-gym@") if m["direction"] == "in"] == [
        "ignored",
        "refused",
        "opened",
    ]
    assert found(desk, "shop.example", school="HBG") == []


def test_a_message_id_that_proves_its_recipient_finds_the_mail_but_is_not_shown(desk: DeskHarness) -> None:
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    row = desk.outbox_of(MAX)[0]
    [shown] = found(desk, row.message_id)
    assert (shown["recipient"], shown["message_id"]) == (MAX, None)
    assert row.message_id not in str(found(desk, MAX))


def test_the_day_is_that_of_the_school_and_older_mails_are_not_searched(desk: DeskHarness) -> None:
    before = datetime(2026, 11, 22, 22, 59, tzinfo=UTC)  # 23:59 in Berlin
    for at in (before, before + timedelta(minutes=2), NOW):
        desk.receive(mail().subject(f"Um {at:%H:%M}").message_id(f"<{at:%d%H%M}@x>").text("Hilfe"), at=at)
    desk.receive(reply_to(desk.outbox_of(MAX)[0], EVE, "#close"), "HBG")
    [gym, hbg] = summary(desk.desk, DONE, None, None, NOW)["schools"]
    assert [m["at"] for m in gym["mails"]] == ["2026-11-23T00:01:00+01:00", "2026-11-23T11:00:00+01:00"]
    assert (gym["came"], gym["opened"], hbg["came"]) == (2, 2, 1)
    assert gym["outgoing"]["queued"] >= 2
    [other] = summary(desk.desk, DONE, date(2026, 11, 22), "GYM", NOW)["schools"]
    assert [m["subject"] for m in other["mails"]] == ["Um 22:59"]
    assert [m["subject"] for m in found(desk, "um 2", days=1, school="GYM") if m["direction"] == "in"] == [
        "Um 23:01",
        "Um 22:59",
    ]
    assert found(desk, "um 22:59", days=0, school="GYM") == []


def test_the_calls_print_the_reason_without_characters_that_control_a_terminal(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str
) -> None:
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user)
    env.deliver(
        problem("Beamer \x1b[31mrot\u202e").text("Er bleibt dunkel."),
        mail().sender("news@shop.example").subject("Angebot").header("List-Id", "<news.shop.example>"),
    )
    env.run_once()
    text = env.call("find", "beamer")
    assert "\x1b" not in text + env.call("today")
    assert "\u202e" not in text
    assert "opened, GYM-1: opened a ticket; folder Mailbot/Done" in text
    assert {m["ticket"] for m in env.json("find", "beamer")["mails"]} == {"GYM-1"}
    listed = env.call("today")
    assert "news@shop.example: Angebot" in listed
    assert "Beamer" not in listed
    [school] = env.json("today", "--school", "gym")["schools"]
    assert (school["came"], school["opened"], school["ignored"]) == (2, 1, 1)
    assert env.json("today", "--day", "2020-02-29")["schools"][0]["came"] == 0
    assert "no mail since" in env.run("find", "nirgends").stderr
    assert env.run("find", " ").exit_code == env.run("today", "--school", "XYZ").exit_code == 2
