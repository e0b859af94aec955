"""Find compiled patterns, and those of them that may take more than linear time (a static check).

A pattern is suspicious if a run of one character can be divided between two long repetitions in many ways.
It is also suspicious if a search can begin at each character of such a run and follow it to its end. Sets
of characters are compared by a sample of the alphabet.
"""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from types import ModuleType
from typing import Any

LONG = 500
"""A repetition with a larger maximum counts as unbounded."""
SAMPLE = (*map(chr, range(128)), *"\x85\xa0\xadßäА\u200b–：😀")

_REPEATS = tuple(
    getattr(sre, name) for name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") if hasattr(sre, name)
)
_POSSESSIVE = getattr(sre, "POSSESSIVE_REPEAT", None)

Set = frozenset[str]
_ALL: Set = frozenset(SAMPLE)
# One step of a way through a pattern: the characters that it matches, and whether it repeats them.
Step = tuple[Set, bool]


def modules(*names: str) -> Iterator[ModuleType]:
    """Yield modules and all modules of packages."""
    for name in names:
        module = importlib.import_module(name)
        yield module
        for found in pkgutil.walk_packages(getattr(module, "__path__", []), f"{name}."):
            yield importlib.import_module(found.name)


def patterns(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Yield the compiled patterns of a module with their names, also those inside of tables."""
    for name, value in vars(module).items():
        yield from ((name, pattern) for pattern in _inside(value, 3))


_SEARCHES = ("search", "sub", "subn", "split", "findall", "finditer")


def inline_patterns(module: ModuleType) -> Iterator[tuple[str, re.Pattern[Any], bool]]:
    """Yield the patterns that calls of `re` in functions have, with their text and whether they search.

    A pattern that is not a literal is yielded as one that is suspicious, so that it is reviewed.
    """
    source = Path(module.__file__ or "").read_text("utf-8")
    if "re." not in source:
        return
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.Lambda)]
    for call in {node for function in functions for node in ast.walk(function)}:
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
            continue
        name, owner = call.func.attr, call.func.value
        if name not in (*_SEARCHES, "match", "fullmatch", "compile") or ast.unparse(owner) != "re":
            continue
        try:
            pattern = re.compile(ast.literal_eval(call.args[0]), _flags(call))
        except (ValueError, TypeError):
            yield ast.unparse(call.args[0]), _UNKNOWN, True
        else:
            yield str(pattern.pattern), pattern, name in _SEARCHES


_UNKNOWN = re.compile(r"\S*x")


def _flags(call: ast.Call) -> int:
    """Return the flags of a call of `re`, as its keyword or by their names among its arguments."""
    named = [ast.unparse(node) for node in (*call.args[1:], *(key.value for key in call.keywords))]
    return sum(getattr(re, name[3:]) for name in named if re.fullmatch(r"re\.[A-Z]+", name))


def _inside(value: Any, depth: int) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, Mapping):
        for item in (*value.keys(), *value.values()):
            yield from _inside(item, depth - 1)
    elif depth and isinstance(value, (list, tuple, set, frozenset)):
        for item in value:
            yield from _inside(item, depth - 1)
    elif depth and hasattr(type(value), "__dataclass_fields__"):
        for name in type(value).__dataclass_fields__:
            yield from _inside(getattr(value, name, None), depth - 1)


def suspicion(pattern: re.Pattern[Any], *, searched: bool) -> str:
    """Return why a pattern may take more than linear time, or ""; `searched`: it may match anywhere."""
    flags = pattern.flags
    for way in _ways(list(_parser.parse(pattern.pattern, flags)), flags):
        if found := _adjacent(way):
            return f"two repetitions share {found!r}"
        if searched and (found := _leading(way)):
            return f"a search begins at each {found!r} of a run"
    return ""


def _adjacent(way: list[Step]) -> str:
    """Return a character that two repetitions and all between them match, or ""."""
    for first, (chars, repeats) in enumerate(way):
        if not repeats:
            continue
        shared = chars
        for others, repeated in way[first + 1 :]:
            shared = shared & others
            if not shared:
                break
            if repeated:
                return min(shared)
    return ""


def _leading(way: list[Step]) -> str:
    """Return a character of a repetition that a search reaches by the same character, or ""."""
    shared: Set = frozenset(SAMPLE)
    for at, (chars, repeats) in enumerate(way):
        shared = shared & chars
        if not shared:
            return ""
        if repeats:
            return min(shared) if at + 1 < len(way) else ""
    return ""


_MAX_WAYS = 60


def _ways(nodes: list[Any], flags: int) -> list[list[Step]]:
    """Return ways through a pattern: with and without each optional node, and two rounds of long ones."""
    found: list[list[Step]] = [[]]
    for kind, value in nodes:
        options = _options(kind, value, flags)
        ways = ((*way, *option) for way in found for option in options)
        found = [list(way) for way in islice(dict.fromkeys(ways), _MAX_WAYS)]
    return found


def _options(kind: Any, value: Any, flags: int) -> list[list[Step]]:
    if kind in _REPEATS:
        return _repeated(kind, value, flags)
    if kind is sre.SUBPATTERN:
        return _ways(list(value[3]), (flags | value[1]) & ~value[2])
    if kind is getattr(sre, "ATOMIC_GROUP", None):
        return _ways(list(value), flags)
    if kind is sre.BRANCH:
        return [way for branch in value[1] for way in _ways(list(branch), flags)]
    if kind is sre.ASSERT_NOT and value[0] < 0 and len(value[1]) == 1:
        return [[(_ALL - _characters(value[1][0], flags), False)]]  # the character before
    if kind in (sre.AT, sre.ASSERT, sre.ASSERT_NOT, sre.GROUPREF, sre.GROUPREF_EXISTS):
        return [[]]
    return [[(_characters((kind, value), flags), False)]]


def _repeated(kind: Any, value: Any, flags: int) -> list[list[Step]]:
    least, most, body = value
    body = list(body)
    if most is not sre.MAXREPEAT and most <= LONG:
        ways = _ways(body, flags)
        return [*([[]] if least == 0 else []), *ways]
    if kind is _POSSESSIVE:
        return [[]]
    if len(body) == 1 and body[0][0] in (sre.IN, sre.LITERAL, sre.NOT_LITERAL, sre.ANY):
        step: Step = (_characters(body[0], flags), True)
        return [[step]]
    ways = _ways(body, flags)
    # a repetition of one step in many ways is a run of it; else two rounds follow each other
    runs = [[(way[0][0], True)] for way in ways if len(way) == 1]
    return [*runs, *([*way, *way] for way in ways if len(way) > 1), *([[]] if least == 0 else [])]


_known: dict[tuple[str, int], Set] = {}


def _characters(node: tuple[Any, Any], flags: int) -> Set:
    """Return the characters of the sample that a node matches."""
    flags &= re.I | re.S | re.A
    key = (repr(node), flags)
    if key not in _known:
        _known[key] = _matched(*node, flags)
    return _known[key]


def _matched(kind: Any, value: Any, flags: int) -> Set:
    if kind is sre.ANY:
        return frozenset(SAMPLE if flags & re.S else (char for char in SAMPLE if char != "\n"))
    if kind not in (sre.IN, sre.LITERAL, sre.NOT_LITERAL):
        return _ALL
    single = _single(_parser.SubPattern(_parser.State(), [(kind, value)]), flags)
    return frozenset(char for char in SAMPLE if single.match(char))


def _single(node: Any, flags: int) -> re.Pattern[str]:
    from re import _compiler  # type: ignore[attr-defined]

    node.state.str = ""
    node.state.flags = flags & (re.I | re.S | re.M | re.A) | (0 if flags & re.A else re.U)
    compiled: re.Pattern[str] = _compiler.compile(node, node.state.flags)
    return compiled
