"""Mails that only say thank you are recognised; in doubt a mail is not one."""

import pytest

from mailbot.core.model.mail import Address
from mailbot.core.text.thanks import is_thanks

LENA = Address("lena@schule.example", "Lena Lehrerin")
NOBODY = Address("support@anderswo.example")

MERE = (
    "Wir danken für die nette Erklärung!",
    "Verstanden, danke für den Hinweis",
    "Kein Problem, danke",
    "Danke, von meiner Seite keine weiteren Fragen",
    "Danke, damit kann ich gut arbeiten",
    "Danke, dass ihr so schnell geantwortet habt",
    "Danke für den neuen Drucker!",
    "Danke, das ist wirklich nett",
    "Danke für die Hilfe mit der Kamera",
    "Danke fürs schnelle Nachsehen",
    "Danke, dass Sie so schnell gekommen sind",
    "Das ging aber schnell, danke!",
    "Danke, ich habe jetzt wieder Zugriff",
    "Hat sich inzwischen erledigt, danke",
    "Danke für die Lösung unseres Problems",
    "Danke auch von mir!",
    "Danke, Plotter funktioniert einwandfrei",
    "Danke und noch frohes Schaffen",
    "Thanks for fixing that!",
    "Danke, das Problem hat sich erledigt",
    "Danke! Nun scannt er wieder",
    "Danke, der Plotter läuft jetzt.",
    "Danke, jetzt konnte ich mich endlich einloggen",
    "Dann ist alles erledigt, danke",
    "Thema erledigt, danke!",
    "Vielen Dank im Namen der Klasse",
    "Danke, wir sind sehr zufrieden",
    "Danke, alles funktioniert wie gewohnt",
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
    "Herzlichen Dank fürs Kümmern!",
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
    "Passt so, danke",
    "Besten Dank an Sie alle",
    "Klasse, danke dem ganzen Team",
    "Thanks to the whole team!",
    "Danke, hat sich erledigt.",
    "Herzlichen Dank, das Problem ist damit behoben.",
    "Danke dir und ein erholsames Wochenende",
    "Besten Dank und schönes WE!",
    "Dank euch allen und schöne Herbstferien!",
    "Danke, das Ticket kann geschlossen werden.",
    "Danke und einen guten Start in die Woche",
    "Hi ihr Lieben,\ndanke euch beiden!",
    "Danke an alle!",
    "Vielen Dank, der Kopierer druckt wieder.",
    "Danke, Beamer läuft jetzt wieder",
    "Danke, dass Sie sich so schnell gekümmert haben!",
    "Lieben Dank, wie immer super schnell",
    "Danke schön und bis bald",
    "Wow, das ging schnell. Danke!",
    "Hartelijk bedankt, het werkt weer",
    "Dziękuję bardzo, działa",
    "Grazie mille, funziona",
    "¡Muchas gracias! Ya funciona",
    "Teşekkür ederim",
    "Köszönöm szépen!",
    "Danke, das war's.",
    "Danke für den Hinweis!",
    "Danke fürs schnelle Reparieren!",
    "Vielen Dank für Ihren Einsatz und schöne Ferien!",
    "Danke, damit ist alles erledigt",
    "Danke, hat sich von selbst erledigt.",
    "Thanks, that solved the problem.",
    "Besten Dank, alles in Ordnung.",
    "Danke, Sie haben mir sehr geholfen!",
    "Danke, dass Sie so schnell da waren.",
    "Danke, ist angekommen.",
    "Danke, habe ich erhalten.",
    "Thanks, that worked!",
    "Dank u wel, het werkt weer",
    "Perfetto, grazie",
    "Danke!\nLiebe Grüße\nJana & Karl",
    "Dankeee!!",
    "Danke, ist behoben.",
    "Großes Lob und danke!",
    "Thanks mate",
    "Щиро дякую!",
    "Спасибо большое",
    "Supi, danke!",
    "Super, das ging ja fix. Danke!",
    "Thanks a lot, works like a charm!",
    "Ok danke, weiß Bescheid.",
    "Danke und bis morgen!",
    "Danke, bis dann\nLena",
    "Danke für den tollen Service!",
    "Danke, liebes Support-Team!",
    "Danke, alles wieder in Ordnung.",
    "Vielen Dank, es druckt wieder.",
    "Danke, Ton ist wieder da.",
    "Danke, ich konnte mich wieder anmelden.",
    "Danke, Passwort hat funktioniert.",
    "Danke, du hast mir den Tag gerettet",
    "Danke, kann geschlossen werden.",
    "Danke, bitte schließen.",
    "Danke, jetzt klappts und gute Erholung!",
    "Danke, geht schon wieder.",
    "Thanks for fixing it so quickly!",
    "Thanks, that was fast. Awesome job!",
    "Thanks for the quick fix, that did the trick.",
    "Much appreciated.",
    "Merci, c’est bon",
    "Merci, tout est rentré dans l’ordre",
    "Un grand merci à toute l’équipe et bon week-end",
    "Merci, problème résolu, bonnes vacances",
)

