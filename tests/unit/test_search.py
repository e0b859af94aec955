"""Questions are understood, texts are cut into words, and only what is alike is called alike."""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailbot.core.commands.command import CommandLine, Viewer
from mailbot.core.commands.parse import parse as find_commands
from mailbot.core.commands.queries import scope_and_page
from mailbot.core.decide.understanding import understand
from mailbot.core.model.listing import Listing, Page, Scope
from mailbot.core.model.mail import Address
from mailbot.core.model.policy import Member, Policy, School, Team
from mailbot.core.text.words import MAX_TERM_LENGTH, MAX_TERMS, TermSet, query_terms, terms, words
from mailbot.parse import parse
from mailbot.render.age import age
from mailbot.store.ranking import MAX_DOC_FREQUENCY, MAX_EXCERPT, excerpt, rank_similar, score
from tests.support.mail_builder import mail

GYM = School("GYM", "Gymnasium", "support-gym@schule.example", Team("Team", (Member("max@support.example"),)))
POLICY = Policy("Schul-Support", (GYM,), Team("Technik", (Member("toni@stadt.example"),)))


def line(text: str) -> CommandLine:
    [found] = find_commands(text).lines
    return found


def requested_listing(text: str, email: str) -> Listing | None:
    """Return the tickets that a person asks for by a line."""
    listings = line(text).lookups(Viewer(email, GYM, POLICY)).listings
    return listings[0] if listings else None


WORDS = (
    ("Beamer in Raum 204", ("beamer", "in", "raum", "204")),
    ("Überprüfung Straße", ("ueberpruefung", "strasse")),
    (unicodedata.normalize("NFD", "Überprüfung"), ("ueberpruefung",)),
    ("Café CAFÉ", ("cafe",)),
    ("W-LAN/Netz_werk", ("w", "lan", "netz", "werk")),
    ('"beamer" OR NOT (raum*) subject:x \'; DROP', ("beamer", "or", "not", "raum", "subject", "x", "drop")),
    ("🙂 — …", ()),
    ("x" * 100, ("x" * MAX_TERM_LENGTH,)),
)


@pytest.mark.parametrize(("text", "expected"), WORDS)
def test_a_text_is_cut_into_folded_words_and_signs_are_no_words(text: str, expected: tuple[str, ...]) -> None:
    assert words(text) == expected


def test_a_question_has_eight_words_at_most() -> None:
    assert query_terms("a b c d e f g h i j") == tuple("abcdefgh")


def test_a_subject_fits_better_with_more_words_and_with_whole_ones() -> None:
    subjects = ("Drucker", "Beamerlampe 204", "Beamer 204", "Beamer")
    best = sorted(subjects, key=lambda subject: -score(subject, ("beamer", "204")))
    assert best == ["Beamer 204", "Beamerlampe 204", "Beamer", "Drucker"]


PAGES = (
    ((), ("open", 1)),
    (("closed",), ("closed", 1)),
    (("geschlossen", "3"), ("closed", 3)),
    (("alle", "Seite", "2"), ("all", 2)),
    (("2",), ("open", 2)),
    (("open", "0"), None),
    (("open", "9" * 30), None),
    (("open", "closed"), None),
    (("offenn",), None),
)


@pytest.mark.parametrize(("args", "expected"), PAGES)
def test_a_list_is_asked_for_by_scope_and_page(
    args: tuple[str, ...], expected: tuple[str, int] | None
) -> None:
    assert scope_and_page(args) == expected


def test_a_list_has_a_page_for_every_25_tickets() -> None:
    assert [Page(total=total).pages for total in (0, 25, 26, 51)] == [1, 1, 2, 3]


SEEN = (
    ("max@support.example", Listing(Scope.ALL, (("school", "GYM"),))),
    ("toni@stadt.example", Listing(Scope.ALL)),
    ("lena@schule.example", Listing(Scope.ALL, requester="lena@schule.example")),
)


@pytest.mark.parametrize(("email", "expected"), SEEN)
def test_whoever_looks_for_words_finds_them_where_a_list_would_look(email: str, expected: Listing) -> None:
    found = requested_listing("#suche Beamer Müller", email)
    assert found == replace(expected, words=("beamer", "mueller"), written="Beamer Müller")


def test_only_second_levels_list_is_sorted_by_school() -> None:
    lists = [requested_listing("#list all", email) for email, _ in SEEN]
    assert [found is not None and found.by_school for found in lists] == [False, True, False]


