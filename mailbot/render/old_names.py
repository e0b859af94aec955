"""Old names in an operator's own templates: accept them for one release, and report them.

Remove the files, `notice` and `ninetieth` in 0.3, `told` and `step` in 0.4.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, TemplateNotFound, TemplateSyntaxError, meta, nodes

FILES = {
    "added_to_cc": "copied",
    "assigned_info": "taken",
    "command_receipt": "done",
    "ticket_details": "sheet",
}
"""New and old name of a pair of templates."""

_FILES_BY_OLD_NAME = {old: new for new, old in FILES.items()}
_VALUES = {"notice": "notification", "ninetieth": "p90", "told": "notified", "step": "stage"}


class OldName(NamedTuple):
    """An old name in a file of the operator, and its new name."""

    file: Path
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.file}: {self.old} is now {self.new}"


class OldFilesLoader(FileSystemLoader):
    """Find the file of a renamed template under its old name."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return the source of the template's old file; raise `jinja2.TemplateNotFound`."""
        folder, _, name = template.rpartition("/")
        kind, dot, suffix = name.partition(".")
        if not folder or kind not in FILES:
            raise TemplateNotFound(template)
        return super().get_source(environment, f"{folder}/{FILES[kind]}{dot}{suffix}")


def find_old_names(folder: Path, environment: Environment) -> Iterator[OldName]:
    """Yield the old names in the templates below a folder; an unreadable one is skipped."""
    for file in sorted(folder.glob("*/informal.txt")):
        yield OldName(file, file.name, 'you("Sie …", "du …") within the templates')
    for file in sorted(folder.rglob("*.j2")):
        kind, _, suffix = file.name.partition(".")
        if kind in _FILES_BY_OLD_NAME and file.parent != folder and file.parent.name != "parts":
            yield OldName(file, file.name, f"{_FILES_BY_OLD_NAME[kind]}.{suffix}")
        if not file.is_file():
            continue  # jinja2 skips it too; reading a FIFO would block
        try:
            found = _old_names_in(file.read_text("utf-8"), environment)
        except (TemplateSyntaxError, OSError, ValueError):
            continue
        yield from (OldName(file, *name) for name in sorted(found))


def _old_names_in(text: str, environment: Environment) -> set[tuple[str, str]]:
    if not any(old in text for old in _VALUES):
        return set()  # most templates: parsing all takes more than a second
    source = environment.parse(text)
    attributes = {node.attr for node in source.find_all(nodes.Getattr) if not _is_word(node)}
    used = meta.find_undeclared_variables(source) | attributes
    return {(old, new) for old, new in _VALUES.items() if old in used}


def _is_word(node: nodes.Getattr) -> bool:
    """Return whether a name is that of a text in `words.txt.j2`, where some old names remain."""
    return isinstance(node.node, nodes.Name) and node.node.name == "words"
