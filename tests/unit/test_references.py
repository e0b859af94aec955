"""Ticket tags and action keys are found in subjects and texts of many mail programs."""

import pytest

from mailbot.core.text.references import action_key, subject_tag, without_action_key

KEY = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("subject", "ticket"),
    [
        ("Re: [#GYM-104] Beamer", "GYM-104"),
        ("AW: [#gym-104] Beamer", "GYM-104"),
        ("Re: [#GYM-\r\n 104] Beamer", "GYM-104"),
        ("GYM-104 Beamer", None),
        ("[Liste] Beamer", None),
    ],
)
def test_subject_tag_is_found_in_any_case_and_across_folds(subject: str, ticket: str | None) -> None:
    assert subject_tag(subject) == ticket


@pytest.mark.parametrize(
    "text", [f"Gut.\n\n[mailbot:{KEY}]", f"> [mailbot:{KEY}]", f"[mailbot:\n{KEY}]", f"> [mailbot:\n> {KEY}]"]
)
def test_action_key_is_found_when_quoted_or_wrapped(text: str) -> None:
    assert action_key(text) == KEY


def test_action_key_is_removed_with_its_line() -> None:
    assert without_action_key(f"Gut.\n\n[mailbot:{KEY}]\n") == "Gut."


def test_action_key_in_a_quoted_link_is_not_sent_to_other_people() -> None:
    link = "<mailto:support@schule.example?body=%23close%0D%0A%5Bmailbot%3Aabcdefghijklmnopqrstuvwx23%5D>"
    assert "abcdefghijklmnopqrstuvwx23" not in without_action_key(f"> {link}\nGeht wieder.")
    assert action_key(link) is None
