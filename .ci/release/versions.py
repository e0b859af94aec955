"""Refuse a release whose version, CHANGELOG section, tag and tree disagree (`make release`)."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

from mailbot import __version__

ROOT = Path(__file__).parents[2]
_SECTION = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<date>\S+))?$", re.MULTILINE)


def newest_release(changelog: str | None = None) -> tuple[str, str]:
    """Return version and date of the newest release in CHANGELOG.md; raise LookupError without one."""
    text = changelog or (ROOT / "CHANGELOG.md").read_text("utf-8")
    for section in _SECTION.finditer(text):
        if section["name"] != "Unreleased":
            return section["name"], section["date"] or ""
    raise LookupError("CHANGELOG.md has no released section")


def problems(version: str, changelog: str, tags: list[str], changed: list[str]) -> list[str]:
    """Return a sentence for each thing that disagrees with the version; `changed` are files."""
    released, day = newest_release(changelog)
    found = []
    if released != version:
        found.append(f"mailbot/__init__.py has {version}, the newest section of CHANGELOG.md is {released}")
    if not _is_date(day):
        found.append(f"CHANGELOG.md: the section of {released} needs its date: ## [{released}] - YYYY-MM-DD")
    unreleased = changelog.partition("## [Unreleased]")[2].partition("\n## [")[0]
    if unreleased.strip():
        found.append(f"CHANGELOG.md: what is in [Unreleased] belongs into the section of {version}")
    if f"v{version}" not in tags:
        found.append(f"this commit has no tag v{version}: git tag v{version}")
    if changed:
        found.append(f"the tree differs from the commit: {', '.join(changed[:5])}")
    return found


def _is_date(day: str) -> bool:
    try:
        return bool(date.fromisoformat(day))
    except ValueError:
        return False


def _git(*arguments: str) -> list[str]:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def main() -> int:
    """Print each problem; return 1 if there is one."""
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    changed = [line[3:] for line in _git("status", "--porcelain")]
    found = problems(__version__, changelog, _git("tag", "--points-at", "HEAD"), changed)
    for problem in found:
        print(problem, file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
