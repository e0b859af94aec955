"""Plan the import of a table of schools: compare, edit, and check the result as the daemon does."""

import difflib
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailbot.config.loader import evaluate
from mailbot.config.problem import FieldError, shown
from mailbot.config.sources import Sources, included_files, merge_sources, patterns_of, read_file
from mailbot.school_table.changes import Changes, applied, changes_of
from mailbot.school_table.columns import COLUMN_OF, COLUMNS, SHARED, setting
from mailbot.school_table.reading import KEY, Row, TableError, at, read_rows
from mailbot.school_table.toml_text import EditError, append, edit

_MARK = "\ufeff"
_HEADING = "# Schools. `mailbot schools import` adds to this file and changes it; you may edit it, too.\n"
_SECRETS = {"password_file", "password_env", "secret_file", "secret_env"}
_IMAP_OF = {smtp: imap for imap, smtp in SHARED.items()}
_INCLUDE = 'add the line include = "schools.d/*.toml" at its top, before the first section'


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file of the configuration with its content before and after; a new one was empty."""

    path: Path
    before: bytes
    after: bytes

    def diff(self) -> str:
        """Return the difference in the unified format."""
        texts = [self.before.decode("utf-8-sig"), self.after.decode("utf-8-sig")]
        before, after = (text.replace("\r\n", "\n").splitlines(keepends=True) for text in texts)
        lines = difflib.unified_diff(before, after, str(self.path), str(self.path))
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import changes: the files, and the keys of the schools. `main` is the main file.

    `passwords` are sentences about passwords of these schools that cannot be read yet; `restart` is whether a
    school is new or has another password, which systemd passes to the daemon at its start.
    """

    main: Path
    files: tuple[FileChange, ...]
    added: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]
    passwords: tuple[str, ...]
    restart: bool


@dataclass(frozen=True, slots=True)
class _Document:
    """A file of the configuration: its bytes, its text with line feeds, and its content."""

    content: bytes
    text: str
    crlf: bool
    data: dict[str, object]

    def encoded(self, text: str) -> bytes:
        """Return a new text in the form of the old one: its byte order mark and its line ends."""
        mark = _MARK if self.content.startswith(_MARK.encode()) else ""
        return (mark + (text.replace("\n", "\r\n") if self.crlf else text)).encode()


@dataclass(slots=True)
class _Work:
    """The schools of a table that are new, that change, and that stay as they are."""

    changes: defaultdict[Path, dict[int, Changes]] = field(default_factory=lambda: defaultdict(dict))
    new: list[dict[str, object]] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def plan_import(main: Path, table: Path, data: bytes, environ: Mapping[str, str]) -> ImportPlan:
    """Return what the import of a table changes in a configuration, the main file of which is given.

    Schools that are not in the table stay as they are. Raises TableError with every problem of the table,
    and ConfigurationError if the configuration cannot be read.
    """
    rows = read_rows(table, data, COLUMNS)
    documents = _read(main)
    work = _compare(rows, documents)
    texts = {path: _edited(path, documents[path], change) for path, change in work.changes.items()}
    if work.new:
        target = _file_for_new(main, documents[main].data)
        documents.setdefault(target, _Document(b"", "", crlf=False, data={}))
        texts[target] = _appended(target, texts.get(target, documents[target].text or _HEADING), work.new)
    documents_after = {p: tomllib.loads(texts.get(p, doc.text)) for p, doc in documents.items()}
    passwords = _check(main, table, rows, work, merge_sources(documents_after), environ)
    return ImportPlan(
        main=main,
        files=tuple(
            FileChange(path, documents[path].content, documents[path].encoded(text))
            for path, text in texts.items()
        ),
        added=tuple(work.added),
        updated=tuple(work.updated),
        unchanged=tuple(work.unchanged),
        passwords=tuple(passwords),
        restart=bool(work.added) or _changes_secret(work),
    )


def _read(main: Path) -> dict[Path, _Document]:
    paths = [main, *included_files(main, read_file(main))]
    return {path: _document(path) for path in paths}


def _document(path: Path) -> _Document:
    data = read_file(path)
    content = path.read_bytes()
    text = content.decode("utf-8-sig")
    crlf = "\r\n" in text and text.count("\r\n") == text.count("\n")
    return _Document(content, text.replace("\r\n", "\n") if crlf else text, crlf, data)


def _compare(rows: Iterable[Row], documents: Mapping[Path, _Document]) -> _Work:
    work = _Work()
    schools = {
        str(school.get("key")).upper(): (path, number, school)
        for path, document in documents.items()
        for number, school in enumerate(_schools(document.data))
    }
    shared = _sends_with_own_login(documents.values(), [school for *_, school in schools.values()])
    for row in rows:
        key = row.cells[KEY]
        if key.upper() not in schools:
            work.new.append(applied({}, changes_of({}, row.cells, shared=shared)))
            work.added.append(key)
            continue
        path, number, school = schools[key.upper()]
        if changes := changes_of(school, row.cells, shared=shared):
            work.changes[path][number] = changes
        (work.updated if changes else work.unchanged).append(str(school["key"]))
    return work


