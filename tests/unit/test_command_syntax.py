"""Command lines in every language, and lines that stay ordinary text."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.core.commands.assignment import PRIORITY_WORDS, priority
from mailbot.core.commands.command import Words, words_in_all_languages
from mailbot.core.commands.parse import COMMANDS, MAX_LINES, nearest, parse
from mailbot.core.commands.queries import SCOPE_WORDS, scope
from mailbot.core.commands.status import NOTE
from mailbot.core.commands.syntax import ticket_name
from mailbot.core.text.words import fold
from tests.support.any_text import any_text

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
    "visit": ("visit", "termin", "rendez-vous", "rdv"),
    "reopen": ("reopen", "öffnen", "rouvrir"),
    "take": ("take", "übernehmen", "prendre"),
    "assign": ("assign", "zuweisen", "attribuer", "assigner"),
    "note": ("note", "notiz", "intern", "interne"),
    "priority": ("priority", "priorität", "priorité"),
    "save": ("save", "merken", "mémoriser", "enregistrer"),
    "use": ("use", "baustein", "modèle", "utiliser"),
    "saved": ("saved", "bausteine", "modèles"),
    "unsave": ("unsave", "vergessen", "oublier"),
    "tip": ("tip", "tipp", "astuce"),
    "untip": ("untip", "tipp-aus", "astuce-fin"),
    "solved-by-tip": ("solved-by-tip", "tipp-hat-geholfen", "astuce-utile"),
    "list": ("list", "übersicht", "liste"),
    "find": ("find", "suche", "suchen", "chercher", "rechercher"),
    "show": ("show", "zeige", "afficher"),
    "help": ("help", "hilfe", "aide"),
    "away": ("away", "abwesend", "absent", "absente"),
    "back": ("back", "anwesend", "présent", "présente"),
    "register": ("register", "anmelden", "inscription"),
    "confirm": ("confirm", "bestätigen", "confirmer"),
    "resend": ("resend", "erneut", "nochmal", "réexpédier"),
    "helped": ("helped", "geholfen", "utile"),
    "bundle": ("bundle", "bündeln", "grouper", "regrouper"),
    "unbundle": ("unbundle", "entbündeln", "dégrouper"),
    "mute": ("mute", "stumm", "silence", "muet"),
    "unmute": ("unmute", "laut", "réactiver"),
    "status": ("status", "stand", "état", "statut"),
    "undo": ("undo", "rückgängig", "annuler"),
    "cc": ("cc", "kopie", "copie"),
    "for": ("for", "für", "pour"),
    "merge": ("merge", "zusammenführen", "fusionner"),
    "split": ("split", "trennen", "séparer"),
    "move": ("move", "verschieben", "déplacer"),
    "spam": ("spam", "indésirable"),
}
EVERY_WORD = [(name, word) for name, words in WORDS.items() for word in words]


def spellings(word: str) -> list[str]:
    """Return the spellings of a word on keyboards with and without umlauts."""
    typed = word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    apart = unicodedata.normalize("NFD", word)  # as macOS types
    bare = "".join(c for c in apart if not unicodedata.combining(c))
    cases = [word, word.upper(), word.capitalize(), typed, typed.upper(), bare, apart]
    return list(dict.fromkeys(cases))


def names(text: str, subject: str = "", *, lenient: bool = False) -> list[str | None]:
    """Return the names of the commands in a text; None for a mistyped command."""
    lines = parse(text, subject, lenient=lenient).lines
    return [line.command.name if line.command else None for line in lines]


def test_commands_have_the_words_of_this_file() -> None:
    assert {c.name: c.all_words for c in COMMANDS} == WORDS


@pytest.mark.parametrize(
    "table",
    [{c.name: c.words for c in COMMANDS}, PRIORITY_WORDS, SCOPE_WORDS],
    ids=["command", "priority", "scope"],
)
def test_word_means_one_thing_in_all_languages(table: Mapping[str, Words]) -> None:
    meanings = Counter(
        fold(word) for name, words in table.items() for word in set(words_in_all_languages(name, words))
    )
    assert [word for word, meant in meanings.items() if meant > 1] == []


def test_every_word_is_known_in_every_spelling() -> None:
    found = {written: names(f"#{written}") for _, word in EVERY_WORD for written in spellings(word)}
    assert found == {written: [name] for name, word in EVERY_WORD for written in spellings(word)}


ENDINGS = ("!", ".", "!!", "...", ":", ",", "?", " !", "  ", "\t", "\u200b", "\u00a0", "\ufeff")


def test_punctuation_and_white_space_after_a_word_are_ignored() -> None:
    for (name, word), ending in product(EVERY_WORD, ENDINGS):
        reading = parse(f"Guten Tag,\n#{word}{ending}\nM. M.")
        found = [line.command and line.command.name for line in reading.lines]
        assert (found, [line.args for line in reading.lines]) == ([name], [()]), (word, ending)
        assert reading.text == "Guten Tag,\nM. M.", (word, ending)


def test_every_word_is_known_at_the_start_of_the_subject() -> None:
    for name, word in EVERY_WORD:
        assert names("", f"#{word}") == [name], word
        assert names("", f"  #{word.upper()}! ") == [name], word


MARKED = (
    "*#close*", "**#close**", "_#close_", "*#*close", "# close", "## close", "#\u00a0close", "#\u200bclose",
    "＃close",
    "\\#close", "- #close", "* #close", "• #close", "1. #close", "-- #close", '"#close"', "„#close“",
    "»#close«", "(#close)", "#(close)", "#close…", "#close👍", "#close ✅", "#close :-)",
    "\u2066#close\u2069", "#\ufe0f\u20e3close",
    "#clo\u00adse", "#c\u200blose", "♯close", "#\\close",
)  # fmt: skip


TYPED = ("*#close*", "**#close**", "_#close_", "„#close“", "»#close«", "#close…", "#close👍", "＃close")


def test_marks_around_a_command_are_ignored() -> None:
    for line in MARKED:
        reading = parse(f"Läuft wieder.\n{line}")
        assert [(c.command and c.command.name, c.args) for c in reading.lines] == [("close", ())], line
        assert reading.text == "Läuft wieder.", line


def test_marks_of_lists_and_headings_are_text_in_a_teachers_mail() -> None:
    for line in MARKED:
        reading = parse(line, lenient=True)
        if any(line.startswith(typed) for typed in TYPED):
            assert [c.command and c.command.name for c in reading.lines] == ["close"], line
    for line in ("# close", "## close", "- #close", "1. #close", "• #close"):
        assert (parse(line, lenient=True).lines, parse(line, lenient=True).text) == ((), line)


def test_text_of_a_note_with_marks_is_kept() -> None:
    for line in (
        "*#notiz* Kollegin hat es.", "- #notiz Kollegin hat es.", "„#intern“ Kollegin hat es.",
        "# notiz Kollegin hat es.", "\\#notiz Kollegin hat es.", "#Notiz👍 Kollegin hat es.",
        "*#notiz Kollegin hat es.*",
        "*#notiz:* Kollegin hat es.", "#no\u00adtiz Kollegin hat es.", "### Intern: Kollegin hat es.",
    ):  # fmt: skip
        reading = parse(line)
        assert (reading.has(NOTE), reading.text) == (True, "Kollegin hat es."), line


def test_only_the_closing_emphasis_of_a_note_is_removed() -> None:
    rows = {
        "1. #notiz Raum 101": "Raum 101", "2) #intern Kennwort 2222": "Kennwort 2222",
        "＃notiz Das Netz": "Das Netz", "- #notiz Preis 12,-": "Preis 12,-",
        "_#notiz_ Pfad a__b__": "Pfad a__b__",
        "(#notiz) siehe (": "siehe (",
        "**#notiz Es ist *weg*.**": "Es ist *weg*.",
    }  # fmt: skip
    assert {line: parse(line).text for line in rows} == rows


def test_polite_words_around_an_argument_are_ignored() -> None:
    rows = {
        "#Schließen bitte": (), "#close please!": (), "#fermer, merci": (), "#erledigt jetzt, danke 🙂": (),
        "#schließen bitte 12 14": ("12", "14"), "#schließen Ticket 12, danke": ("12",),
        "#schließen Nr. 12": ("12",), "#schließen Ticket Nr. 12 und Nr. 14": ("12", "und", "Nr.", "14"),
        "#fermer n° 12": ("n°", "12"), "#erledigt, danke dir!": (), "#schließen Meldung 12": ("12",),
        "#close pls": (), "#close thx!": (), "#erledigt, bitte schön": (),
        "#wiedervorlage morgen bitte": ("morgen",), "#close vielen Dank!": (), "#close, danke schön": (),
        "#fermer s'il vous plaît": (), "#schließen das Ticket": (), "#close no. 12": ("12",),
        "#schließen bitte und danke": (), "#zuweisen Anna Schön": ("Anna", "Schön"),
        "#zuweisen Max, bitte": ("Max",), "#suche bitte danke": ("bitte", "danke"),
    }  # fmt: skip
    assert {line: parse(line).lines[0].args for line in rows} == rows


def test_list_or_heading_with_a_command_word_is_text_in_a_teachers_mail() -> None:
    for line in (
        "- #Liste der Geräte",
        "# Hilfe der Beamer brennt",
        "*#close das Fenster*",
        "1. #Suche im Keller",
    ):
        assert (parse(line, lenient=True).text, parse(line, lenient=True).lines) == (line, ())


def test_command_word_before_other_words_is_text_in_a_teachers_mail() -> None:
    for line in ("#hilfe der Beamer brennt", "#close ist mein Passwort"):
        assert names(line, lenient=True) == []
        assert len(names(line)) == 1
    for line in ("#schließen 12 14", "#close vielen Dank", "#suche Beamer Raum 204", "#close 12x"):
        assert len(names(line, lenient=True)) == 1, line


def test_mistyped_command_with_marks_is_reported_to_staff() -> None:
    for line in ("*#notitz* Kollegin hat es.", "- #schliesen", "# Notizen"):
        assert names(line) == [None], line


def test_command_in_front_of_the_old_subject_is_a_command() -> None:
    reading = parse("Kabel getauscht.", "#close 12, Re: [#GYM-104] Beamer defekt")
    assert [(line.word, line.args) for line in reading.lines] == [("close", ("12",))]
    assert reading.subject == "Re: [#GYM-104] Beamer defekt"
    assert reading.text == "Kabel getauscht."


def test_subject_with_a_hashtag_elsewhere_stays_a_subject(subtests: pytest.Subtests) -> None:
    for subject in [
        "Re: #clsoe",
        "AW: [#GYM-1] #close",
        "[#GYM-1] Beamer",
        "Beamer #close",
        "#104 Beamer",
        "WG: #list",
    ]:
        with subtests.test(subject=subject):
            reading = parse("Text", subject)
            assert (reading.lines, reading.subject, reading.text) == ((), subject, "Text")


def test_prefix_before_a_command_in_the_subject_is_ignored(subtests: pytest.Subtests) -> None:
    for prefix in [
        "AW: ",
        "Re:",
        "[EXTERN] ",
        "AW: [EXTERN] ",
        "[Spam?] Re[2]: ",
        "EXT: ",
        "Antwort: ",
        "SV: ",
    ]:
        with subtests.test(prefix=prefix):
            assert names("Text", f"{prefix}#close bitte") == ["close"]
            assert names("Text", f"{prefix}*#close* AW: [#GYM-1] Beamer") == ["close"]
            assert parse("Text", f"{prefix}#notiz Nur für uns").text == "Nur für uns\nText"


def test_text_of_a_note_in_the_subject_is_kept() -> None:
    reading = parse("Und der Beamer auch.", "#notiz Der Techniker war da")
    assert reading.text == "Der Techniker war da\nUnd der Beamer auch."
    assert parse("", "#notiz Antwort: Lampe bestellt").text == "Antwort: Lampe bestellt"
    assert parse("", "#notiz Lampe da, Antwort: [#GYM-1] Beamer").text == "Lampe da,"


ORDINARY = (
    "#1", "#1 ist der Beamer", "# Punkt", "Bitte #close", "Das ist #erledigt, danke!", "#GYM-104",
    "#GYM-104 ist auch kaputt", "#gym-104.", "[#GYM-104] Beamer", "#", "#!", "> #close", "| #close",
    "C# close", "#close(d)", "https://schule.example/#close", "- #Digitalpakt",
)  # fmt: skip


def test_ordinary_text_stays_text(subtests: pytest.Subtests) -> None:
    for line in ORDINARY:
        with subtests.test(line=line):
            for lenient in (True, False):
                reading = parse(f"Hallo,\n{line}\nGruß", lenient=lenient)
                assert (reading.lines, reading.text) == ((), f"Hallo,\n{line}\nGruß")


def test_hashtag_is_text_of_a_teacher_and_a_mistyped_command_of_staff(subtests: pytest.Subtests) -> None:
    for line in ["#Digitaltag", "#MINT ist toll", "#Beamer204", "#wlan-im-altbau"]:
        with subtests.test(line=line):
            assert parse(line, lenient=True).text == line
            assert names(line) == [None]


def test_near_miss_is_a_mistyped_command_even_of_a_teacher() -> None:
    for line in ("#clsoe", "#erledgt", "#schliesen", "#hilfee", "#fremer"):
        assert names(line, lenient=True) == [None], line


def test_nearest_command_is_suggested_in_the_language_of_the_mistyped_word() -> None:
    meant = {
        "clsoe": "close", "schlissen": "schließen", "SCHLIEẞN": "schließen", "erledgt": "erledigt",
        "uebernemen": "übernehmen", "ubersichtt": "übersicht", "eskaliern": "eskalieren", "fremer": "fermer",
        "transmetre": "transmettre", "PRIORITEE": "priorité", "priorty": "priority", "confrm": "",
        "blumenkohl": "",
    }  # fmt: skip
    assert {mistyped: nearest(mistyped) for mistyped in meant} == meant


def test_arguments_are_separated_by_spaces_or_punctuation(subtests: pytest.Subtests) -> None:
    for line, args in [
        ("#close 12 14 15", ("12", "14", "15")),
        ("#close 12, 14,15", ("12", "14", "15")),
        ("#close 12; 14.", ("12", "14")),
        ("#close: #12 #14!", ("#12", "#14")),
        ("#close,12", ("12",)),
        ("#CLOSE GYM-12 hbg-3", ("GYM-12", "hbg-3")),
        ("#priorität hoch!", ("hoch",)),
        ("#liste geschlossene", ("geschlossene",)),
    ]:
        with subtests.test(line=line):
            assert [found.args for found in parse(line).lines] == [args]


def test_ticket_is_named_by_its_number_or_key(subtests: pytest.Subtests) -> None:
    for argument, name in [
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
    ]:
        with subtests.test(argument=argument):
            assert ticket_name(argument, "GYM") == name


def test_priorities_are_known_in_every_language(subtests: pytest.Subtests) -> None:
    for words, meaning in [
        (("low", "niedrig", "GERING", "basse", "faible"), "low"),
        (("normal", "mittel", "normale", "moyenne"), "normal"),
        (("high", "hoch", "wichtig!", "haute", "Élevée", "elevee", "important", "importante"), "high"),
        (("urgent", "Dringend.", "eilig", "urgente"), "urgent"),
        (("sehr", "", "1"), None),
    ]:
        with subtests.test(words=words):
            assert {priority(word) for word in words} == {meaning}


def test_scopes_are_known_in_every_language(subtests: pytest.Subtests) -> None:
    for words, meaning in [
        (("open", "offen", "Offene", "ouvertes", "ouverts"), "open"),
        (("closed", "geschlossen", "erledigt", "fermées", "fermes", "résolues"), "closed"),
        (("mine", "meine", "mein", "miennes", "mes"), "mine"),
        (("all", "alle", "ALLES", "toutes", "Tous", "tout"), "all"),
        (("some", "", "104"), None),
    ]:
        with subtests.test(words=words):
            assert {scope(word) for word in words} == {meaning}


def test_text_after_a_note_keeps_its_position() -> None:
    reading = parse("Vorher\n#notiz Die Lampe ist teuer.\nNachher")
    assert reading.text == "Vorher\nDie Lampe ist teuer.\nNachher"


def test_command_after_a_note_is_a_command() -> None:
    assert names("#note #close") == ["note", "close"]


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("#note " * 20_000, id="notes"),
        pytest.param("#x" + " " * 100_000 + "y", id="spaces"),
        pytest.param("#hashtag\n" * 20_000, id="hashtags"),
    ],
)
def test_hostile_lines_are_read_in_linear_time(hostile: str) -> None:
    assert len(parse(hostile, lenient=True).lines) <= 20_000


def test_lines_after_the_limit_of_command_lines_are_text() -> None:
    reading = parse("#take\n" * (MAX_LINES + 2))
    assert len(reading.lines) == MAX_LINES
    assert reading.text == "#take\n#take"


PIECES = st.sampled_from(
    [*(f"#{word}" for _, word in EVERY_WORD), "#", "#1", "\n", " ", "!", ".", "12", "GYM-1", "Text", "\u200b"]
)
TEXTS = st.one_of(any_text(), st.lists(PIECES | any_text(max_size=3), max_size=20).map("".join))


@given(TEXTS, TEXTS, st.booleans())
def test_parsing_never_raises_and_loses_no_line(text: str, subject: str, lenient: bool) -> None:
    reading = parse(text, lenient=lenient)
    kept = iter(reading.text.splitlines())
    commands = {line.raw for line in reading.lines}
    for line in (written for line in text.splitlines() if (written := line.strip())):
        bare = line.rstrip("!.? \t\u200b")
        assert {line, bare} & commands or any(line.endswith(rest.strip()) for rest in kept)
    assert parse(text, subject, lenient=lenient).subject in subject


@given(TEXTS, st.booleans())
def test_remaining_text_contains_no_further_command(text: str, lenient: bool) -> None:
    rest = parse(text, lenient=lenient).text
    again = parse(rest, lenient=lenient)
    assert (again.text, again.lines) == (rest, ())
