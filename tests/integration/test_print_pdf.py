"""Handouts are printed by a Chromium; errors say what to do."""

import stat
from pathlib import Path

import pytest

from mailbot.handouts import PrintError, print_pdf


def test_missing_chromium_is_reported_with_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PrintError, match="apt install chromium"):
        print_pdf(tmp_path / "page.html")


def test_failing_chromium_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\nexit 3\n")
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(PrintError, match=r"chromium could not print it"):
        print_pdf(tmp_path / "page.html")
