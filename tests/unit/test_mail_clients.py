"""Answers are understood from whatever program a teacher uses."""

import pytest

from mailbot.parse import parse
from tests.support.mail_clients import ANSWERS, FORWARDS, NEW, OLD


@pytest.mark.parametrize("program", ANSWERS)
def test_the_answer_is_told_from_what_it_quotes(program: str) -> None:
    got = parse(ANSWERS[program])
    assert got.text == NEW
    assert OLD in got.quoted
    assert not got.forwarded


@pytest.mark.parametrize("program", FORWARDS)
def test_what_is_forwarded_belongs_to_the_problem(program: str) -> None:
    got = parse(FORWARDS[program])
    assert got.text == NEW
    assert got.forwarded
    assert OLD in got.ticket_text
