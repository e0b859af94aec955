"""A refused mail is answered with links that do what its author meant, and nothing else."""

import re
from datetime import timedelta
from html import escape
from pathlib import Path

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.render import Templates
from mailbot.service.timers import run_timers
from mailbot.store.tables import HeldRow, OutboxRow
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.mail_builder import MailBuilder, mail
from tests.support.packaged_templates import TEMPLATES
from tests.support.rendered_samples import fields, hrefs
from tests.support.scenario import ERIKA, EVE, LENA, MAX, NOW

OTHERS = ("Der Drucker druckt nicht.", "Die Maus fehlt.", "Das WLAN ist weg.")


def reported(desk: DeskHarness) -> None:
    """Let Lena open GYM-1, and a colleague GYM-2 to GYM-4."""
    desk.outcome(mail().text("Der Beamer bleibt dunkel."))
    for number, text in enumerate(OTHERS, 2):
        other = mail().sender("olga@schule.example").subject(f"Problem {number}").text(text)
        desk.outcome(other.message_id(f"<other{number}@schule.example>"))


def answered(desk: DeskHarness, text: str) -> str:
    """Let Max answer the notification of GYM-1; return the outcome."""
    first = next(row for row in desk.outbox_of(MAX) if "GYM-1]" in row.subject)
    return desk.outcome(reply_to(first, MAX, text))


def refusal(desk: DeskHarness) -> OutboxRow:
    """Return the newest refusal that Max got."""
    return desk.outbox_of(MAX, NotificationKind.REFUSAL)[-1]


def links(desk: DeskHarness) -> list[str]:
    """Return the ready-made mails of the newest refusal without the link to the help mail."""
    bodies = [fields(href)["body"].replace("\r\n", "\n") for href in hrefs(refusal(desk).html)]
    return [body for body in bodies if not body.startswith("#hilfe")]


def sent(body: str) -> MailBuilder:
    """Return the mail that a link opens, as Max sends it."""
    return mail().sender(MAX).subject("Re: Beamer").message_id(f"<{hash(body)}@mail.example>").text(body)


def mails_to(desk: DeskHarness, person: str) -> list[tuple[str, str]]:
    """Return kind and text of the mails to a person."""
    return [(row.kind, row.text) for row in desk.outbox_of(person)]


def test_words_behind_a_command_become_text_below_it_in_the_corrected_mail(desk: DeskHarness) -> None:
    reported(desk)
    assert answered(desk, "Ist erledigt.\n\n#Schließen Danke für die Geduld!") == "refused"
    (corrected,) = links(desk)
    assert corrected.startswith("Ist erledigt.\n\n#schließen\nDanke für die Geduld!\n")
    assert desk.outcome(sent(corrected)) == "command"
    states = [desk.ticket(f"GYM-{number}")["status"] for number in (1, 2, 3, 4)]
    assert states == ["closed", "open", "open", "open"]
    kind, text = mails_to(desk, LENA)[-1]
    assert kind == "closed"
    assert "Danke für die Geduld!" in text


NO_GUESS = [
    "#zusammenführen mit dem anderen",
    "#kopie Frau Meier",
    "#zuweisen die Neue",
    "#für Lena",
    "#verschieben",
    "#zeige das andere",
    "#priorität sehr",
    "#wiedervorlage irgendwann",
    "#schließen 3 Rechner laufen wieder",
    "#schließen\n#weiterleiten",
    "#schliesen\n#zuweisen die Neue",
]


def test_a_line_that_cannot_be_guessed_has_no_link(subtests: pytest.Subtests, desk: DeskHarness) -> None:
    reported(desk)
    for line in NO_GUESS:
        with subtests.test(line=line):
            assert answered(desk, f"Ist erledigt.\n\n{line}") == "refused"
            assert links(desk) == []
            assert "Bitte senden Sie Ihre Mail korrigiert noch einmal." in refusal(desk).text


def test_a_misspelled_word_is_corrected_with_its_argument(desk: DeskHarness) -> None:
    reported(desk)
    answered(desk, "Kabel getauscht.\n#schliesen danke Ihnen")
    assert links(desk)[0].startswith("Kabel getauscht.\n#schließen\ndanke Ihnen\n")
    answered(desk, "Danke! Läuft #schließen bitte")
    assert links(desk)[0].startswith("Danke! Läuft\n#schließen\n")
    answered(desk, "*#notitz* Sie hat den Stecker gezogen.")
    assert links(desk)[0].startswith("#notiz Sie hat den Stecker gezogen.\n")


