"""What counts as a command line, in every language, and what stays ordinary text."""

import unicodedata
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.core.commands.assignment import PRIORITY_WORDS, priority
from mailbot.core.commands.command import Words, words_in_all_languages
from mailbot.core.commands.parse import COMMANDS, MAX_LINES, nearest, parse
from mailbot.core.commands.queries import SCOPE_WORDS, scope
from mailbot.core.commands.status import NOTE
from mailbot.core.commands.syntax import ticket_name
from mailbot.core.model.ticket import Role
from mailbot.core.text.words import fold

WORDS = {
    "close": (
        "close",
        "schließen",
        "geschlossen",
        "erledigt",
        "gelöst",
        "fermer",
        "fermé",
        "clôturer",
        "résolu",
    ),
    "escalate": ("escalate", "eskalieren", "weiterleiten", "transmettre", "escalader"),
    "return": ("return", "zurück", "renvoyer", "retourner"),
    "wait": ("wait", "rückfrage", "warten", "attendre", "attente"),
    "remind": ("remind", "wiedervorlage", "rappel", "rappeler"),
    "reopen": ("reopen", "öffnen", "rouvrir"),
    "take": ("take", "übernehmen", "prendre"),
    "assign": ("assign", "zuweisen", "attribuer", "assigner"),
    "note": ("note", "notiz", "intern", "interne"),
    "priority": ("priority", "priorität", "priorité"),
    "list": ("list", "übersicht", "liste"),
    "find": ("find", "suche", "suchen", "chercher", "rechercher"),
    "show": ("show", "zeige", "afficher"),
    "help": ("help", "hilfe", "aide"),
    "away": ("away", "abwesend", "absent", "absente"),
    "back": ("back", "anwesend", "présent", "présente"),
    "register": ("register", "anmelden", "inscription"),
    "confirm": ("confirm", "bestätigen", "confirmer"),
    "undo": ("undo", "rückgängig", "annuler"),
    "cc": ("cc", "kopie", "copie"),
    "for": ("for", "für", "pour"),
    "merge": ("merge", "zusammenführen", "fusionner"),
    "split": ("split", "trennen", "séparer"),
    "move": ("move", "verschieben", "déplacer"),
    "spam": ("spam", "indésirable"),
}
EVERY_WORD = [(name, word) for name, words in WORDS.items() for word in words]
STAFF = {Role.SUPPORTER, Role.SECOND_LEVEL}
WHO_MAY = {
    "close": STAFF | {Role.REQUESTER},
    "escalate": {Role.SUPPORTER},
    "return": {Role.SECOND_LEVEL},
    "wait": STAFF,
    "remind": STAFF,
    "reopen": STAFF | {Role.REQUESTER},
    "take": STAFF,
    "assign": STAFF,
    "note": STAFF,
    "priority": STAFF,
    "list": set(Role),
    "find": set(Role),
    "show": set(Role),
    "help": set(Role),
    "away": STAFF,
    "back": STAFF,
    "register": STAFF,
    "confirm": set(Role),
    "undo": STAFF | {Role.REQUESTER},
    "cc": STAFF,
    "for": STAFF,
    "merge": STAFF,
    "split": STAFF,
    "move": {Role.SECOND_LEVEL},
    "spam": {Role.SUPPORTER},
}


def spellings(word: str) -> list[str]:
    """Return how people write a word on whatever keyboard they have."""
    typed = word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    apart = unicodedata.normalize("NFD", word)  # as macOS types
    bare = "".join(c for c in apart if not unicodedata.combining(c))
    cases = [word, word.upper(), word.capitalize(), typed, typed.upper(), bare, apart]
    return list(dict.fromkeys(cases))


def names(text: str, subject: str = "", *, lenient: bool = False) -> list[str | None]:
    """Return the names of the commands in a text; None for a line that looks like one and is none."""
    lines = parse(text, subject, lenient=lenient).lines
    return [line.command.name if line.command else None for line in lines]


def test_the_table_holds_the_words_that_this_file_tests() -> None:
    assert {c.name: c.all_words for c in COMMANDS} == WORDS


@pytest.mark.parametrize(
    "table",
    [{c.name: c.words for c in COMMANDS}, PRIORITY_WORDS, SCOPE_WORDS],
    ids=["command", "priority", "scope"],
)
def test_a_word_means_one_thing_in_all_languages(table: Mapping[str, Words]) -> None:
    meanings = Counter(
        fold(word) for name, words in table.items() for word in set(words_in_all_languages(name, words))
    )
    assert [word for word, meant in meanings.items() if meant > 1] == []


