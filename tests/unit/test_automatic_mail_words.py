"""Automatic mail is recognised by its words in eight languages; people who write about it are people."""

import pytest

from mailbot.core.classify.classify import classify
from mailbot.parse import parse
from tests.support.mail_builder import mail

_PERSON = "Kim Probst <kim@hgs.example>"
_GATEWAY = "Mailgateway <gateway@stadt.example>"


def _kind(sender: str, subject: str, text: str, *, reply: bool) -> str:
    built = mail().sender(sender).subject(subject).text(text)
    built = built.reply_to("<1@support.example>") if reply else built
    return classify(parse(built.build()), frozenset()).kind.value


def test_bounces_of_gateways_are_recognised_by_subject_and_text(subtests: pytest.Subtests) -> None:
    for subject, text in [
        ("Błąd doręczenia wiadomości", "Wiadomość do kim@hgs.example nie mogła zostać doręczona."),
        ("Niedoręczona wiadomość", "Skrzynka jest pełna: kim@hgs.example"),
        ("Не вдалося доставити: Beamer", "Лист до kim@hgs.example не доставлено: поштова скринька."),
        ("İletilemeyen ileti", "kim@hgs.example alıcısına iletiniz teslim edilemedi."),
        ("Error en la entrega", "Su mensaje no pudo ser entregado a kim@hgs.example."),
        ("Bezorging mislukt", "Het bericht aan kim@hgs.example is niet afgeleverd."),
        ("E-Mail wurde nicht zugestellt", "Ihre E-Mail an kim@hgs.example wurde abgelehnt: ein Virus."),
        ("Virus in Ihrer E-Mail", "Die Mail an kim@hgs.example wurde nicht zugestellt."),
        ("Message rejected", "Your message to kim@hgs.example was rejected: banned file."),
        ("Benachrichtigung zum Zustellstatus", "Übermittlung an kim@hgs.example fehlgeschlagen."),
        ("Ihre E-Mail wurde blockiert", "Ihre E-Mail an kim@hgs.example wurde nicht zugestellt: Virus."),
        (
            "Weiterleitung fehlgeschlagen",
            "Ihre Nachricht konnte nicht an kim@hgs.example weitergeleitet werden.",
        ),
        (
            "[EXTERN] Unzustellbar: AW: Beamer",
            "Der Empfänger kim@hgs.example ist auf mx.hgs.example unbekannt.",
        ),
    ]:
        with subtests.test(subject=subject):
            assert _kind(_GATEWAY, subject, text, reply=False) == "bounce"
    for sender, subject, text in [
        (_PERSON, "Weiterleitung fehlgeschlagen", "Die Weiterleitung an kim@hgs.example geht nicht."),
        (_PERSON, "Ihre Mail wurde blockiert", "Seit heute wird alles an kim@hgs.example nicht zugestellt."),
        (_PERSON, "E-Mail abgelehnt", "Unsere E-Mail an die Stadt wurde nicht zugestellt: kim@hgs.example"),
        (_PERSON, "Antrag nicht zugestellt", "Ihre Nachricht an die Stadt wurde leider abgelehnt."),
        (_PERSON, "Mail rejected", "Mails to kim@hgs.example are rejected: mailbox full. Please check."),
        (_PERSON, "Zustellstatus", "Die Mail an kim@hgs.example konnte nicht zugestellt werden."),
        ("noreply@untis.example", "Noten", "Die Übermittlung der Noten ist fehlgeschlagen."),
        (_PERSON, "Virus in Ihrer E-Mail?", "Ich habe sie nicht geöffnet. Sie kam von kim@hgs.example."),
        (_PERSON, "Message rejected", "Our message to kim@hgs.example was rejected. Please check."),
        (_PERSON, "Échec de remise", "Nos messages à kim@hgs.example : destinataire inconnu."),
        ("Mailadmin <mailadmin@hgs.example>", "Zustellproblem", "kim@hgs.example: 550 5.1.1. Bitte prüfen."),
        (_PERSON, "Mails", "Dzień dobry, wiadomości do rodziców nie dochodzą."),
        (
            "Ada Postfix <a.postfix@hgs.example>",
            "WG: Unzustellbar: Brief",
            "Was ist das?\n\nVon: Mailer\nnicht zugestellt",
        ),
        (
            "Mail Administrator <it@hgs.example>",
            "Drucker",
            "Der Drucker meldet: delivery failed, unknown user.",
        ),
    ]:
        with subtests.test(subject=subject, text=text):
            assert _kind(sender, subject, text, reply=False) == "human"


