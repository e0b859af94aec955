"""Lines of devices, scanners and gateways are no text of a person, and people's sentences about them are."""

import pytest

from mailbot.core.text.program_lines import is_program_line
from mailbot.core.text.quotation import split

_TEXT = "Kabel getauscht, läuft."

_BY_PROGRAMS = """
    Mit Tuta sicher gesendet
    Mit Apple Mail gesendet
    Von IServ gesendet
    Gesendet mit der IServ-App
    Gesendet von Zimbra
    Gesendet von eM Client
    Gesendet von meinem MacBook
    Gesendet mit Nine<http://www.9folders.example/>
    Unterwegs gesendet, daher kurz
    Hol dir BlueMail für Android
    Yahoo Mail: Suchen, organisieren, entspannen
    Viele Grüße gesendet von meinem iPhone
    Sent from Shortwave<https://www.shortwave.example>
    Sent from my Toaster
    Envoyé avec Mailo
    Enviado desde Correo para Windows
    Inviato da smartphone Samsung Galaxy.
    Verzonden met mijn Samsung Galaxy-smartphone.
    Wysłane z mojego urządzenia Xiaomi
    Samsung Galaxy akıllı telefonumdan gönderildi.
    Este correo electrónico ha sido comprobado en busca de virus con el software antivirus de Avast.
    Questa email è stata controllata per individuare virus con Avast antivirus.
    Ta wiadomość e-mail została sprawdzona pod kątem wirusów przez oprogramowanie antywirusowe Avast.
    Bu e-posta Avast antivirüs yazılımı tarafından kontrol edilmiştir.
    Diese E-Mail wurde durch Sophos UTM auf Viren überprüft
    Bitte prüfen Sie, ob diese Mail wirklich ausgedruckt werden muss!
    P Bitte denken Sie an die Umwelt, bevor Sie diese E-Mail ausdrucken.
    \u2063Gesendet mit BlueMail \u200b
    Odesláno z iPhonu
    Pobierz program Outlook dla systemu iOS
    Đã gửi từ iPhone của tôi
    Enviat des del meu iPhone
    Dikirim dari iPhone saya
"""
_BY_PEOPLE = """
    Gesendet von Gerät 12, Raum 204
    Gesendet von Samsung ist das Ersatzgerät gestern
    Gesendet vom Sekretariat am Montag
    Outlook für Android stürzt ab
    App auf dem iPad fehlt
    Get Outlook for me please
    Sent with the wrong attachment, sorry
    Sent by mail yesterday
    Sent from school
    Sent from my school account
    Inviato da Maria ieri
    Enviado desde el instituto ayer
    Envoyé par la secrétaire hier
    Verzonden via DHL
    Wysłane z sekretariatu wczoraj
    Sendt fra skolen
    Geschrieben von Schülern auf dem iPad, Klasse 5b
    Gesendet mit IServ, kam nie an
    Sent from the iPad it fails
    Sent from my desk, it is much slower than from my phone
    Sent from my phone the print never arrives.
    Sent from my iPad but it doesn't arrive
    Išsiųsta vakar
    Az iskolából elküldve
    Bitte prüfen Sie, ob diese Liste stimmt!
    Este correo tiene un virus
    Laden Sie bitte Thunderbird für Windows auf die Rechner in der Aula
    Laden Sie IServ für iPad auf die Geräte der Musik
    Besorgen Sie uns Outlook für Mac
    Yahoo Mail: Peter, Anna und Kim.
    Bitte denken Sie, wenn Sie kommen, an den Ausdruck der Listen
    Bitte prüfen Sie den Ausdruck im Sekretariat
    Bitte bedenken Sie, dass jeder Ausdruck kostet
    Bu mail Sophos virüs diyor ve silindi
    Mobil geschrieben, bitte Laptop von Jana sperren
    Unterwegs gesendet, daher bitte Konto sperren
    Verfasst mit Outlook, aber ohne Anhang angekommen
    Gesendet mit dem Laptop aus Raum Süd
    Gesendet über IServ an alle Eltern
    Sent via Outlook to the parents
    Envoyé par Outlook aux parents
    Diese Mail wurde von extern gesendet, ist das Spam?
"""


def _lines(table: str) -> list[str]:
    return [line.strip() for line in table.splitlines() if line.strip()]


