"""Solved tickets that resemble a new problem."""

from dataclasses import dataclass

from mailbot.core.model.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Terms:
    """What a problem is about: its telling words, and which of them stand in its subject."""

    school: str
    words: tuple[str, ...]
    subject: frozenset[str]


@dataclass(frozen=True, slots=True)
class Similar:
    """A solved ticket and the answer that its requester got, in short."""

    ticket: Ticket
    answer: str
