"""Rank tickets by the words of a search, or by their similarity to a new problem. Pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import log
from typing import TypeVar

from mailbot.core.text.signatures import is_signoff
from mailbot.core.text.words import TermSet, words

K = TypeVar("K")

MAX_SHOWN = 3
MAX_DOC_FREQUENCY = 300  # a word in more tickets of a school is ignored as too common
MIN_SCORE = 0.35  # as a share of the weight of all words that occur in the school
MIN_ANSWER_SCORE = 5.0  # from which a saved answer is offered; bench/saved_answers.py measures it
MAX_EXCERPT = 240
_IN_SUBJECT = 2.0
_IN_NAME, _IN_TICKETS = 2.5, 1.5
_COMPOUND = 0.8
_MIN_PART = 4
_MIN_ANSWERS = 10  # with fewer answers, a word is not yet known to be common
_SALUTATION = re.compile(
    r"(?:hallo|hi|hey|moin|servus|guten|liebe|sehr geehrte|dear|hello|good|bonjour|ch[eè]re?s?)\b.{0,60}",
    re.I,
)


def score(subject: str, searched: Iterable[str]) -> int:
    """Return the score of a subject: 2 for each searched word in it, 1 for each that is a prefix of one."""
    present = words(subject)
    return sum((word in present) + any(b.startswith(word) for b in present) for word in searched)


def rank_similar(problem: TermSet, postings: Mapping[str, Collection[int]], total: int) -> tuple[int, ...]:
    """Return the tickets that resemble a problem, the most similar first, then the newest.

    `postings` maps each word to the tickets that contain it; `total` is the number of all tickets. A ticket
    must share at least two words with the problem, one of them in its subject, and enough weight. Rare words
    weigh more.
    """
    weights = {
        word: log(1 + total / len(tickets)) * (_IN_SUBJECT if word in problem.subject else 1)
        for word, tickets in postings.items()
        if 0 < len(tickets) <= MAX_DOC_FREQUENCY
    }
    candidates = set[int]().union(*(postings[word] for word in weights if word in problem.subject))
    scores: defaultdict[int, float] = defaultdict(float)
    shared: Counter[int] = Counter()
    for word, weight in weights.items():
        for ticket in candidates.intersection(postings[word]):
            scores[ticket] += weight
            shared[ticket] += 1
    unseen = sum(
        not postings.get(word) for word in problem.subject
    )  # subject words that no ticket has also raise the threshold
    needed = MIN_SCORE * (sum(weights.values()) + unseen * log(1 + total))
    similar = [ticket for ticket, score in scores.items() if shared[ticket] > 1 and score >= needed]
    return tuple(sorted(similar, key=lambda ticket: (-scores[ticket], -ticket)))


@dataclass(frozen=True, slots=True)
class AnswerWords:
    """The words of a saved answer: of its name, of name and text, and of the tickets that it answered."""

    name: frozenset[str]
    text: frozenset[str]
    tickets: frozenset[str] = frozenset()


def rank_answers(problem: TermSet, answers: Mapping[K, AnswerWords]) -> tuple[K, ...]:
    """Return up to MAX_SHOWN saved answers that fit a problem, the best first.

    Rare words weigh more, and so do words of the subject and of the answer's name or its tickets. A compound
    counts for its parts: "Tonerkassette" for "Toner".
    """
    vocabulary = Counter(word for answer in answers.values() for word in answer.text | answer.tickets)
    scores: defaultdict[K, float] = defaultdict(float)
    for word in problem.words:
        matches = {known: _similarity(word, known) for known in vocabulary}
        matches = {known: value for known, value in matches.items() if value}
        found = {key: _strength(answer, matches) for key, answer in answers.items()}
        found = {key: value for key, value in found.items() if value}
        for key, value in found.items():
            rarity = log(1 + max(len(answers), _MIN_ANSWERS) / len(found))
            scores[key] += value * rarity * (_IN_SUBJECT if word in problem.subject else 1)
    fitting = [key for key, score in scores.items() if score >= MIN_ANSWER_SCORE]
    return tuple(sorted(fitting, key=lambda key: -scores[key])[:MAX_SHOWN])


def _similarity(word: str, known: str) -> float:
    """Return 1 for the same word, less for a compound with the other word, 0 for another word."""
    if word == known:
        return 1
    short, long = sorted((word, known), key=len)
    return _COMPOUND if len(short) >= _MIN_PART and (long.startswith(short) or long.endswith(short)) else 0


def _strength(answer: AnswerWords, matches: Mapping[str, float]) -> float:
    return max(
        (
            value * weight
            for words, weight in ((answer.name, _IN_NAME), (answer.tickets, _IN_TICKETS), (answer.text, 1))
            for known, value in matches.items()
            if known in words
        ),
        default=0,
    )


def excerpt(answer: str) -> str:
    """Return the start of an answer as one line, without salutation, sign-off and name."""
    lines = [line.strip() for line in answer.strip().splitlines()]
    if len(lines) > 1 and _SALUTATION.fullmatch(lines[0]):
        lines = lines[1:]
    text = " ".join(_before_signoff(lines)) or " ".join(lines)
    text = " ".join(text.split())
    return (
        text
        if len(text) <= MAX_EXCERPT
        else f"{text[:MAX_EXCERPT].rpartition(' ')[0] or text[:MAX_EXCERPT]} …"
    )


def _before_signoff(lines: Iterable[str]) -> Iterable[str]:
    has_text = False
    for line in lines:
        if has_text and is_signoff(line):
            return
        has_text = has_text or bool(line)
        yield line
