"""Recognise words that are no names of people: things of a school's technology, days, words of sentences."""

import re

from mailbot.core.text.words import STOPWORDS, fold

# Nouns of a school's technology end like this.
_THING = re.compile(
    r"(?:drucker|beamer|scanner|toner|rechner|computer|server|router|switch|sprecher|hörer|kopierer"
    r"|monitor|schirm|display|kabel|maus|tastatur|tafel|board|lampe|licht|ton|bild|strom|netz|lan|internet|app|konto"
    r"|account|login|wort|zugang|mail|postfach|papier|stau|fehler|kontakt|defekt|problem|ausfall|update|stick"
    r"|akku|batterie|laptop|notebook|tablet|pad|handy|telefon|kamera|mikro\w*|raum|saal|zimmer|aula|klasse"
    r"|moodle|untis|teams|office|word|excel|windows|frage|rückruf|anruf|termin|schlüssel|schaden|alarm|melder"
    r"|wand|wagen|nummer|gerät|datei|ordner|liste|formular|rechnung|bestellung|software|programm|virus|spam"
    r"|printer|projector|screen|password|keyboard|mouse|sound|speaker|room|imprimante|projecteur|écran|souris"
    r"|clavier|son|salle|stampante|impresora|drukarka|yazıcı|dysk"
    r"|ung|heit|keit|tion|schaft|tät|ment|age)(?:e?n|s|es)?$",
    re.I,
)
_PARTICLES = frozenset({"von", "der", "zu", "frau", "herr", "madame", "monsieur"})
_NO_NAMES = (STOPWORDS - _PARTICLES).union(
    """
    nein no non nie nee hayir ja jein leider kaputt defekt spaeter nix fehlanzeige offen falsch leer voll
    dunkel schwarz aus weg immer doch geht gehts wo ende stop stopp achtung
    montag dienstag mittwoch donnerstag freitag samstag sonntag
    monday tuesday wednesday thursday friday lundi mardi mercredi jeudi vendredi
    """.split()  # noqa: SIM905 - as above
)


def is_no_name(word: str) -> bool:
    """Return whether a word, alone in a line like a name, says something else: "Papierstau", "Nein"."""
    word = word.strip(".,")
    return fold(word) in _NO_NAMES or bool(_THING.search(word))