def test_new_mail_of_a_person_of_a_school_about_delivery_is_no_bounce() -> None:
    built = mail().sender(_PERSON).subject("Mail Problem").text("Das Postfach ist voll: kim@hgs.example")
    parsed = parse(built.build())
    assert classify(parsed, frozenset(), frozenset({"hgs.example"})).kind.value == "human"
    assert classify(parsed, frozenset(), frozenset({"aes.example"})).kind.value == "bounce"


def test_absence_note_names_its_sender(subtests: pytest.Subtests) -> None:
    text = "Ich bin diese Woche nicht im Büro."
    for sender, kind in [
        ("kim.probst@hgs.example", "auto-reply"),
        ('"Probst, Kim" <k@hgs.example>', "auto-reply"),
        ("Kim Probst/HGS <k@hgs.example>", "auto-reply"),
        ("Ada Au <a@hgs.example>", "human"),
    ]:
        with subtests.test(sender=sender):
            assert _kind(sender, "Kim Probst ist nicht im Büro", text, reply=True) == kind


def test_automatic_replies_are_recognised_and_people_who_write_about_them_are_not(
    subtests: pytest.Subtests,
) -> None:
    for subject, text in [
        ("Auto: AW: Beamer", "Ich bin weg."),
        ("YNT: Yazıcı", "12 Nisan tarihine kadar izinliyim. Acil durumlarda sekreterliği arayınız."),
        ("Adresse nicht mehr gültig: AW: Beamer", "Dies ist eine automatische Antwort. Neu: kim@hgs.example"),
        (
            "Re: Beamer",
            "Um Ihre Nachricht zuzustellen, bestätigen Sie, dass Sie ein Mensch sind: https://f.example/1",
        ),
        (
            "Message",
            "Pour que votre message soit remis, veuillez confirmer en cliquant ici : https://f.example/1",
        ),
        ("Bericht", "Klik op https://f.example/1 om uw bericht te laten bezorgen."),
        ("Ticket #8812 wurde erstellt", "Dies ist eine automatische Bestätigung. Wir melden uns."),
        ("Your request has been created", "This is an automated message."),
        (
            "[#4711] Beamer",
            "Danke. Diese E-Mail wurde automatisch generiert, bitte antworten Sie nicht darauf.",
        ),
        ("Kim Probst ist nicht im Büro.", "Ich bin ab 23.11. nicht im Büro. Ich kehre am 7.12. zurück."),
        ("Away from my mail", "I will be away from 23 Nov until 7 Dec."),
        ("Zugesagt: Einweisung @ Do 26. Nov.", "Kim Probst hat diese Einladung angenommen."),
        ("Mit Vorbehalt: Einweisung", "Kim Probst hat diese Einladung mit Vorbehalt angenommen.\n\nAula"),
        ("Tentatively Accepted: Einweisung", ""),
        ("Zugestellt: Beamer", "Ihre Nachricht wurde den folgenden Empfängern zugestellt:\n\nKim Probst"),
        ("[T 7] Eingangsbestätigung", "Sehr geehrte Frau Au, dies ist eine automatisch erstellte Nachricht."),
        ("Re: Beamer", "👍 Kim Probst zareagował(a) przez Gmail"),
        ("Re: Beamer", "Gefällt mir: „Der Beamer geht wieder“"),
    ]:
        with subtests.test(subject=subject):
            assert _kind(_PERSON, subject, text, reply=True) == "auto-reply"
    for subject, text, reply in [
        ("Auto: Parkplatz", "Der Wagen steht vor der Tür.", False),
        ("AW: Beamer", "Diese Mail wurde automatisch erstellt, kann nicht stimmen.", True),
        ("Frau Au ist nicht im Büro", "Der Schlüssel fehlt.", True),
        ("Frau Au ist nicht im Büro", "Ich bin heute auch nicht im Haus, der Schlüssel fehlt.", True),
        ("Der Server ist nicht erreichbar", "Ich bin in Raum 12, er ist nicht da", False),
        ("AW: Die Cloud ist nicht erreichbar", "Sie ist seit 8 Uhr wieder erreichbar, aber leer.", True),
        ("AW: Beamer", "I will be away until Monday, come on Tuesday then.", True),
        ("AW: Beamer", "I am away from school on Thursday. Please come back on Friday.", True),
        ("Zugestellt: Toner", "Der Toner wurde heute den Kollegen zugestellt, es fehlt einer.", False),
        ("Zugesagt: Termin", "Frau Au hat diese Einladung angenommen, aber der Link ist tot.", True),
        ("Zugesagt: Termin", "Frau Au hat diese Einladung angenommen.\nDer Link ist tot.", True),
        ("Abgelehnt: Videokonferenz", "Teams hat die Einladung abgelehnt.\n\nNiemand kommt hinein.", True),
        ("Ticket 12 wurde erstellt und ist leer", "Diese Nachricht wurde automatisch erstellt.", False),
        ("Das Ticket wurde eröffnet", "Liebe alle, das ist automatisch per Mail versendet worden.", False),
        ("AW: Beamer", "Dies ist eine automatische Benachrichtigung vom Beamer, sie bleibt.", True),
        ("AW: Beamer", "Dies ist eine automatische Nachricht, bitte antworten Sie nicht, stand da.", True),
        ("AW: Drucker", "Es blinkt. Dies ist eine automatische Bestätigung des Auftrags, steht da.", True),
        ("Ticket wurde erstellt", "Hallo, was ist das? Diese Nachricht wurde automatisch erstellt.", True),
        ("Ein Ticket wurde erstellt, aber leer", "Im Portal steht nichts.", False),
        ("YNT: Yazıcı", "Pazartesi izinliyim, cuma günü gelebilir misiniz?", True),
        ("Abwesenheitsnotiz", "Die Abwesenheitsnotiz von Frau Au lässt sich nicht abschalten.", False),
        ("Re: Beamer", "Ich schrieb schon:\nDies ist eine automatische Antwort.\nDas stört mich.", True),
        (
            "Re: Beamer",
            "Bitte bestätigen Sie den Termin: https://t.example/1. Ein Mensch vom Amt kommt mit.",
            True,
        ),
        ("Re: Beamer", "Gefällt mir: der neue Beamer!", True),
        ("Bericht", "Klik op de beamer doet niets, https://f.example/1", True),
        ("Re: Beamer", "Das ist eine automatische Nachricht vom Kopierer. Der Toner ist leer.", True),
        (
            "Re: Beamer",
            "Es handelt sich um eine automatische Mail von Untis. Die Eltern sind verwirrt.",
            True,
        ),
        ("Re: Beamer", "Diese Nachricht wurde automatisch vom Scanner erstellt, leider an alle.", True),
        ("Re: Beamer", "Bei dieser Meldung wird automatisch eine Mail verschickt, bitte nicht.", True),
        ("Re: Beamer", "Dies ist eine automatische Antwort. Was tun die Eltern damit?", True),
        ("Re: Beamer", "This is an automatic reply from the parents' list. It comes every day.", True),
        ("Re: Beamer", "C'est une réponse automatique du serveur. Les parents la reçoivent.", True),
        ("YNT: Yazıcı", "Pazartesi izinliyim. Cuma'ya kadar yazıcıyı tamir eder misiniz?", True),
        ("Urlaub", "Ich bin vom 3. bis 7.4. im Urlaub. Bitte den Laptop in dieser Zeit tauschen.", False),
        ("Re: Ticket", "Dies ist eine automatische Antwort. Der Beamer ist trotzdem kaputt.", True),
        ("Re: Laser", "Je suis absent jusqu'au 12. En cas d'urgence Mme Au. Elle est en panne.", True),
        ("Re: Beamer", "Ich bin bis 7.4. nicht da, dann Frau Au. Er geht immer noch nicht.", True),
        ("Login", "Die Seite sagt: Bitte bestätigen Sie, dass Sie ein Mensch sind. https://t.example", False),
        ("Mail", "Klik hier om uw bericht te laten bezorgen. Is dat phishing? https://f.example/1", False),
        ("Re: Tafel", "Gefällt mir: „Digitale Tafel“ in Raum 12, nicht „Beamer“", True),
    ]:
        with subtests.test(subject=subject, text=text):
            assert _kind(_PERSON, subject, text, reply=reply) == "human"