def _schools(data: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the tables of schools; the form reports values of a wrong type."""
    found = data.get("school")
    return [school if isinstance(school, dict) else {} for school in found] if isinstance(found, list) else []


def _sends_with_own_login(documents: Iterable[_Document], schools: list[dict[str, object]]) -> bool:
    """Return whether new schools need a login for SMTP, as others have, or send with a common one or none."""
    common = any(setting(document.data, ("smtp", "username")) is not None for document in documents)
    others = [setting(school, ("smtp", "username")) for school in schools]
    return not common and (not others or any(other is not None for other in others))


def _edited(path: Path, document: _Document, changes: Mapping[int, Changes]) -> str:
    try:
        return edit(document.text, changes)
    except EditError:
        keys = ", ".join(str(_schools(document.data)[number].get("key")) for number in sorted(changes))
        raise TableError(
            [f"{path}: {keys}: cannot be changed by this call; change it with an editor"]
        ) from None


def _file_for_new(main: Path, data: dict[str, object]) -> Path:
    """Return the file for new schools: the first pattern of `include`, with `schools` for each `*`."""
    names = [re.sub(r"\*+", "schools", pattern) for pattern in patterns_of(data)]
    found = next((name for name in names if not {"?", "["} & set(name)), None)
    if found is None:
        raise TableError([f"{main}: includes no file for new schools; {_INCLUDE}"])
    return main.parent / found


def _changes_secret(work: _Work) -> bool:
    changes = [change for schools in work.changes.values() for change in schools.values()]
    return any(path[-1] in _SECRETS for change in changes for path in change)


def _appended(path: Path, text: str, schools: list[dict[str, object]]) -> str:
    try:
        return append(text, schools)
    except EditError:
        expected = "no school can be added at its end; write its schools as [[school]]"
        raise TableError([f"{path}: {expected}"]) from None


def _check(
    main: Path, table: Path, rows: list[Row], work: _Work, sources: Sources, environ: Mapping[str, str]
) -> list[str]:
    """Return sentences about passwords of changed schools that cannot be read; raise TableError otherwise."""
    _, field_errors = evaluate(main, sources, environ)
    by_key = {row.cells[KEY].upper(): row for row in rows}
    changed = {key.upper() for key in (*work.added, *work.updated)}
    problems: dict[str, None] = {}
    passwords: dict[str, None] = {}
    for field_error in [*sources.conflicts, *field_errors]:
        key = _school_of(field_error, sources)
        cause = _cause(field_error, by_key.get(key), new=key in {k.upper() for k in work.added})
        if field_error.location[-1] in _SECRETS and field_error.value is not None:
            if key in changed:
                passwords[f"{key}: {field_error.location[-1]} {field_error.expected}"] = None
        elif cause:
            text = ": ".join(part for part in (shown(field_error.value), field_error.expected) if part)
            line, column = cause
            problems[at(table, line, column, text + _first(field_error, sources, by_key))] = None
        else:
            problems |= dict.fromkeys(str(sources.error([field_error])).splitlines())
    if problems:
        raise TableError(problems)
    return list(passwords)


def _school_of(field_error: FieldError, sources: Sources) -> str:
    """Return the key of the school of a problem, in upper case, or ""."""
    section, *rest = field_error.location
    schools = _schools(sources.data)
    number = rest[0] if section == "school" and rest else None
    return str(schools[number].get("key")).upper() if isinstance(number, int) else ""


def _cause(field_error: FieldError, row: Row | None, *, new: bool) -> tuple[int, str] | None:
    """Return the line and the column that a problem is from; None if it is not from the table."""
    if row is None:
        return None
    path = tuple(str(step) for step in field_error.location[2:])
    column = next(_columns(path), "")
    return (row.line, column) if new or column in row.cells else None


def _columns(path: tuple[str, ...]) -> Iterator[str]:
    """Yield the columns of a setting: its own, that of a setting around it, that of the mailbox."""
    for length in range(len(path), 0, -1):
        found = path[:length]
        yield from (COLUMN_OF[p] for p in (_IMAP_OF.get(found, found), found) if p in COLUMN_OF)
    yield from {"imap": ["login"], "smtp": ["login"], "team": ["team"]}.get(path[0] if path else "", [])


def _first(field_error: FieldError, sources: Sources, rows: Mapping[str, Row]) -> str:
    """Return the end of a sentence about a value that must be unique: where it was first."""
    if field_error.first is None:
        return ""
    key = _school_of(FieldError(field_error.first, ""), sources)
    if key in rows and (row := rows[key]):
        return f"; line {row.line} has it already"
    return f"; school {key} has it already" if key else "; another team has it already"
