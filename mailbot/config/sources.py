"""Read the files of a configuration, the main one and those that it includes, into one document."""

import glob
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mailbot.config.files import read_bytes
from mailbot.config.problem import ConfigError, ConfigurationError, FieldError, Location, key_of, shown
from mailbot.config.renamed import rename_keys

Data = dict[str, object]
_WILDCARDS = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Sources:
    """The document of all files, and where its parts are from.

    `files` are the documents of the files, the main one first. `sections` has the file of each section, and
    `schools` the file of each school with its index there. `renamed_keys` are sentences about old names of
    keys, and `conflicts` are problems with these.
    """

    data: Data
    files: Mapping[Path, Data]
    sections: Mapping[str, Path]
    schools: tuple[tuple[Path, int], ...]
    renamed_keys: tuple[str, ...] = ()
    conflicts: tuple[FieldError, ...] = ()

    def error(self, field_errors: Iterable[FieldError]) -> ConfigurationError:
        """Make one line for each location, in the order of the files; later errors are consequences."""
        first: dict[Location, FieldError] = {}
        for field_error in (*self.conflicts, *field_errors):
            first.setdefault(field_error.location, field_error)
        ordered = sorted(first.values(), key=partial(_order, list(self.data)))
        return ConfigurationError(tuple(map(self._problem, ordered)))

    def _problem(self, field_error: FieldError) -> ConfigError:
        file, location = self._origin(field_error.location)
        expected = field_error.expected
        if field_error.first:
            other, first = self._origin(field_error.first)
            number = next(step for step in reversed(first) if isinstance(step, int)) + 1
            expected += f"; no. {number}{'' if other == file else f' of {other}'} has it already"
        return ConfigError(file, key_of(location, self.files[file]), expected, shown(field_error.value))

    def _origin(self, location: Location) -> tuple[Path, Location]:
        """Return the file of a location, and the location in that file."""
        section, *rest = location
        if section == "school" and rest and isinstance(rest[0], int) and rest[0] < len(self.schools):
            file, index = self.schools[rest[0]]
            return file, ("school", index, *rest[1:])
        return self.sections.get(str(section), next(iter(self.files))), location


def _order(sections: list[str], field_error: FieldError) -> tuple[int, int]:
    section, *rest = field_error.location
    school = rest[0] if rest and isinstance(rest[0], int) else -1
    return (sections.index(str(section)) if section in sections else len(sections), school)


def read_sources(path: Path) -> Sources:
    """Read a configuration and the files that it includes; rename old keys.

    Raises ConfigurationError if a file cannot be read or is not TOML, and if two files have one section.
    """
    return merge_sources({path: (main := read_file(path)), **_read_included(path, main)})


def _read_included(path: Path, main: Data) -> dict[Path, Data]:
    return {file: read_file(file) for file in included_files(path, main)}


def included_files(path: Path, main: Data) -> list[Path]:
    """Return the files that a configuration includes, by pattern, and by name for each pattern.

    A pattern without a match includes nothing; a name without wildcards is a file that must exist. Raises
    ConfigurationError if a directory cannot be read.
    """
    found = (file for pattern in patterns_of(main) for file in _matching(path, pattern))
    return [file for file in dict.fromkeys(found) if file.absolute() != path.absolute()]


def patterns_of(main: Data) -> list[str]:
    """Return the patterns of `include`; the form reports values of a wrong type."""
    value = main.get("include", [])
    patterns = value if isinstance(value, list) else [value]
    return [pattern for pattern in patterns if isinstance(pattern, str) and pattern]


def _matching(path: Path, pattern: str) -> Iterator[Path]:
    folder = path.parent
    if _WILDCARDS.isdisjoint(pattern):
        yield folder / pattern
        return
    directory = (folder / pattern).parent
    try:
        if directory.is_dir():
            next(directory.iterdir(), None)  # glob takes a directory that cannot be read for an empty one
    except OSError as error:
        problem = f"{directory} cannot be read: {error.strerror}"
        raise ConfigurationError((ConfigError(path, "include", problem, shown(pattern)),)) from None
    yield from map(Path, sorted(glob.glob(os.path.join(glob.escape(str(folder)), pattern))))  # noqa: PTH118, PTH207


def read_file(path: Path) -> Data:
    """Return a TOML document, without the byte order mark that editors on Windows write."""
    content = b""
    try:
        content = read_bytes(path)
        return tomllib.loads(content.decode("utf-8-sig"))
    except FileNotFoundError:
        expected = "does not exist; `mailbot init` writes a configuration"
    except OSError as error:
        expected = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        expected = f"is not in UTF-8 (line {line}); save it in this encoding"
    except ValueError as error:  # tomllib's own kind, and int()'s for a number of too many digits
        expected = f"is not TOML: {error}"
    except RecursionError:
        expected = "is not TOML that can be read: its lists or tables are nested too deep"
    raise ConfigurationError((ConfigError(path, "", expected),))


def merge_sources(files: Mapping[Path, Data]) -> Sources:
    """Join the documents of files, the main one first, into one; rename old keys in them.

    Raises ConfigurationError if a section is in two files.
    """
    main = next(iter(files))
    data: Data = {}
    sections: dict[str, Path] = {}
    schools: list[tuple[Path, int]] = []
    renamed: list[str] = []
    conflicts: list[FieldError] = []
    problems: list[ConfigError] = []
    for file, own in files.items():
        advice, wrong = rename_keys(own)
        renamed += [line if file == main else f"{file}: {line}" for line in advice]
        conflicts += [_moved(field_error, len(schools)) for field_error in wrong]
        for key, value in own.items():
            problem = _obstacle(key, file, sections, main)
            if problem:
                problems.append(ConfigError(file, key_of((key,), own), problem))
            elif key == "school" and isinstance(value, list):
                listed = data.setdefault("school", [])
                if isinstance(listed, list):
                    # Where each school is from, since a problem names file and number.
                    schools += [(file, index) for index in range(len(value))]
                    data["school"] = [*listed, *value]
            else:
                data[key], sections[key] = value, file
    if problems:
        raise ConfigurationError(tuple(problems))
    return Sources(data, files, sections, tuple(schools), tuple(renamed), tuple(conflicts))


def _obstacle(key: str, file: Path, sections: Mapping[str, Path], main: Path) -> str:
    """Return why a section of a file cannot be part of the document, or ""."""
    if key == "include" and file != main:
        return f"must be in {main} only"
    if key in sections:
        return f"is in {sections[key]} too; keep one of them"
    return ""


def _moved(field_error: FieldError, schools: int) -> FieldError:
    """Return a problem of one file with the location in the document; `schools` come before it."""
    section, *rest = field_error.location
    if section != "school" or not rest or not isinstance(rest[0], int):
        return field_error
    return FieldError((section, rest[0] + schools, *rest[1:]), field_error.expected, field_error.value)
