"""Notices of gateways and lines of programs are no text of a person."""

import pytest

from mailbot.core.text.program_lines import is_program_line
from mailbot.core.text.quotation import split
from mailbot.core.text.signatures import contact_details

OLD = "Der Beamer in Raum 204 bleibt dunkel."
NEW = "Kabel getauscht, läuft."


def test_line_of_a_program_is_no_text(subtests: pytest.Subtests) -> None:
    for line in [
        "Von meinem iPhone gesendet",
        "Von meinem iPad gesendet",
        "Sent from HEY for iOS",
        "Von meinem iPhone",
        "Von meinem Android-Gerät",
        "From my iPhone",
        "Sent from my iPad",
        "Sent from my Galaxy",
        "<<Gesendet von meinem Pixel>>",
        ">Von meinem iPhone gesendet<",
        "[Von meinem iPhone gesendet]",
        "Von meinem iPhone gesendet. Tippfehler bitte ich zu entschuldigen.",
        "Sent from my iPhone, please excuse typos",
        "Sent from my iPhone. Please excuse brevity and any typos.",
        "Von meinem Samsung Galaxy Smartphone gesendet - sorry für Tippfehler",
        "Gesendet von meinem Handy, daher kurz – bitte Tippfehler entschuldigen",
        "Envoyé de mon iPhone",
        "Envoyé depuis mon mobile Orange",
        "Envoyé de mon iPad, veuillez excuser les fautes",
        "De mon iPhone",
        "Télécharger Outlook pour iOS",
        "Obtenir Outlook pour Android<https://aka.ms/x>",
        "Télécharger [Outlook pour iOS](https://aka.ms/x)",
        "Outlook für Android<https://aka.ms/x> beziehen",
        "Outlook für Android beziehen",
        "Outlook für iOS herunterladen",
        "Holen Sie sich [Outlook für Android](https://aka.ms/x)",
        "Holen Sie sich Outlook für iOS<https://aka.ms/o0ukef>",
        "Get [Outlook for Android](https://aka.ms/x)",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Get Outlook for Mac <https://aka.ms/x>",
        "Gesendet von Outlook für Android<https://aka.ms/x>",
        "Gesendet von Outlook Mobile",
        "Gesendet von [Outlook für iOS](https://aka.ms/x)",
        "Sent from [Outlook for iOS](https://aka.ms/x)",
        "Gesendet von Mail<https://go.microsoft.com/fwlink/?LinkId=1> für Windows 10",
        "Sent from Mail for Windows",
        "Von Yahoo Mail auf Android gesendet",
        "Gesendet mit der GMX Mail App",
        "Gesendet mit der WEB.DE Mail App",
        "Diese Nachricht wurde von meinem Android-Gerät mit WEB.DE Mail gesendet.",
        "Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.",
        "-- Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        "Gesendet mit der Telekom Mail App",
        "Gesendet mit Proton Mail",
        "Gesendet mit Proton Mail sicherer E-Mail.",
        "Sent with Proton Mail secure email.",
        "Envoyé avec Proton Mail",
        "Vom Handy gesendet",
        "Mobil gesendet",
        "Von unterwegs gesendet",
        "Unterwegs gesendet",
        "gesendet vom Galaxy",
        "Gesendet von unterwegs",
        "Verzonden vanaf mijn iPhone",
        "Inviato da iPhone",
        "Enviado desde mi iPhone",
        "Enviado do meu iPhone",
        "Wysłano z iPhone'a",
        "iPhone'umdan gönderildi",
        "Отправлено с iPhone",
        "Skickat från min iPhone",
        "Sendt fra min iPhone",
        "Lähetetty iPhonesta",
        "Get BlueMail for Android",
        "Sent via the Samsung Galaxy S10, an AT&T 5G smartphone",
        "Gesendet mit Mailtrack",
        "Kurz und knapp - gesendet vom Galaxy",
        "Viele Grüße von meinem Pixel",
        "Mit der Freenet Mail App gesendet",
        "Virenfrei.www.avast.com",
        "Virenfrei. www.avg.com",
        "Virus-free.www.avast.com <https://www.avast.com/sig-email?x>",
        "Garanti sans virus. www.avast.com",
        "Diese E-Mail wurde von Avast Antivirus-Software auf Viren geprüft.",
        "Diese E-Mail wurde auf Viren geprüft.",
        "Diese Nachricht wurde mit Kaspersky Mail Gateway überprüft.",
        "Geprüft durch Bitdefender",
        "__________ Hinweis von ESET Mail Security __________",
        "Geprüft durch Bitdefender\n\nhttps://www.bitdefender.com",
        "This email has been checked for viruses by AVG.",
        "Bitte denken Sie an die Umwelt, bevor Sie diese E-Mail ausdrucken.",
        "Please consider the environment before printing this email",
        "Envoyé à partir d’Outlook pour Android",
        "Wysłane z telefonu Samsung Galaxy.",
        "Pobierz aplikację Outlook dla systemu iOS",
        "Scarica Outlook per Android<https://aka.ms/x>",
        "Mac için Outlook'u edinin",
        "Galaxy cihazımdan gönderildi",
        "Küldve az iPhone-omról",
        "Mit besten Grüßen von meinem iPad gesendet",
        "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet. Verzeihen Sie die Kürze.",
        "Vírusmentes.www.avast.com",
        "Sender notified by\nMailtrack",
        "This message was scanned for viruses by AVG anti-virus.\nhttps://www.avg.com/en-gb/free?x=1",
        "\u200b\u200b",
        "\ufeff",
        "\u1427",
    ]:
        with subtests.test(line=line):
            assert is_program_line(line.partition("\n")[0])
            assert split(f"{NEW}\n\n{line}\n\nAm 12.05.2025 um 08:05 schrieb Kim:\n> alt\n").text == NEW


