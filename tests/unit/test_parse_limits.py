"""Hostile mails cost little: content beyond a limit is omitted and reported."""

import base64
import tracemalloc

import pytest

from mailbot.parse import limits, parse

_HEAD = b"From: a@b.example\r\nSubject: x\r\n"
_MIXED = _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


BEYOND_A_LIMIT = [
    ("header", b"X: y\r\n" * 60_000 + _HEAD, "header too long"),
    (
        "parts",
        _HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 5_000,
        "too many parts",
    ),
    (
        "depth",
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(5_000)
        ),
        "nested too deep",
    ),
    ("text", _HEAD + b"\r\n" + b"wort " * 100_000, "text too long: only its beginning is shown"),
    ("lines", _HEAD + b"\r\n" + b"Von:\n" * 30_000, "text too long: only its beginning is shown"),
]


def test_content_beyond_a_limit_is_omitted_and_reported_as_a_defect(subtests: pytest.Subtests) -> None:
    for name, content, defect in BEYOND_A_LIMIT:
        with subtests.test(name):
            assert defect in parse(content).defects


def test_header_fields_beyond_the_limit_are_omitted() -> None:
    assert len(parse(b"X-A: y\r\n" * 5_000 + _HEAD + b"\r\nx").headers) == limits.HEADER_FIELDS


def test_text_within_thousands_of_nested_elements_is_found() -> None:
    content = _HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 20_000 + b"Hallo"
    assert "Hallo" in parse(content).text


def test_text_of_a_wide_table_is_not_much_larger_than_its_html() -> None:
    table = b"<table><tr>" + b"<td>" + b"x" * 50_000 + b"<tr><td>y" * 5_000
    assert len(parse(_HEAD + b"Content-Type: text/html\r\n\r\n" + table).text) < 2 * len(table)


def test_parsing_a_large_attachment_needs_less_than_five_times_its_size() -> None:
    picture = base64.encodebytes(b"\xff\xd8\xff\xe0" + b"x" * 4_000_000)
    content = _HEAD + b"Content-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n" + picture
    tracemalloc.start()
    try:
        parsed = parse(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [part.size for part in parsed.parts] == [4_000_004]
    assert peak < 5 * len(content)
