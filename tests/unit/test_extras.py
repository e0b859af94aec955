"""Optional libraries that a configuration needs are named before they are used."""

import re
import tomllib
from pathlib import Path

import pytest

from mailbot import extras

ROOT = Path(__file__).parents[2]


def test_the_oldest_versions_are_those_of_the_package() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for extra in extras.EXTRAS:
        (requirement,) = declared[extra.name]
        found = re.match(r"([a-z-]+)(?:\[[a-z]+\])?>=([0-9]+)\.([0-9]+)", requirement)
        assert found is not None, requirement
        assert (found[1], (int(found[2]), int(found[3]))) == (extra.library, extra.oldest)


def test_an_old_library_is_no_library(subtests: pytest.Subtests, monkeypatch: pytest.MonkeyPatch) -> None:
    for found, usable in [("0.23", True), ("0.23.1", True), ("1.0rc1", True), ("0.22.9", False)]:
        with subtests.test(found=found):
            monkeypatch.setattr(extras, "version", lambda _, found=found: found)
            said = extras.lacks("prometheus")
            assert said is None if usable else said and found in said and "mailbot[prometheus]" in said
