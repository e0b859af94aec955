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
    "„Wendelin Aalfang“",
    "AALFANG Wendelin",
    "OStR' Dr.-Ing. Wendelin Aalfang",
    "Wendelin Aalfang, M. Ed.",
    "Wendelin Aalfang, GYM",
    "Wendelin Aalfang via Hilfe",
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
                "> Wendelin\n> Aalfang",
                "_Wendelin Aalfang_",
                "Wendelin Aalfangs Laptop",
                "Aalfang,Wendelin",
                "Wendelin-Aalfang.pdf",
                "wendelin.aalfang.pdf",
                "Wendelin Aal\u00adfang",
                "von%20Wendelin%20Aalfang%20",
            ):
                assert matcher.matches(text), text
                assert "aalfang" not in matcher.redact(text).casefold()


def test_accents_are_found_in_links() -> None:
    matcher = build_matcher([], ["Zoë Müller"], [])
    for text in ("Zo%C3%AB%20M%C3%BCller", "?body=Zoe%20Mueller", "Zoë+Müller"):
        assert matcher.matches(text), text


def test_other_people_and_words_stay() -> None:
    matcher = build_matcher([], ["Aalfang, Wendelin (GYM)", "Dr. Aalfang", "GYM"], [])
    for text in ("Frag Wendelin Karpfen.", "Der Aalfang beginnt im Mai (GYM).", "Dr. Aalfangkar"):
        assert not matcher.matches(text), text


def test_words_beside_names_are_titles_or_stay() -> None:
    for known, text, redacted in (
        ("Dipl-Ing Lena Muster", "Wie Lena Muster sagt", "Wie […] sagt"),
        ("Lena Lehrer", "Wie Lehrer, Lena sagt", "Wie […] sagt"),
        ("Ed Meyer", "Wie Meyer, Ed sagt", "Wie […] sagt"),
        ("Lena Muster, GYM", "Wie Lena Muster sagt", "Wie […] sagt"),
        ("Gymnasium Musterstadt, Sekretariat", "Das Gymnasium Musterstadt hat kein Netz", ""),
        ("Raum 12: Beamer Wagen", "In Raum 12 fehlt er", ""),
    ):
        assert build_matcher([], [known], []).redact(text) == (redacted or text), known


def test_name_with_an_accent_is_found_in_each_spelling() -> None:
    for known, spellings in (
        ("Zoë Kräuß", ("Zoë Kräuß", "Zoe\u0308 Kra\u0308uß", "Zoe Kraeuss", "ZOE KRAUSS")),
        ("Zoe\u0308 Kra\u0308uß", ("Zoë Kräuß", "zoe kräuss")),
    ):
        matcher = build_matcher([], [known], [])
        assert [one for one in spellings if matcher.redact(one) != "[…]"] == []
    assert not build_matcher([], ["Zoe Kraus"], []).matches("Zoë Krause")


def test_one_of_several_first_names_is_enough() -> None:
    assert build_matcher([], ["Wendelin Ole Aalfang"], []).matches("Wendelin Aalfang hat angerufen")