def test_warning_of_a_gateway_above_the_text_is_cut(subtests: pytest.Subtests) -> None:
    for warning in [
        "ACHTUNG: Diese E-Mail stammt von einem externen Absender. Öffnen Sie keine\nLinks oder "
        "Anhänge, wenn Sie den Absender nicht kennen.",
        "ACHTUNG! Diese E-Mail kommt von außerhalb der Organisation. Klicken Sie nicht auf Links!",
        "ACHTUNG: Diese E-Mail stammt von ausserhalb der Verwaltung.",
        "Externer Absender! Vorsicht bei Links und Anhängen.",
        "EXTERN: Diese Mail kommt nicht von unserer Schule.\nBitte prüfen Sie alle Links sorgfältig.",
        "Vorsicht: Externe E-Mail",
        "[EXTERN]",
        "EXTERNE E-MAIL",
        "*** EXTERNE E-MAIL ***",
        "ACHTUNG: Externe E-Mail - öffnen Sie keine Links.",
        "Diese Nachricht wurde von einer Person außerhalb Ihrer Organisation gesendet.",
        "CAUTION: This email originated from outside of the organization. Do not click links or "
        "open attachments unless you recognize the sender and know the content is safe.",
        "CAUTION: This email originated from outside of the\norganization. Do not click links or "
        "open attachments unless\nyou recognize the sender.",
        "EXTERNAL EMAIL: Be careful with links and attachments.",
        "[EXTERNAL MAIL] Use caution.",
        "EXTERNAL EMAIL: Do not click any links or open any attachments unless you trust the sender.",
        "This message was sent from outside your organization. Be careful with links.",
        "[EXTERNAL EMAIL] This message came from outside the district.",
        "You don't often get email from kim@hgs.example. Learn why this is important<https://aka.ms/x>",
        "Sie erhalten nicht häufig E-Mails von kim@hgs.example. Erfahren Sie, warum dies wichtig ist",
        "Sie erhalten nicht oft eine E-Mail von kim@hgs.example. [Erfahren Sie, warum dies wichtig "
        "ist](https://aka.ms/x)",
        "ZjQcmQRYFpfptBannerStart\nThis Message Is From an External Sender\nThis message came from "
        "outside your organization.\nReport Suspicious\nZjQcmQRYFpfptBannerEnd",
        "Der Absender dieser E-Mail befindet sich außerhalb der Organisation.",
        "Dies ist eine externe E-Mail. Bitte seien Sie vorsichtig beim Öffnen von Anhängen und Links.",
        "ATTENTION : Ce courriel provient de l'extérieur de l'organisation. Ne cliquez pas sur les liens.",
        "Hinweis: Diese E-Mail wurde von einem externen Absender gesendet.",
        "WARNUNG: Diese Mail kommt von einem externen Server außerhalb der Stadtverwaltung. Seien "
        "Sie vorsichtig bei Links und Anhängen!",
        "LET OP: Dit bericht komt van buiten de gemeente. Open geen bijlagen als u de afzender niet kent.",
        "UWAGA: Ta wiadomość została wysłana spoza szkoły. Nie otwieraj załączników.",
        "ATTENZIONE: questo messaggio proviene dall’esterno. Non aprire gli allegati.",
        "AVISO: este mensaje procede de fuera de la organización. No abra archivos adjuntos.",
        "DİKKAT: Bu ileti okul dışından gönderilmiştir. Bağlantılara tıklamayın.",
        "Vorsicht! Externe Nachricht: Anhänge nur öffnen, wenn Sie den Absender kennen.",
        "[EXTERNE E-MAIL] Links und Anhänge nur öffnen, wenn der Absender bekannt ist.",
        "ACHTUNG: Diese Nachricht kommt von außerhalb. Öffnen Sie keine Anhänge.",
        "Achtung: Der Absender dieser Nachricht ist extern. Bitte seien Sie vorsichtig bei Links.",
        "Attention : courriel externe",
        "Vous n’obtenez pas souvent d’e-mail à partir de kim@hgs.example. Pourquoi c’est important",
        "Caution: External (kim@hgs.example)",
        "Warning: This sender is from outside your organization.",
    ]:
        with subtests.test(warning=warning):
            for new in ("Der Link geht wieder.", "#close"):
                for gap in ("\n\n", "\n"):
                    assert split(f"{warning}{gap}{new}\n").text == new
            if warning.endswith((".", "!")):
                assert split(f"{warning} Der Link geht wieder.\n").text == "Der Link geht wieder."


