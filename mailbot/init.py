"""Write a first configuration: the commented example with the operator's answers."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

PASSWORDS = "passwords"
"""The directory next to the configuration that holds the passwords; the unit passes it to the service."""
_MODE = 0o644
"""Readable for the service, whose user systemd creates at each start; it must not contain a password."""
_SECRET_MODE = 0o600


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the site: name, text, and the value in the example that the answer replaces."""

    name: str
    text: str
    example: str
    optional: bool = False


QUESTIONS = (
    Question("desk", "Name of the help desk, which signs mails", "Schul-Support"),
    Question(
        "land", "Land (state) whose holidays apply (BW BY BE BB HB HH HE MV NI NW RP SL SN ST SH TH)", "NW"
    ),
    Question("host", "Mail server, for IMAP and SMTP", "mail.example"),
    Question(
        "sender",
        "SMTP user name that may send for all schools (Enter: each school sends with its own login)",
        "bot@example",
        optional=True,
    ),
    Question("operator", "Operator: address that gets the alerts", "edv@stadt.example"),
    Question("key", "First school: short name, as in ticket numbers", "GYM"),
    Question("school", "First school: full name", "Gymnasium Marienschule"),
    Question("address", "First school: support address, and IMAP user", "support-gym@schule.example"),
    Question("supporter", "First school: a supporter's address", "mustermann.m@support.example"),
    Question("second_level", "Second level: an address", "technik@stadt.example"),
)


def write_configuration(path: Path, answers: Mapping[str, str]) -> None:
    """Write the example with these answers to a new file of mode 0644, and create its directories.

    Raises FileExistsError if the file exists, and OSError if it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, configuration(answers), _MODE)


def write_passwords(folder: Path, passwords: Mapping[str, str]) -> list[Path]:
    """Write each password to a new file of that name, readable only by its owner; return the new files.

    An existing file is not changed. A password of "" creates an empty file, to be filled later.
    """
    made = []
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, password in passwords.items():
        try:
            _write(folder / name, f"{password}\n" if password else "", _SECRET_MODE)
        except FileExistsError:
            continue
        made.append(folder / name)
    return made


def password_names(answers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the files with the passwords for a common SMTP login and for the first school."""
    return (*(["smtp"] if answers.get("sender") else []), answers.get("key", "GYM").lower())


def configuration(answers: Mapping[str, str]) -> str:
    """Return the example with these answers, by the questions' names; values without an answer stay."""
    text = example()
    if answers.get("sender"):
        for key in ("username", "password_file"):  # the commented lines of [smtp] are the first ones
            text = text.replace(f"\n# {key} = ", f"\n{key} = ", 1)
        text = text.replace("\nsmtp = {", "\n# smtp = {", 1)
    if "key" in answers:
        text = text.replace('"passwords/gym"', f'"{PASSWORDS}/{_quoted(answers["key"].lower())}"')
        text = text.replace("GYM-104", f"{answers['key']}-104")
    if "school" in answers:
        text = text.replace('"Team Marienschule"', f'"Team {_quoted(answers["school"])}"')
    for question in QUESTIONS:
        if answers.get(question.name):
            text = text.replace(f'"{question.example}"', f'"{_quoted(answers[question.name])}"')
    return text


def example() -> str:
    """Return the commented example of the wheel or of the checkout."""
    packaged = Path(str(files("mailbot"))) / "mailbot.toml"
    checkout = packaged.parents[1] / "config" / "mailbot.toml"
    return (packaged if packaged.exists() else checkout).read_text(encoding="utf-8")


def _quoted(value: str) -> str:
    """Return a string's content between its quotation marks; TOML escapes like JSON."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _write(path: Path, text: str, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)
        file.write(text)
