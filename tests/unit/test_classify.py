"""Automatic mail is recognised by the first rule that matches."""

import pytest

from mailbot.core.classify.classify import classify
from mailbot.core.model.mail import MailKind
from mailbot.parse import parse
from tests.support.mail_builder import MailBuilder, mail

OWN = frozenset({"support-gym@schule.example"})


def test_mail_is_classified_by_its_first_matching_rule(subtests: pytest.Subtests) -> None:
    for sent, kind in [
        (mail().text("Der Beamer ist kaputt."), MailKind.HUMAN),
        (mail().subject("Automatische Antwort geht nicht").text("Bitte helfen."), MailKind.HUMAN),
        (mail().subject("Automatische Antwort: Beamer").text("Ich bin nicht da."), MailKind.AUTO_REPLY),
        (mail().subject("Réponse automatique : Beamer").text("Je suis en congés."), MailKind.AUTO_REPLY),
        (mail().subject("Message d’absence").text("De retour le 30 novembre."), MailKind.AUTO_REPLY),
        (mail().subject("Absente vendredi").text("Merci de prêter la clé de la salle 204."), MailKind.HUMAN),
        (
            mail()
            .subject("Re: Beamer")
            .reply_to("<1@x>")
            .text("Je suis actuellement absente. De retour le 30 novembre ; en cas d’urgence : x@y.example"),
            MailKind.AUTO_REPLY,
        ),
        (mail().header("Auto-Submitted", "auto-replied").text("Ich bin nicht da."), MailKind.AUTO_REPLY),
        (mail().header("Delivered-To", "Autoresponder").text("Bis Montag."), MailKind.AUTO_REPLY),
        (mail().header("X-POST-MessageClass", "9; Autoresponder").text("Bis Montag."), MailKind.AUTO_REPLY),
        (mail().header("Delivered-To", "autoresponder@schule.example").text("Kaputt."), MailKind.HUMAN),
        (mail().sender("MAILER-DAEMON@mail.example").subject("Undelivered Mail").text("x"), MailKind.BOUNCE),
    ]:
        with subtests.test(sent=sent):
            assert classify(parse(sent.build()), OWN).kind is kind


GATEWAY = "Mailfilter Landkreis <filter@kreis.example>"
_REACTION = "text/vnd.google.email-reaction+json"


def _answer(text: str, subject: str = "Re: Tablet") -> MailBuilder:
    return mail().subject(subject).reply_to("<1@x>").text(text)


def _report(subject: str, text: str, sender: str = GATEWAY) -> MailBuilder:
    return mail().sender(sender).subject(subject).text(text)


