"""Rank tickets by the words of a search, or by their similarity to a new problem. Pure."""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice, takewhile
from math import log
from typing import Generic, TypeVar

from mailbot.core.text.signatures import is_signoff
from mailbot.core.text.words import TermSet, words

K = TypeVar("K")

MAX_SHOWN = 3
MAX_DOC_FREQUENCY = 300  # a word in more tickets of a school is ignored as too common
MIN_SCORE = 0.35  # as a share of the weight of all words that occur in the school
# bench/saved_answers.py measures the figures for saved answers. From the first score on one is offered. It is
# the tip from the second one on, if it has that number of words of the problem. No other saved answer may
# have more than that share of its score.
MIN_ANSWER_SCORE = 2.3
MIN_TIP_SCORE, MIN_TIP_WORDS, MAX_RIVAL = 5.0, 2, 0.6
_PLACE_WORDS = frozenset({"raum", "room", "salle"})
MAX_EXCERPT = 240
_IN_SUBJECT = 2.0
# Weights of words for saved answers: one word of the name suffices, one of the text does not.
_IN_NAME, _IN_TICKETS, _IN_TEXT = 3.5, 1.2, 1.0
_OF_SUBJECT = 1.5
_COMPOUND = 0.8
_MIN_PART = 4
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
    # Only words of the subject find tickets; those of the text then rank them.
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


@dataclass(frozen=True, slots=True)
class AnswerScores(Generic[K]):
    """The score of each saved answer for a problem.

    `shared` are the words of the problem that it has, `known` its own words that the problem has.
    """

    scores: Mapping[K, float]
    shared: Mapping[K, Set[str]]
    known: Mapping[K, Set[str]]


def rank_answers(found: AnswerScores[K]) -> tuple[K, ...]:
    """Return up to MAX_SHOWN saved answers that fit a problem, the best first."""
    fitting = [key for key, score in found.scores.items() if score >= MIN_ANSWER_SCORE]
    return tuple(sorted(fitting, key=lambda key: -found.scores[key])[:MAX_SHOWN])


def choose_tip(problem: TermSet, answers: Mapping[K, AnswerWords], found: AnswerScores[K]) -> K | None:
    """Return the saved answer that very likely solves a problem, None if there is none.

    It must have a high score, several words of the problem, and a lead over all others. The problem must have
    each word of its name, and it must have each word of the subject, apart from rooms: "WLAN langsam" is not
    solved by "WLAN Passwort".
    """
    ranked = sorted(found.scores, key=lambda key: -found.scores[key])
    if not ranked or found.scores[ranked[0]] < MIN_TIP_SCORE:
        return None
    tip, *rivals = ranked
    if rivals and found.scores[rivals[0]] > MAX_RIVAL * found.scores[tip]:
        return None
    shared, subject = found.shared[tip], frozenset(filter(_says_what, problem.subject))
    fits = subject <= shared and answers[tip].name <= found.known[tip]
    return tip if subject and fits and len(shared) >= MIN_TIP_WORDS else None


def _says_what(word: str) -> bool:
    """Return whether a word of a subject says what the problem is, and not only where."""
    return word not in _PLACE_WORDS and not any(map(str.isdigit, word))


def score_answers(problem: TermSet, answers: Mapping[K, AnswerWords]) -> AnswerScores[K]:
    """Compare a problem with saved answers.

    Rare words weigh more, and so do words of the subject and of the answer's name. A compound counts for its
    parts: "Tonerkassette" for "Toner".
    """
    weights = _weights_by_word(answers)
    forwards, backwards = sorted(weights), sorted(word[::-1] for word in weights)
    scores: defaultdict[K, float] = defaultdict(float)
    shared: defaultdict[K, set[str]] = defaultdict(set)
    own: defaultdict[K, set[str]] = defaultdict(set)
    for word in problem.words:
        found: defaultdict[K, float] = defaultdict(float)
        for known in _compounds(word, weights.keys(), forwards, backwards):
            for key, weight in weights[known].items():
                found[key] = max(found[key], weight * (1 if known == word else _COMPOUND))
                own[key].add(known)
        for key, weight in found.items():
            rarity = log(1 + len(answers) / len(found)) / log(1 + len(answers))
            scores[key] += weight * rarity * (_OF_SUBJECT if word in problem.subject else 1)
            shared[key].add(word)
    return AnswerScores(scores, shared, own)


def _weights_by_word(answers: Mapping[K, AnswerWords]) -> dict[str, dict[K, float]]:
    """Return the weight of each word for each answer that has it."""
    found: defaultdict[str, dict[K, float]] = defaultdict(dict)
    for key, answer in answers.items():
        for having, weight in (
            (answer.text, _IN_TEXT),
            (answer.tickets, _IN_TICKETS),
            (answer.name, _IN_NAME),
        ):
            for word in having:
                found[word][key] = weight  # the greatest is last
    return found


def _compounds(
    word: str, known: Collection[str], forwards: Sequence[str], backwards: Sequence[str]
) -> Iterator[str]:
    """Yield the known words that are the word, begin or end it, or begin or end with it.

    `forwards` are the known words in their order, `backwards` the reversed ones.
    """
    parts = {word, *(part for n in range(_MIN_PART, len(word)) for part in (word[:n], word[-n:]))}
    yield from (part for part in parts if part in known)
    if len(word) >= _MIN_PART:
        longer = set(_beginning_with(word, forwards))
        longer.update(other[::-1] for other in _beginning_with(word[::-1], backwards))
        yield from longer - parts


def _beginning_with(prefix: str, ordered: Sequence[str]) -> Iterator[str]:
    rest = islice(ordered, bisect_left(ordered, prefix), None)
    return takewhile(lambda word: word.startswith(prefix), rest)


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