NEWS = (
    "Danke, der Plotter läuft jetzt rückwärts",
    "Danke, Plotter funktioniert nicht einwandfrei",
    "Danke, Plotter funktioniert",
    "Thanks for fixing the plotter, but",
    "Danke, nicht verstanden",
    "Kein Problem mit dem Ton, danke, aber mit dem Bild",
    "Danke, keine Fragen, nur kein Bild",
    "Danke für den neuen Drucker in der Aula, er klemmt",
    "Danke für den neuen Ausfall",
    "Danke für das falsche Kabel",
    "Danke für Montag",
    "Danke, das ist super langsam",
    "Danke, ich habe jetzt keinen Zugriff",
    "Danke, ist wieder wie vorher",
    "Danke, wir sind nicht zufrieden",
    "Danke, bin unterwegs",
    "Danke, jetzt konnte ich mich nicht einloggen",
    "",
    "Danke für die Störung",
    "Danke für den Laptop, Maus fehlt",
    "Danke für den Laptop. Maus fehlt",
    "Danke für die fehlende Tastatur",
    "Danke für das gesperrte Konto",
    "Danke für die leere Patrone",
    "Danke für den Papierstau!",
    "Danke, kann ich jetzt drucken",
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
    "Danke, noch ein Problem",
    "Danke, ist nicht angekommen.",
    "Danke, habe ich nicht erhalten.",
    "Danke, das war's noch nicht.",
    "Thanks, that worked once",
    "Danke, der Alarm geht wieder",
    "Danke! Der Fehler läuft auch wieder",
    "Thanks, it worked again for a day",
    "Danke, jetzt schon wieder bekommen",
    "Danke, das Problem ist noch da",
    "Danke, ist noch nicht behoben",
    "Danke, es ist noch an",
    "Danke, Ticket kann nicht zu",
    "Passt.",
    "Danke, geht wieder aus",
    "Nichts geht wieder. Danke",
    "Danke. Niemand druckt auch wieder.",
    "Danke, der Kopierer druckt wieder nicht",
    "Danke, der Kopierer läuft wieder heiß",
    "Danke, Papier geht wieder aus",
    "Bedankt, maar het werkt niet",
    "Dziękuję, ale nie działa",
    "Grazie, ma non funziona",
    "Gracias, pero no funciona",
    "Danke, bald ist alles behoben",
    "Bald behoben, danke",
    "Danke, geht bald wieder",
    "Danke, bis bald behoben ist",
    "Danke, bis morgen geht alles wieder",
    "Danke, alles behoben bis bald",
    "Danke, nicht alles in Ordnung",
    "Danke, Fix fehlt",
    "Danke, geht fast",
    "Danke, fast gut",
    "Danke, hat so fast geklappt",
    "Danke, schon wieder",
    "Help appreciated",
    "Danke! Schon wieder alles weg",
    "Danke, es druckt wieder nicht",
    "Danke, die Störung ist wieder da",
    "Danke, der Ton ist wieder weg",
    "Danke, ich kann mich nicht anmelden",
    "Danke, kann ich mich jetzt anmelden?",
    "Danke, Passwort geht nicht",
    "Danke, bitte schließen Sie den Beamer an",
    "Thanks, the quick fix failed",
    "Merci, problème non résolu",
    "Merci, pas bon",
    "Danke " * 100,
)


def test_thanks_with_greetings_and_praise_are_thanks() -> None:
    assert [text for text in MERE if not is_thanks(text, LENA)] == []


def test_thanks_with_one_word_more_are_not_thanks() -> None:
    assert [text for text in NEWS if is_thanks(text, LENA)] == []


def test_names_below_a_farewell_may_be_unknown() -> None:
    assert is_thanks("Danke!\nViele Grüße\nLena Lehrerin\nKlasse Fünf", NOBODY)
    assert not is_thanks("Danke!\nViele Grüße\nder Beamer", NOBODY)


def test_name_below_the_text_is_known_from_the_address(subtests: pytest.Subtests) -> None:
    for text in ["Danke, läuft wieder, lg lena", "Vielen Dank\n\nlena", "Danke!\nlena müller"]:
        with subtests.test(text=text):
            assert is_thanks(text, Address("lena.mueller@schule.example"))
            assert not is_thanks(text, NOBODY)


