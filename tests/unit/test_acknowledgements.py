"""Acknowledgements of programs are automatic mail."""

import pytest

from mailbot.core.classify.classify import classify
from mailbot.core.model.mail import MailKind
from mailbot.parse import parse
from tests.support.mail_builder import mail

OWN = frozenset({"support-gym@schule.example"})


_ACKNOWLEDGEMENTS = [
    ("Eingangsbestätigung", "Guten Tag,\n\nwir melden uns.\n\nDies ist eine automatisch generierte E-Mail."),
    ("Eingangsbestätigung: Drucker", "Hallo,\n\nDiese Nachricht wurde automatisch erzeugt. Nicht antworten!"),
    ("Ihre Anfrage ist eingegangen [Nr. 4711]", "*** Dies ist eine automatische Antwort. ***"),
    ("Ticket [#4711]: Ihre Anfrage ist eingegangen", "Diese Mail wurde automatisch erstellt."),
    ("Ticket Received - 4711 - Beamer", "We have received your request. An agent will respond shortly."),
    ("[Request received] Beamer", "Your request (4711) was received and is being reviewed by our staff."),
    ("Ihre Anfrage wurde erfasst: Nr. 4711", "Wir haben Ihre Anfrage erhalten. Wir melden uns bald."),
    ("Votre demande a été enregistrée", "Votre demande n° 4711 est enregistrée, elle sera traitée."),
    ("Vielen Dank für Ihre E-Mail", "Guten Tag,\n(Diese E-Mail wurde automatisch versendet.)\nIhr Team"),
    ("Bestätigung Ihrer Anfrage", "Hinweis: Dies ist eine automatisch erstellte Nachricht."),
    ("Empfangsbestätigung", "Bei dieser Mail handelt es sich um eine automatische Empfangsbestätigung."),
    ("Acknowledgement of receipt", "Hello,\nwe will answer.\n\nThis is an automatically generated email."),
    ("We have received your request", "This message was generated automatically."),
    ("Thank you for contacting Acme", "We will answer soon. This is an automated message."),
    ("Accusé de réception", "Bonjour,\nCeci est un message automatique, merci de ne pas y répondre."),
    ("Votre demande a bien été reçue", "Cet e-mail a été généré automatiquement."),
]
_ABOUT_ACKNOWLEDGEMENTS = [
    ("Ihre Anfrage ist eingegangen", "Anbei das Angebot 4711, wir melden uns am Dienstag."),
    ("Ihre Anfrage ist eingegangen", "Wir haben Ihre Anfrage 4711 erhalten. Es kommt ein Techniker."),
    ("Ticket received", "I have received your ticket 4711 and will respond tomorrow."),
    ("Beamer", "Wir haben Ihre Anfrage 4711 erhalten und melden uns am Dienstag."),
    ("Eingangsbestätigung", "Ich bekomme das dauernd.\nDies ist eine automatisch generierte E-Mail."),
    ("Eingangsbestätigung", "Dort steht „Dies ist eine automatisch generierte E-Mail“. Was tun?"),
    ("Eingangsbestätigung", "Es kam zweimal:\n\nDies ist eine automatisch generierte E-Mail."),
    ("Eingangsbestätigung", "Das automatische Versenden der Nachricht geht nicht."),
    ("Bestätigung Ihrer Nachricht", "Das Formular schickt keine automatische Antwort mehr."),
    ("Eingangsbestätigung", "Dies ist eine automatisch generierte Mail. Bitte abschalten."),
    ("WG: Eingangsbestätigung", "Dies ist eine automatisch generierte E-Mail."),
    ("Drucker", "Dies ist eine automatisch generierte E-Mail."),
    ("Acknowledgement of receipt", "It says: This is an automatically generated email. What now?"),
    ("Accusé de réception", "Je reçois ce message. Ceci est un message automatique."),
]


def test_acknowledgement_of_a_program_is_automatic_and_a_mail_about_one_is_not(
    subtests: pytest.Subtests,
) -> None:
    for kind, mails in [
        (MailKind.AUTO_REPLY, _ACKNOWLEDGEMENTS),
        (MailKind.HUMAN, _ABOUT_ACKNOWLEDGEMENTS),
    ]:
        for subject, text in mails:
            with subtests.test(subject=subject, text=text):
                sent = mail().sender("service@firma.example").subject(subject).text(text)
                assert classify(parse(sent.build()), OWN, frozenset({"schule.example"})).kind is kind


def test_person_who_quotes_an_acknowledgement_below_their_words_is_human() -> None:
    subject, text = _ACKNOWLEDGEMENTS[0]
    sent = mail().sender("service@firma.example").subject(f"AW: {subject}").reply_to("<1@x>")
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    answer = sent.text(f"Danke.\n\nAm 12.05.2025 um 08:05 schrieb Firma:\n{quoted}\n")
    assert classify(parse(answer.build()), OWN).kind is MailKind.HUMAN
    written = mail().sender("lena@schule.example").subject(subject).text(text)
    assert classify(parse(written.build()), OWN, frozenset({"schule.example"})).kind is MailKind.HUMAN
