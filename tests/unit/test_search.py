"""List and search commands, terms of a text, similar tickets, excerpts and ages."""

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
from mailbot.render.formats import age
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


def test_text_is_split_into_folded_words_without_punctuation(subtests: pytest.Subtests) -> None:
    for text, expected in WORDS:
        with subtests.test(text=text):
            assert words(text) == expected


def test_query_has_at_most_eight_words() -> None:
    assert query_terms("a b c d e f g h i j") == tuple("abcdefgh")


def test_subject_scores_higher_with_more_and_with_whole_words() -> None:
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


def test_list_command_accepts_scope_and_page(subtests: pytest.Subtests) -> None:
    for args, expected in PAGES:
        with subtests.test(args=args):
            assert scope_and_page(args) == expected


def test_list_has_25_tickets_on_a_page() -> None:
    assert [Page(total=total).pages for total in (0, 25, 26, 51)] == [1, 1, 2, 3]


SEEN = (
    ("max@support.example", Listing(Scope.ALL, (("school", "GYM"),))),
    ("toni@stadt.example", Listing(Scope.ALL)),
    ("lena@schule.example", Listing(Scope.ALL, requester="lena@schule.example")),
)


def test_search_covers_the_tickets_of_the_list_of_a_person(subtests: pytest.Subtests) -> None:
    for email, expected in SEEN:
        with subtests.test(email=email):
            found = requested_listing("#suche Beamer Müller", email)
            assert found == replace(expected, words=("beamer", "mueller"), written="Beamer Müller")


def test_only_the_list_of_second_level_is_sorted_by_school() -> None:
    lists = [requested_listing("#list all", email) for email, _ in SEEN]
    assert [found is not None and found.by_school for found in lists] == [False, True, False]


def test_search_without_words_requests_no_tickets(subtests: pytest.Subtests) -> None:
    for text in ["#find", "#find …", "#suche !!!"]:
        with subtests.test(text=text):
            assert requested_listing(text, "max@support.example") is None


@pytest.mark.parametrize("text", ["#find beamer 204", "#list open 2"])
def test_number_in_a_search_or_a_page_is_not_a_ticket(text: str) -> None:
    wanted = understand(parse(mail().text(text).build()), GYM, POLICY).lookups
    assert wanted.named == ()
    assert len(wanted.listings) == 1


def test_terms_of_a_problem_exclude_stopwords_and_the_author() -> None:
    lena = Address("lena.lehrerin@schule.example", "Lena Lehrerin")
    found = terms(
        "GYM", "Beamer in 204", "Hallo Team,\nder Beamer flackert.\nViele Grüße\nLena Lehrerin", lena
    )
    assert found == TermSet("GYM", ("beamer", "204", "flackert"), frozenset({"beamer", "204"}))


def test_long_problem_is_limited_to_its_first_terms() -> None:
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


def test_similar_tickets_are_ranked(subtests: pytest.Subtests) -> None:
    for name, postings, expected in ALIKE:
        with subtests.test(name):
            assert list(rank_similar(BEAMER, postings, 100)) == expected


GISTS = (
    ("Guten Tag Frau Lehrerin,\n\ndas Netzteil war locker.\n\nGruß\nMax", "das Netzteil war locker."),
    ("Danke für den Hinweis, das Kabel war lose.", "Danke für den Hinweis, das Kabel war lose."),
    ("Erledigt.\nZweite Zeile.", "Erledigt. Zweite Zeile."),
    ("", ""),
)


def test_excerpt_of_an_answer_excludes_greetings(subtests: pytest.Subtests) -> None:
    for answer, expected in GISTS:
        with subtests.test(answer=answer):
            assert excerpt(answer) == expected


def test_long_excerpt_ends_at_a_word() -> None:
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


def test_age_is_counted_in_calendar_days(subtests: pytest.Subtests) -> None:
    for then, expected in AGES:
        with subtests.test(then=then):
            assert age(then, NOW, UTC) == expected
