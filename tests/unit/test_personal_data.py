"""A person's name is found in the forms in which address books and other people write it."""

import pytest

from mailbot.privacy.personal_data import build_matcher

KNOWN = (
    "Wendelin Aalfang",
    "Aalfang, Wendelin",
    "Aalfang, Wendelin (GYM)",
    "Dr. Wendelin Aalfang",
    "Prof. Dr. med. Wendelin Aalfang",
    "Herr Wendelin Aalfang [extern]",
    "Wendelin Aalfang | Schule am Wall",
    "Aalfang, Dr. Wendelin",
    "Wendelin Aalfang, StR",
    '"Aalfang, Wendelin"',
)


def test_a_name_is_found_in_every_usual_form(subtests: pytest.Subtests) -> None:
    for known in KNOWN:
        with subtests.test(known=known):
            matcher = build_matcher([], [known], [])
            for text in (
                "Frag Wendelin Aalfang.",
                "An: Aalfang, Wendelin",
                "wendelin\n  aalfang",
                "Aalfang Wendelin",
            ):
                assert matcher.matches(text), text
                assert "aalfang" not in matcher.redact(text).casefold()


def test_other_people_and_words_stay() -> None:
    matcher = build_matcher([], ["Aalfang, Wendelin (GYM)", "Dr. Aalfang", "GYM"], [])
    for text in ("Frag Wendelin Karpfen.", "Der Aalfang beginnt im Mai (GYM).", "Dr. Aalfangkar"):
        assert not matcher.matches(text), text


def test_one_of_several_first_names_is_enough() -> None:
    assert build_matcher([], ["Wendelin Ole Aalfang"], []).matches("Wendelin Aalfang hat angerufen")