@pytest.mark.parametrize("text", ["#find", "#find …", "#suche !!!"])
def test_looking_for_nothing_asks_for_nothing(text: str) -> None:
    assert requested_listing(text, "max@support.example") is None


@pytest.mark.parametrize("text", ["#find beamer 204", "#list open 2"])
def test_a_number_to_look_for_and_a_page_name_no_ticket(text: str) -> None:
    wanted = understand(parse(mail().text(text).build()), GYM, POLICY).lookups
    assert wanted.named == ()
    assert len(wanted.listings) == 1


def test_a_problem_is_about_its_telling_words_and_not_about_its_writer() -> None:
    lena = Address("lena.lehrerin@schule.example", "Lena Lehrerin")
    found = terms(
        "GYM", "Beamer in 204", "Hallo Team,\nder Beamer flackert.\nViele Grüße\nLena Lehrerin", lena
    )
    assert found == TermSet("GYM", ("beamer", "204", "flackert"), frozenset({"beamer", "204"}))


def test_a_long_problem_is_told_by_its_first_words() -> None:
    assert len(terms("GYM", "", " ".join(f"wort{n}" for n in range(1000)), None).words) == MAX_TERMS


BEAMER = TermSet("GYM", ("beamer", "raum", "204", "flackert"), frozenset({"beamer", "raum", "204"}))
ALIKE: tuple[tuple[str, dict[str, Sequence[int]], list[int]], ...] = (
    ("it shares rare words", {"beamer": [7, 8], "204": [7]}, [7]),
    ("the newest of equals comes first", {"beamer": [7, 8], "204": [7, 8]}, [8, 7]),
    ("the most alike comes first", {"beamer": [7, 8], "204": [7, 8], "raum": [7, 9]}, [7, 8]),
    ("one word is not enough", {"204": [7]}, []),
    ("words of the text alone are not enough", {"flackert": [7], "kabel": [7]}, []),
    ("common words weigh too little", {"beamer": range(99), "raum": range(99), "flackert": [200]}, []),
    ("a word of very many is not looked at", {"beamer": range(MAX_DOC_FREQUENCY + 1), "raum": [7]}, []),
    ("nothing is known", {}, []),
)


@pytest.mark.parametrize(
    ("postings", "expected"), [case[1:] for case in ALIKE], ids=[case[0] for case in ALIKE]
)
def test_a_ticket_resembles_a_problem(postings: dict[str, Sequence[int]], expected: list[int]) -> None:
    assert list(rank_similar(BEAMER, postings, 100)) == expected


GISTS = (
    ("Guten Tag Frau Lehrerin,\n\ndas Netzteil war locker.\n\nGruß\nMax", "das Netzteil war locker."),
    ("Danke für den Hinweis, das Kabel war lose.", "Danke für den Hinweis, das Kabel war lose."),
    ("Erledigt.\nZweite Zeile.", "Erledigt. Zweite Zeile."),
    ("", ""),
)


@pytest.mark.parametrize(("answer", "expected"), GISTS)
def test_an_answer_is_shortened_to_what_it_says(answer: str, expected: str) -> None:
    assert excerpt(answer) == expected


def test_a_long_answer_ends_at_a_word() -> None:
    short = excerpt("Kabel " * 200)
    assert short.endswith("Kabel …")
    assert len(short) <= MAX_EXCERPT + 2


NOW = datetime(2026, 11, 23, 12, 47, tzinfo=UTC)
AGES = (
    (datetime(2026, 11, 23, 0, 5, tzinfo=UTC), ("today", 0)),
    (datetime(2026, 11, 24, 0, 5, tzinfo=UTC), ("today", 0)),
    (datetime(2026, 11, 22, 23, 59, tzinfo=UTC), ("yesterday", 1)),
    (datetime(2026, 11, 21, 23, 59, tzinfo=UTC), ("days", 2)),
    (datetime(2026, 11, 10, 12, 0, tzinfo=UTC), ("days", 13)),
    (datetime(2026, 11, 9, 12, 0, tzinfo=UTC), ("weeks", 2)),
    (datetime(2026, 9, 23, 12, 0, tzinfo=UTC), ("months", 2)),
    (datetime(2024, 11, 23, 12, 0, tzinfo=UTC), ("years", 2)),
)


@pytest.mark.parametrize(("then", "expected"), AGES)
def test_an_age_is_told_by_the_calendar(then: datetime, expected: tuple[str, int]) -> None:
    assert age(then, NOW, UTC) == expected