def test_the_table_says_who_may_use_a_command() -> None:
    assert {c.name: set(c.roles) for c in COMMANDS} == WHO_MAY


@pytest.mark.parametrize(("name", "word"), EVERY_WORD)
def test_every_word_is_known_in_every_spelling(name: str, word: str) -> None:
    assert [names(f"#{written}") for written in spellings(word)] == [[name]] * len(spellings(word))


@pytest.mark.parametrize(("name", "word"), EVERY_WORD)
@pytest.mark.parametrize(
    "ending", ["!", ".", "!!", "...", ":", ",", "?", " !", "  ", "\t", "\u200b", "\u00a0", "\ufeff"]
)
def test_what_stands_at_the_end_of_a_word_does_not_matter(name: str, word: str, ending: str) -> None:
    reading = parse(f"Guten Tag,\n#{word}{ending}\nM. M.")
    assert [line.command.name for line in reading.lines if line.command] == [name]
    assert [line.args for line in reading.lines] == [()]
    assert reading.text == "Guten Tag,\nM. M."


@pytest.mark.parametrize(("name", "word"), EVERY_WORD)
def test_every_word_is_known_at_the_start_of_the_subject(name: str, word: str) -> None:
    assert names("", f"#{word}") == [name]
    assert names("", f"  #{word.upper()}! ") == [name]


MARKED = (
    "*#close*", "**#close**", "_#close_", "*#*close", "# close", "## close", "#\u00a0close", "#\u200bclose",
    "＃close",
    "\\#close", "- #close", "* #close", "• #close", "1. #close", "-- #close", '"#close"', "„#close“",
    "»#close«", "(#close)", "#(close)", "#close…", "#close👍", "#close ✅", "#close :-)",
    "\u2066#close\u2069", "#\ufe0f\u20e3close",
)  # fmt: skip


TYPED = ("*#close*", "**#close**", "_#close_", "„#close“", "»#close«", "#close…", "#close👍", "＃close")


def test_marks_around_a_command_do_not_matter() -> None:
    for line in MARKED:
        reading = parse(f"Läuft wieder.\n{line}")
        assert [(c.command and c.command.name, c.args) for c in reading.lines] == [("close", ())], line
        assert reading.text == "Läuft wieder.", line


def test_of_a_teacher_only_marks_that_do_not_make_a_list_or_heading_are_ignored() -> None:
    for line in MARKED:
        reading = parse(line, lenient=True)
        if any(line.startswith(typed) for typed in TYPED):
            assert [c.command and c.command.name for c in reading.lines] == ["close"], line
    for line in ("# close", "## close", "- #close", "1. #close", "• #close"):
        assert (parse(line, lenient=True).lines, parse(line, lenient=True).text) == ((), line)


def test_the_words_of_a_note_with_marks_are_its_text() -> None:
    for line in (
        "*#notiz* Kollegin hat es.", "- #notiz Kollegin hat es.", "„#intern“ Kollegin hat es.",
        "# notiz Kollegin hat es.", "\\#notiz Kollegin hat es.", "#Notiz👍 Kollegin hat es.",
        "*#notiz Kollegin hat es.*", "### Intern: Kollegin hat es.",
    ):  # fmt: skip
        reading = parse(line)
        assert (reading.has(NOTE), reading.text) == (True, "Kollegin hat es."), line


def test_nothing_of_a_note_is_cut_but_the_end_of_its_emphasis() -> None:
    rows = {
        "1. #notiz Raum 101": "Raum 101", "2) #intern Kennwort 2222": "Kennwort 2222",
        "＃notiz Das Netz": "Das Netz", "- #notiz Preis 12,-": "Preis 12,-",
        "_#notiz_ Pfad a__b__": "Pfad a__b__",
        "(#notiz) siehe (": "siehe (",
        "**#notiz Es ist *weg*.**": "Es ist *weg*.",
    }  # fmt: skip
    assert {line: parse(line).text for line in rows} == rows


