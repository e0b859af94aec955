"""Maintain and query the full-text index: FTS5 on SQLite, tsvector with GIN on PostgreSQL.

Both have one row per ticket with the same folded words, and match prefixes, so both find the same tickets.
The words of a problem are also stored with a prefix for the school, such as "_gym_beamer". Similar problems
are searched by these words, so only tickets of the same school are read.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    bindparam,
    cast,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session

from mailbot.core.model.listing import Listing
from mailbot.core.model.ticket import Direction, Similar, Status, Visibility
from mailbot.core.text.words import TermSet, terms, words
from mailbot.store.mapping import to_tickets
from mailbot.store.prepared import execute
from mailbot.store.ranking import MAX_DOC_FREQUENCY, MAX_SHOWN, excerpt, rank_similar
from mailbot.store.tables import metadata

MAX_TEXT = 200_000  # characters of a ticket that are indexed, from its start
MAX_CANDIDATES = 10
BATCH_SIZE = 100

_FTS5 = table("search", column("rowid"), *map(column, ("subject", "public", "internal", "problem")))
_TSVECTOR = table("search", column("ticket_id"), column("words"))
_LABELS = {"subject": "1A", "public": "2B", "internal": "3C", "problem": "4D"}

_MESSAGE, _TICKET = metadata.tables["message"].c, metadata.tables["ticket"].c
_ANSWER = metadata.tables["message"].alias("answer").c

# Read tickets with their messages; a ticket without messages is one row.
_TEXTS = (
    select(
        _TICKET.id, _TICKET.school, _TICKET.subject, _MESSAGE.direction, _MESSAGE.visibility, _MESSAGE.text
    )
    .join_from(metadata.tables["ticket"], metadata.tables["message"], isouter=True)
    .where(_TICKET.id.in_(bindparam("tickets", expanding=True)))
    .order_by(_TICKET.id, _MESSAGE.id)
)
# Delete tickets from the index, and insert or replace them.
_DELETE_FTS5 = delete(_FTS5).where(_FTS5.c.rowid == bindparam("ticket"))
_DELETE_TSVECTOR = delete(_TSVECTOR).where(_TSVECTOR.c.ticket_id == bindparam("ticket"))
_REPLACE_FTS5 = insert(_FTS5).prefix_with("OR REPLACE")
_INSERT_TSVECTOR = upsert(_TSVECTOR).values(
    ticket_id=bindparam("ticket"), words=cast(bindparam("vector", type_=Text), TSVECTOR)
)
_REPLACE_TSVECTOR = _INSERT_TSVECTOR.on_conflict_do_update(
    index_elements=["ticket_id"], set_={"words": _INSERT_TSVECTOR.excluded.words}
)
# Find a ticket in the index that has exactly these words.
_SAME_IN_TSVECTOR = select(_TSVECTOR.c.ticket_id).where(
    _TSVECTOR.c.ticket_id == bindparam("ticket"),
    _TSVECTOR.c.words == cast(bindparam("vector", type_=Text), TSVECTOR),
)
# Find up to :limit tickets for each word.
_POSTINGS_FTS5 = text(
    "SELECT word.value, (SELECT group_concat(rowid) FROM"
    " (SELECT rowid FROM search WHERE search MATCH word.value LIMIT :limit)) FROM json_each(:words) AS word"
)
_POSTINGS_TSVECTOR = text(
    "SELECT word, (SELECT string_agg(CAST(ticket_id AS text), ',') FROM"
    " (SELECT ticket_id FROM search WHERE words @@ CAST(word AS tsquery) LIMIT :limit) AS postings)"
    " FROM json_array_elements_text(CAST(:words AS json)) AS word"
)
# Read the closed tickets among some tickets, each with its last public message to the requester.
_SOLVED = select(metadata.tables["ticket"], _MESSAGE.text.label("answer")).where(
    _TICKET.id.in_(bindparam("tickets", expanding=True)),
    _TICKET.status == Status.CLOSED.value,
    _MESSAGE.id
    == select(func.max(_ANSWER.id))
    .where(
        _ANSWER.ticket_id == _TICKET.id,
        _ANSWER.direction == Direction.OUT.value,
        _ANSWER.visibility == Visibility.PUBLIC.value,
    )
    .scalar_subquery(),
)
# Count the tickets in the index.
_COUNT = select(func.count()).select_from(_TSVECTOR)
# Read the whole index of a SQLite database.
_ALL_FTS5 = select(_FTS5).order_by(_FTS5.c.rowid)


@dataclass(frozen=True, slots=True)
class _Document:
    """The words of a ticket by field; those in `problem` have a prefix for the school."""

    subject: tuple[str, ...]
    public: tuple[str, ...]
    internal: tuple[str, ...]
    problem: tuple[str, ...]


def index(session: Session, ticket_ids: Collection[int]) -> None:
    """Update the index of these tickets from their rows and messages in this transaction."""
    if not ticket_ids:
        return
    rows = execute(session, _TEXTS, {"tickets": list(ticket_ids)})
    documents = [(key, _document(list(group))) for key, group in groupby(rows, attrgetter("id"))]
    if _is_sqlite(session):
        fts5 = [
            {"rowid": ticket_id, **{name: " ".join(getattr(document, name)) for name in _LABELS}}
            for ticket_id, document in documents
        ]
        execute(session, _REPLACE_FTS5, fts5)
    else:
        vectors = [{"ticket": ticket_id, "vector": _vector(document)} for ticket_id, document in documents]
        execute(session, _REPLACE_TSVECTOR, vectors)


def remove(session: Session, ticket_id: int) -> None:
    """Remove a ticket from the index."""
    statement = _DELETE_FTS5 if _is_sqlite(session) else _DELETE_TSVECTOR
    execute(session, statement, {"ticket": ticket_id})


def count(session: Session) -> int:
    """Return the number of tickets in the index."""
    return session.connection().scalar(_COUNT) or 0


def vectors(sqlite: Session) -> Iterator[list[tuple[int, str]]]:
    """Yield the index of a SQLite database in batches: tickets with their words as a tsvector."""
    query = _ALL_FTS5.execution_options(yield_per=BATCH_SIZE)
    for rows in sqlite.connection().execute(query).partitions():
        documents = ((key, _Document(*(tuple(words.split()) for words in fields))) for key, *fields in rows)
        yield [(ticket_id, _vector(document)) for ticket_id, document in documents]


def insert_vectors(postgresql: Session, vectors: Iterable[tuple[int, str]]) -> None:
    """Insert tickets into the index of a PostgreSQL database."""
    rows = [{"ticket": ticket_id, "vector": vector} for ticket_id, vector in vectors]
    postgresql.connection().execute(_INSERT_TSVECTOR, rows)


def has_vector(postgresql: Session, ticket_id: int, vector: str) -> bool:
    """Return whether the index of a PostgreSQL database has a ticket with exactly these words."""
    same = {"ticket": ticket_id, "vector": vector}
    return postgresql.connection().execute(_SAME_IN_TSVECTOR, same).first() is not None


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _document(rows: Sequence[Any]) -> _Document:
    """Return the words of a ticket, given the rows of its messages."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    remaining, problem, ticket = MAX_TEXT, "", rows[0]
    for row in rows:
        if row.text is None:  # the ticket has no messages
            continue
        texts[row.visibility].append(row.text[: max(remaining, 0)])
        remaining -= len(row.text)
        if not problem and row.direction == Direction.IN.value:
            problem = row.text[:MAX_TEXT]
    searched = terms(ticket.school, ticket.subject, problem, None)
    return _Document(
        subject=words(ticket.subject),
        public=words("\n".join(texts[Visibility.PUBLIC.value])),
        internal=words("\n".join(texts[Visibility.INTERNAL.value])),
        problem=tuple(_with_school(searched.school, word) for word in searched.words),
    )


