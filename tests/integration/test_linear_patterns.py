"""Every pattern that text of a mail can reach takes linear time, or its input is bounded."""

import re
from pathlib import Path
from types import ModuleType

import mailbot
from tests.support.pattern_check import inline_patterns, modules, patterns, suspicion

REACHED = (
    *("mailbot.core", "mailbot.parse", "mailbot.sanitize", "mailbot.redaction", "mailbot.addresses"),
    *(
        "mailbot.config",
        "mailbot.privacy",
        "mailbot.render",
        "mailbot.smtp",
        "mailbot.inbox",
        "mailbot.network",
    ),
)

# Why a pattern that the check suspects is harmless.
_MATCHED = "match() or \\A: it begins at one place only"
_ALWAYS = "the last repetition matches every rest, so that nothing is tried twice"
_SHORT = "its input has at most 500 characters"
_LINE_START = "it begins at the start of a line or of the text"
_SINGLE = "its input has no two blanks in a row"
REVIEWED = {
    **dict.fromkeys(("BULK_WORD", "AUTO_PRECEDENCE", "_REPLY", "_PREFIXES"), _MATCHED),
    **dict.fromkeys(("_FIELD", "_PARAMETER", "_SENTENCE", "_BASE64", "LINE", "_ADDRESS"), _ALWAYS),
    **dict.fromkeys(("_GMAIL_WITHOUT_COLON", "_SEPARATOR", "_SCANNED", "_ABOUT_MAIL", "_LENGTH"), _SHORT),
    **dict.fromkeys(("_TAG", "_PREFIX"), _SINGLE),
    **dict.fromkeys(("_STATUS", "_ADDRESSES", "_VARYING", "rule.status", "pattern"), _SHORT),
    **dict.fromkeys((r"(?m)^[> ]*\0\n?|\0", r"^\s*<\?xml[^>]{0,200}\?>"), _LINE_START),
    "_CREDENTIALS": "a value that the operator wrote",
    "bounded or '(?!)'": "a word of a name comes before each repetition",
    "spread": "a password, with blanks between its characters, in a reply of at most 10,000 characters",
    "_RETURNED": "1,500 characters of text",
    "_DATED": "8,000 characters of text",
    "_RULE": "its run of dashes is possessive; between them are at most 60 characters",
    "_FRAMED": "its run of dashes ends where they end; between them are at most 60 characters",
    "_CONTACT": "the lines of a signature",
    "_NO_NAME": "a name of two parts in one header field",
}


def test_no_pattern_may_take_more_than_linear_time() -> None:
    code = "\n".join(path.read_text() for path in Path(mailbot.__file__).parent.rglob("*.py"))
    called = set(re.findall(r"\b(\w+)\.(?:search|finditer|findall|sub|split)\(", code))
    found = {
        f"{module.__name__}.{name}: {why}"
        for module in modules(*REACHED)
        for name, pattern in patterns(module)
        if name not in REVIEWED and (why := suspicion(pattern, searched=name in called))
    }
    found |= {
        f"{module.__name__}, in a function: {text}: {why}"
        for module in modules(*REACHED)
        for text, pattern, searched in inline_patterns(module)
        if text not in REVIEWED and (why := suspicion(pattern, searched=searched))
    }
    assert found == set()


def test_patterns_that_are_not_linear_are_found() -> None:
    for source in (r"(?:\w+[_-])*\w*signature", r"[A-Z][\w&]*(?:[ &]+[\w&]+){0,5}", r"-{3,}.{3,900}-{3,}$"):
        assert suspicion(re.compile(source), searched=False), source
    assert suspicion(re.compile(r"\S*://"), searched=True)


def test_patterns_in_functions_are_found(tmp_path: Path) -> None:
    module = ModuleType("m")
    module.__file__ = str(tmp_path / "m.py")
    Path(module.__file__).write_text(
        "def f(x):\n    return re.sub(r'\\S*x', '', x, flags=re.I), re.match(x, x)\n"
    )
    found = {(text, bool(suspicion(p, searched=s))) for text, p, s in inline_patterns(module)}
    assert found == {(r"\S*x", True), ("x", True)}


def test_linear_patterns_are_not_suspected() -> None:
    for source in (r"(?<!\w)\w+@", r"\w+-\d+", r"(?:[ ,/&]++[\w&]++)*+", r"[a-z]{1,100}@", r"\s*x\s*$"):
        assert not suspicion(re.compile(source), searched=source.startswith("(?<!")), source
