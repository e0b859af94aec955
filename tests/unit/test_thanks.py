"""Mails that only say thank you are recognised; in doubt a mail is not one."""

import pytest

from mailbot.core.model.mail import Address
from mailbot.core.text.thanks import is_thanks

LENA = Address("lena@schule.example", "Lena Lehrerin")
NOBODY = Address("support@anderswo.example")

MERE = (
    "Danke!",
    "danke",
    "DANKE!!!",
    "Vielen Dank 😊",
    "Vielen herzlichen Dank für die schnelle Hilfe!",
    "Super, danke!",
    "Perfekt, vielen Dank, jetzt geht es wieder.",
    "Danke, es funktioniert wieder einwandfrei.",
    "Dankeschön, hat geklappt",
    "Hallo Herr Mustermann,\n\nvielen lieben Dank!\n\nViele Grüße\nLena Lehrerin",
    "Liebes Team,\n\ndanke für die prompte Bearbeitung!\n\nMit freundlichen Grüßen\n\nL. Lehrerin",
    "Guten Tag Frau Beispiel, herzlichen Dank",
    "Danke und schönes Wochenende!\nLena",
    "Ganz herzlichen Dank für Ihre Mühe und noch einen schönen Tag\nLG",
    "Thanks!",
    "Thank you very much for your quick help.",
    "Great, thanks a lot, it works again!\n\nKind regards\nLena Lehrerin",
    "Dear Max,\nthank you so much!\nBest wishes\nLena",
    "Vielen\u00a0Dank!\r\n",
    "Merci !",
    "Merci beaucoup pour votre aide rapide !",
    "Bonjour,\n\nUn grand merci, tout fonctionne de nouveau.\n\nBien cordialement\nLena Lehrerin",
    "Bonjour Monsieur Mustermann,\nje vous remercie, c’est résolu.\nCordialement,\nL. Lehrerin",
    "Merci, ça marche !\nBonne journée",
)

NEWS = (
    "",
    "Danke, aber es geht immer noch nicht.",
    "Danke, aber es geht immer noch nicht",
    "Danke, geht leider nicht.",
    "Danke, jetzt geht auch der Drucker nicht mehr",
    "Vielen Dank! Der Beamer in Raum 12 geht auch nicht.",
    "Danke, geht das jetzt wieder?",
    "Vielen Dank. Wann kommt jemand?",
    "Danke, Drucker kaputt",
    "Danke für nichts",
    "Vielen Dank im Voraus",
    "Danke, bitte wieder öffnen",
    "Geht wieder.",
    "Alles klar",
    "Hallo Beamer kaputt, danke",
    "Hallo, der Beamer ist wieder aus, danke",
    "Danke\n\nViele Grüße\nLena Lehrerin\n\nPS: der Ton fehlt noch",
    "Danke, ich bin bis 15 Uhr da",
    "Danke, schicken Sie es an lena@schule.example",
    "Thanks, but it still does not work",
    "Thanks, it stopped again",
    "Thank you! Could you look at room two as well",
    "No thanks",
    "Merci, mais ça ne marche toujours pas.",
    "Merci d’avance pour votre aide.",
    "Merci, ça marche, sauf le son",
    "Bonjour, merci, le vidéoprojecteur est de nouveau en panne",
    "Ça marche.",
    "Merci de réparer la lampe",
    "Danke " * 100,
)


def test_thanks_with_greetings_and_praise_are_thanks() -> None:
    assert [text for text in MERE if not is_thanks(text, LENA)] == []


def test_thanks_with_one_word_more_are_not_thanks() -> None:
    assert [text for text in NEWS if is_thanks(text, LENA)] == []


def test_names_below_a_farewell_may_be_unknown() -> None:
    assert is_thanks("Danke!\nViele Grüße\nLena Lehrerin\nKlasse Fünf", NOBODY)
    assert not is_thanks("Danke!\nViele Grüße\nder Beamer", NOBODY)


@pytest.mark.parametrize(
    "text",
    [
        "Danke … LG Lena",
        "Vielen Dank! Viele Grüße, Lena Müller",
        "Danke, läuft wieder, lg lena",
    ],
)
def test_name_below_the_text_is_known_from_the_address(text: str) -> None:
    assert is_thanks(text, Address("lena.mueller@schule.example"))
    assert not is_thanks(text, NOBODY)


@pytest.mark.parametrize("text", ["Danke, Beamer aus", "Danke, der Beamer geht", "Beamer"])
def test_word_of_the_address_is_not_a_name_elsewhere(text: str) -> None:
    assert not is_thanks(text, Address("beamer@schule.example"))
