"""Writes a first configuration: the commented example, with what is known of the house in its place."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

_MODE = 0o644
"""Readable for the service, whose user systemd makes up at each start: no password belongs into it."""
_SECRET_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Question:
    """Something to know of a house: its name, what is asked, and what stands in the example for it."""

    name: str
    text: str
    example: str


QUESTIONS = (
    Question("desk", "Name of the help desk, which signs mails", "Schul-Support"),
    Question(
        "land", "Land (state) whose holidays apply (BW BY BE BB HB HH HE MV NI NW RP SL SN ST SH TH)", "NW"
    ),
    Question("host", "Mail server, for IMAP and SMTP", "mail.example"),
    Question("sender", "SMTP user name, to send mails", "bot@example"),
    Question("operator", "Operator: address that gets the alerts", "edv@stadt.example"),
    Question("key", "First school: short name, as in ticket numbers", "GYM"),
    Question("school", "First school: full name", "Gymnasium Marienschule"),
    Question("address", "First school: support address, and IMAP user", "support-gym@schule.example"),
    Question("supporter", "First school: a supporter's address", "mustermann.m@support.example"),
    Question("second_level", "Second level: an address", "technik@stadt.example"),
)


def write_configuration(path: Path, answers: Mapping[str, str]) -> None:
    """Write the example with these answers to a new file of mode 0644, with the folders above it.

    Raises FileExistsError where there is something already, and OSError where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, configuration(answers), _MODE)


def write_passwords(folder: Path, passwords: Mapping[str, str]) -> list[Path]:
    """Write each password into a new file of that name, readable by its owner alone; return the new files.

    One that is there already is left alone; "" makes an empty file, to be filled later.
    """
    made = []
    for name, password in passwords.items():
        try:
            _write(folder / name, f"{password}\n" if password else "", _SECRET_MODE)
        except FileExistsError:
            continue
        made.append(folder / name)
    return made


def password_names(answers: Mapping[str, str]) -> tuple[str, str]:
    """Return the names of the files with the passwords for SMTP and for the first school's mailbox."""
    return "smtp", answers.get("key", "GYM").lower()


def configuration(answers: Mapping[str, str]) -> str:
    """Return the example with these answers, by the questions' names; what was not answered stays."""
    text = example()
    if "key" in answers:
        text = text.replace('password_file = "gym"', f'password_file = "{_quoted(answers["key"].lower())}"')
        text = text.replace("GYM-104", f"{answers['key']}-104")
    if "school" in answers:
        text = text.replace('"Team Marienschule"', f'"Team {_quoted(answers["school"])}"')
    for question in QUESTIONS:
        if question.name in answers:
            text = text.replace(f'"{question.example}"', f'"{_quoted(answers[question.name])}"')
    return text


def example() -> str:
    """Return the commented example, as it lies in the wheel or in the checkout."""
    packaged = Path(str(files("mailbot"))) / "mailbot.toml"
    checkout = packaged.parents[1] / "config" / "mailbot.toml"
    return (packaged if packaged.exists() else checkout).read_text(encoding="utf-8")


def _quoted(value: str) -> str:
    """Return what stands between the quotation marks of a string; TOML's are like JSON's."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _write(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)
        file.write(text)
