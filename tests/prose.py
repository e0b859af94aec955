"""Refuse phrases and long sentences that make the project hard to read: `python -m tests.prose`.

Phrases are refused in:

- comments and docstrings of Python, and one-line strings of three words or more in mailbot/
- the names of tests and of their cases
- the text of Markdown
- comments in TOML, shell and make

Long sentences are refused in Python and Markdown. codespell knows single words only and does not tell prose
from code; proselint takes no patterns of one's own.
"""

import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path

_NO_CHARACTER = r"(?<!capital\s)(?<!(?:upper|lower)[-\s]case\s)(?<!(?:first|small)\s)(?<!run\sof\s)"
# What is refused (a space also matches the end of a line), and what to write instead.
PHRASES = (
    (r"nobody(?:'s)?", "“no one”, or a plain negative: “is not sent”"),
    (r"who(?:m|so)?ever", "“the person who”, “any worker that”"),
    (r"whatever (?:it|they) (?:was|were)", "name the cases"),
    (r"anew", "“again”"),
    (r"besides", "“also”, “next to”"),
    (r"so many(?! \w+ that)", "“a number of”, or the number"),
    (r"for ?ever", "“indefinitely”"),
    (r"bears|bearing", "“has”, “contains”"),
    (r"astray|aloud", "say what happens: “is wrong”, “with an error”"),
    (r"(?:is|are|was|were|be|been|being) had|to be had", "“is available”, “obtained”, “received”"),
    (r"(?:is|are|was|were|be|been|left) let be|lets? (?:it|them|her) be", "“is ignored”"),
    (r"(?:lies|lay|stands|stood) in(?! for)", "“is in”"),
    (r"(?<!in-)houses?", "“organisation”, or “sample” in tests"),
    (rf"{_NO_CHARACTER}letters?(?!,? (?:and|or) (?:digits?|a mark))", "“mail”, “notification”"),
    (r"(?-i:[Hh]e|[Hh]is|[Hh]im|[Hh]imself)", "“they”, “their”"),
    (r"doors?", "“entry point”"),
    (r"all the same", "“anyway”, “nevertheless”"),
    (r"forestall\w*|by and by|in vain", "a common word: “prevent”, “gradually”, “without success”"),
    (r"the living|anybody's|says? so", "say what it is or does"),
    (r"put(?:s|ting)? (?:it |them )?right|no business of", "“correct”, “unrelated to”"),
    (r"concerns? no|known for it", "say it without the negation or the pronoun"),
    (r"(?-i:Tell (?:what|who|whether)|Who of)", "“Show”, “Return”; “People who”"),
    (
        r"(?:is|are|was|were|be|been|being) told|tells? whether",
        "“is notified”, “is reported”; “whether” alone",
    ),
    (r"(?:an|the|with) own", "“its own”, “the operator's”, “another”"),
    (r"also (?:if|when|while|long after)", "“even if”, “even while”"),
    (r"mend(?:s|ed|ing)?", "“fix”, “repair”, “recover”"),
    (r"stands? (?:above|at|before|behind|below|beside|between|on)|stood", "“is”, “was”"),
    (
        r"(?<=[:;]\s)who (?:gives|sends|wrote|chose)|(?-i:(?<=\.\s)One (?:that|who|which))",
        "name the noun: “people who”, “a mail that”",
    ),
)
# What is refused in the names of tests as well. A name is a sentence about behaviour.
NAME_PHRASES = (
    (r"told|tells?", "“is reported”, “is notified”, “distinguishes”"),
    (r"hears?|heard", "“is notified”, “is received”"),
    (r"left alone|leaves? \w+ alone", "“is skipped”, “is ignored”"),
    (r"(?:some|every|any|no)body(?: s|s)?", "“a person”, “each person”, or the role"),
    (r"what(?:so)?ever", "“with any”, or name the cases"),
    (r"lies?|leaps?|lapses?|rests|astray", "“is in”, “jumps”, “expires”, “is off”"),
    (r"(?:do|does|no) harm|for the \w+ sake", "“is no error”, “is ignored”, “because of”"),
    (r"handle[sd]?|set aside|sets \w+ aside", "“is processed”, “is quarantined”"),
    (r"(?:looked|looks) (?:at|through)|carried out", "“is checked”, “is read”; “is executed”"),
    (r"falls? silent|in silence|no doubles", "“stops”, “without a mail”, “no duplicates”"),
    (r"goes on|goes before|goes up|is gone|go through", "“continues”, “takes precedence”, “is removed”"),
)
# A name in backticks is one word. A colon or semicolon ends a sentence: each part is one idea.
MOST_WORDS = 25
CHECKED = (
    "*.md",
    "docs/**/*.md",
    "mailbot/**/*.py",
    "tests/**/*.py",
    "bench/**/*.py",
    "*.toml",
    "config/*.toml",
    "*.service",
    "Makefile",
    ".ci/*",
    ".ci/**/*.py",
    ".deb/*",
)


def _compile(phrases: Sequence[tuple[str, str]]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(rf"\b(?:{p})\b".replace(" ", r"\s+"), re.IGNORECASE), advice) for p, advice in phrases
    )


