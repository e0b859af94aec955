"""Saved texts without what belongs to one mail, and which saved answers fit a problem."""

import unicodedata

import pytest

from bench.saved_answers import offered, read
from mailbot.core.commands.saved_answers import answer_key
from mailbot.core.text.saved_text import saved_text
from mailbot.core.text.words import content_words, terms
from mailbot.store.ranking import AnswerWords, rank_answers

BODY = "Bitte den Stecker ziehen.\n\nDanach neu starten."

TEXTS = (
    (BODY, BODY),
    (f"Hallo Frau Lehrerin,\n\n{BODY}\n\nViele Grüße\nMax Mustermann", BODY),
    (f"Guten Tag,\n{BODY}\nLG Max", BODY),
    (f"Dear Lena,\n\n{BODY}\n\nKind regards\nMax", BODY),
    (f"Bonjour Madame Dupont,\n\n{BODY}\n\nCordialement\nMax Mustermann", BODY),
    (f"Hallo {{name}},\n\n{BODY}", f"Hallo {{name}},\n\n{BODY}"),
    (f"{BODY}\n\nDanke für die Meldung!", f"{BODY}\n\nDanke für die Meldung!"),
    ("Hallo,\nGruß\nMax", ""),
    ("", ""),
)


def test_salutation_closing_formula_and_name_are_not_saved(subtests: pytest.Subtests) -> None:
    for answer, expected in TEXTS:
        with subtests.test(answer=answer):
            assert saved_text(answer, "Max Mustermann") == expected


def test_case_umlauts_and_marks_of_a_name_do_not_matter() -> None:
    names = (
        "Größe (neu)",
        unicodedata.normalize("NFD", "Größe und neu"),
        "groesse neu",
        "GRÖSSE-NEU",
        "grösse  neu.",
    )
    assert {answer_key(name) for name in names} == {"groesse neu"}


def test_right_answer_is_usually_offered_and_a_wrong_one_rarely() -> None:
    answers, problems = read()
    found = [(problem.right, offered(answers, problem)) for problem in problems]
    assert (len(answers), len(found), sum(not right for right, _ in found)) == (20, 200, 40)
    assert sum(bool(right) and right in names for right, names in found) >= 128
    assert sum(not right and bool(names) for right, names in found) <= 4
    assert sum(bool(right and names) and right not in names for right, names in found) <= 6


def words_of(*texts: str) -> dict[str, AnswerWords]:
    return {text: AnswerWords(frozenset(), frozenset(content_words(text))) for text in texts}


def test_one_word_of_a_text_is_not_enough() -> None:
    answers = words_of("Kabel am Laptop prüfen", "Drucker einschalten")
    assert rank_answers(terms("GYM", "Kabel hängt von der Decke", "", None), answers) == ()
    assert rank_answers(terms("GYM", "Kabel am Laptop", "", None), answers) == ("Kabel am Laptop prüfen",)


def test_problem_without_words_gets_no_offer() -> None:
    assert rank_answers(terms("GYM", "Hilfe", "bitte", None), words_of("Kabel")) == ()
    assert rank_answers(terms("GYM", "Kabel", "", None), {}) == ()
