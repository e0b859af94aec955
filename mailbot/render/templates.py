"""Find the templates, and configure jinja2 for them."""

from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
)
from jinja2.bccache import Bucket, BytecodeCache
from markupsafe import Markup, escape

from mailbot.colour import lighten_for_dark_mode
from mailbot.render.help import help_lists, short_lists
from mailbot.render.old_names import OldFilesLoader, OldName, find_old_names
from mailbot.sanitize import clean, one_line

COLOUR = "#1a5f8f"

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


def _unbroken(text: str) -> Markup:
    """Return a text as HTML that stays in one line: programs break a ticket's key at its hyphen."""
    return Markup('<span style="white-space:nowrap">{}</span>').format(text)


def _unbroken_words(text: str) -> Markup:
    """Return a text as HTML whose words are not broken, as programs do at the dash of "Mo–Fr"."""
    return Markup(" ").join(map(_unbroken, text.split(" ")))


def _quoted(text: str) -> str:
    """Return a person's text with "> " before each line (RFC 3676, 4.5), so that it is visibly theirs."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().split("\n"))


class BrokenTemplateError(Exception):
    """A template cannot be rendered; the text names it and has jinja2's message."""


class Templates:
    """The operator's templates before the packaged ones, file by file; each is compiled once.

    `colour` is that of buttons and links. A person's text is only ever a value in a template, never one.
    """

    def __init__(self, override: Path | None = None, colour: str = COLOUR) -> None:
        packaged = FileSystemLoader(_packaged())
        loader: BaseLoader = packaged
        if override is not None:
            loader = ChoiceLoader([_OwnFilesLoader(override), OldFilesLoader(override), packaged])
        self._override = override
        self._formal = _environment(loader, colour, informal=False)
        self._informal = _environment(loader, colour, informal=True)
        self._own = {
            informal: _environment(packaged, colour, informal=informal) for informal in (False, True)
        }
        self._words: dict[tuple[str, bool, str], Mapping[str, object]] = {}

    def get(self, name: str, *, informal: bool = False) -> Template:
        """Return the template of that name; raise `jinja2.TemplateError` where it is missing or wrong."""
        return (self._informal if informal else self._formal).get_template(name)

    def old_names(self) -> list[OldName]:
        """Return the names in the operator's templates that a later version does not accept any more."""
        return list(find_old_names(self._override, self._formal)) if self._override is not None else []

    def words(
        self, language: str, *, informal: bool = False, second_level: str = "Second-Level"
    ) -> Mapping[str, object]:
        """Return the labels and phrases of a language, as its words.txt.j2 sets them.

        `second_level` is the name of that team.

        An operator's file of an earlier version lacks the newest phrases: the packaged ones are taken.
        Its lists `help_requester`, `help_supporter` and `help_second_level` replace those made of `help`.
        """
        key = language, informal, second_level
        if key not in self._words:
            self._words[key] = self._read_words(*key)
        return self._words[key]

    def _read_words(self, language: str, informal: bool, second_level: str) -> Mapping[str, object]:
        name, names = f"{language}/words.txt.j2", {"second_level": second_level}
        words = vars(self.get(name, informal=informal).make_module(names))
        packaged = vars(self._own[informal].get_template(name).make_module(names))
        found = {**packaged, **{key: _with_defaults(packaged.get(key), own) for key, own in words.items()}}
        return {**help_lists(found["help"]), **short_lists(found), **found}


def _with_defaults(packaged: object, own: object) -> object:
    # A file of an earlier version lacks the newest words of a table.
    both = isinstance(packaged, dict) and isinstance(own, dict)
    return {**packaged, **own} if both else own  # type: ignore[dict-item]


def _formal_form(formal: str, _informal: str) -> str:
    return formal


def _informal_form(_formal: str, informal: str) -> str:
    return informal


class _OwnFilesLoader(FileSystemLoader):
    """Names the operator's file that is in another encoding; the decoder's message does not."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return the source of a template; raise `jinja2.TemplateError` if it is not in UTF-8."""
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            file = Path(self.searchpath[0], template)
            line = error.object[: error.start].count(b"\n") + 1
            raise TemplateError(f"{file} is not in UTF-8 (line {line}); save it in this encoding") from error


class _CompiledTemplates(BytecodeCache):
    """Keeps the compiled templates in memory, so that all environments compile each file once."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Return the code of a file with this name and content."""
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the code of a file."""
        if bucket.code is not None:
            self._code[bucket.key, bucket.checksum] = bucket.code


_compiled_templates = _CompiledTemplates()


class _Environment(Environment):
    """Gives templates their globals as a dict; jinja2 copies a ChainMap slowly, and often."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals of the environment, replaced by those of a template."""
        return {**self.globals, **(d or {})}


def _environment(loader: BaseLoader, colour: str, *, informal: bool) -> Environment:
    environment = _Environment(
        loader=loader,
        autoescape=_autoescape,  # all but *.txt.j2
        # A misspelt name in an operator's template is an error, and no gap in a mail.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,  # without a limit
        bytecode_cache=_compiled_templates,
    )
    environment.filters |= {
        "one_line": one_line,
        "prose": _prose,
        "quoted": _quoted,
        "unbroken": _unbroken,
        "unbroken_words": _unbroken_words,
    }
    environment.globals |= {
        "colour": colour,
        "colour_on_dark": lighten_for_dark_mode(colour),
        "you": _informal_form if informal else _formal_form,
    }
    return environment
