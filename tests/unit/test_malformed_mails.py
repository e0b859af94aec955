"""Malformed mails are parsed as their authors meant them."""

import pytest

from mailbot.core.classify.classify import classify
from mailbot.parse import parse, part_contents
from tests.support.malformed_mails import ODD


def test_malformed_mail_is_understood(subtests: pytest.Subtests) -> None:
    for name, odd in ODD.items():
        with subtests.test(name):
            got = parse(odd.content)
            if odd.text is not None:
                assert got.text == odd.text
            if odd.subject is not None:
                assert got.subject == odd.subject
            if odd.sender is not None:
                assert got.sender is not None
                assert got.sender.email == odd.sender
            if odd.names is not None:
                assert [part.filename for part in got.parts] == odd.names
            assert got.encryption is odd.encryption
            assert classify(got, frozenset()).kind is odd.kind
            assert set(odd.defects) <= set(got.defects)


def test_every_file_of_a_malformed_mail_is_found_again_by_its_path() -> None:
    for name, odd in ODD.items():
        contents = part_contents(odd.content)
        assert all(len(contents[part.path]) == part.size for part in parse(odd.content).parts), name
