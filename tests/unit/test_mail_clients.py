"""Answers of many mail programs are separated from their quotations."""

import pytest

from mailbot.parse import parse
from tests.support.mail_clients import ANSWERS, FORWARDS, NEW, OLD


def test_answer_is_separated_from_its_quotation(subtests: pytest.Subtests) -> None:
    for program, answer in ANSWERS.items():
        with subtests.test(program):
            got = parse(answer)
            assert got.text == NEW
            assert OLD in got.quoted
            assert not got.forwarded


def test_forwarded_text_belongs_to_the_ticket(subtests: pytest.Subtests) -> None:
    for program, forwarded in FORWARDS.items():
        with subtests.test(program):
            got = parse(forwarded)
            assert got.text == NEW
            assert got.forwarded
            assert OLD in got.ticket_text
