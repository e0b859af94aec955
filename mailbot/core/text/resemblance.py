"""Decide whether two new problems resemble each other, so that they may be the same one. Pure.

A whole school shares its network and its platforms: a name of one of them in two subjects is enough. Two
projectors are two problems, unless the room is the same.
"""

from collections.abc import Mapping
from functools import lru_cache

from mailbot.core.text.words import TermSet, fold

MIN_SHARED = 2.5
"""The weight of common words from which problems resemble each other; bench/resemblance.py measures it."""
MIN_SHARE = 0.65
"""The same as a share of the weight of the subject that has more."""

_IN_SUBJECT, _IN_TEXT, _SERVICE = 2.0, 1.0, 1.0
_PLACE = 1.0  # of a word for a place, or with a digit, such as a room

# Words for one thing that a whole school shares, in all languages.
_SERVICES = (
    "internet internetzugang internetverbindung internetanschluss wlan wlannetz wlanzugang wifi netz netzwerk"
    " netzwerkverbindung schulnetz schulnetzwerk lan network connection réseau connexion",
    "strom stromausfall stromversorgung power courant électricité",
    "telefon telefone telefonanlage phone phones telephone téléphone téléphones",
    "mail mails email emails mailserver webmail outlook courriel courriels messagerie",
    "server servers serveur serveurs fileserver netzlaufwerk tauschlaufwerk laufwerke",
    "moodle",
    "iserv",
    "untis webuntis vertretungsplan stundenplan timetable",
    "nextcloud",
    "logineo",
    "itslearning",
    "mebis",
    "pronote",
    "onedrive sharepoint office365",
)
_CANONICAL = {fold(word): group.split()[0] for group in _SERVICES for word in group.split()}

# Words that say only that something does not work, since when or where at school.
_STATES = """
    abgebrochen abgestürzt aktuell antwortet ausfall ausgefallen bekommen betroffen bricht dauernd defekt
    dringend druckt erreichbar erreichen fehler fehlermeldung funktioniert funktionieren fällt ganze
    ganzen ganzes gebäude gesamte gesamten gesamtes gestern gestört haus hausweit hängt kaputt keiner
    keinerlei klappt kollegium komplett lahm langsam laufen lädt läuft meldung niemand raum räume räumen
    schulweit spinnt streikt störung ständig tot total totalausfall unbrauchbar unterbrochen verbindung
    verfügbar zeigt zimmer zugriff überall access across anything broken building cannot classroom dead
    down entire error everywhere fail failed fails failure fault gone issues loading nobody none offline
    outage reach room rooms slow stopped urgent whole working works accessible accès bâtiment cassé cassée
    coupure coupé coupée entier erreur hors indisponible lent lente panne partout personne salle service
    totale urgente école établissement étage
"""
_GENERIC = frozenset(map(fold, _STATES.split()))


_ROOMS = """
    altbau anbau aula bibliothek bücherei bühne container erdgeschoss etage flur flügel halle hof keller
    lehrerzimmer mensa musiksaal nebengebäude neubau obergeschoss pavillon sekretariat sporthalle stock
    teamzimmer trakt turnhalle verwaltung
    annex basement canteen floor gym hall library office wing
    annexe bureau cantine couloir gymnase préau secrétariat
"""
_PLACES = frozenset(map(fold, _ROOMS.split()))


def resembles(one: TermSet, other: TermSet) -> bool:
    """Return whether two problems may be the same: they have enough words of their subjects in common."""
    first, second = _weights(one), _weights(other)
    in_subjects = _subject(one) | _subject(other)
    common = first.keys() & second.keys() & in_subjects
    shared = sum((first[word] + second[word]) / 2 for word in common)
    largest = max(
        sum(weights.get(word, 0) for word in _subject(terms))
        for terms, weights in ((one, first), (other, second))
    )
    return shared >= MIN_SHARED and shared >= MIN_SHARE * largest


@lru_cache(maxsize=256)
def _weights(terms: TermSet) -> Mapping[str, float]:
    """Return the weight of each word that says what the problem is about; a service has one word."""
    subject = _subject(terms)
    weights: dict[str, float] = {}
    for word in map(_canonical, terms.words):
        if word in _GENERIC:
            continue
        if word in _PLACES or any(letter.isdigit() for letter in word):
            weights[word] = _PLACE
        else:
            weights[word] = _IN_SUBJECT if word in subject else _IN_TEXT
            weights[word] += _SERVICE * (word in _CANONICAL)
    return weights


@lru_cache(maxsize=256)
def _subject(terms: TermSet) -> frozenset[str]:
    """Return the words of the subject, or of the text if the subject says nothing: "Hilfe!"."""
    for words in (terms.subject, terms.words):
        found = frozenset(map(_canonical, words)) - _GENERIC
        if found:
            return found
    return frozenset()


def _canonical(word: str) -> str:
    return _CANONICAL.get(word, word)