_PHRASES, _NAME_PHRASES = _compile(PHRASES), _compile((*PHRASES, *NAME_PHRASES))
_TEST_NAME = re.compile(r"(?<=def )test_\w+")
_CASE_NAME = re.compile(r"""\bid=f?"([^"\\\n]+)\"""")
_MARKDOWN_CODE = re.compile(
    r"^```.*?^```|^(?: {4,}(?![-*] )|\t)[^\n]*$|`[^`\n]*`|\]\([^)\n]*\)", re.MULTILINE | re.DOTALL
)
_INLINE = re.compile(r"`[^`\n]+`|\]\(.*\)")
# Where a sentence ends: an empty line, an item of a list, a row or cell of a table, a heading, code, a mark.
_END = re.compile(r"\n[ \t]*(?=\n|[-*] |\d+\. |[#>])|\||(?<=[.!?:;])[)\"”*]*\s+")
_WORD = re.compile(r"`[^`]*`\S*|\S*[\w…]\S*")
_COMMENT = re.compile(r"(?<!\S)#.*$", re.MULTILINE)
_F_STRING = getattr(tokenize, "FSTRING_START", None), getattr(tokenize, "FSTRING_END", None)
_ENDS_STATEMENT = {tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


def problems(path: Path, source: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, phrase and advice for each refused phrase and each long sentence of a file."""
    prose = _prose(path, source)
    yield from _search(prose, _PHRASES)
    if path.suffix == ".md":
        yield from _long_sentences(prose)
    elif path.suffix == ".py":
        yield from _long_sentences(_only(source, _python(source, texts=False)))
    if path.parts[0] == "tests" and path.suffix == ".py":
        yield from _search(_names(source), _NAME_PHRASES)


def _search(text: str, phrases: Sequence[tuple[re.Pattern[str], str]]) -> Iterator[tuple[int, str, str]]:
    for pattern, advice in phrases:
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, " ".join(match[0].split()), advice


def _long_sentences(prose: str) -> Iterator[tuple[int, str, str]]:
    start = 0
    for begin, end in (*(match.span() for match in _END.finditer(prose)), (len(prose), 0)):
        words = _WORD.findall(prose, start, begin)
        if len(words) > MOST_WORDS:
            line = prose.count("\n", 0, prose.index(words[0], start)) + 1
            yield line, " ".join((*words[:6], "…")), f"{len(words)} words, at most {MOST_WORDS}: divide it"
        start = end


def _names(source: str) -> str:
    """Return the names of tests and of their cases as words, with "|" in place of the rest."""
    spans = sorted(
        (*(m.span() for m in _TEST_NAME.finditer(source)), *(m.span(1) for m in _CASE_NAME.finditer(source)))
    )
    return _only(source, spans).replace("_", " ")


def _prose(path: Path, source: str) -> str:
    """Return the source with "|" in place of code; lines stay where they are."""
    if path.suffix == ".md":
        return _MARKDOWN_CODE.sub(
            lambda match: "…" if _INLINE.fullmatch(match[0]) else _hide(match[0]), source
        )
    if path.suffix == ".py":
        spans = _python(source, texts=path.parts[0] == "mailbot" and "versions" not in path.parts)
    else:
        spans = (match.span() for match in _COMMENT.finditer(source))
    return _only(source, spans)


def _only(source: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return the source with "|" in place of all that is outside the spans."""
    text, done = "", 0
    for start, end in spans:
        text += _hide(source[done:start]) + source[start:end].lstrip("#")
        done = end
    return text + _hide(source[done:])


def _hide(code: str) -> str:
    return re.sub(r"\S.*", "|", code)


def _python(source: str, texts: bool) -> Iterator[tuple[int, int]]:
    """Yield where each comment and docstring begins and ends; with `texts` also sentences."""
    lines = list(accumulate(map(len, io.StringIO(source)), initial=0))
    begins_statement = True
    for token in _tokens(source, lines):
        is_text = token.type == tokenize.STRING and (
            begins_statement or (texts and _is_sentence(token.string))
        )
        if token.type == tokenize.COMMENT or is_text:
            yield lines[token.start[0] - 1] + token.start[1], lines[token.end[0] - 1] + token.end[1]
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            begins_statement = token.type in _ENDS_STATEMENT


def _tokens(source: str, lines: Sequence[int]) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens; an f-string is one token, as it is before Python 3.12."""
    start, depth = (0, 0), 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == _F_STRING[0]:
            start, depth = start if depth else token.start, depth + 1
        elif token.type == _F_STRING[1]:
            depth -= 1
            begin, end = (lines[line - 1] + column for line, column in (start, token.end))
            token = token._replace(type=tokenize.STRING, string=source[begin:end], start=start)  # noqa: PLW2901
        if not depth:
            yield token


def _is_sentence(string: str) -> bool:
    return string.count(" ") > 1 and not string.endswith('"""')


def main() -> int:
    """Print each refused phrase in the files of the working directory, and return the exit status."""
    found = [
        f"{path}:{line}: “{phrase}”: {advice}"
        for path in sorted(path for pattern in CHECKED for path in Path().glob(pattern) if path.is_file())
        for line, phrase, advice in sorted(problems(path, path.read_text("utf-8")))
    ]
    print("\n".join(found) or "No refused phrase found.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
