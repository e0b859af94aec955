"""The answer of the daemon to a reload reaches the call that asked for it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

from mailbot.runtime.reload_result import request_reload, result_file, write_result


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """Return the file of a "daemon" that rejects each new configuration."""
    file = tmp_path / "reload"

    def reject(_: int, __: FrameType | None) -> None:
        write_result(file, ["port = 0: must be at least 1", "pol: unknown"])

    before = signal.signal(signal.SIGHUP, reject)
    yield file
    signal.signal(signal.SIGHUP, before)


def test_the_problems_of_the_new_configuration_are_returned(file: Path) -> None:
    write_result(file, [])
    assert request_reload(file, os.getpid()) == ["port = 0: must be at least 1", "pol: unknown"]


def test_no_answer_is_a_problem(file: Path) -> None:
    (problem,) = request_reload(file.with_name("another"), os.getpid(), seconds=0)
    assert "has not answered" in problem


def test_the_answer_is_in_the_directory_that_systemd_made_or_in_the_state_directory(tmp_path: Path) -> None:
    environ = {"STATE_DIRECTORY": "/var/lib/mailbot:/var/lib/other"}
    assert result_file(environ, lambda: tmp_path) == Path("/var/lib/mailbot/reload")
    assert result_file({}, lambda: tmp_path) == tmp_path / "reload"
