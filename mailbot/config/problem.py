"""Problems of a configuration, in sentences for the operator and without secrets."""

import re
from dataclasses import dataclass
from pathlib import Path

Location = tuple[int | str, ...]
"""The path to a value of the TOML document, such as ("school", 0, "imap", "port")."""

_SHOWN = 60
_CREDENTIALS = re.compile(r"//\S*@")


@dataclass(frozen=True, slots=True)
class FieldError:
    """A problem at a location of the document; `value` is None if it must not be shown.

    `first` is the location that has the same value, where a value must be unique.
    """

    location: Location
    expected: str
    value: object = None
    first: Location | None = None


@dataclass(frozen=True, slots=True)
class ConfigError:
    """One line for the operator: the file, the key, the value unless it is secret, and what is expected."""

    file: Path
    key: str
    expected: str
    value: str = ""

    def __str__(self) -> str:
        place = " = ".join(part for part in (self.key, self.value) if part)
        return _one_line(": ".join(part for part in (str(self.file), place, self.expected) if part))


class ConfigurationError(Exception):
    """A configuration that cannot be used; `str()` has a line for each of the `problems`."""

    def __init__(self, problems: tuple[ConfigError, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def shown(value: object) -> str:
    """Return a scalar in TOML syntax, shortened and without credentials; "" for any other value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        return ""
    text = _CREDENTIALS.sub("//…@", value)
    text = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return _one_line(f'"{text}"')


def _one_line(text: str) -> str:
    """Return a text in which characters that a terminal may obey are escaped."""
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def key_of(location: Location, document: dict[str, object]) -> str:
    """Return the key at a location, as an operator reads it: `[imap] port`, `[[school]] GYM: imap.port`."""
    section, *rest = location
    if section == "school" and rest and isinstance(rest[0], int):
        label = f"[[school]] {_label(rest[0], document)}"
        return f"{label}: {_path(rest[1:])}" if rest[1:] else label
    if section == "school":
        return "[[school]]"
    stray = not rest and not isinstance(document.get(str(section), {}), dict)
    return str(section) if stray else f"[{section}] {_path(rest)}".rstrip()


def _label(index: int, document: dict[str, object]) -> str:
    """Return a school's key; with its number if other schools have the same key."""
    schools = document.get("school")
    keys = (
        [s.get("key") if isinstance(s, dict) else None for s in schools] if isinstance(schools, list) else []
    )
    key = keys[index] if index < len(keys) else None
    if not isinstance(key, str) or not key.isalnum():
        return f"no. {index + 1}"
    alike = sum(isinstance(k, str) and k.upper() == key.upper() for k in keys)
    return key if alike == 1 else f"{key} (no. {index + 1})"


def _path(steps: list[int | str]) -> str:
    return "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")
