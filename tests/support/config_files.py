"""A correct configuration, and variants of it for tests."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

PASSWORD = "s3cr3t-Pässword"
GOOD = """
[bot]
name = "Schul-Support"
state_dir = "state"
operators = ["edv@stadt.example"]

[smtp]
host = "mail.example"
username = "bot@example"
password_file = "smtp"

[imap]
host = "mail.example"

[[school]]
key = "GYM"
name = "Gymnasium"
address = "support-gym@schule.example"
imap = { username = "gym", password_file = "gym" }
team = { name = "Team G", members = ["m@support.example"] }

[[school]]
key = "RS2"
name = "Realschule"
address = "support-rs@schule.example"
imap = { username = "rs", password_env = "RS_PASSWORD" }
team = { name = "Team R", members = ["r@support.example"] }

[second_level]
name = "Second Level"
members = ["technik@stadt.example"]
"""
ENVIRON = {"RS_PASSWORD": PASSWORD}
Write = Callable[..., Path]


def problems(path: Path, environ: Mapping[str, str] = ENVIRON) -> list[str]:
    """Return the lines of what is wrong, without the file in front of each."""
    # pytest-xdist's controller imports this module, too, and runs no test.
    from mailbot.config import ConfigurationError, load

    with pytest.raises(ConfigurationError) as raised:
        load(path, environ)
    lines = str(raised.value).splitlines()
    assert len(lines) == len(raised.value.problems)
    assert all(line.startswith(f"{path}: ") for line in lines)
    return [line.removeprefix(f"{path}: ") for line in lines]


GYM_IMAP = '{ username = "gym", password_file = "gym" }'


@pytest.fixture
def write_config(tmp_path: Path) -> Write:
    """Write GOOD with changes, and the password files that it names."""
    for name in ("smtp", "gym"):
        (tmp_path / name).write_text(PASSWORD + "\n")
        (tmp_path / name).chmod(0o600)

    def written(*changes: tuple[str, str]) -> Path:
        text = GOOD
        for old, new in changes:
            assert old in text, f"nothing to change: {old}"
            text = text.replace(old, new)
        (tmp_path / "mailbot.toml").write_text(text)
        return tmp_path / "mailbot.toml"

    return written
