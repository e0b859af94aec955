"""Find rooms and numbered devices in texts: "Raum 204", "R204", "A1.04", "salle B12", "iPad 17".

A number counts only beside a word for a room or a device, or in a form that few other things have. A number
that may be a quantity, a time, a date, a range or a version is no place.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from mailbot.core.model.place import Place

MAX_PLACES = 3
_MAX_READ = 20_000  # characters of a text
_MAX_WORD = 20  # characters of the word before a place
_MAX_WORDS = 4  # of a place: "Raum Nr. A 1.04"

ROOM = "room"
_GENERIC = frozenset({"gerät", "geraet", "device", "appareil"})

LABELS: Mapping[str, Mapping[str, str]] = {
    ROOM: {"de": "Raum", "en": "room", "fr": "salle"},
    "pc": {"de": "PC", "en": "PC", "fr": "PC"},
    "laptop": {"de": "Laptop", "en": "laptop", "fr": "ordinateur portable"},
    "ipad": {"de": "iPad", "en": "iPad", "fr": "iPad"},
    "tablet": {"de": "Tablet", "en": "tablet", "fr": "tablette"},
    "projector": {"de": "Beamer", "en": "projector", "fr": "vidéoprojecteur"},
    "printer": {"de": "Drucker", "en": "printer", "fr": "imprimante"},
    "device": {"de": "Gerät", "en": "device", "fr": "appareil"},
}
"""The words that outgoing mails use, by kind of place and language."""

# The words that people write, in all languages.
_DEVICES = {
    "laptop": r"laptop|notebook|(?:ordinateur|pc) portable",
    "pc": r"pc|rechner|computer|ordinateur",
    "ipad": r"ipad",
    "tablet": r"tablet|tablette",
    "projector": r"beamer|projektor|projector|(?:vid[ée]o)?projecteur",
    "printer": r"drucker|printer|imprimante",
    "device": r"ger(?:ä|ae)t(?:e-?(?:nr\.?|nummer))?|device|appareil"
    r"|inventarnummer|inventar-?nr\.?|inv\.-?nr\.?|(?:inventory|asset)(?: tag)?|inventaire",
}
_ROOMS = r"(?:klassen|unterrichts)?(?:raum(?:nummer)?|zimmer)|saal|zi|(?:class)?room|rm|salle(?: de classe)?"
# A number after these words may count such rooms ("PC-Raum 2"), so only the form of a room number counts.
_SUBJECT_ROOMS = (
    r"(?:bio(?:logie)?|chemie|computer|edv|fach|informatik|kunst|musik|pc|physik|technik|werk)"
    r"-?(?:raum|saal|zimmer)"
)
_UNITS = (
    r"uhr|h|std|stunden|min|minuten?|minutes|sekunden|tagen?|wochen?|monaten?|jahren?|hours?|days?|weeks?"
    r"|months?|years?|heures?|jours?|semaines?|mois|ans|m2?|qm|cm|mm|km|meter|metres?|mètres?|grad|degrees"
    r"|kb|mb|gb|tb|(?-i:Go)|ghz|mhz|zoll|inch|pouces|watt|volt|euros?|eur|dollars?|prozent|percent"
    r"|stück|stk|mal|times|fois|x|personen|people|personnes|schülern?|schülerinnen|pupils|students|élèves"
    r"|kindern?|plätzen?|seats"
)
_ORDINALS = r"stock|stockwerk|og|etage|gen|generation|klasse|stunde|reihe"
_BEFORE = r"(?<![\w.-])"
_NUMBER_WORD = r"[ :.-]{0,2}(?:(?i:nr|no|n°|nummer|number|numéro)\.?[ :]{0,2})?"
_AFTER = (
    r"(?![\w%€$£°\"”′])(?! [%€$£°])"  # a longer word, a quantity
    r"(?![.,:]\d)(?! \d{3})"  # a decimal, a date, an address of a network, a telephone number
    r"(?! ?[-–—/+] ?\d)"  # a range or a list
    r"(?! ?(?i:bis|to|through|à|von|of|sur) \d{1,4}(?!\d| ?(?i:h|uhr\b|am\b|pm\b)|[:.]\d))"
    rf"(?! ?(?i:{_UNITS})\b)(?!\. ?(?i:{_ORDINALS})\b)"
)
_ROOM_NUMBER = r"(?:(?!PC)[A-Z]{1,2}[ .-]?|[a-z])?\d{1,4}(?:\.\d{1,3})?[A-Fa-f]?"
_LONG_NUMBER = r"(?:[A-Z]{1,2}[ .-]?\d{1,4}|[A-Z]?\d\.\d\d|\d{3,4})(?:\.\d{1,3})?[A-Fa-f]?"
_NO_YEAR = r"(?!(?:19|20)\d\d(?!\d))"

_PLACE = re.compile(
    _BEFORE
    + "(?:"
    + "|".join(
        (
            *(
                rf"(?i:{words}){_NUMBER_WORD}{_NO_YEAR if kind != 'device' else ''}(?P<{kind}>\d{{1,6}})"
                for kind, words in _DEVICES.items()
            ),
            rf"(?i:{_ROOMS}){_NUMBER_WORD}(?P<room>{_ROOM_NUMBER})",
            rf"(?i:{_SUBJECT_ROOMS}){_NUMBER_WORD}(?P<subject_room>{_LONG_NUMBER})",
            r"R\.? ?(?P<short_room>(?:\d{3}|\d\.\d\d)[a-d]?)",
            r"(?P<bare_room>(?![RV])[A-Z]\d\.\d\d[a-d]?)",
        )
    )
    + ")"
    + _AFTER
)
_BLANKS = re.compile(r"[ \t]+")
_LETTERS = re.compile(r"\A([A-Z]{1,2})[ .-]?(?=\d)")
# "in diesem Raum 3 Rechner": the number does not name the room.
_DETERMINERS = frozenset(
    {
        "diesem",
        "diesen",
        "dieser",
        "jedem",
        "jeden",
        "jeder",
        "einem",
        "einen",
        "ein",
        "this",
        "every",
        "each",
        "any",
        "one",
        "a",
        "cette",
        "chaque",
        "une",
        "un",
    }
)
_VERSIONS = frozenset(
    {
        "version",
        "bios",
        "firmware",
        "release",
        "build",
        "treiber",
        "driver",
        "pilote",
        "revision",
        "rev",
        "stand",
    }
)


def find_places(subject: str, text: str) -> tuple[Place, ...]:
    """Return the rooms and devices that a subject and a text name, three at most, in their order."""
    found = dict.fromkeys((*_places(subject), *_places(text)))
    return tuple(found)[:MAX_PLACES]


def place_and_rest(words: tuple[str, ...]) -> tuple[Place | None, tuple[str, ...]]:
    """Return the place that begins at the first or second word, and the other words."""
    for start in range(min(len(words), 2)):
        for end in range(min(len(words), start + _MAX_WORDS), start, -1):
            named = words[start:end]
            if len(named) > 2 and named[0].casefold() in _GENERIC:  # "Gerät iPad 17"
                named = named[1:]
            place = _named(" ".join(named))
            if place is not None:
                return place, (*words[:start], *words[end:])
    return None, words


def label(place: Place, language: str) -> str:
    """Return the name of a place in that language: "Raum 204"."""
    labels = LABELS[place.kind]
    return f"{labels.get(language, labels['en'])} {place.name}"


def _named(text: str) -> Place | None:
    match = _PLACE.fullmatch(_normalise(text).rstrip(".!"))
    return _place(match) if match else None


def _places(text: str) -> Iterator[Place]:
    read = _normalise(text)
    for match in _PLACE.finditer(read):
        before = read[max(0, match.start() - _MAX_WORD) : match.start()].replace("-", " ").split()
        word = before[-1].rstrip(":.").casefold() if before else ""
        if word not in (_VERSIONS if match.lastgroup == "bare_room" else _DETERMINERS):
            yield _place(match)


def _normalise(text: str) -> str:
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text[:_MAX_READ]))


def _place(match: re.Match[str]) -> Place:
    kind = match.lastgroup or ""
    number = match[kind]
    if kind in _DEVICES:
        return Place(kind, str(int(number)))
    return Place(ROOM, _LETTERS.sub(r"\1", number.upper()))
