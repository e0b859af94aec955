"""Measure how often the right saved answer is offered for a new ticket, and how often it is the tip.

python -m bench.saved_answers

`saved_answers.txt` has twenty saved answers and two hundred problems of schools; forty problems have no
answer. Every second problem chose the threshold of offers; the figures are those of the others, too.

All problems chose what makes a tip. A wrong tip is most likely if the right answer is missing, or if the
school has few: so tips are measured without the right answer, and with four groups of five answers, too.
`near_misses.txt` has eighty problems that were made to mislead: they are about the thing of an answer, but
no answer solves them. The last forty have the words of its name as their subject.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailbot.core.text.words import content_words, terms
from mailbot.store.ranking import AnswerWords, choose_tip, rank_answers, score_answers

DATA = Path(__file__).with_suffix(".txt")
NEAR_MISSES = DATA.with_name("near_misses.txt")
FEW = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem, and the name of its right answer, "" if there is none."""

    right: str
    subject: str
    text: str


def near_misses() -> list[Problem]:
    """Return the problems that only sound as if an answer solved them."""
    lines = NEAR_MISSES.read_text("utf-8").splitlines()
    return [Problem("", *line.removeprefix("- ").split(" | ", 1)) for line in lines]


def read() -> tuple[dict[str, AnswerWords], list[Problem]]:
    """Return the answers by name, and the problems."""
    answers: dict[str, AnswerWords] = {}
    problems: list[Problem] = []
    name = ""
    for line in DATA.read_text("utf-8").splitlines():
        if line.startswith("="):
            name = line[1:].strip()
        elif line.startswith("- "):
            subject, _, text = line[2:].partition(" | ")
            problems.append(Problem(name, subject, text))
        else:
            answers[name] = AnswerWords(
                frozenset(content_words(name)), frozenset(content_words(f"{name} {line}"))
            )
    return answers, problems


def offered(answers: dict[str, AnswerWords], problem: Problem) -> tuple[str, ...]:
    """Return the names of the offered answers, the best first."""
    return rank_answers(score_answers(terms("GYM", problem.subject, problem.text, None), answers))


def figures(answers: dict[str, AnswerWords], problems: Sequence[Problem]) -> Iterator[tuple[str, str]]:
    """Yield what is measured, and its value."""
    found = [(problem, offered(answers, problem)) for problem in problems]
    answered = [(problem.right, names) for problem, names in found if problem.right]
    others = [names for problem, names in found if not problem.right]
    any_offer = [names for _, names in found if names]
    yield "the right one is among the offered", share((right in names for right, names in answered))
    yield "the right one is the first", share((names[:1] == (right,) for right, names in answered))
    yield "nothing is offered, although one is right", share((not names for _, names in answered))
    yield (
        "only wrong ones are offered",
        share((bool(names) and right not in names for right, names in answered)),
    )
    yield "something is offered, although none is right", share(bool(names) for names in others)
    yield "offered answers, where there are any", f"{sum(map(len, any_offer)) / max(len(any_offer), 1):.1f}"


def tip(answers: dict[str, AnswerWords], problem: Problem) -> str:
    """Return the name of the tip for a problem, "" if there is none."""
    found = terms("GYM", problem.subject, problem.text, None)
    return choose_tip(found, answers, score_answers(found, answers)) or ""


def without(answers: dict[str, AnswerWords], name: str) -> dict[str, AnswerWords]:
    """Return the other answers."""
    return {other: words for other, words in answers.items() if other != name}


def groups(answers: dict[str, AnswerWords], size: int) -> Iterator[dict[str, AnswerWords]]:
    """Yield groups of answers, as schools with few answers have them."""
    count = len(answers) // size
    for first in range(count):
        yield dict(list(answers.items())[first::count])


def tip_figures(answers: dict[str, AnswerWords], problems: Sequence[Problem]) -> Iterator[tuple[str, str]]:
    """Yield what is measured of tips, and its value."""
    found = [(problem.right, tip(answers, problem)) for problem in problems]
    answered = [(right, name) for right, name in found if right]
    yield "the right tip", share((name == right for right, name in answered))
    yield (
        "a wrong tip, although another is right",
        share((name not in ("", right) for right, name in answered)),
    )
    yield "a wrong tip, although none is right", share(name != "" for right, name in found if not right)
    missing = [tip(without(answers, one.right), one) for one in problems if one.right]
    yield "a wrong tip without the right answer", share(name != "" for name in missing)
    few = [(one.right, tip(known, one)) for known in groups(answers, FEW) for one in problems]
    yield f"a wrong tip with {FEW} answers", share(name not in ("", right) for right, name in few)
    yield "a wrong tip for a problem made to mislead", share(tip(answers, one) != "" for one in near_misses())


def with_uses(answers: dict[str, AnswerWords], problems: Iterable[Problem]) -> dict[str, AnswerWords]:
    """Return the answers after they were used for these problems."""
    used: dict[str, list[str]] = {}
    for problem in problems:
        used.setdefault(problem.right, []).append(problem.subject)
    return {
        name: AnswerWords(words.name, words.text, frozenset(content_words(" ".join(used.get(name, ())))))
        for name, words in answers.items()
    }


def share(found: Iterable[bool]) -> str:
    """Return a share of all as a text."""
    values = list(found)
    return f"{sum(values)} of {len(values)} ({sum(values) / len(values):.0%})"


def main() -> int:
    """Print the figures."""
    answers, problems = read()
    chosen, held_out = problems[::2], problems[1::2]
    parts = (
        ("all problems", answers, problems),
        ("every second one, which did not choose the threshold of offers", answers, held_out),
        ("the same, after the answers were used for the others", with_uses(answers, chosen), held_out),
    )
    for title, known, measured in parts:
        print(f"\n{title}: {len(measured)}")
        for what, value in (*figures(known, measured), *tip_figures(known, measured)):
            print(f"  {what}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