@pytest.mark.parametrize(
    ("kind", "mails"),
    [
        (
            MailKind.BOUNCE,
            [
                _report("Nicht ausgeliefert: Tablet", "Ihre Mail an o@x.example wurde nicht zugestellt."),
                _report("Delivery warning", "Delivery to o@x.example is delayed. We will try again."),
                _report("Échec de remise : Tablet", "Votre message n’a pas pu être remis à o@x.example."),
                _report(
                    "Tablet", "Die Mail an o@x.example kann nicht zugestellt werden.", "Postfix <x@y.example>"
                ),
                _report("FAILED MAIL: Tablet", "Kein Otto hier.", "postmaster@y.example").header(
                    "X-Autoreply", "yes"
                ),
                _report("Tablet", "did not reach the following recipient(s):\no@x.example").header(
                    "Return-Path", "<>"
                ),
                _report("Message could not be delivered", "Mailbox is full.", "filter@wall.example"),
                _report(
                    "failure notice", "I was not able to deliver it: no mailbox here.", "filter@wall.example"
                ),
                _report("Onbestelbaar: Tablet", "Uw bericht kon niet worden bezorgd bij o@x.example."),
                _report("Mancata consegna", "Il messaggio non è stato consegnato a o@x.example."),
                _report(
                    "No se pudo entregar: Tablet", "No se ha podido entregar a o@x.example: buzón lleno."
                ),
                _report("Niedostarczono: Tablet", "Wiadomość nie mogła zostać dostarczona do o@x.example."),
                _report("Teslim edilemedi: Tablet", "İletiniz o@x.example adresine teslim edilemedi."),
                _report("Kézbesíthetetlen: Tablet", "Az üzenet nem kézbesíthető: o@x.example"),
                _report("Message you sent blocked", "It was blocked: Tablet.\nTo: o@x.example"),
                *(
                    _report("Tablet", f"{text}\n\no@x.example").header("Return-Path", "<>")
                    for text in (
                        "Fehler bei der Nachrichtenzustellung an folgende Empfänger:",
                        "Votre message n'est pas parvenu à certains destinataires.",
                        "El mensaje no llegó a algunos destinatarios.",
                        "Il messaggio non ha raggiunto alcuni destinatari.",
                        "Uw bericht heeft een of meer geadresseerden niet bereikt.",
                        "Wiadomość nie dotarła do niektórych adresatów.",
                    )
                ),
                _report(
                    "Ihre Nachricht an Chor wartet auf Bestätigung durch den Moderator",
                    "Ihre Mail an 'Chor' wird zurückgehalten, bis der Listen-Moderator sie geprüft hat.",
                    "chor-bounces@listen.example",
                ),
                _report(
                    "Votre message pour la liste chor a été rejeté",
                    "Votre message à la liste chor n'a pas été distribué.",
                    "sympa@listen.example",
                ),
                _report(
                    "Nachricht abgewiesen: Tablet",
                    "Ihre Nachricht an die Liste chor wurde zurückgewiesen.",
                    "chor-request@listen.example",
                ),
                _report(
                    "Posting to chor rejected",
                    "You may not have permission to post messages to the group.",
                    "chor+noreply@gruppen.example",
                ),
                _report(
                    "Post by non-member to a closed list",
                    "You are not allowed to post to this list.",
                    "chor-owner@listen.example",
                ),
                _report(
                    "Ihre Nachricht wartet auf die Genehmigung des Moderators",
                    "Ihre Nachricht an die Liste wird zurückgehalten, bis der Moderator sie freigibt.",
                    "chor-bounces@listen.example",
                ),
                _report(
                    "Posting rejected", "It was not accepted for the list.", "chor-request@listen.example"
                ),
            ],
        ),
        (
            MailKind.AUTO_REPLY,
            [
                mail().subject("[EXTERN] Abwesenheitsmitteilung: Tablet").text("Ich bin weg."),
                mail().subject("*** EXTERN *** Out of office: Tablet").text("I am away."),
                mail().subject("Urlaub bis 3. Juni").text("Ich bin bis dahin im Urlaub."),
                *(
                    mail().subject(subject).text("x")
                    for subject in (
                        "Automatische Rückmeldung: Tablet",
                        "Automatisch erstellte Antwort: Tablet",
                        "[Automatische Antwort] Tablet",
                        "Autoodpowiedź: Tablet",
                        "Buiten kantoor: Tablet",
                        "Házon kívül: Tablet",
                        "Ofis dışında",
                        "Frånvarande",
                        "Automatski odgovor: Tablet",
                        "Автоматичен отговор: Tablet",
                        "自動返信: Tablet",
                    )
                ),
                mail()
                .subject("Bin bis 3.6. nicht da")
                .text("Bin nicht da. Ich bin erst am 4. zurück im Büro."),
                mail().subject("Urlaubsabwesenheit").text("Ich bin im Urlaub."),
                _answer("Je ne suis pas au bureau.", "Réponse : Absent du bureau"),
                _answer("No estoy en la oficina.", "Respuesta: Fuera de la oficina"),
                _answer("Ik zit niet achter de computer.", "Antwoord: Niet achter de computer"),
                mail()
                .subject("Ihre Nachricht für Liste chor bestätigen")
                .text("Um die angehängte Nachricht an die Liste chor weiterzuleiten: https://chor.example/1"),
                _answer(
                    "Ihre Mail wird erst zugestellt, wenn Sie sich verifizieren: klicken Sie "
                    "https://wall.example"
                ),
                _answer(
                    "Para que su mensaje sea entregado, confirme que es una persona haciendo clic en "
                    "https://wall.example"
                ),
                _answer(
                    "Aby Twoja wiadomość została dostarczona, potwierdź, klikając w https://wall.example"
                ),
                _answer("x").header("X-Cyrus-Autoreply", "1"),
                _answer("x").header("X-Sieve-Vacation", "yes"),
                _answer("Max reagierte mit 👍 auf Ihre Nachricht"),
                _answer("Max reagált a Gmailben"),
                mail()
                .subject("AW: Rückruf: Tablet")
                .text("Ole Muster möchte die Nachricht Tablet zurückrufen."),
                mail().subject("Geri Çağır: Tablet").text("Ole, Tablet iletisini geri çağırmak istiyor."),
                _answer("Sono in ferie.", "Risposta In ferie"),
                _answer("Bin weg.").header("X-Auto-Responder", "1"),
                _answer("Please confirm that you are no spam: https://wall.example/1"),
                _answer(
                    "Bitte klicken Sie auf den folgenden Link, damit Ihre Mail zugestellt wird: http://w.example"
                ),
                _answer("To have your message delivered, please confirm once: https://wall.example/1"),
                _answer("Afin que votre courriel soit remis, cliquez ici : https://wall.example/1"),
                mail().subject("Automatische Antwort auf Ihre Nachricht").text("Ich melde mich bald."),
                mail().subject("Automatic reply to your message").text("We will answer soon."),
                mail()
                .subject("Abwesenheitsnotiz")
                .text("Guten Tag, vielen Dank für Ihre Mail. Ich lese sie nach meiner Rückkehr."),
                mail().subject("Abwesenheitsnotiz").text("Hallo, ich lese Mails erst am Montag."),
                mail()
                .subject("Abwesenheitsmeldung")
                .text("Ich bin auf Klassenfahrt. Haben Sie ein dringendes Anliegen? Rufen Sie bitte an."),
                mail().subject("Réponse automatique").text("Bonjour, je réponds à mon retour."),
                mail().subject("Autoreply").text("Danke für Ihre Mail. Können Sie bis Montag warten?"),
                mail().subject("Autoreply").text("How can we help you? Please click here to stop this."),
                mail()
                .subject("Automatische Antwort")
                .text("Klicken Sie bitte hier, um das zu deaktivieren."),
                mail().subject("Out of office").text("My colleague Toni is here. I will be back on Monday."),
                mail().subject("Abwesenheitsnotiz").text("Hallo, ich bin bis zum 15. März nicht im Haus."),
                _answer("🎉"),
                _answer("👍\n\nToni Test reacted via Gmail <https://google.example/x>"),
                _answer("Toni Test hat auf Ihre Nachricht reagiert: ❤️"),
                _answer("Toni Test reacted to your message with 🎉"),
                _answer("Toni Test a réagi avec 👏 à votre message"),
                _answer("Toni Test hat Ihre Nachricht mit „Gefällt mir“ markiert"),
                mail().subject("Message recall status: Tablet").text("Your request to recall the message."),
                _answer("Toni Test mag „Das Tablet geht wieder“"),
                mail()
                .subject("Zurückrufen: Tablet")
                .text('Die Nachricht "Tablet" wird von Toni zurückgerufen.'),
                _answer(
                    "Your message\n\nTo: Toni\nSubject: Tablet\n\nwas read on 23.11.2026.", "Read: Tablet"
                ),
                _answer(
                    "Ihre Nachricht\n\nAn: Toni\nBetreff: Tablet\nGesendet: 23.11.2026 10:00\n\n"
                    "wurde am 23.11.2026 ungelesen gelöscht.",
                    "Nicht gelesen: Tablet",
                ),
                _answer(
                    "Dies ist eine Lesebestätigung für Ihre Mail.", "Lesebestätigung (angezeigt) - Tablet"
                ),
                _answer("Votre message\nÀ : Toni\na été lu le 23/11/2026.", "Lu : Tablet"),
                _answer("İletiniz 23.11.2026 tarihinde okundu.", "Okundu: Tablet"),
                _answer("Wir haben Ihre Anfrage.", "[Ticket#20261123] RE: Tablet").header("X-Loop", "yes"),
                mail().subject("Recall: Tablet").text('Toni would like to recall the message, "Tablet".'),
            ],
        ),
        (
            MailKind.BULK,
            [
                mail().header("X-Precedence", "junk"),
                mail().header("X-Mailing-List", "<a@b.example>"),
                mail().header("X-Mailinglist", "kollegium"),
                mail().header("X-ML-Name", "kollegium"),
                mail().header("X-Listname", "kollegium"),
                mail().header("X-List", "kollegium"),
                mail().header("List-Help", "<mailto:hilfe@listen.example>"),
                mail().header("X-CampaignID", "12"),
                mail().header("X-Newsletter", "ja"),
                mail().header("X-Google-Group-Id", "12345"),
                mail().header("List-Archive", "<https://listen.example/kollegium>"),
            ],
        ),
        (
            MailKind.HUMAN,
            [
                mail().sender("Ida Postfix <ida@schule.example>").text("Das Tablet geht nicht."),
                mail().sender("mailadmin@schule.example").text("Das Tablet geht nicht."),
                _report(
                    "Zustellung fehlgeschlagen", "Hallo, meine Mails kommen nicht an: 550 5.1.1 user unknown."
                ),
                mail()
                .header("Auto-Submitted", "auto-forwarded; owner-email=x@y.example")
                .text("Geht nicht."),
                mail().subject("Abwesenheit").text("Wo trage ich sie ein?"),
                mail().subject("Abwesenheitsnotiz").text("Könnten Sie mir die bitte einrichten?"),
                mail().subject("Autoreply").text("Könnt ihr den bei mir ausschalten?"),
                mail()
                .subject("Automatische Antwort auf eure Mails")
                .text("Das kommt bei jeder Mail. Könnt ihr das bitte abstellen?"),
                mail().subject("Autom. Antwort auf deine Mail").text("Ich bekomme immer diese Antwort."),
                mail().subject("Abwesenheitsnotiz auf deine Adresse einstellen").text("Danke!"),
                mail().subject("Automatic reply to your tickets").text("I get ten a day."),
                mail().subject("Réponse automatique à votre adresse").text("J’en reçois dix par jour."),
                mail()
                .subject("Abwesenheitsnotiz")
                .text("Wie richte ich sie ein? Ich bin vom 3. bis 10. im Urlaub."),
                mail().subject("Abwesenheitsnotiz").text("Bitte einschalten: Ich bin nicht erreichbar."),
                mail().subject("Abwesenheitsassistent").text("Der Abwesenheitsassistent funktioniert nicht."),
                mail()
                .subject("Elternbrief")
                .text(
                    "Damit Ihre Mail an die Eltern zugestellt wird, müssen wir die Adressen bestätigen: "
                    "https://x.example"
                ),
                mail()
                .subject("Druckauftrag")
                .text("Damit Ihre Mail zugestellt wird, steht da: Absender bestätigen. http://10.0.0.5"),
                mail().subject("Out of office message").text("How do I write one for my mail?\nBonjour, Léa"),
                _answer(
                    "Ihr Link http://x.example geht, damit Ihre Liste zugestellt wird, braucht es Papier."
                ),
                mail().subject("Rückruf: 0171 1234567").text("Bitte anrufen."),
                _answer("Ich habe Ihre Nachricht gelesen, sie wurde gelesen von allen.", "Gelesen: Tablet"),
                _answer(
                    "Das Tablet geht nicht.\n\nIhre Nachricht\n\nAn: Toni\n\nwurde am 23.11.2026 gelesen.",
                    "Gelesen: Tablet",
                ),
                _answer(
                    "Am Bildschirm steht: Ihre Nachricht wurde kurz angezeigt: Fehler.", "Abgelehnt: WLAN"
                ),
                _answer("", "Rückruf - 0171 1234567"),
                mail().subject("Rückruf: bitte 0171 1234567").text(""),
                _answer("", "[EXTERN] Rückruf: Frau Au, dringend"),
                mail().subject("Recall: Epson projectors").text(""),
                _answer("", "Abgelehnt – Passwort am WLAN"),
                _answer("Das Tablet geht nicht.").header("X-Loop", "hilfe@listen.example"),
                mail().subject("Rückruf: Akkus").text("Der Hersteller möchte die Akkus zurückrufen."),
                mail()
                .subject("E-Mail nicht zugestellt")
                .text("Die Einladung der 7b wurde nicht zugestellt. Bitte prüfen!\n\nOle Muster"),
                mail().subject("Paket nicht zugestellt").text("Das Paket wurde nicht zugestellt."),
                mail()
                .subject("Abwesenheitsnotiz")
                .text("Bitte richten Sie mir eine ein, ich bin ab Montag nicht im Haus."),
                mail()
                .subject("Nicht im Büro")
                .text("Ich bin heute nicht im Büro, der Techniker soll bitte am Mittwoch kommen."),
                mail()
                .subject("Heute nicht im Haus")
                .text("Ich bin heute nicht im Haus. Bitte den Beamer reparieren."),
                mail().subject("Bin heute nicht da: Beamer defekt").text("Bin heute nicht da."),
                mail()
                .subject("AW: Rückruf: Telefon")
                .text("Der Hausmeister will eine E-Mail schreiben oder zurückrufen. Es ist defekt."),
                mail()
                .subject("Ihre Nachricht an die Eltern bestätigen")
                .text("Die angehängte Nachricht an die Liste der Eltern bitte ansehen."),
                mail()
                .subject("Ihre Nachricht bitte nochmal bestätigen")
                .text("Ich finde die Nachricht an die Liste der Fachschaft nicht."),
                mail().header("X-AutoGenerated", "Forward").text("Tablet aus"),
                mail().subject("Tablet aus").text("😭"),
                mail().subject("Recall: wie?").text("Ich möchte eine Mail an alle zurückrufen."),
                _answer("👍 läuft, aber der Drucker nicht"),
                *map(
                    _answer,
                    ["Der Beamer hat „No Signal“", "Zu „Beamer in Raum 12“", "„Beamer“ mit Edding markiert"],
                ),
                mail()
                .sender("papa@eltern.example")
                .subject("Fehlgeschlagen: Login Moodle")
                .text("Es kommt: unknown user. Bitte um ein neues Konto."),
            ],
        ),
    ],
)
def test_automatic_mail_is_distinguished_from_mail_by_people(
    kind: MailKind, mails: list[MailBuilder]
) -> None:
    found = [classify(parse(sent.build()), frozenset()) for sent in mails]
    assert [c.kind for c in found] == [kind] * len(mails), found


