"""Saved texts without what belongs to one mail, and which saved answers fit a problem."""

import unicodedata

import pytest

from bench.saved_answers import FEW, groups, near_misses, offered, read, tip, without
from mailbot.core.commands.saved_answers import answer_key, saved_text
from mailbot.core.text.tip_text import personal_details, tip_text
from mailbot.core.text.words import TermSet, content_words, terms
from mailbot.store.ranking import AnswerWords, choose_tip, rank_answers, score_answers

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


TIPS = (
    (f"Hallo {{name}},\n\n{BODY}".replace(" {name}", ""), BODY),
    (f"Hallo Frau Lehrerin,\nliebe Kollegen,\n\n{BODY}\n\nViele Grüße\nErika Beispiel", BODY),
    (f"Guten Tag Frau Lehrerin, {BODY}", BODY),
    (f"{BODY}\n\nDanke!\nMax", f"{BODY}\n\nDanke!"),
    (f"{BODY}\nLG Max", BODY),
    (f"{BODY}\n\nM. Mustermann", BODY),
    (f"{BODY}\n\nTeam Marienschule", BODY),
    (f"Dear Lena, {BODY}\n\nKind regards\nMax", BODY),
    (f"Bonjour Madame,\n{BODY}\n\nCordialement\nMax Mustermann", BODY),
    ("Hallo Lena,\n\ndas Netzteil sitzt locker.", "Das Netzteil sitzt locker."),
    ("Hallo,\niPad neu starten.", "iPad neu starten."),
    ("Liebe Grüße\nMax", ""),
    ("Hallo,", ""),
    (BODY, BODY),
)


PEOPLE, TEAMS = (
    ("Max Mustermann", "M. Mustermann", "Erika Muster"),
    ("Team Marienschule", "Second-Level-Support"),
)


def test_tip_has_no_salutation_no_closing_formula_and_no_names_of_the_staff() -> None:
    assert [tip_text(answer, PEOPLE, TEAMS) for answer, _ in TIPS] == [expected for _, expected in TIPS]


SALUTATIONS = (
    *("Sehr geehrte Frau Dr. Müller,", "Sehr geehrter Herr Prof. Dr. Meier,", "Liebe Frau St. Clair,"),
    *("Madame Dupont,", "Madame, Monsieur,", "Salut Marie,", "Lena,", "Frau Müller,", "Werte Frau Müller,"),
    *("Grüß dich Lena,", "Hallöchen Lena,", "Hallo Lena", "Hallo Lena:", "Hi @Lena,", "Chers collègues,"),
    *("Lieber Herr Dr. h.c. Müller-Lüdenscheidt,", "Bonjour Mme Dupont,"),
    *("Guten Tag Frau Müller und Herr Meier und alle Kollegen,", "Dear all,", "Bonjour à tous,"),
    "Sehr geehrte Frau Müller, sehr geehrter Herr Meier,",
    *(
        "Guten Tag Frau von der Heide,",
        "Hallo liebe Lena,",
        "hallo lena,",
        "@Lena",
        "Bonjour Mme de la Tour,",
    ),
)
SIGNATURES = (
    *("Viele Grüße, Max Mustermann", "Viele Grüße\nMax Mustermann\nTel.: 0241 123456", "Ihr Max Mustermann"),
    *("Herr Mustermann", "gez. Max Mustermann", "Max M.", "Schönes Wochenende, Max", "Bis morgen\nMax"),
    *("Danke und Gruß\nMax", "Best,\nMax", "Bien à vous\nMax", "VG Max", "i. A. Otto Fremd", "Cordialement"),
    *("Max Mustermann\nTel. 0241 123456", "-- \nMax Mustermann\n0241 123456", "Grüße aus dem Sekretariat"),
    *(
        "Max Mustermann, Tel. 0241 123456",
        "Gruß, M. Mustermann (IT)",
        "Beste Grüße aus dem Keller\ndein IT-Team",
    ),
    *("gruß max", "Viele Grüße 🙂\nMax", "Herzlichst, Ihr Max Mustermann", "Tschüss, Max", "Servus\nMax"),
    *("Beste Grüße Ihr Max Mustermann und Erika", "Eure IT (Max & Erika)", "Ihr Support-Team, Max"),
    "Viele Grüße\n\nMax Mustermann\nIT-Support\nGymnasium\nMarienstr. 5\n52064 Aachen\nwww.schule.example",
)


def test_tip_has_no_salutation_of_any_form(subtests: pytest.Subtests) -> None:
    for salutation in SALUTATIONS:
        for separator in ("\n\n", "\n", " "):
            with subtests.test(salutation=salutation, separator=separator):
                if salutation == "Lena," and separator == " ":
                    continue  # "Drucker, Beamer und Laptop" begins in the same way
                assert tip_text(f"{salutation}{separator}{BODY}", PEOPLE, TEAMS) == BODY


def test_tip_has_no_signature_of_any_form(subtests: pytest.Subtests) -> None:
    for signature in SIGNATURES:
        with subtests.test(signature=signature):
            assert tip_text(f"{BODY}\n\n{signature}", PEOPLE, TEAMS) == BODY
            assert tip_text(f"{BODY}\n{signature}", PEOPLE, TEAMS) == BODY
    for signature in ("Viele Grüße, Max Mustermann", "VG Max", "Mit freundlichen Grüßen Otto Fremd"):
        assert tip_text(f"{BODY} {signature}", PEOPLE, TEAMS) == BODY
    assert tip_text(f"{BODY}\n\nVielen Dank, Max Mustermann", PEOPLE, TEAMS) == f"{BODY}\n\nVielen Dank"
    postscript = "PS: Der Schlüssel liegt im Sekretariat."
    assert tip_text(f"{BODY}\nLG\nMax\n\n{postscript}", PEOPLE, TEAMS) == f"{BODY}\n\n{postscript}"


