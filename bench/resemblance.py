"""Measure how often reports of one problem resemble each other, and how often those of others do.

python -m bench.resemblance

`resemblance.txt` has made-up reports of seven problems of a whole school. The reports of different problems
are from there, and from `saved_answers.txt`: two hundred, whose words did not choose the threshold.
"""

import random
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import combinations
from pathlib import Path
from statistics import median

from bench.saved_answers import Problem, share
from bench.saved_answers import read as read_everyday
from mailbot.core.decide.same_problem import same_problem
from mailbot.core.model.mail import Address
from mailbot.core.model.ticket import OpenReport
from mailbot.core.text.resemblance import resembles
from mailbot.core.text.words import TermSet, terms

DATA = Path(__file__).with_suffix(".txt")
EVERYDAY = ("Beamer 204 geht nicht", "Drucker im Lehrerzimmer geht nicht", "WLAN geht nicht")
GROUPS = 20_000


def read() -> list[Problem]:
    """Return the reports of the problems of a whole school; `right` is the problem."""
    problems: list[Problem] = []
    name = ""
    for line in DATA.read_text("utf-8").splitlines():
        if line.startswith("="):
            name = line[1:].strip()
        else:
            subject, _, text = line[2:].partition("|")
            problems.append(Problem(name, subject.strip(), text.strip()))
    return problems


@cache
def terms_of(problem: Problem) -> TermSet:
    """Return the words of a report."""
    return terms("GYM", problem.subject, problem.text, None)


def grouped(reports: Sequence[TermSet]) -> bool:
    """Return whether each of these reports resembles the others."""
    return all(resembles(one, other) for one, other in combinations(reports, 2))


def pairs(problems: Iterable[Problem], *, same: bool) -> list[bool]:
    """Return of each pair of reports of the same problem, or of different ones, whether they resemble."""
    return [
        resembles(terms_of(one), terms_of(other))
        for one, other in combinations(problems, 2)
        if (one.right == other.right) is same
    ]


def offered(reports: Sequence[Problem], rng: random.Random, groups: int = GROUPS) -> list[bool]:
    """Return of random groups of three reports whether each resembles the others."""
    found = [terms_of(report) for report in reports]
    return [grouped(rng.sample(found, 3)) for _ in range(groups)]


def first_offer(reports: Sequence[Problem], rng: random.Random) -> int:
    """Return after how many reports in random order a bundle is offered; one more than all if never."""
    opened = datetime(2026, 11, 23, tzinfo=UTC)
    requester = Address("teacher@school.example")
    order = rng.sample(reports, len(reports))
    earlier: tuple[OpenReport, ...] = ()
    for number, report in enumerate(order, 1):
        new = OpenReport("GYM", number, report.subject, requester, opened, None, report.text)
        if same_problem(new, earlier):
            return number
        earlier = (*earlier, new)
    return len(order) + 1


def everyday() -> list[Problem]:
    """Return the problems that chose no threshold here."""
    return read_everyday()[1]


def main() -> int:
    """Print the figures."""
    rng = random.Random(1)
    outages, ordinary = read(), everyday()
    print(f"reports of one problem of a whole school, in pairs: {share(pairs(outages, same=True))}")
    for name in dict.fromkeys(problem.right for problem in outages):
        of_one = [problem for problem in outages if problem.right == name]
        offers = [first_offer(of_one, rng) for _ in range(200)]
        print(
            f"  {name} ({len(of_one)} reports): {share(pairs(of_one, same=True))};"
            f" a bundle is offered with report {median(offers):.0f} (median)"
        )
    print(f"reports of two such problems, in pairs: {share(pairs(outages, same=False))}")
    print(f"everyday reports of two problems, in pairs: {share(pairs(ordinary, same=False))}")
    print(f"three random everyday reports are taken for one problem: {share(offered(ordinary, rng))}")
    three = [terms("GYM", subject, "", None) for subject in EVERYDAY]
    alike = share(resembles(one, other) for one, other in combinations(three, 2))
    print(f"projector, printer and network in pairs: {alike}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
