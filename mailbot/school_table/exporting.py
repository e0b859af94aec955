"""Export the schools of a configuration as a table that the import reads."""

import csv
import io
from pathlib import Path

from mailbot.config.form import read_form
from mailbot.config.sources import read_sources
from mailbot.school_table.columns import COLUMNS, COMMON, cells_of

SEPARATOR = ";"
"""The separator that Excel expects where the decimal sign is a comma."""


def export_table(main: Path) -> str:
    """Return the table of all schools; it has a column for each setting that a school sets, but no aliases.

    Raises ConfigurationError with every problem of the form.
    """
    sources = read_sources(main)
    document, field_errors = read_form(sources.data)
    if document is None:
        raise sources.error(field_errors)
    schools = sources.data["school"]
    rows = [cells_of(school) for school in schools] if isinstance(schools, list) else []
    columns = [name for name in COLUMNS if name in COMMON or any(name in row for row in rows)]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", delimiter=SEPARATOR)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
