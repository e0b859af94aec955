"""Absence notes without a header field are automatic; an absent person who says more is human."""

import pytest

from mailbot.core.classify.classify import classify
from mailbot.parse import parse
from tests.support.mail_builder import mail

_NOTES = [
    "Guten Tag,\n\nich bin vom 3.2. bis 7.2. nicht im Haus und ab 10.2. wieder für Sie da.\n\nGruß\nKim Au",
    "Danke für Ihre Mail. Zwischen dem 3. und 7. Februar bin ich nicht am Platz.",
    "Ich bin ab 3.2. außer Haus. Ich kehre zurück am 10.2.",
    "Ich danke für Ihre Nachricht und bin bis 7.2. im Urlaub.",
    "Ich bin bis zum 7.2. abwesend, habe keinen Zugriff auf meine Mails und antworte danach.",
    "I'm on leave until 7 February and will reply when I am back. Thanks for your message.",
    "Je suis absente jusqu'au 7 février. Je répondrai à mon retour.",
    "Ich bin krank. Bitte wenden Sie sich an das Sekretariat.",
    "Danke für deine Nachricht. Ich bin bis 7.2. auf einer Fortbildung und antworte danach.",
    "Vielen Dank für Ihre Mail. Unser Büro ist diese Woche geschlossen. Ab 10.2. sind wir wieder für Sie da.",
    "[Automatische Antwort]\n\nWir sehen uns nach der Messe.",
    "Die Kollegin arbeitet nicht mehr für uns. Bitte wenden Sie sich an info@hgs.example.",
    "Ich bin bereits in Mutterschutz. Meine Nachfolgerin ist Ada Au.",
    "The school is closed this week. We will get back to you. Thanks for your message.",
    "Ich bin auf Klassenfahrt und lese keine Mails. Danach melde ich mich bei Ihnen.",
    "Actuellement en congé, je ne lis pas mes messages jusqu'au 7 février.",
    "Thank you. This is an automated reply to confirm that we have your message.",
    "Das Büro ist bis zum 7.2. zu. Ihre Nachricht wird ab dem 10.2. wieder gelesen.",
]
_SAYS_MORE = [
    "Ich bin morgen nicht da, Frau Au schließt auf. Ab 10.2. bin ich wieder am Platz.",
    "Vom 3. bis 7.2. bin ich nicht erreichbar. Das Tablet liegt im Schrank.",
    "Ich bin bis 7.2. im Urlaub und der Schlüssel ist beim Hausmeister. Danach wieder im Büro.",
    "Danke für Ihre Mail. Ich bin am Montag nicht im Haus, ein Techniker darf aber in den Raum.",
    "Vielen Dank für Ihre Mail. Das Sekretariat ist geschlossen, das Tablet ist bei Frau Au.",
    "Ich bin bis zum 3.2. nicht da. Ich brauche das Tablet am 4.2. in Raum 12.",
    "Ich bin bis zum 3.2. nicht da. Ab 4.2. brauche ich das Tablet in Raum 12.",
    "Ihre Mail habe ich erhalten. Das Tablet hat Nummer C02XK1. Ich bin bis zum 3.2. nicht erreichbar.",
    "Ich bin auf Klassenfahrt, das Tablet auch. Danach melde ich mich.",
    "Ich bin bis 7.2. auf Klassenfahrt, Herr Au kennt die Störung.",
    "Automatische Antwort:\n\nWir sehen uns nach der Messe. Das ist alles.",
    "Ich bin nicht mehr an der Schule tätig, bitte löschen Sie mein Konto.",
    "The school is closed on Friday, please come on Monday.",
    "I'm out of the office tomorrow, the laptop is on my desk. Back on Friday.",
    "Je suis absente jusqu'au 7 février, la salle est ouverte.",
    "Danke für Ihre Nachricht. Ich bin am Montag nicht da.",
    "Merci pour votre message. Je suis absente lundi.",
    "Danke für Ihre Nachricht. Frau Au arbeitet nicht mehr bei uns.",
    "Ich bin krank. Ich melde mich.",
    "Danke für Ihre Nachricht. Ich bin wieder im Haus.",
    "Danke für Ihre Nachricht. Wir haben das Programm geschlossen.",
    "Nein, ich bin bis zum 7.2. auf Klassenfahrt.",
    "Ich bin nicht erreichbar, Ihre Mails kommen nicht an.",
    "Ich bin im Urlaub und habe keinen Zugriff auf Moodle.",
    "Ab 3.2. bin ich in Elternzeit. Meine Nachfolgerin Frau Au braucht ein Konto.",
]


