"""A greeting around a command is not an answer; a sentence is."""

from mailbot.core.text.signatures import is_only_greeting

SAYS_NOTHING = (
    "",
    "Viele Grüße\nMax Mustermann",
    "Hallo,\n\nMfG\nM. Mustermann\nTeam Marienschule",
    "Hallo zusammen,",
    "Liebes Team,\n\nbeste Grüße\nMax",
    "Max Mustermann",
    "Hello,\n\nBest regards\nMax Mustermann",
    "Bonjour à tous,\n\nBien cordialement\nMax Mustermann",
    "Chère collègue,\n\nBonne journée",
    "Guten Morgen, Frau Müller,",
    "Hallo Lena, lieber Max,",
    "Sehr geehrte Damen, sehr geehrte Herren,",
    "Bonjour, Madame Dupont,",
)
SAYS_SOMETHING = (
    "Geht wieder.",
    "Hallo Lena,\nbitte neu starten.",
    "Viele Grüße\nMax\nPS: Kabel liegt im Sekretariat.",
    "Hallo, geht der Beamer wieder?",
    "Liebe Grüße an alle, das Kabel war locker und ist jetzt fest, probiert es bitte einmal aus.",
    "Danke",
    "Merci",
    "Hallo Lena, bitte neu starten.",
    "Bonjour Léa, merci de redémarrer.",
    "Hallo, Frau Müller ist krank.",
    "Hallo Lena, Netzteil tauschen.",
)


def test_salutation_farewell_and_name_are_only_a_greeting() -> None:
    assert [text for text in SAYS_NOTHING if not is_only_greeting(text, "Max Mustermann")] == []


def test_any_other_text_is_an_answer() -> None:
    assert [text for text in SAYS_SOMETHING if is_only_greeting(text, "Max Mustermann")] == []
