"""Find the open tickets that report the same problem as a new one."""

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from mailbot.core.model.ticket import MAX_BUNDLE, OpenReport
from mailbot.core.text.resemblance import resembles
from mailbot.core.text.words import TermSet, terms

WITHIN = timedelta(hours=2)
"""The time within which tickets that resemble each other are offered as a bundle."""
MIN_OTHERS = 2
"""The number of earlier tickets from which a bundle is offered."""
MAX_OFFERED = 5
"""The number of earlier tickets that are shown, and that one tap bundles."""
MAX_COMPARED = 2_000
"""Characters of a text that are compared, from its start."""


def same_problem(new: OpenReport, reports: Sequence[OpenReport]) -> tuple[OpenReport, ...]:
    """Return the ticket that leads an open bundle which a new one resembles, and which has room for it.

    If there is none, return the tickets of the last two hours that resemble it and each other, at least two,
    else nothing.
    """
    if not reports:
        return ()
    problem = _terms(new)
    compared = ((report, _terms(report)) for report in reports)
    similar = [(report, words) for report, words in compared if resembles(problem, words)]
    leading = {report.number: report for report in reports if report.leads}
    for report, _ in similar:
        size = sum(1 for other in reports if other.bundle == report.bundle)
        if report.bundle in leading and size < MAX_BUNDLE:
            return (leading[report.bundle],)
    recent = [
        (report, words)
        for report, words in sorted(similar, key=lambda found: found[0].number)
        if report.bundle is None and new.opened - report.opened <= WITHIN
    ]
    groups = (_group(recent[first:]) for first in range(len(recent)))
    return next((group[:MAX_OFFERED] for group in groups if len(group) >= MIN_OTHERS), ())


def _group(candidates: Sequence[tuple[OpenReport, TermSet]]) -> tuple[OpenReport, ...]:
    """Return the first ticket and those that resemble it and each other."""
    group: list[tuple[OpenReport, TermSet]] = []
    for report, words in candidates:
        if all(resembles(words, other) for _, other in group):
            group.append((report, words))
    return tuple(report for report, _ in group)


def _terms(report: OpenReport) -> TermSet:
    return _cached_terms(report.school, report.subject, report.text[:MAX_COMPARED], report.requester)


_cached_terms = lru_cache(maxsize=256)(terms)  # each new ticket is compared with the same open ones