KEPT = (
    *("Hi-Fi-Anlage einschalten, dann Taste 3.", "Hallo-Seite öffnen, dann anmelden.", BODY),
    *(
        "Drucker, Beamer und Laptop ausschalten.",
        "Werte prüfen, dann speichern.",
        "Strom prüfen.\nHotline: 0241 123456",
    ),
    *(
        "Drucker neu starten.\nDanach:\nSupport",
        "1. Kabel prüfen\n2. Neu starten",
        "Beste Auflösung am Tag wählen",
    ),
    *("Hallo bitte den Stecker ziehen.\nDanach neu starten.", "Servus-Rechner neu starten."),
    *("Neu starten.\nRaum 204", "Viele Nutzer melden sich am Elterntag an.", "Max. Lautstärke einstellen"),
)


def test_tip_keeps_text_that_only_resembles_salutation_and_signature(subtests: pytest.Subtests) -> None:
    for text in KEPT:
        with subtests.test(text=text):
            assert tip_text(text, PEOPLE, TEAMS) == text


def test_personal_details_of_a_text_are_found() -> None:
    text = "Sonst hilft Erika (erika@support.example, 0241 / 123456) oder Herr Dr. Meier. Raum 204, V. 10.2."
    assert personal_details(text, PEOPLE) == (
        "erika@support.example",
        "0241 / 123456",
        "Herr Dr. Meier",
        "Erika",
    )
    assert personal_details(BODY, PEOPLE) == ()


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


def ranked(problem: TermSet, answers: dict[str, AnswerWords]) -> tuple[str, ...]:
    return rank_answers(score_answers(problem, answers))


def chosen(problem: TermSet, answers: dict[str, AnswerWords]) -> str | None:
    return choose_tip(problem, answers, score_answers(problem, answers))


def words_of(*texts: str) -> dict[str, AnswerWords]:
    return {text: AnswerWords(frozenset(), frozenset(content_words(text))) for text in texts}


def test_one_word_of_a_text_is_not_enough() -> None:
    answers = words_of("Kabel am Laptop prüfen", "Drucker einschalten")
    assert ranked(terms("GYM", "Kabel hängt von der Decke", "", None), answers) == ()
    assert ranked(terms("GYM", "Kabel am Laptop", "", None), answers) == ("Kabel am Laptop prüfen",)


def test_problem_without_words_gets_no_offer() -> None:
    assert ranked(terms("GYM", "Hilfe", "bitte", None), words_of("Kabel")) == ()
    assert ranked(terms("GYM", "Kabel", "", None), {}) == ()


def test_wrong_tip_is_rare_also_without_the_right_answer() -> None:
    answers, problems = read()
    sent = [(problem.right, tip(answers, problem)) for problem in problems]
    missing = [tip(without(answers, problem.right), problem) for problem in problems]
    few = [(one.right, tip(known, one)) for known in groups(answers, FEW) for one in problems]
    assert sum(bool(right) and name == right for right, name in sent) >= 24
    assert sum(name not in ("", right) for right, name in sent) == 0
    assert sum(name not in ("", problem.right) for name, problem in zip(missing, problems, strict=True)) == 0
    assert sum(name not in ("", right) for right, name in few) == 0
    assert sum(bool(tip(answers, problem)) for problem in near_misses()) <= 10


def test_one_word_is_not_enough_for_a_tip() -> None:
    answers = {"Toner": AnswerWords(frozenset({"toner"}), frozenset({"toner", "kassette", "tauschen"}))}
    assert chosen(terms("GYM", "Toner", "Woher bekomme ich neuen?", None), answers) is None
    assert chosen(terms("GYM", "", "", None), answers) is None


def test_problem_that_fits_two_answers_gets_no_tip() -> None:
    words = frozenset({"beamer", "lampe", "signal"})
    answers = {name: AnswerWords(frozenset({"beamer"}), words) for name in ("Beamer Lampe", "Beamer Signal")}
    assert chosen(terms("GYM", "Beamer Lampe Signal", "", None), answers) is None


WLAN = AnswerWords(
    frozenset({"wlan", "passwort"}), frozenset(content_words("WLAN Passwort gibt es im Sekretariat"))
)


@pytest.mark.parametrize(
    ("subject", "text", "sent"),
    [
        ("WLAN Passwort", "Wo gibt es das Passwort?", True),
        ("WLAN-Passwort Raum 204", "", True),
        ("WLAN langsam", "Das Passwort ist richtig, aber alles dauert.", False),  # a word of the subject
        ("WLAN", "Im Sekretariat kein Empfang.", False),  # no "Passwort"
        ("Hilfe", "Wo gibt es das WLAN Passwort im Sekretariat?", False),  # the subject says nothing
    ],
)
def test_tip_has_each_word_of_the_subject_and_the_problem_each_word_of_its_name(
    subject: str, text: str, sent: bool
) -> None:
    assert (chosen(terms("GYM", subject, text, None), {"WLAN": WLAN}) is not None) is sent