def test_polite_words_around_an_argument_do_not_matter() -> None:
    rows = {
        "#Schließen bitte": (), "#close please!": (), "#fermer, merci": (), "#erledigt jetzt, danke 🙂": (),
        "#schließen bitte 12 14": ("12", "14"), "#schließen Ticket 12, danke": ("12",),
        "#wiedervorlage morgen bitte": ("morgen",),
        "#zuweisen Max, bitte": ("Max",), "#suche bitte danke": ("bitte", "danke"),
    }  # fmt: skip
    assert {line: parse(line).lines[0].args for line in rows} == rows


def test_lists_and_headings_of_a_teacher_are_text() -> None:
    for line in (
        "- #Liste der Geräte",
        "# Hilfe der Beamer brennt",
        "*#close das Fenster*",
        "1. #Suche im Keller",
    ):
        assert (parse(line, lenient=True).text, parse(line, lenient=True).lines) == (line, ())


def test_a_mistyped_command_with_marks_is_no_text_of_the_staff() -> None:
    for line in ("*#notitz* Kollegin hat es.", "- #schliesen", "# Notizen"):
        assert names(line) == [None], line


def test_a_command_in_front_of_the_old_subject_is_one() -> None:
    reading = parse("Kabel getauscht.", "#close 12, Re: [#GYM-104] Beamer defekt")
    assert [(line.word, line.args) for line in reading.lines] == [("close", ("12",))]
    assert reading.subject == "Re: [#GYM-104] Beamer defekt"
    assert reading.text == "Kabel getauscht."


@pytest.mark.parametrize(
    "subject", ["Re: #close", "[#GYM-1] Beamer", "Beamer #close", "#104 Beamer", "WG: #list"]
)
def test_a_subject_that_only_holds_a_hashtag_stays_a_subject(subject: str) -> None:
    reading = parse("Text", subject)
    assert (reading.lines, reading.subject, reading.text) == ((), subject, "Text")


def test_the_words_of_a_note_in_the_subject_are_kept() -> None:
    reading = parse("Und der Beamer auch.", "#notiz Der Techniker war da")
    assert reading.text == "Der Techniker war da\nUnd der Beamer auch."


@pytest.mark.parametrize(
    "line",
    [
        "#1",
        "#1 ist der Beamer",
        "# Punkt",
        "Bitte #close",
        "Das ist #erledigt, danke!",
        "#GYM-104",
        "#GYM-104 ist auch kaputt",
        "#gym-104.",
        "[#GYM-104] Beamer",
        "#",
        "#!",
        "> #close",
        "| #close",
        "C# close",
        "#close(d)",
        "https://schule.example/#close",
        "- #Digitalpakt",
    ],
)
@pytest.mark.parametrize("lenient", [True, False])
def test_ordinary_text_stays_text(line: str, *, lenient: bool) -> None:
    reading = parse(f"Hallo,\n{line}\nGruß", lenient=lenient)
    assert reading.lines == ()
    assert reading.text == f"Hallo,\n{line}\nGruß"


@pytest.mark.parametrize("line", ["#Digitaltag", "#MINT ist toll", "#Beamer204", "#wlan-im-altbau"])
def test_a_hashtag_of_a_teacher_is_text_and_of_the_staff_a_mistyped_command(line: str) -> None:
    assert parse(line, lenient=True).text == line
    assert names(line) == [None]


@pytest.mark.parametrize("line", ["#clsoe", "#erledgt", "#schliesen", "#hilfee", "#fremer"])
def test_a_near_miss_is_a_mistyped_command_even_of_a_teacher(line: str) -> None:
    assert names(line, lenient=True) == [None]


@pytest.mark.parametrize(
    ("mistyped", "meant"),
    [
        ("clsoe", "close"),
        ("schlissen", "schließen"),
        ("SCHLIEẞN", "schließen"),
        ("erledgt", "erledigt"),
        ("uebernemen", "übernehmen"),
        ("ubersichtt", "übersicht"),
        ("eskaliern", "eskalieren"),
        ("fremer", "fermer"),
        ("transmetre", "transmettre"),
        ("PRIORITEE", "priorité"),
        ("priorty", "priority"),
        ("confrm", ""),
        ("blumenkohl", ""),
    ],
)
def test_the_nearest_command_is_suggested_in_the_language_it_was_mistyped_in(
    mistyped: str, meant: str
) -> None:
    assert nearest(mistyped) == meant


