"""The new text of a mail is separated from quotation and signature."""

import pytest
from hypothesis import given

from mailbot.core.text.quotation import INDENTED, SIGNATURE_BEGINS, SIGNATURE_ENDS, split
from tests.support.any_text import any_text

_SIGNS = ">:|_-—–~/=" + SIGNATURE_BEGINS + SIGNATURE_ENDS + INDENTED


INTRODUCTIONS = [
    "Am 23.11.2026 um 13:47 schrieb Lena Lehrerin:",
    "Am 23.11.2026 um 13:47 schrieb Lena Lehrerin <lena@schule.example>:",
    "Am 2026-11-23 13:47, schrieb Lena Lehrerin:",
    "Am Mo., 23. Nov. 2026 um 13:47 Uhr schrieb Lena Lehrerin <\nlena@schule.example>:",
    "Lena Lehrerin <lena@schule.example> schrieb am Mo., 23. Nov. 2026, 13:47:",
    "On Mon, Nov 23, 2026 at 1:47 PM Lena Lehrerin <lena@schule.example>\nwrote:",
    "On Mon, Nov 23, 2026 at 1:47 PM Lena Lehrerin\n\n<lena@schule.example>\n\nwrote:",
    "-----Ursprüngliche Nachricht-----\nVon: Lena\nGesendet: Montag\nAn: Support\nBetreff: Beamer",
    "Von: Lena Lehrerin <lena@schule.example>\nGesendet: Montag, 23.11.2026 13:47\nAn: x\nBetreff: y",
]


def test_text_above_the_introduction_of_a_quotation_is_the_answer(subtests: pytest.Subtests) -> None:
    for introduction in INTRODUCTIONS:
        for mark in ["> ", ""]:
            with subtests.test(introduction=introduction, mark=mark):
                got = split(f"Danke, geht wieder.\n\n{introduction}\n\n{mark}Der Beamer ist kaputt.\n")
                assert got.text == "Danke, geht wieder."
                assert "Der Beamer ist kaputt." in got.quoted


_BLOCKS = [
    "От: Support <x@hgs.example>\nИзпратено: 23 ноември 2026 г. 10:15\nДо: Lena\nОтносно: Beamer",
    "Šalje: Support <hilfe@hgs.example>\nPoslato: 23. novembar 2026. 10:15\nZa: Lena\nTema: Beamer",
    "  Originalnachricht  \nVon: Support\nGesendet: Montag, 23.11.2026 10:15\nAn: Lena\nBetreff: Beamer",
    "Original Message\n\nFrom: Support\nSent: Monday, 23 November 2026 10:15\nTo: Lena\nSubject: Beamer",
]


def test_header_of_more_programs_begins_a_quotation(subtests: pytest.Subtests) -> None:
    for block in _BLOCKS:
        with subtests.test(block=block):
            got = split(f"Geht noch nicht.\n\n{block}\n\nBitte Kabel prüfen.\n")
            assert (got.text, got.quoted.endswith("Bitte Kabel prüfen.")) == ("Geht noch nicht.", True)
    for own in (
        "Original Nachricht vom Drucker:\nVon: 10.0.0.5\nFehler 49",
        "Original Message\nsteht auf dem Bildschirm.",
        "Thema: Beamer\nKam: niemand\nDatum: 23.11.2026 10:15\nFrist: heute",
    ):
        with subtests.test(own=own):
            assert split(own).text == own


def test_attribution_with_an_answer_above_or_below_the_quoted_lines(subtests: pytest.Subtests) -> None:
    for attribution in (
        '>>> "Support" <hilfe@hgs.example> schrieb am 23.11.2026 um 10:15 in Nachricht\n<abc@hgs.example>:',
        "Missatge de Support <hilfe@hgs.example> del dia dl., 23 de nov. 2026 a les 10:15:",
        "------- Original Message -------\nOn Monday, November 23rd, 2026 at 10:15 AM, Support"
        " <hilfe@hgs.example> wrote:\n",
    ):
        with subtests.test(attribution=attribution):
            quoted = f"{attribution}\n> Bitte Kabel prüfen.\n> Max"
            assert split(f"Geht noch nicht.\n\n{quoted}\n").text == "Geht noch nicht."
            assert split(f"{quoted}\n\nGeht noch nicht.\n").text == "Geht noch nicht."
    console = "Hier steht:\n>>> import turtle\nModuleNotFoundError"
    assert split(console).text == console


@pytest.mark.parametrize(
    "warning",
    [
        "[EXTERN] Diese Nachricht kommt von außerhalb der Schule. Bitte niemals fremde Links öffnen.",
        "[EXTERNE E-MAIL] Diese E-Mail stammt von außerhalb der Schule. Klicken Sie nicht auf Links.",
        "*** Diese E-Mail stammt von einem externen Absender. Seien Sie vorsichtig mit Anhängen. ***",
    ],
)
def test_warning_of_a_gateway_is_no_text(warning: str) -> None:
    assert split(f"{warning}\n\nDer Beamer flackert.").text == "Der Beamer flackert."


@given(any_text(without=_SIGNS))
def test_text_without_a_quotation_is_not_shortened(text: str) -> None:
    got = split(text)
    assert "".join((got.text + got.signature).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "device",
    [
        "Laptop 2024-1183 startet seit heute früh nicht mehr.",
        "Portable 2024-1183 ne démarre plus depuis ce matin.",
    ],
)
def test_number_of_a_device_below_a_rule_is_not_a_telephone_number(device: str) -> None:
    written = f"Zwei Dinge sind kaputt: der Beamer in Raum 204, und außerdem:\n_____\n{device}\n"
    assert split(written).text.endswith(device)


def test_name_and_telephone_below_a_rule_are_a_signature() -> None:
    got = split("Der Beamer ist kaputt.\n_____\nLéa Dupont\nPortable 06 12 34 56 78\n")
    assert got.text == "Der Beamer ist kaputt."


def test_own_words_that_touch_the_attribution_are_kept(subtests: pytest.Subtests) -> None:
    for own in ["#schließen", "Das Kabel war lose", "Das Kabel war lose."]:
        for gap in ["", " "]:
            with subtests.test(own=own, gap=gap):
                attribution = "Am 2026-11-30 09:12, schrieb Petra Kurz über Schul-Support:"
                text = f"{own}." if gap and not own.endswith(".") else own
                found = split(f"Hallo,\n\n{text}{gap}{attribution}\n> Der Beamer ist dunkel.\n")
                assert (found.text, found.quoted.split("\n")[0]) == (f"Hallo,\n\n{text}", attribution)
