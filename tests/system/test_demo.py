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


def empty_home(home: Path) -> dict[str, str]:
    """Return an environment with nothing of ours, and with an empty home."""
    root = str(Path(__file__).parents[2])
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "PYTHONPATH": root}


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def play(home: Path, *options: str, encoding: str) -> str:
    """Play the demo on a terminal with that encoding, check that it succeeds, and return its output."""
    environment = empty_home(home) | {"PYTHONIOENCODING": encoding}
    done = subprocess.run(
        [*DEMO, *options], env=environment, cwd=home, capture_output=True, timeout=100, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode(encoding)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the demo prints on a terminal without UTF-8, and the home in which it writes its mails."""
    home = tmp_path_factory.mktemp("home")
    return play(home, "--output", str(home / "mails"), encoding="latin-1"), home


@pytest.mark.xdist_group("demo")
def test_the_day_ends_with_the_closed_ticket_and_leaves_only_the_mails_behind_also_without_utf8(
    played: tuple[str, Path],
) -> None:
    output, home = played
    assert "GYM-1 ist geschlossen" in output
    assert "schließen" in output.lower()
    assert list(home.iterdir()) == [home / "mails"]


@pytest.mark.xdist_group("demo")
def test_every_mail_is_a_page_with_its_pictures(played: tuple[str, Path]) -> None:
    _, home = played
    pages = {page.name: page.read_text("utf-8") for page in (home / "mails").iterdir()}
    shown = sum(1 + sum(bool(arrival.note) for arrival in step.expected) for step in SCENARIO)
    assert len(pages) == 2 * shown + 1
    assert all(
        page in pages["index.html"] for page in pages if page.endswith(".html") and page != "index.html"
    )
    assert not [page for page, html in pages.items() if "cid:" in html]
    assert "data:image/png;base64," in pages["03.html"]


def test_serving_lets_a_mail_program_in_until_it_is_ended(tmp_path: Path) -> None:
    command = [*DEMO, "--serve"]
    environment = empty_home(tmp_path) | {"PYTHONUNBUFFERED": "1"}
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
