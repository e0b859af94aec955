"""The demo plays its scenario to the end, and reports success only then."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from imapclient import IMAPClient

from mailbot.demo import runner
from mailbot.demo.personas import LENA
from mailbot.demo.scenario import SCENARIO, ExpectedMail

DEMO = [sys.executable, "-m", "mailbot", "demo"]


@pytest.fixture
def empty_home(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing of ours, and a home with nothing in it."""
    root = str(Path(__file__).parents[2])
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONPATH": root}


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_the_day_ends_with_the_closed_ticket_and_leaves_nothing_behind(
    tmp_path: Path, empty_home: dict[str, str]
) -> None:
    done = subprocess.run(
        DEMO, env=empty_home, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "GYM-1 ist geschlossen" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_without_utf8_shows_replacements(tmp_path: Path, empty_home: dict[str, str]) -> None:
    environment = empty_home | {"PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(DEMO, env=environment, cwd=tmp_path, capture_output=True, timeout=100, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Schließen".encode("latin-1").lower() in done.stdout.lower()


def test_every_mail_can_be_looked_at_with_its_pictures(tmp_path: Path, empty_home: dict[str, str]) -> None:
    command = [*DEMO, "--output", str(tmp_path / "mails")]
    subprocess.run(command, env=empty_home, cwd=tmp_path, capture_output=True, timeout=100, check=True)
    pages = {page.name: page.read_text("utf-8") for page in (tmp_path / "mails").iterdir()}
    shown = sum(1 + sum(bool(arrival.note) for arrival in step.expected) for step in SCENARIO)
    assert len(pages) == 2 * shown + 1
    assert all(
        page in pages["index.html"] for page in pages if page.endswith(".html") and page != "index.html"
    )
    assert not [page for page, html in pages.items() if "cid:" in html]
    assert "data:image/png;base64," in pages["03.html"]


def test_serving_lets_a_mail_program_in_until_it_is_ended(tmp_path: Path, empty_home: dict[str, str]) -> None:
    command = [*DEMO, "--serve"]
    environment = empty_home | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        port = 0
        for line in serving.stdout:
            if found := re.match(r"IMAP: 127\.0\.0\.1, Port (\d+)", line):
                port = int(found[1])
            if line.startswith("Ende mit"):
                break
        with IMAPClient("127.0.0.1", port, ssl=False, timeout=20) as client:
            client.login(LENA.address, LENA.password)
            client.select_folder("INBOX")
            assert client.search(["SUBJECT", "GYM-1"])
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(60) == 0


@pytest.mark.usefixtures("logging_as_before")
def test_a_mail_with_another_text_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arrivals = (ExpectedMail(LENA, "Worte, die niemand schreibt"),)
    monkeypatch.setattr(runner, "SCENARIO", (replace(SCENARIO[0], expected=arrivals),))
    assert runner.play() == 1
    assert "in der Mail an Lena Lehrerin steht nicht" in capsys.readouterr().out


@pytest.mark.usefixtures("logging_as_before")
def test_a_missing_mail_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arrivals = (*SCENARIO[0].expected, ExpectedMail(LENA, "noch eine Mail"))
    monkeypatch.setattr(runner, "SCENARIO", (replace(SCENARIO[0], expected=arrivals),))
    monkeypatch.setattr(runner, "TIMEOUT_SECONDS", 3.0)
    assert runner.play() == 1
    assert "wartet vergebens" in capsys.readouterr().out


@pytest.mark.usefixtures("logging_as_before")
def test_a_ticket_that_is_still_open_at_the_end_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner, "SCENARIO", SCENARIO[:1])
    assert runner.play() == 1
    assert "GYM-1 ist nicht geschlossen" in capsys.readouterr().out
