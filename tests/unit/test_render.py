"""Outgoing mails in every language have the agreed text and never run what a person wrote."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from mailbot import samples
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import CommandResult, Reason, RefusedLine
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Role, Status
from mailbot.outgoing import OutgoingMail, content_id
from mailbot.preview import FORMS, LANGUAGES, sample
from mailbot.render import render
from mailbot.samples import replies, scene
from tests.support.packaged_templates import TEMPLATES
from tests.support.rendered_samples import fields, hrefs, notifications, rendered

pytestmark = pytest.mark.xdist_group("templates")  # one process compiles them for all tests

PACKAGED = Path(__file__).parents[2] / "templates"


def outgoing_mail(name: str, language: str = "de", **changes: Any) -> OutgoingMail:
    if not changes:
        return rendered(name, language)
    return sample(replace(notifications(language)[name], **changes), language, TEMPLATES)


def readable(outgoing: OutgoingMail) -> str:
    head = f"From: {outgoing.sender.name} <{outgoing.sender.email}>\nSubject: {outgoing.subject}\n\n"
    return head + outgoing.text


@pytest.mark.parametrize(
    ("language", "warning", "line"),
    [
        ("de", "vermutlich gefälscht", "#kopie rosa@schule.example udo@schule.example"),
        ("en", "probably forged", "#cc rosa@schule.example udo@schule.example"),
        ("fr", "probablement falsifié", "#copie rosa@schule.example udo@schule.example"),
    ],
)
def test_team_reads_that_a_sender_is_forged_and_adds_people_by_one_tap(
    language: str, warning: str, line: str
) -> None:
    people = (Address("rosa@schule.example", "Rosa Rot"), Address("udo@schule.example"))
    unproven = outgoing_mail("requester_reply", language, forged=True, not_in_cc=people)
    assert warning in unproven.text
    assert warning in unproven.html
    assert "Rosa Rot, udo@schule.example" in unproven.text
    assert any(fields(href).get("body", "").startswith(line) for href in hrefs(unproven.html))
    assert warning not in outgoing_mail("requester_reply", language).text


def test_receipt_names_the_people_who_were_notified_once_and_apart_from_the_note() -> None:
    escalated = CommandResult("escalate", scene.TAKEN, notified=(scene.LENA, scene.ERIKA))
    note = replace(escalated, command="note")
    receipt = outgoing_mail("command_receipt", done=(escalated, note))
    for content in (receipt.text, receipt.html):
        assert content.count("Benachrichtigt") == 1
        assert content.index("blieb intern") < content.index("Benachrichtigt: ")
    assert "gespeichert\nBenachrichtigt: Lena Lehrerin, Erika Beispiel\n" in receipt.text


def test_subject_of_a_receipt_does_not_call_the_problem_solved(subtests: pytest.Subtests) -> None:
    noted = CommandResult("note", scene.TAKEN)
    for done, subject in (
        (noted, "[#GYM-104] Ausgeführt: Beamer in Raum 204 defekt"),
        (replace(noted, already=True), "[#GYM-104] Nichts geändert: Beamer in Raum 204 defekt"),
    ):
        with subtests.test(subject=subject):
            assert outgoing_mail("command_receipt", done=(done,)).subject == subject


@pytest.mark.parametrize("name", samples.notifications("de"))
def test_mail_has_the_agreed_text_and_page(name: str, snapshot: SnapshotAssertion) -> None:
    """Compare the text in every language and the German page; the other pages share its structure."""
    texts = {
        f"{language}{'-du' if informal else ''}": readable(rendered(name, language, informal=informal))
        for language, informal in FORMS
    }
    assert texts == snapshot(name="text")
    assert rendered(name).html == snapshot(name="html")


def test_french_templates_have_no_breakable_space_before_punctuation() -> None:
    source = "\n".join(file.read_text("utf-8") for file in (PACKAGED / "fr").glob("*.j2"))
    assert re.findall(r".{0,20}\S (?:[:;?»]|!(?!=))|« .{0,20}", source) == []


def test_every_notification_kind_has_a_sample() -> None:
    assert {notice.kind for notice in samples.notifications("de").values()} == set(NotificationKind)


def test_every_language_has_the_templates_of_every_kind() -> None:
    expected = {f"{kind.value}.{suffix}.j2" for kind in NotificationKind for suffix in ("txt", "html")}
    found = {
        language: {path.name for path in (PACKAGED / language).iterdir() if path.suffix == ".j2"}
        for language in LANGUAGES
    }
    assert found == dict.fromkeys(LANGUAGES, expected | {"words.txt.j2"})


def test_every_language_has_the_same_words() -> None:
    def keys(language: str) -> set[str]:
        words = TEMPLATES.words(language)
        inner = {f"{name}.{key}" for name, value in words.items() if isinstance(value, dict) for key in value}
        return set(words) | inner

    assert {language: keys(language) for language in LANGUAGES} == dict.fromkeys(LANGUAGES, keys("de"))


PLACES: dict[str, dict[str, Any]] = {
    "text": {"text": scene.HOSTILE},
    "author": {"author": Address("x@schule.example", scene.HOSTILE)},
    "subject": {"ticket": replace(scene.BEAMER, subject=scene.HOSTILE)},
    "file name": {"attachments": (replace(scene.PHOTO, filename=scene.HOSTILE),)},
    "requester's address": {"ticket": replace(scene.BEAMER, requester=Address('"><script>@x.example'))},
}


def test_hostile_input_is_shown_and_never_run(subtests: pytest.Subtests) -> None:
    for place, changes in PLACES.items():
        with subtests.test(place=place):
            for name in ("new_ticket", "requester_reply", "answer", "escalated_second_level"):
                html = outgoing_mail(name, **changes).html
                assert "<script" not in html, name
                assert "<img src=x" not in html, name
                assert place == "requester's address" or "{{ 7*7 }}" in html, name


def test_hostile_refused_line_is_shown_and_never_run(subtests: pytest.Subtests) -> None:
    for place in ["argument", "line", "expected", "nearest"]:
        with subtests.test(place=place):
            hostile: dict[str, Any] = {place: "<script>{{ 7*7 }}</script>"}
            problem = replace(RefusedLine("#x", Reason.ARGUMENT, "y", "z", "w"), **hostile)
            html = outgoing_mail("refusal", problems=(problem,)).html
            assert "<script" not in html
            assert "&lt;script&gt;{{ 7*7 }}" in html


def test_command_and_tagged_subject_of_a_link_survive_two_decodings() -> None:
    close = fields(hrefs(outgoing_mail("new_ticket").html)[0])
    assert close["subject"] == "[#GYM-104] Beamer in Raum 204 defekt"
    assert close["body"].split("\r\n")[:2] == ["#schließen", ""]


def test_characters_that_webmail_misreads_are_replaced_in_links() -> None:
    ticket = replace(scene.BEAMER, subject="A & B: 100 %41 <b> 1+1 ü = 'x' #?/;")
    close = fields(hrefs(outgoing_mail("new_ticket", ticket=ticket).html)[0])
    assert close["subject"] == "[#GYM-104] A und B: 100 ％41 ‹b› 1＋1 ü = 'x' #?/;"


def test_confirmation_needs_one_tap() -> None:
    [href] = hrefs(outgoing_mail("confirm").html)
    assert fields(href)["body"].startswith("#bestätigen\r\n")


def labels(outgoing: OutgoingMail) -> list[str]:
    html = re.sub(r"<!--.*?-->", "", outgoing.html)
    return re.findall(r'<a class="(?:main|tap)"[^>]*>([^<]*)</a>', html)


OFFERS: tuple[tuple[str, dict[str, Any], str], ...] = (
    (
        "new_ticket",
        {},
        "Antworten und schließen, An Second-Level-Support weiterleiten, Übernehmen, Übersicht, Hilfe",
    ),
    (
        "requester_reply",
        {},
        "Antworten und schließen, An Second-Level-Support weiterleiten, Übersicht, Hilfe",
    ),
    ("escalated_team", {}, "Antworten und schließen, Übersicht, Hilfe"),
    (
        "escalated_second_level",
        {},
        "Antworten und schließen, An die Schule zurückgeben, Übernehmen, Übersicht, Hilfe",
    ),
    ("closed_team", {}, "Wieder öffnen, Übersicht, Hilfe"),
    ("answer", {}, "Antworten, Hat sich erledigt"),
    ("answer", {"role": Role.CC}, "Antworten"),
    ("closed", {}, "Ja, es hat geholfen, Problem besteht noch"),
    ("closed", {"role": Role.CC}, ""),
    ("closed_waiting", {}, "Problem besteht noch"),
    ("receipt", {}, "Etwas ergänzen, Hat sich erledigt, Nach dem Stand fragen"),
    ("wait_reminder", {}, "Antworten, Hat sich erledigt, Nach dem Stand fragen"),
    ("alert", {}, ""),
)


def test_buttons_fit_role_and_ticket(subtests: pytest.Subtests) -> None:
    for name, changes, expected in OFFERS:
        with subtests.test(name=name):
            assert ", ".join(labels(outgoing_mail(name, **changes))) == expected


def test_refusal_links_to_the_corrected_mail() -> None:
    corrected = fields(hrefs(outgoing_mail("refusal").html)[0])["body"].split("\r\n")
    assert corrected[0] == "#schließen"


def test_refusal_without_a_likely_correction_links_to_help_only() -> None:
    assert labels(outgoing_mail("refusal_unclear")) == ["Hilfe"]


def test_refusal_of_a_command_within_the_text_offers_both_readings() -> None:
    assert labels(outgoing_mail("refusal_in_text")) == ["Befehl ausführen", "So senden, wie es ist", "Hilfe"]


@pytest.mark.parametrize("text", ["wort " * 400, "A & B"], ids=["too long", "changed"])
def test_refusal_of_a_mail_that_fits_into_no_link_shows_the_text_to_be_copied(text: str) -> None:
    outgoing = outgoing_mail("refusal", text=text)
    assert labels(outgoing) == ["Korrigiert senden", "Hilfe"]
    assert "Bitte kopieren Sie ihn in die Mail." in outgoing.html
    assert fields(hrefs(outgoing.html)[0])["body"].startswith("\r\n\r\n\r\n[mailbot:")


def test_command_of_a_requester_is_offered_with_their_unchanged_words_only() -> None:
    problems = (RefusedLine("#weiterleiten", Reason.FORBIDDEN),)
    whole = outgoing_mail("requester_reply", text="Bitte.\n#weiterleiten", problems=problems)
    assert "Ausführen und senden" in labels(whole)
    changed = outgoing_mail("requester_reply", text="A & B\n#weiterleiten", problems=problems)
    assert "Ausführen und senden" not in labels(changed)
    assert "Bitte kopieren Sie ihn in die Mail." in changed.html


def test_notification_starts_with_the_recipients_of_a_reply() -> None:
    assert outgoing_mail("new_ticket", ticket=replace(scene.BEAMER, cc=())).text.startswith(
        "Ihre Antwort geht an Lena Lehrerin.\n"
    )
    assert outgoing_mail("new_ticket").text.startswith(
        "Ihre Antwort geht an Lena Lehrerin, Kopie an Dr. Rainer Rektor-Oberschlau.\n"
    )
    assert outgoing_mail("note").text.startswith(
        "Ihre Antwort bleibt intern, Lena Lehrerin sieht sie nicht.\n"
    )


def test_answer_starts_with_the_text_of_the_supporter() -> None:
    assert outgoing_mail("answer").text.startswith(scene.ANSWER)


def test_answer_of_second_level_is_signed_with_the_team() -> None:
    assert "Toni Technik\nSecond-Level-Support" in outgoing_mail("answer", author=scene.TECHNIK).text


def test_mail_to_the_requester_contains_no_internal_note(subtests: pytest.Subtests) -> None:
    for name in ["answer", "closed", "receipt"]:
        with subtests.test(name=name):
            outgoing = outgoing_mail(name, history=scene.HISTORY)
            assert "Ersatzlampe" not in outgoing.text + outgoing.html


def test_ticket_details_for_the_requester_contain_no_internal_note() -> None:
    outgoing = outgoing_mail("ticket_details", to=scene.LENA, role=Role.REQUESTER)
    assert "Ich sehe es mir" in outgoing.text
    assert "Ersatzlampe" not in outgoing.text + outgoing.html


def test_mail_to_second_level_is_in_the_language_of_the_organisation() -> None:
    english_school = scene.policy("en").schools[0]
    policy = replace(scene.policy("de"), schools=(english_school,))
    outgoing = render(
        samples.notifications("de")["escalated_second_level"],
        english_school,
        policy,
        TEMPLATES,
        message_id="<a@b>",
        action_key="a" * 26,
        now=scene.NOW,
    )
    assert "Ihre Antwort geht an" in outgoing.text


SENDERS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("receipt", {}, "Schul-Support Gymnasium Marienschule"),
    ("answer", {}, "Max Mustermann über Schul-Support"),
    ("new_ticket", {}, "Lena Lehrerin über Schul-Support"),
    ("new_ticket", {"author": Address("l.ehrer@b.example")}, "l.ehrer über Schul-Support"),
    ("answer", {"author": Address("a@b.example")}, "Schul-Support Gymnasium Marienschule"),
    (
        "answer",
        {"author": Address("a@b.example", "chef@bank.example")},
        "Schul-Support Gymnasium Marienschule",
    ),
    ("answer", {"author": scene.LENA}, "Schul-Support Gymnasium Marienschule"),
)


def test_sender_has_the_name_of_the_author_and_the_address_of_the_school(subtests: pytest.Subtests) -> None:
    for name, changes, expected in SENDERS:
        with subtests.test(name=name):
            assert outgoing_mail(name, **changes).sender == Address("support-gym@schule.example", expected)


def test_mail_about_a_ticket_has_the_tagged_subject(subtests: pytest.Subtests) -> None:
    for name in ["new_ticket", "answer", "closed", "escalated_second_level", "ticket_details"]:
        with subtests.test(name=name):
            assert outgoing_mail(name).subject == "[#GYM-104] Beamer in Raum 204 defekt"


def test_subject_with_line_breaks_becomes_one_line() -> None:
    ticket = replace(scene.BEAMER, subject="a\r\nBcc: x\u202e\0\n\nb")
    outgoing = outgoing_mail("new_ticket", ticket=ticket)
    assert outgoing.subject == "[#GYM-104] a Bcc: x b"
    assert outgoing.text.startswith("Ihre Antwort geht an")


def test_pictures_are_shown_by_content_id_and_other_files_are_named() -> None:
    html = outgoing_mail("new_ticket").html
    assert re.findall(r'src="([^"]*)"', html) == [f"cid:{content_id('<sample@schule.example>', 0)}"]
    assert "protokoll.txt" in html


def test_mail_about_a_closed_ticket_shows_its_status() -> None:
    assert "Status: geschlossen" in outgoing_mail("closed_team").text
    assert scene.DONE.status is Status.CLOSED


def test_dates_are_written_in_the_language_of_the_mail() -> None:
    assert "Montag, 23. November 2026, 13:47" in outgoing_mail("new_ticket").text
    assert "Monday, 23 November 2026, 13:47" in outgoing_mail("new_ticket", "en").text
    assert "lundi 23 novembre 2026 à 13:47" in outgoing_mail("new_ticket", "fr").text


def test_only_answers_and_replies_are_not_automatic() -> None:
    human = {name for name in samples.notifications("de") if not outgoing_mail(name).automatic}
    assert human == {"answer", "answer_cc", "requester_reply"} | {
        f"requester_reply_{name}" for name in ("bundle", "unknown")
    }
    assert {kind.value for kind in NotificationKind if not kind.definition.automatic} <= human


def test_outgoing_mail_has_the_fields_that_the_outbox_needs() -> None:
    outgoing = outgoing_mail("note", in_reply_to="<a@b>")
    assert (outgoing.ticket, outgoing.internal, outgoing.in_reply_to) == ("GYM-104", True, "<a@b>")
    assert (outgoing.message_id, outgoing.recipient) == ("<sample@schule.example>", scene.ERIKA)


def test_documentation_lists_every_notification_kind() -> None:
    page = (PACKAGED.parent / "docs" / "notifications.md").read_text()
    used = set(re.findall(r"\b[a-z_]+\b", " ".join(re.findall(r"`([^`]*)`", page))))
    assert {kind.value for kind in NotificationKind} <= used


def test_undoing_an_undo_is_offered_as_such() -> None:
    undone = replace(replies.RECEIPT_LINES[0], command="undo")
    page = outgoing_mail("command_receipt", done=(undone,)).html
    assert (">Doch wieder so<" in page, ">Rückgängig<" in page) == (True, False)


def test_overview_of_a_requester_offers_each_list_once_and_does_not_repeat_their_name() -> None:
    mail = outgoing_mail("overview_own")
    assert ">Meine<" not in mail.html
    assert "Lena Lehrerin ·" not in mail.text


def test_people_in_cc_are_not_named_as_copy_in_their_own_mails() -> None:
    for name in ("answer_cc", "added_to_cc", "merged_requester"):
        mail = outgoing_mail(name)
        assert mail.recipient.name == "Dr. Rainer Rektor-Oberschlau"
        assert "Kopie:" not in mail.text, name
