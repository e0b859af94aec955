"""Read a table of schools (RFC 4180, and what Excel writes): encoding, separator, header and rows."""

import csv
import difflib
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SEPARATORS = ";,\t"
_DECLARED = re.compile(r'"?sep=(.)"?')
"""The first line by which a file names its separator to Excel."""
_PASSWORDS = {"password", "passwort", "kennwort", "pass", "pwd", "secret"}
KEY = "key"


@dataclass(frozen=True, slots=True)
class Row:
    """A row with the line where it begins, and its cells by column; an empty cell is left out."""

    line: int
    cells: Mapping[str, str]


class TableError(Exception):
    """A table or its effect is wrong; each of the `problems` is one sentence with file, line and column."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def at(file: Path, line: int, column: str, text: str) -> str:
    """Return the sentence about a problem of a table."""
    return f"{file}: line {line}" + (f", column {column}" if column else "") + f": {text}"


def read_rows(file: Path, data: bytes, known: Collection[str]) -> list[Row]:
    """Return the rows of a table whose columns are `known`; raise TableError with every problem."""
    records = list(_records(file, _text(file, data)))
    if not records:
        raise TableError([f"{file}: is empty; expected a line with the names of the columns, such as {KEY}"])
    (header_line, names), *rows = records
    columns = [name.strip().casefold() for name in names]
    if problems := list(_wrong_columns(file, header_line, columns, known)):
        raise TableError(problems)
    problems = [problem for line, cells in rows for problem in _wrong_cells(file, line, cells, columns)]
    found = [Row(line, {c: v for c, v in zip(columns, cells, strict=False) if v}) for line, cells in rows]
    if problems := [*problems, *_wrong_keys(file, found)]:
        raise TableError(problems)
    return found


def _text(file: Path, data: bytes) -> str:
    """Return the text; without a byte order mark it is in UTF-8, or else in Windows-1252 (Excel's "CSV")."""
    marked = [name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)]
    wrong = 0
    for encoding in marked or ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            wrong = error.start
    expected = 'the file is neither in UTF-8 nor in Windows-1252; save it as "CSV UTF-8"'
    line = data[:wrong].count(b"\n") + 1
    raise TableError([at(file, line, "", f"byte 0x{data[wrong]:02x}: {expected}")])


def _records(file: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not empty, with the line where it begins, and with stripped cells."""
    lines = list(io.StringIO(text, newline=""))
    declared = _DECLARED.fullmatch(lines[0].strip("\r\n")) if lines else None
    skipped = 1 if declared else 0
    separator = declared[1] if declared else _separator("".join(lines[:1]))
    reader = csv.reader(lines[skipped:], delimiter=separator, strict=True)
    line = skipped + 1
    try:
        for record in reader:
            cells = [cell.strip() for cell in record]
            if any(cells):
                yield line, cells
            line = skipped + reader.line_num + 1
    except csv.Error as error:
        expected = 'a quotation mark in a cell must be doubled (""), and the cell be in quotation marks'
        raise TableError([at(file, line, "", f"cannot be read: {error}; {expected}")]) from None


def _separator(header: str) -> str:
    """Return the separator that the header contains most often; names of columns contain none."""
    return max(_SEPARATORS, key=header.count)


def _wrong_columns(file: Path, line: int, columns: list[str], known: Collection[str]) -> Iterator[str]:
    for number, column in enumerate(columns, 1):
        if not column:
            continue
        if column.rpartition(".")[2] in _PASSWORDS:
            expected = "a table must not contain passwords; write each one to a file, and name it in the"
            yield at(file, line, column, f"{expected} column password_file. Delete the passwords here")
        elif column in columns[: number - 1]:
            yield at(file, line, column, "must be there only once")
        elif column not in known:
            near = difflib.get_close_matches(column, known, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"
            yield at(file, line, column, f"unknown; {hint}")
    if KEY not in columns:
        yield at(file, line, KEY, "missing; expected the short key of each school, such as GYM")


def _wrong_cells(file: Path, line: int, cells: list[str], columns: list[str]) -> Iterator[str]:
    for number, (column, cell) in enumerate(zip(columns, cells, strict=False), 1):
        if cell and not column:
            yield at(file, line, "", f"cell {number} is in a column without a name; name it in the header")
    if any(cells[len(columns) :]):
        expected = f"has {len(cells)} cells, but the header {len(columns)}"
        yield at(file, line, "", f"{expected}; put a cell that contains the separator into quotation marks")


def _wrong_keys(file: Path, rows: list[Row]) -> Iterator[str]:
    lines: dict[str, int] = {}
    for row in rows:
        key = row.cells.get(KEY, "")
        if not key:
            yield at(file, row.line, KEY, "missing; expected the short key of the school, such as GYM")
        elif (first := lines.setdefault(key.upper(), row.line)) != row.line:
            yield at(file, row.line, KEY, f'"{key}" must be there only once; line {first} has it too')
