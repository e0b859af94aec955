"""Ticket tags and action keys are found in subjects and texts of many mail programs."""

import pytest

from mailbot.core.text.references import (
    KEEP_HINT,
    action_key,
    subject_tags,
    without_action_key,
    without_subject_tags,
)

KEY = "abcdefghijklmnopqrstuvwxyz"


def test_subject_tags_are_found_in_any_case_form_and_across_folds(subtests: pytest.Subtests) -> None:
    for subject, tickets in [
        ("Re: [#GYM-104] Beamer", ("GYM-104",)),
        ("AW: [#gym-104] Beamer", ("GYM-104",)),
        ("Re: [#GYM-\r\n 104] Beamer", ("GYM-104",)),
        ("Re: [#GYM\u2011104] Beamer", ("GYM-104",)),
        ("Re: (#GYM–104) Beamer", ("GYM-104",)),
        ("Re: [#GYM-\u200b104] Beamer", ("GYM-104",)),
        ("Re: ［＃GYM－104］ Beamer", ("GYM-104",)),
        ("Re: [GYM-104] Beamer", ("GYM-104",)),
        ("Re: Beamer #GYM-104", ("GYM-104",)),
        ("Re: AW: GYM-104 Beamer", ("GYM-104",)),
        ("Re: [#4711] [#GYM-104] Beamer", ("GYM-104", "#4711")),
        ("Re: [#INC-7] [#GYM-104] Beamer", ("INC-7", "GYM-104")),
        ("Beamer wie in GYM-104", ()),
        ("Seite x.example/#GYM-104", ()),
        ("Raum 104-2", ()),
        ("[Liste] Beamer", ()),
    ]:
        with subtests.test(subject=subject):
            assert subject_tags(subject) == tickets


def test_only_our_own_tags_are_taken_from_a_subject(subtests: pytest.Subtests) -> None:
    for subject, text in [
        ("Re: [#GYM-104] Beamer", "Beamer"),
        ("WG: AW: (#GYM-104) Beamer", "Beamer"),
        ("Re: \u2068[#GYM-104]\u2069 Beamer", "Beamer"),
        ("Re: [#4711] Ihr Auftrag", "Re: [#4711] Ihr Auftrag"),
        ("[#INC-7] Ihr Auftrag", "[#INC-7] Ihr Auftrag"),
        ("Re: [#GYM-104] [#INC-7] Ihr Auftrag", "[#INC-7] Ihr Auftrag"),
    ]:
        with subtests.test(subject=subject):
            assert without_subject_tags(subject, lambda tag: tag.startswith("GYM-")) == text


def test_action_key_is_found_when_quoted_or_wrapped(subtests: pytest.Subtests) -> None:
    for text in [
        f"Gut.\n\n[mailbot:{KEY}]",
        f"> [mailbot:{KEY}]",
        f"[mailbot:\n{KEY}]",
        f"> [mailbot:\n> {KEY}]",
    ]:
        with subtests.test(text=text):
            assert action_key(text) == KEY


def test_action_key_is_removed_with_its_line() -> None:
    assert without_action_key(f"Gut.\n\n[mailbot:{KEY}]\n") == "Gut."


def test_hint_beside_the_action_key_is_removed_with_it_and_text_around_it_stays(
    subtests: pytest.Subtests,
) -> None:
    for hint in KEEP_HINT.values():
        with subtests.test(hint=hint):
            cases = {
                f"#close\n\n\n[mailbot:{KEY}]  {hint}": "#close",
                f"Gut.\n\n[mailbot:{KEY}]  {hint} Kabel getauscht.": "Gut.\n\nKabel getauscht.",
                f"Gut.\n[mailbot:{KEY}]\n{hint}\nKabel getauscht.": "Gut.\nKabel getauscht.",
                f"> [mailbot:{KEY}]\n> ? {hint[2:]}\nGut.": "Gut.",
            }
            assert {text: without_action_key(text) for text in cases} == cases


def test_action_key_in_a_quoted_link_is_not_sent_to_other_people() -> None:
    link = "<mailto:support@schule.example?body=%23close%0D%0A%5Bmailbot%3Aabcdefghijklmnopqrstuvwx23%5D>"
    assert "abcdefghijklmnopqrstuvwx23" not in without_action_key(f"> {link}\nGeht wieder.")
    assert action_key(link) is None