NOTICES = [
    "Diese E-Mail kann vertrauliche Informationen enthalten. Wenn Sie nicht der richtige "
    "Adressat sind, informieren Sie bitte den Absender und vernichten Sie diese E-Mail.",
    "This e-mail and any attachments are confidential and intended solely for the addressee. "
    "If you have received it in error, please delete it.",
    "The information contained in this message is intended only for the recipient and may be "
    "privileged.\nIf you are not the intended recipient, please delete it.",
    "Ce message est destiné exclusivement à ses destinataires et peut contenir des "
    "informations confidentielles. En cas d'erreur, merci de le détruire.",
    "Dit bericht is alleen bestemd voor de geadresseerde. Hebt u het per ongeluk ontvangen, verwijder het "
    "dan en waarschuw de afzender.",
    "Questo messaggio è riservato e destinato esclusivamente ai destinatari. Se ricevuto per errore, si "
    "prega di cancellarlo.",
    "Ta wiadomość jest poufna i przeznaczona wyłącznie dla adresata. Jeśli otrzymali ją Państwo przez "
    "przypadek, prosimy o jej usunięcie.",
]


def test_notice_at_the_end_does_not_keep_the_address_in_the_text(subtests: pytest.Subtests) -> None:
    for notice in NOTICES:
        for address in ["", "Hölderlin-Schule\nMusterweg 2\nTel. 07000 12345\nwww.hgs.example\n\n"]:
            with subtests.test(notice=notice, address=address):
                got = split(f"{NEW}\n\nViele Grüße\nKim Probst\n\n{address}{notice}\n")
                assert got.text == f"{NEW}\n\nViele Grüße\nKim Probst"
                assert contact_details(got.signature) == address.strip()


def test_words_of_a_person_about_their_mail_are_no_notice() -> None:
    for words in (
        "Diese Mail habe ich irrtümlich an den falschen Empfänger geschickt, bitte löschen Sie die erste.",
        "PS: Diese Nachricht ist nur für die Empfänger im Kollegium bestimmt, bitte vertraulich behandeln.",
        "J'ai envoyé ce message par erreur au mauvais destinataire, merci de détruire le premier.",
    ):
        text = f"{NEW}\n\nViele Grüße\nKim Probst\n\n{words}"
        assert split(text).text == text, words


def test_words_that_look_like_lines_of_a_program_are_kept(subtests: pytest.Subtests) -> None:
    for words in [
        "Vom iPad.",
        "Mailtrack\nfunktioniert nicht mehr.",
        "Virenfrei?",
        "Von unterwegs.",
        "Vom Handy habe ich ein Foto geschickt.",
        "Von meinem iPhone kann ich nicht drucken.",
        "Von meinem Tablet wird nichts gesendet.",
        "Mit der App wurde die Mail zweimal verschickt.",
        "Sent from my phone it works, from the PC not.",
        "Diese Mails kommen von außerhalb nicht an.\nSeit Montag.",
        "Diese Nachricht kommt von außerhalb. Sie verlangt mein Kennwort.",
        "Externer Absender: keine Mail kommt an, Anhang zu groß",
        "Diese Mail kommt von außerhalb der Schule nicht an.\nSeit Montag.",
        "Externe Mails: bitte prüfen, sie fehlen.",
        "Das WLAN geht nicht, weder vom Laptop noch\nvom iPhone.",
        "Geprüft durch Norman Müller.",
        "Gescannt mit Avast Scanner, ging nicht",
        "Diese Nachricht wurde von Avast blockiert, warum?",
        "Bitte eine Weiterleitung einrichten:\nVon: meier@hgs.example\nAn: mueller@hgs.example",
        "Diese Mail fehlt:\nDatum: Mon, 24 Nov 2025 10:00:00 +0100\nBetreff: Elternabend\nEs eilt.",
    ]:
        with subtests.test(words=words):
            assert split(words).text == words


def test_signature_above_the_quotation_is_no_answer() -> None:
    got = split(f"-- \nKim Probst\nHölderlin-Schule\n\n-----Original Message-----\n{OLD}\n")
    assert not got.text
    assert got.signature == "--\nKim Probst\nHölderlin-Schule"
    assert split(f"-- \nBitte heute noch kommen!\n\n-----Original Message-----\n{OLD}\n").text
