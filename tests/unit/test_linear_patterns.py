"""Every pattern that text of a mail can reach takes linear time, or its input is bounded."""

import re
from pathlib import Path

import mailbot
from tests.support.pattern_check import modules, patterns, suspicion

REACHED = ("mailbot.core", "mailbot.parse", "mailbot.sanitize", "mailbot.redaction", "mailbot.addresses")

# Why a pattern that the check suspects is harmless.
_MATCHED = "match() or \\A: it begins at one place only"
_ALWAYS = "the last repetition matches every rest, so that nothing is tried twice"
_SHORT = "its input has at most 500 characters"
_SINGLE = "its input has no two blanks in a row"
REVIEWED = {
    **dict.fromkeys(("BULK_WORD", "AUTO_PRECEDENCE", "_REPLY", "_PREFIXES"), _MATCHED),
    **dict.fromkeys(("_FIELD", "_PARAMETER", "_SENTENCE", "_BASE64", "LINE", "_ADDRESS"), _ALWAYS),
    **dict.fromkeys(("_GMAIL_WITHOUT_COLON", "_SEPARATOR", "_SCANNED", "_ABOUT_MAIL", "_LENGTH"), _SHORT),
    **dict.fromkeys(("_TAG", "_PREFIX"), _SINGLE),
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
    assert found == set()


def test_patterns_that_are_not_linear_are_found() -> None:
    for source in (r"(?:\w+[_-])*\w*signature", r"[A-Z][\w&]*(?:[ &]+[\w&]+){0,5}", r"-{3,}.{3,900}-{3,}$"):
        assert suspicion(re.compile(source), searched=False), source
    assert suspicion(re.compile(r"\S*://"), searched=True)


def test_linear_patterns_are_not_suspected() -> None:
    for source in (r"(?<!\w)\w+@", r"\w+-\d+", r"(?:[ ,/&]++[\w&]++)*+", r"[a-z]{1,100}@", r"\s*x\s*$"):
        assert not suspicion(re.compile(source), searched=source.startswith("(?<!")), source