def test_name_alone_in_the_last_line_may_be_unknown_and_a_thing_there_is_news(
    subtests: pytest.Subtests,
) -> None:
    for name in [
        "K. Meier", "Jana Beispiel", "- Jana", "(Jana)", "i.A. Schmidt", "Frau Lenz", "Mme Dupont",
        "Anna Nowak", "Ayşe", "Jan de Vries", "Karl-Heinz von der Linde", "María", "S. von Aue",
    ]:  # fmt: skip
        for thanks in ("Danke!", "Vielen Dank,\n", "Merci !", "Bedankt, het werkt weer"):
            with subtests.test(name=name, thanks=thanks):
                assert is_thanks(f"{thanks}\n{name}", NOBODY)
    for news in [
        "Drucker", "Papierstau", "Wackelkontakt", "Neuer Toner", "Kein Ton", "Toner leer", "Nein", "Morgen",
        "Kaputt", "Fernbedienung", "Netzwerkstörung", "Rückruf", "Montag", "Karl fehlt", "Jana, bitte kommen",
        "Stromausfall", "Leider defekt", "Password", "Imprimante", "Frau Lenz fehlt", "Dokumentenkamera",
    ]:  # fmt: skip
        for thanks in ("Danke!", "Vielen Dank\n"):
            with subtests.test(news=news, thanks=thanks):
                assert not is_thanks(f"{thanks}\n{news}", NOBODY)
    assert not is_thanks("Jana\nDanke", NOBODY)
    assert not is_thanks("Jana", NOBODY)


def test_noun_alone_in_the_last_line_is_news_unless_it_is_a_known_name(subtests: pytest.Subtests) -> None:
    for news in [
        "Heizung.", "Drucker,", "Beamer.", "(Lautsprecher)", "Regal", "Steckdose", "Netzteil",
        "Übermorgen", "Bluescreen", "Fehlt", "Dringend", "Verlust", "Wieder Streifen", "Der Stecker",
        "Von Vorne", "Zweiter Stuhl", "Lizenz Abgelaufen", "Zu Laut", "Adapter Fehlt", "Mathe", "Müller",
    ]:  # fmt: skip
        for thanks in ("Danke!", "Danke, geht wieder!\n"):
            with subtests.test(news=news, thanks=thanks):
                assert not is_thanks(f"{thanks}\n{news}", NOBODY)
    assert is_thanks("Danke!\nMüller", Address("sekretariat@schule.example", "Anna Müller"))
    assert is_thanks("Danke!\nMüller", NOBODY, ("Olaf Müller",))


NAMES = ("Olaf Winter", "Team Waldschule", "kranz.b")
NAMED = (
    "Danke, Olaf!",
    "Hallo Olaf\ndanke dir, klappt!",
    "Vielen Dank, Herr Winter",
    "Super, danke Olaf und Frau Kranz!",
    "Danke ans Team",
    "Lieben Dank an das ganze Team Waldschule!",
    "Dank an euch beide, Olaf",
)


def test_names_of_the_people_who_take_part_are_no_news() -> None:
    assert [text for text in NAMED if not is_thanks(text, NOBODY, NAMES)] == []
    others = [
        text
        for text in ("Danke, Olaf, der Ton fehlt", "Danke Drucker", "Danke, Winter ist kalt")
        if is_thanks(text, NOBODY, NAMES)
    ]
    assert others == []


def test_names_after_a_farewell_or_a_title_may_be_unknown() -> None:
    for text in (
        "Danke! LG Jule",
        "Besten Dank. Viele Grüße, Jule von Au",
        "Danke, Frau Doktor Au!",
        "Danke\nVG\nJ. Au",
    ):
        assert is_thanks(text, NOBODY), text
    for text in ("Danke. Viele Grüße aus Raum B", "Danke, LG, Beamer defekt", "Danke, Frau Au hat den Stick"):
        assert not is_thanks(text, NOBODY), text


def test_emoji_of_thanks_say_thank_you_alone_and_with_words() -> None:
    for text in ("👍", "👍🏽 👍🏽", "🙏", "❤️", "Alles klar 👍", "Danke :-)", "merci <3", "Top! 🎉"):
        assert is_thanks(text, NOBODY), text
    for text in ("👎", "Danke 😡", "🤔", "👍 Drucker", "👍?", "Danke :-(", "🖨️", "🖨️ 👍", ":-("):
        assert not is_thanks(text, NOBODY), text


def test_word_of_the_address_is_not_a_name_elsewhere(subtests: pytest.Subtests) -> None:
    for text in ["Danke, Beamer aus", "Danke, der Beamer geht", "Beamer"]:
        with subtests.test(text=text):
            assert not is_thanks(text, Address("beamer@schule.example"))