def test_a_new_mail_of_a_school_that_quotes_a_challenge_is_human() -> None:
    words = "Kam an alle: „Damit Ihre Nachricht zugestellt wird, bestätigen Sie: https://evil.example“."
    domains = frozenset({"schule.example"})
    for sent, kind in [
        (mail().sender("lena@schule.example"), MailKind.HUMAN),
        (mail().sender("filter@wall.example"), MailKind.AUTO_REPLY),
        (mail().sender("noreply@schule.example"), MailKind.AUTO_REPLY),
        (mail().sender("lena@schule.example").reply_to("<1@x>"), MailKind.AUTO_REPLY),
    ]:
        assert classify(parse(sent.text(words).build()), OWN, domains).kind is kind


def test_two_precedence_fields_count_both() -> None:
    raw = mail().header("Precedence", "normal\nPrecedence: bulk").text("Rundbrief").build()
    assert classify(parse(raw), frozenset()).kind is MailKind.BULK


@pytest.mark.parametrize(
    ("content_type", "content", "kind"),
    [
        (_REACTION, b'{"version": 1, "emoji": "x"}', MailKind.AUTO_REPLY),
        ("text/calendar; method=REPLY", b"BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR", MailKind.AUTO_REPLY),
        (
            "text/calendar; method=COUNTER",
            b"BEGIN:VCALENDAR\nMETHOD:COUNTER\nEND:VCALENDAR",
            MailKind.AUTO_REPLY,
        ),
        ("text/calendar; method=REQUEST", b"BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR", MailKind.HUMAN),
    ],
)
def test_reactions_and_calendar_answers_are_recognised_by_their_part(
    content_type: str, content: bytes, kind: MailKind
) -> None:
    part = f"Content-Type: {content_type}\r\n\r\n".encode() + content
    raw = (
        b"From: toni@schule.example\r\nSubject: Tablet\r\n"
        b"Content-Type: multipart/alternative; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/plain\r\n\r\nToni ist dabei.\r\n--x\r\n" + part + b"\r\n--x--\r\n"
    )
    found = parse(raw)
    assert classify(found, frozenset()).kind is kind
    assert not found.parts or content_type != _REACTION


def test_person_of_a_school_stays_human_behind_a_list() -> None:
    for feedback_id, kind in (("", MailKind.HUMAN), ("1:mailer", MailKind.BULK)):
        posted = mail().to("kollegium@schule.example").header("Precedence", "list")
        posted = posted.header("List-Id", "<kollegium.schule.example>").header("Feedback-ID", feedback_id)
        found = parse(posted.text("Der Beamer ist kaputt.").build())
        assert classify(found, OWN, frozenset({"schule.example"})).kind is kind


def test_mail_through_our_own_list_address_is_human() -> None:
    fields = (
        mail().header("List-Id", "<gym.schule.example>").header("List-Post", "<mailto:gym@schule.example>")
    )
    sent = parse(fields.header("Precedence", "list").text("Der Beamer ist kaputt.").build())
    assert classify(sent, OWN).kind is MailKind.HUMAN
    assert classify(sent, frozenset({"x@y.example"})).kind is MailKind.BULK
