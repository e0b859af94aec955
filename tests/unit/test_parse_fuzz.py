"""The parser accepts any bytes: it neither raises nor hangs."""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from bench.fuzz_parse import check, mutated
from mailbot.core.text.quotation import split
from mailbot.parse import parse
from tests.support.malformed_mails import ODDITIES

_LINES = """Am 1.1.2026 um 10:00 schrieb x:|> alt|-- |Von: x <a@b.example>|Gesendet: 1.1.2026|An: y||neu|____
Von meinem iPhone gesendet|-----Ursprüngliche Nachricht-----|Viele Grüße|#close"""
_PIECES = st.sampled_from(_LINES.replace("\n", "|").split("|"))


def test_mails_mutated_at_random_are_parsed_without_an_exception() -> None:
    for content in islice(mutated(list(ODDITIES.values()), seed=20261123), 100):
        check(content)


@given(st.binary(max_size=2000))
def test_random_bytes_are_parsed_without_an_exception(raw: bytes) -> None:
    assert parse(raw).size == len(raw)


@given(st.lists(_PIECES, max_size=40))
def test_splitting_a_text_loses_only_attributions_between_answers(lines: list[str]) -> None:
    got = split("\n".join(lines))
    kept = "\n".join((got.text, got.signature, got.quoted))
    assert all(line.strip() in kept for line in lines if line in ("neu", "#close", "Viele Grüße"))