def test_a_command_within_a_sentence_stays_as_a_word_of_it(desk: DeskHarness) -> None:
    reported(desk)
    answered(desk, "Ich werde es #schließen wenn Sie wollen")
    assert links(desk)[0].startswith("Ich werde es schließen wenn Sie wollen\n#schließen\n")


def test_a_mail_with_a_wrong_command_is_not_kept_for_sending(desk: DeskHarness) -> None:
    reported(desk)
    assert answered(desk, "Ist erledigt.\n\n#zuweisen die Neue") == "refused"
    assert desk.rows(HeldRow) == []


def test_words_around_a_number_are_no_text_for_the_ticket_of_the_mail(desk: DeskHarness) -> None:
    reported(desk)
    answered(desk, "#schließen wie 14")
    assert [link for link in links(desk) if link.startswith("#schließen\n")] == []
    answered(desk, "#schließen Raum 204 geht wieder")
    assert links(desk)[0].startswith("#schließen\nRaum 204 geht wieder\n")


def test_a_polite_word_after_a_command_is_ignored(desk: DeskHarness) -> None:
    reported(desk)
    assert answered(desk, "Ist erledigt.\n\n#Schließen bitte") == "command"
    assert desk.ticket("GYM-1")["status"] == "closed"


NOTES = [
    "*#notiz* Kollegin hat den Stecker gezogen.",
    "- #notiz\nKollegin hat den Stecker gezogen.",
    "# notiz\nKollegin hat den Stecker gezogen.",
    "„#intern“ Kollegin hat den Stecker gezogen.",
    "\\#notiz Kollegin hat den Stecker gezogen.",
    "#Notiz👍 Kollegin hat den Stecker gezogen.",
    "*#notitz* Kollegin hat den Stecker gezogen.",
    "Nur für uns: #notiz Kollegin hat den Stecker gezogen.",
    "Kollegin hat den Stecker gezogen. #intern",
    "Kollegin hat den Stecker gezogen.\n-- \nMax Mustermann\n#intern",
    "Kollegin hat den Stecker gezogen.\n-- \nMax, bitte #intern",
    "Kollegin hat den Stecker gezogen. # intern",
    "siehe:#intern Kollegin hat den Stecker gezogen.",
    "ok;#notiz Kollegin hat den Stecker gezogen.",
    "Kollegin hat den Stecker gezogen. /#intern",
    "# - notiz Kollegin hat den Stecker gezogen.",
    "#: notiz\nKollegin hat den Stecker gezogen.",
    "a) #notiz Kollegin hat den Stecker gezogen.",
    "| #notiz | Kollegin hat den Stecker gezogen. |",
    "> #notiz Kollegin hat den Stecker gezogen.",
    "Erledigt. #notitz Kollegin hat den Stecker gezogen.",
    f"{'-' * 70}#notiz Kollegin hat den Stecker gezogen.",
    "\n" * 2_100 + "Kollegin hat den Stecker gezogen. #intern",
]


def test_an_internal_note_never_reaches_the_teacher(subtests: pytest.Subtests, desk: DeskHarness) -> None:
    reported(desk)
    before = mails_to(desk, LENA)
    for text in NOTES:
        with subtests.test(text=text):
            assert answered(desk, text) in ("command", "refused")
            assert mails_to(desk, LENA) == before


@pytest.mark.parametrize("subject", ["Re: [#GYM-1] Beamer #intern", "Erledigt #schließen Re: [#GYM-1]"])
def test_a_command_within_the_subject_is_asked_about(desk: DeskHarness, subject: str) -> None:
    reported(desk)
    built = reply_to(desk.outbox_of(MAX)[0], MAX, "Kollegin hat den Stecker gezogen.").subject(subject)
    assert desk.outcome(built) == "refused"
    assert [kind for kind, _ in mails_to(desk, LENA)] == ["receipt"]


def test_a_word_of_the_tickets_own_subject_is_no_command(desk: DeskHarness) -> None:
    desk.outcome(mail().subject("Beamer #hilfe").text("Er bleibt dunkel."))
    assert desk.reply(MAX, "Kabel getauscht.") == "reply"


