"""Where the templates are, and how jinja2 reads them."""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from mailbot.core.printable import clean, one_line

_PACKAGE = Path(__file__).parent.parent


def _packaged() -> Path:
    """Return the templates that came with the program: in the wheel, else beside the package."""
    inside = _PACKAGE / "templates"
    return inside if inside.is_dir() else _PACKAGE.parent / "templates"


def _autoescape(name: str | None) -> bool:
    return name is None or not name.endswith(".txt.j2")


def _prose(text: str) -> Markup:
    """Return a person's text as HTML that looks the same, also where `white-space` is not understood."""
    lines = (escape(line.expandtabs(4)) for line in clean(text).strip().split("\n"))
    return Markup("<br>\n").join(line.replace("  ", Markup("&nbsp; ")) for line in lines)


class BrokenTemplateError(Exception):
    """A letter could not be put into words: which one, and what jinja2 said."""


class Templates:
    """The operator's templates before the packaged ones, file by file; each is compiled once.

    A person's text is only ever a value in a template, never a template.
    """

    def __init__(self, override: Path | None = None) -> None:
        folders = [folder for folder in (override, _packaged()) if folder is not None]
        self._environment = Environment(
            loader=FileSystemLoader(folders),
            autoescape=_autoescape,  # noqa: S701 - all but *.txt.j2
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= {"one_line": one_line, "prose": _prose}

    def get(self, name: str) -> Template:
        """Return the template of that name; raise `jinja2.TemplateError` where it is missing or wrong."""
        return self._environment.get_template(name)

    def words(self, language: str) -> Mapping[str, object]:
        """Return the labels and phrases of a language, as its words.txt.j2 sets them."""
        return vars(self.get(f"{language}/words.txt.j2").module)
