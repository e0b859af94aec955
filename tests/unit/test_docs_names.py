"""What the documents name in backticks exists: files, and names of the code, of settings and of columns."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The upgrade page names what older releases had.
PAGES = sorted(
    page
    for page in (ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md"))
    if page.name != "upgrading.md"
)
SOURCES = ("mailbot", "templates", "config", "tests", "bench", ".ci", ".deb")
NOT_SOURCES = (
    "mailbot/store/migrations/versions/",
    "tests/integration/released/",
    "tests/unit/test_docs_names.py",
)
SPAN = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"([\w.-]+/)*[\w.-]+\.(py|toml|txt|service|yaml)")
FOLDER = re.compile(r"(?:bench|config|docs|mailbot|templates|tests)/[\w/.*-]*")
TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
NAME = re.compile(r"[a-z]+(_[a-z0-9]+)+|([a-z_]+\.)+[a-z_]+|([A-Z][a-z]+){2,}")
EXAMPLES = {
    # what a reader adds
    "SetCategory",
    "schools.d/schools.toml",
    ".name.toml",
    "templates/it/",
    "templates/de/KIND.txt.j2",
    # names of other programs
    "op.batch_alter_table",
    "fs.inotify.max_user_instances",
}


@cache
def files() -> tuple[Path, ...]:
    """Return all files of the project, below its root."""
    found = [path for folder in (*SOURCES, "docs") for path in (ROOT / folder).rglob("*")]
    kept = (path for path in (*found, *ROOT.iterdir()) if path.is_file() and path.suffix != ".pyc")
    return tuple(path.relative_to(ROOT) for path in kept)


@cache
def words() -> frozenset[str]:
    """Return all words of the sources and of their names."""
    found = set[str]()
    for path in files():
        if path.parts[0] == "docs" or path.suffix == ".md" or str(path).startswith(NOT_SOURCES):
            continue
        found.update(re.findall(r"\w+", f"{path} {(ROOT / path).read_text('utf-8', errors='ignore')}"))
    return frozenset(found)


def problem_of(span: str) -> str:
    """Return what is missing of the file or the name in a span of code, or ""."""
    if span in EXAMPLES:
        return ""
    if test := TEST.fullmatch(span):
        text = (ROOT / test[1]).read_text("utf-8") if (ROOT / test[1]).is_file() else ""
        return "" if f"def {test[2]}(" in text else "no such test"
    if FOLDER.fullmatch(span):
        return "" if any(ROOT.glob(span)) else "no such path"
    if FILE.fullmatch(span):
        return "" if any(f"/{path}".endswith(f"/{span}") for path in files()) else "no such file"
    if NAME.fullmatch(span):
        missing = set(re.findall(r"\w+", span)) - words()
        return f"not in the sources: {', '.join(sorted(missing))}" if missing else ""
    return ""


def spans() -> Iterator[tuple[str, str]]:
    """Yield the page and the text of each span of code."""
    for page in PAGES:
        yield from ((page.name, span) for span in SPAN.findall(page.read_text("utf-8")))


def test_files_and_names_in_the_documents_exist() -> None:
    found = set(spans())
    checked = [span for _, span in found if any(p.fullmatch(span) for p in (TEST, FOLDER, FILE, NAME))]
    assert len(checked) > 300
    assert [(*item, problem) for item in sorted(found) if (problem := problem_of(item[1]))] == []


def test_each_exception_is_still_needed() -> None:
    assert EXAMPLES - {span for _, span in spans()} == set()


def test_a_name_that_does_not_exist_is_a_problem() -> None:
    wrong = ["tests/unit/test_docs_names.py::test_nothing", "docs/planing.md", "decide/decided.py"]
    wrong += ["load_fact", "ticket.state_of_it", "NotificationSort"]
    right = ["tests/unit/test_docs.py", "mailbot/core/", "decide/decide.py", "load_facts", "NotificationKind"]
    assert [span for span in (*wrong, *right) if problem_of(span)] == wrong