def test_links_and_quotations_of_the_staff_hold_no_command(
    subtests: pytest.Subtests, desk: DeskHarness
) -> None:
    reported(desk)
    for text in [
        "Siehe https://schule.example/a)#close und www.schule.example/#list",
        "Siehe [Anleitung](#help) und seite.html#help",
        "Raum #12, C#, #help.html und #list()",
        "Danke!\n> #close\nDas war es.",
    ]:
        with subtests.test(text=text):
            assert answered(desk, text) == "reply"


@pytest.mark.parametrize(
    "text", ["# Hilfe\nDer Beamer brennt.", "# Notiz: Beamer", "# Suche\nIch suche Kabel."]
)
def test_a_heading_of_a_teacher_is_text(desk: DeskHarness, text: str) -> None:
    built = mail().text(text).header("Authentication-Results", "mx.schule.example; dmarc=pass")
    assert desk.outcome(built) == "opened"
    assert desk.ticket("GYM-1")["messages"][0]["text"] == text


@pytest.mark.parametrize("line", ["*#close*", "# close", "- #close", "„#close“", "\\#close", "#erledigt👍"])
def test_a_command_with_marks_around_it_is_executed(desk: DeskHarness, line: str) -> None:
    reported(desk)
    assert answered(desk, f"Läuft wieder.\n{line}") == "command"
    kind, text = mails_to(desk, LENA)[-1]
    assert (kind, "#" in text.partition("Läuft wieder.")[0]) == ("closed", False)
    assert line not in text


def test_a_command_within_the_text_is_executed_by_one_link(desk: DeskHarness) -> None:
    reported(desk)
    before = mails_to(desk, LENA)
    assert answered(desk, "Läuft wieder. #schließen") == "refused"
    assert mails_to(desk, LENA) == before
    assert desk.ticket("GYM-1")["status"] == "open"
    execute, _ = links(desk)
    assert execute.startswith("Läuft wieder.\n#schließen\n")
    assert desk.outcome(sent(execute)) == "command"
    assert desk.ticket("GYM-1")["status"] == "closed"
    assert "#" not in mails_to(desk, LENA)[-1][1].partition("Läuft wieder.")[2].partition("Mustermann")[0]


def test_a_text_with_a_command_within_it_is_sent_as_it_is_by_the_other_link(desk: DeskHarness) -> None:
    reported(desk)
    answered(desk, "Schreiben Sie dann einfach #erledigt, danke!")
    _, as_it_is = links(desk)
    assert desk.outcome(sent(as_it_is)) == "reply"
    kind, text = mails_to(desk, LENA)[-1]
    assert kind == "answer"
    assert "Schreiben Sie dann einfach #erledigt, danke!" in text
    assert desk.ticket("GYM-1")["status"] == "open"


def test_a_command_below_the_signature_is_asked_about(desk: DeskHarness) -> None:
    reported(desk)
    assert answered(desk, "Läuft wieder.\n\n-- \nMax Mustermann\nFirst-Level\n#schließen") == "refused"
    execute, _ = links(desk)
    assert desk.outcome(sent(execute)) == "command"
    assert desk.ticket("GYM-1")["status"] == "closed"


def test_a_teacher_may_write_a_command_word_within_the_text(desk: DeskHarness) -> None:
    assert desk.outcome(mail().text("Ich habe #hilfe versucht, und #list auch.")) == "opened"
    assert desk.ticket("GYM-1")["messages"][0]["text"] == "Ich habe #hilfe versucht, und #list auch."


def test_a_forged_mail_with_a_command_within_its_text_waits_for_its_writer(desk: DeskHarness) -> None:
    reported(desk)
    forged = reply_to(desk.outbox_of(ERIKA)[0], MAX, "Läuft wieder. #schließen")
    assert desk.outcome(forged) == "held"
    assert desk.reply(MAX, "#bestätigen", NotificationKind.CONFIRM) == "refused"
    assert [kind for kind, _ in mails_to(desk, LENA)] == ["receipt"]


def test_a_mail_that_is_sent_as_it_is_is_held_if_a_colleague_answered(desk: DeskHarness) -> None:
    reported(desk)
    answered(desk, "Das ist #erledigt, danke!")
    as_it_is = links(desk)[1]
    assert desk.outcome(reply_to(desk.outbox_of(ERIKA)[0], ERIKA, "Ich war schon da.")) == "reply"
    assert desk.outcome(sent(as_it_is)) == "held"
    assert desk.reply(MAX, "#bestätigen", NotificationKind.HELD_ANSWER) == "reply"