@pytest.mark.parametrize(
    ("line", "args"),
    [
        ("#close 12 14 15", ("12", "14", "15")),
        ("#close 12, 14,15", ("12", "14", "15")),
        ("#close 12; 14.", ("12", "14")),
        ("#close: #12 #14!", ("#12", "#14")),
        ("#close,12", ("12",)),
        ("#CLOSE GYM-12 hbg-3", ("GYM-12", "hbg-3")),
        ("#priorität hoch!", ("hoch",)),
        ("#liste geschlossene", ("geschlossene",)),
    ],
)
def test_arguments_are_words_however_they_are_joined(line: str, args: tuple[str, ...]) -> None:
    assert [found.args for found in parse(line).lines] == [args]


@pytest.mark.parametrize(
    ("argument", "name"),
    [
        ("104", "GYM-104"),
        ("#104", "GYM-104"),
        ("GYM-104", "GYM-104"),
        ("#hbg-7", "HBG-7"),
        ("[#HBG-7]", "HBG-7"),
        ("0104", "GYM-104"),
        ("(104)", "GYM-104"),
        ("1O4", None),
        ("-", None),
        ("104a", None),
        ("12-14", None),
        ("9999999999", None),
    ],
)
def test_a_ticket_is_named_by_its_number_or_its_key(argument: str, name: str | None) -> None:
    assert ticket_name(argument, "GYM") == name


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        (("low", "niedrig", "GERING", "basse", "faible"), "low"),
        (("normal", "mittel", "normale", "moyenne"), "normal"),
        (("high", "hoch", "wichtig!", "haute", "Élevée", "elevee", "important", "importante"), "high"),
        (("urgent", "Dringend.", "eilig", "urgente"), "urgent"),
        (("sehr", "", "1"), None),
    ],
)
def test_priorities_are_known_in_every_language(words: tuple[str, ...], meaning: str | None) -> None:
    assert {priority(word) for word in words} == {meaning}


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        (("open", "offen", "Offene", "ouvertes", "ouverts"), "open"),
        (("closed", "geschlossen", "erledigt", "fermées", "fermes", "résolues"), "closed"),
        (("mine", "meine", "mein", "miennes", "mes"), "mine"),
        (("all", "alle", "ALLES", "toutes", "Tous", "tout"), "all"),
        (("some", "", "104"), None),
    ],
)
def test_scopes_are_known_in_every_language(words: tuple[str, ...], meaning: str | None) -> None:
    assert {scope(word) for word in words} == {meaning}


def test_the_words_behind_a_note_are_its_text_in_their_place() -> None:
    reading = parse("Vorher\n#notiz Die Lampe ist teuer.\nNachher")
    assert reading.text == "Vorher\nDie Lampe ist teuer.\nNachher"


def test_a_command_behind_a_note_is_a_command() -> None:
    assert names("#note #close") == ["note", "close"]


@pytest.mark.parametrize("hostile", ["#note " * 50_000, "#x" + " " * 100_000 + "y", "#hashtag\n" * 50_000])
def test_hostile_lines_are_read_in_linear_time(hostile: str) -> None:
    assert len(parse(hostile, lenient=True).lines) <= 50_000


def test_beyond_many_lines_with_a_hashtag_the_rest_is_text() -> None:
    reading = parse("#take\n" * (MAX_LINES + 2))
    assert len(reading.lines) == MAX_LINES
    assert reading.text == "#take\n#take"


PIECES = st.sampled_from(
    [*(f"#{word}" for _, word in EVERY_WORD), "#", "#1", "\n", " ", "!", ".", "12", "GYM-1", "Text", "\u200b"]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES | st.text(max_size=3), max_size=20).map("".join))


@given(TEXTS, TEXTS, st.booleans())
def test_reading_never_raises_and_loses_no_line(text: str, subject: str, lenient: bool) -> None:
    reading = parse(text, lenient=lenient)
    kept = iter(reading.text.splitlines())
    commands = {line.raw for line in reading.lines}
    for line in (written for line in text.splitlines() if (written := line.strip())):
        bare = line.rstrip("!.? \t\u200b")
        assert {line, bare} & commands or any(line.endswith(rest.strip()) for rest in kept)
    assert parse(text, subject, lenient=lenient).subject in subject


@given(TEXTS, st.booleans())
def test_the_remaining_text_holds_no_further_command(text: str, lenient: bool) -> None:
    rest = parse(text, lenient=lenient).text
    again = parse(rest, lenient=lenient)
    assert (again.text, again.lines) == (rest, ())