def test_lines_of_programs_are_cut_and_sentences_of_people_are_not(subtests: pytest.Subtests) -> None:
    for table, expected in ((_BY_PROGRAMS, True), (_BY_PEOPLE, False)):
        for line in _lines(table):
            with subtests.test(line=line):
                assert is_program_line(line) is expected
                assert split(f"{_TEXT}\n\n{line}").text == (_TEXT if expected else f"{_TEXT}\n\n{line}")


_WARNINGS = """
    Sie erhalten nicht oft eine E-Mail von kim@hgs.example. Weitere Informationen, warum dies wichtig ist
    U ontvangt niet vaak e-mail van kim@hgs.example. Meer informatie over waarom dit belangrijk is
    Non si ricevono spesso messaggi di posta elettronica da kim@hgs.example. Scopri perché è importante
    No suele recibir correo electrónico de kim@hgs.example. Por qué es esto importante
    Nie otrzymujesz często wiadomości e-mail z adresu kim@hgs.example. Dowiedz się, dlaczego jest to ważne
    kim@hgs.example adresinden sık sık e-posta almıyorsunuz. Bunun neden önemli olduğunu öğrenin
    Warnung: Absender ist extern
    Diese Mail wurde von extern gesendet.
    Hinweis: Diese E-Mail wurde von einem externen Server empfangen.
    Sicherheitshinweis: Diese E-Mail stammt nicht aus dem Schulnetz. Prüfen Sie Links und Anhänge.
"""
_ABOUT_WARNINGS = """
    Diese Mail wurde von extern gesendet, warum?
    Absender ist extern und kommt nicht durch
    Diese E-Mail stammt nicht aus dem Sekretariat, ich weiß nicht woher.
    Prüfen Sie Links und Anhänge, bitte, der Anhang fehlt.
    Non ricevi spesso le nostre mail?
    Nie otrzymujesz często naszych wiadomości?
"""


def test_warnings_of_gateways_are_cut_and_sentences_about_them_are_not(subtests: pytest.Subtests) -> None:
    for line in _lines(_WARNINGS):
        with subtests.test(line=line):
            assert split(f"{line}\n\n{_TEXT}").text == _TEXT
    for line in _lines(_ABOUT_WARNINGS):
        with subtests.test(line=line):
            assert split(f"{line}\n\n{_TEXT}").text == f"{line}\n\n{_TEXT}"


def test_contact_details_below_a_closing_formula_in_other_languages_are_the_signature(
    subtests: pytest.Subtests,
) -> None:
    for formula in ("Pozdrawiam", "Met vriendelijke groet,", "Cordiali saluti", "Un saludo", "Saygılarımla"):
        with subtests.test(formula=formula):
            got = split(f"{_TEXT}\n\n{formula}\nKim Probst\nTel. 0123 456789\nwww.hgs.example")
            assert got.text == f"{_TEXT}\n\n{formula}\nKim Probst"
            assert "0123 456789" in got.signature
            asked = f"{_TEXT}\n\n{formula}\nKim Probst\nTel. 0123 456789\nwww.hgs.example\nIst das noch so?"
            assert split(asked).text == asked


def test_sentences_of_people_below_the_closing_formula_are_no_notice(subtests: pytest.Subtests) -> None:
    for sentence in (
        "Diese E-Mail ist vertraulich, bitte nur an Frau Au als Empfänger weitergeben und dann löschen.",
        "Diese Nachricht ging versehentlich an den falschen Empfänger, bitte löschen Sie sie im System.",
    ):
        with subtests.test(sentence=sentence):
            text = f"{_TEXT}\n\nViele Grüße\nKim\n\n{sentence}"
            assert split(text).text == text


def test_thing_behind_a_dash_in_the_last_line_is_text_and_a_name_is_not(subtests: pytest.Subtests) -> None:
    for item in ("- Toner", "- Neuer Beamer", "– Verlängerungskabel", "- Papierstau", "- Nein", "- Montag"):
        with subtests.test(item=item):
            assert split(f"Es fehlt noch\n\n{item}").text == f"Es fehlt noch\n\n{item}"
    for name in ("- Kim", "– Kim Probst", "~ kim", "/ K. Probst"):
        with subtests.test(name=name):
            assert split(f"{_TEXT}\n\n{name}").text == _TEXT


def test_closing_formula_within_a_word_closes_nothing() -> None:
    text = f"{_TEXT}\n\nDer Saludo-Scanner ist kaputt\n\nTel. 0123 456789\nwww.hgs.example"
    assert split(text).text == text