def _with_school(school: str, word: str) -> str:
    return f"_{school.lower()}_{word}"


def _vector(document: _Document) -> str:
    """Return the words in the syntax of a tsvector, with labels for their fields."""
    labels_of: defaultdict[str, list[str]] = defaultdict(list)
    for name, label in _LABELS.items():
        for word in getattr(document, name):
            labels_of[word].append(label)
    return " ".join(f"'{word}':{','.join(labels)}" for word, labels in labels_of.items())


def matches_words(session: Session, listing: Listing) -> ColumnElement[bool]:
    """Return the condition that a ticket has all the words of a listing in fields that its reader may see."""
    fields = "subject public" if listing.requester is not None else "subject public internal"
    if _is_sqlite(session):
        # Quotation marks turn off the query syntax; words contain none.
        query = " AND ".join(f'"{word}"*' if len(word) > 1 else f'"{word}"' for word in listing.words)
        return _matching_ids(session, f"{{{fields}}} : ({query})")
    labels = "".join(_LABELS[name][1] for name in fields.split())
    query = " & ".join(f"'{word}':{'*' * (len(word) > 1)}{labels}" for word in listing.words)
    return _matching_ids(session, query)


def _matching_ids(session: Session, query: str) -> ColumnElement[bool]:
    if _is_sqlite(session):
        matches = text("search MATCH :query").bindparams(query=query)
        return _TICKET.id.in_(select(_FTS5.c.rowid).where(matches))
    has_words = _TSVECTOR.c.words.op("@@")(cast(literal(query), TSQUERY))
    return _TICKET.id.in_(select(_TSVECTOR.c.ticket_id).where(has_words))


def similar(session: Session, problem: TermSet, total: int) -> tuple[Similar, ...]:
    """Return solved tickets of the school that are similar to a problem, each with its last answer.

    `total` is the number of the school's tickets.
    """
    if not total or not problem.words:
        return ()
    ranked = rank_similar(problem, _postings(session, problem), total)
    return _solved(session, ranked[:MAX_CANDIDATES]) if ranked else ()


def _solved(session: Session, ticket_ids: Sequence[int]) -> tuple[Similar, ...]:
    """Return the first MAX_SHOWN of these tickets that are closed and answered, each with its last answer."""
    solved = {row.id: row for row in execute(session, _SOLVED, {"tickets": ticket_ids})}
    answers = {key: excerpt(row.answer) for key, row in solved.items()}
    shown = [key for key in ticket_ids if answers.get(key)][:MAX_SHOWN]
    tickets = to_tickets(session, [solved[key] for key in shown])
    return tuple(Similar(ticket, answers[key]) for key, ticket in zip(shown, tickets, strict=True))


def _postings(session: Session, problem: TermSet) -> dict[str, list[int]]:
    """Return up to MAX_DOC_FREQUENCY + 1 tickets of the school for each word of a problem."""
    quote, query = ('"', _POSTINGS_FTS5) if _is_sqlite(session) else ("'", _POSTINGS_TSVECTOR)
    words = {f"{quote}{_with_school(problem.school, word)}{quote}": word for word in problem.words}
    found = execute(session, query, {"words": json.dumps(list(words)), "limit": MAX_DOC_FREQUENCY + 1})
    return {words[lexeme]: list(map(int, postings.split(","))) for lexeme, postings in found if postings}
