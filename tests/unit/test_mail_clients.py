"""Answers of many mail programs are separated from their quotations."""

import pytest

from mailbot.parse import parse
from tests.support.mail_clients import ANSWERS, FORWARDS, NEW, OLD


@pytest.mark.parametrize("program", ANSWERS)
def test_answer_is_separated_from_its_quotation(program: str) -> None:
    got = parse(ANSWERS[program])
    assert got.text == NEW
    assert OLD in got.quoted
    assert not got.forwarded


@pytest.mark.parametrize("program", FORWARDS)
def test_forwarded_text_belongs_to_the_ticket(program: str) -> None:
    got = parse(FORWARDS[program])
    assert got.text == NEW
    assert got.forwarded
    assert OLD in got.ticket_text