def test_a_corrected_mail_replaces_the_one_that_was_refused(desk: DeskHarness) -> None:
    reported(desk)
    answered(desk, "Läuft wieder. #schließen")
    execute, as_it_is = links(desk)
    assert desk.outcome(sent(execute)) == "command"
    assert desk.outcome(sent(as_it_is)) == "refused"
    assert [kind for kind, _ in mails_to(desk, LENA)] == ["receipt", "closed"]


def test_only_the_writer_can_send_it_as_it_is(desk: DeskHarness) -> None:
    reported(desk)
    answered(desk, "Das ist #erledigt, danke!")
    body = links(desk)[1]
    desk.outcome(sent(body).sender(EVE))
    assert [kind for kind, _ in mails_to(desk, LENA)] == ["receipt"]


def test_refused_mail_expires_without_a_notification(desk: DeskHarness) -> None:
    reported(desk)
    answered(desk, "Läuft wieder. #schließen")
    run_timers(desk.desk, NOW + timedelta(days=3, minutes=1))
    assert [m["text"] for m in desk.ticket("GYM-1")["messages"]] == ["Der Beamer bleibt dunkel."]


def test_words_that_an_older_file_of_the_operator_lacks_are_the_packaged_ones(tmp_path: Path) -> None:
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "words.txt.j2").write_text('{% set reasons = {"unknown": ("Wie bitte?", "%s?")} %}')
    words, packaged = Templates(tmp_path).words("de"), TEMPLATES.words("de")
    assert isinstance(words["reasons"], dict)
    assert isinstance(packaged["reasons"], dict)
    assert words["reasons"]["unknown"] == ("Wie bitte?", "%s?")
    assert words["reasons"]["in_text"] == packaged["reasons"]["in_text"]
    assert words["actions"] == packaged["actions"]


@pytest.mark.parametrize("mark", ["A & B", "100 %41", "<b>", "1+1", pytest.param("lang " * 200, id="long")])
def test_text_that_a_link_would_change_is_shown_to_be_copied_instead(desk: DeskHarness, mark: str) -> None:
    reported(desk)
    assert answered(desk, f"Läuft: {mark.strip()}.\n\n#schliesen") == "refused"
    assert [body.split("\n\n\n")[0] for body in links(desk)] == [""]
    html = refusal(desk).html
    assert "Dieser Text passt nicht unverändert in einen Link." in html
    shown = re.sub(r"<[^>]*>|\s", "", html)
    assert escape(f"Läuft: {mark.strip()}.").replace(" ", "") + "#schließen" in shown


@pytest.mark.parametrize("mark", ["A & B", "1+1"])
def test_note_link_without_the_text_says_that_it_is_to_be_copied(desk: DeskHarness, mark: str) -> None:
    reported(desk)
    assert answered(desk, "#schließen") == "command"
    receipt = desk.outbox_of(MAX, NotificationKind.COMMAND_RECEIPT)[-1]
    assert desk.outcome(reply_to(receipt, MAX, f"Rechnung: {mark}.")) == "refused"
    note = next(body for body in links(desk) if body.startswith("#notiz"))
    assert note.split("\n\n\n")[0] == "#notiz"
    assert "Dieser Text passt nicht unverändert in einen Link." in refusal(desk).html
    assert desk.outcome(reply_to(receipt, MAX, "Rechnung liegt bei.")) == "refused"
    note = next(body for body in links(desk) if body.startswith("#notiz"))
    assert note.split("\n\n\n")[0] == "#notiz\n\nRechnung liegt bei."


def test_link_with_an_address_that_has_a_plus_names_that_address(desk: DeskHarness) -> None:
    desk.outcome(mail().text("Der Beamer bleibt dunkel.").cc("olga+schule@schule.example"))
    offered = next(row for row in desk.outbox_of(MAX) if "GYM-1]" in row.subject)
    bodies = [fields(href)["body"].replace("\r\n", "\n") for href in hrefs(offered.html)]
    body = next(body for body in bodies if body.startswith("#kopie"))
    assert desk.outcome(sent(body)) == "command"
    assert "olga+schule@schule.example" in str(desk.ticket("GYM-1"))