def _kind(subject: str, text: str, *, answers: bool = True, path: str = "<kim@hgs.example>") -> str:
    made = mail().sender("Kim Au <kim@hgs.example>").subject(subject).text(text)
    made = made.reply_to("<1@support.example>") if answers else made
    return classify(parse(made.header("Return-Path", path).build()), frozenset()).kind.value


def test_reply_whose_clauses_are_all_about_an_absence_is_a_note(subtests: pytest.Subtests) -> None:
    for text in _NOTES:
        with subtests.test(text=text):
            assert _kind("AW: Tablet", text) == "auto-reply"
    for text in _SAYS_MORE:
        with subtests.test(text=text):
            assert _kind("AW: Tablet", text) == "human"


def test_new_mail_of_an_absent_person_is_a_note_only_if_it_thanks_for_a_mail() -> None:
    assert _kind("Vertretung", f"Vielen Dank für Ihre Mail. {_NOTES[2]}", answers=False) == "auto-reply"
    assert _kind("Vertretung", _NOTES[2], answers=False) == "human"
    assert (
        _kind("Urlaub", "Ich bin vom 3. bis 7.2. im Urlaub. Bitte die Kamera abholen.", answers=False)
        == "human"
    )


def test_words_of_an_absence_suffice_in_a_mail_without_a_return_address() -> None:
    for path in ("<>", "<MAILER-DAEMON>", "<mailer-daemon@mx.hgs.example>"):
        assert _kind("Re: Tablet", "Ich bin bis Montag nicht da.", path=path) == "auto-reply"
    assert _kind("Re: Tablet", "Ich bin bis Montag nicht da.") == "human"


def test_subject_of_an_automatic_reply_may_name_its_sender_only(subtests: pytest.Subtests) -> None:
    for subject, kind in [
        ("Automatische Antwort von Kim Au", "auto-reply"),
        ("Auto-Reply from Kim Au", "auto-reply"),
        ("Automatische Antwort von Frau Beispiel", "human"),
        ("Automatisierte Antwort: Tablet", "auto-reply"),
        ("Automatische E-Mail-Antwort: Tablet", "auto-reply"),
    ]:
        with subtests.test(subject=subject):
            assert _kind(subject, "Bitte ansehen.", answers=False) == kind
    assert _kind("Out of office", "Where do I find that?", answers=False) == "human"


def test_reply_with_a_quotation_to_an_automatic_reply_is_human() -> None:
    quoted = "Wer ist das?\n\nAm 3.2.2026 um 8:05 schrieb Ada Au <ada@hgs.example>:\n> Ich bin nicht da.\n"
    assert _kind("AW: Automatische Antwort: Tablet", quoted) == "human"
    assert _kind("AW: Automatische Antwort: Tablet", "Ich bin nicht da.") == "auto-reply"
    assert _kind("Re: Tablet [Out of Office]", "See you soon.") == "auto-reply"
    assert _kind("Tablet [Out of Office]", "The sign says that.", answers=False) == "human"


def test_subject_of_a_note_may_begin_with_a_word_of_absence_and_a_colon() -> None:
    assert _kind("Abwesend: Tablet", "Ich bin abwesend.", answers=False) == "auto-reply"
    assert _kind("Abwesend: Klasse 5a", "Das zeigt Untis, sie ist aber da.", answers=False) == "human"
    assert _kind("Bin nicht da: Tablet defekt", "Ich bin nicht da.", answers=False) == "human"


def test_sentence_of_a_program_within_a_sentence_of_a_person_is_quoted() -> None:
    said = "Diese Nachricht wurde automatisch erstellt."
    assert _kind("Re: Untis", f"Vielen Dank!\n{said}\nIhr Team") == "auto-reply"
    assert _kind("Re: Untis", f"Dort steht\n{said}\nund sonst nichts") == "human"
