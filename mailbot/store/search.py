"""The full-text index: FTS5 on SQLite, tsvector with GIN on PostgreSQL, one row a ticket in both.

Both are given the same folded words and are asked for the beginnings of words, so they find the same tickets.
A word of a problem is also kept with its school's key ("_gym_beamer"), for problems that resemble each other:
no other school's tickets are looked at.
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
from sqlmodel import Session

from mailbot.core.model.listing import Listing
from mailbot.core.model.ticket import Direction, Similar, Status, Visibility
from mailbot.core.text.words import TermSet, terms, words
from mailbot.store.mapping import to_tickets
from mailbot.store.ranking import MAX_DOC_FREQUENCY, MAX_SHOWN, excerpt, rank_similar
from mailbot.store.tables import metadata

MAX_TEXT = 200_000  # characters of a ticket that are read, its first ones
MAX_CANDIDATES = 10
BATCH_SIZE = 100

_FTS5 = table("search", column("rowid"), *map(column, ("subject", "public", "internal", "problem")))
_TSVECTOR = table("search", column("ticket_id"), column("words"))
_LABELS = {"subject": "1A", "public": "2B", "internal": "3C", "problem": "4D"}

_MESSAGE, _TICKET = metadata.tables["message"].c, metadata.tables["ticket"].c

# Read tickets with their messages; a ticket without messages is one row.
_TEXTS = (
    select(
        _TICKET.id, _TICKET.school, _TICKET.subject, _MESSAGE.direction, _MESSAGE.visibility, _MESSAGE.text
    )
    .join_from(metadata.tables["ticket"], metadata.tables["message"], isouter=True)
    .where(_TICKET.id.in_(bindparam("tickets", expanding=True)))
    .order_by(_TICKET.id, _MESSAGE.id)
)
# Remove tickets from the index, and add them.
_OUT_OF_FTS5 = delete(_FTS5).where(_FTS5.c.rowid == bindparam("ticket"))
_OUT_OF_TSVECTOR = delete(_TSVECTOR).where(_TSVECTOR.c.ticket_id == bindparam("ticket"))
_INTO_FTS5 = insert(_FTS5)
_INTO_TSVECTOR = insert(_TSVECTOR).values(
    ticket_id=bindparam("ticket"), words=cast(bindparam("vector", type_=Text), TSVECTOR)
)
# Find a ticket in the index if it has exactly these words.
_SAME_IN_TSVECTOR = select(_TSVECTOR.c.ticket_id).where(
    _TSVECTOR.c.ticket_id == bindparam("ticket"),
    _TSVECTOR.c.words == cast(bindparam("vector", type_=Text), TSVECTOR),
)
# Find for each word some of the tickets that have it.
_POSTINGS_FTS5 = text(
    "SELECT word.value, (SELECT group_concat(rowid) FROM"
    " (SELECT rowid FROM search WHERE search MATCH word.value LIMIT :most)) FROM json_each(:words) AS word"
)
_POSTINGS_TSVECTOR = text(
    "SELECT word, (SELECT string_agg(CAST(ticket_id AS text), ',') FROM"
    " (SELECT ticket_id FROM search WHERE words @@ CAST(word AS tsquery) LIMIT :most) AS postings)"
    " FROM json_array_elements_text(CAST(:words AS json)) AS word"
)
# Read the closed ones of some tickets.
_CLOSED = select(metadata.tables["ticket"]).where(
    _TICKET.id.in_(bindparam("tickets", expanding=True)), _TICKET.status == Status.CLOSED.value
)
# Read the last public message to the requester of each of some tickets.
_ANSWERS = select(_MESSAGE.ticket_id, _MESSAGE.text).where(
    _MESSAGE.id.in_(
        select(func.max(_MESSAGE.id))
        .where(
            _MESSAGE.ticket_id.in_(bindparam("tickets", expanding=True)),
            _MESSAGE.direction == Direction.OUT.value,
            _MESSAGE.visibility == Visibility.PUBLIC.value,
        )
        .group_by(_MESSAGE.ticket_id)
    )
)
# Count the tickets in the index.
_COUNT = select(func.count()).select_from(_TSVECTOR)
# Read the whole index of a SQLite database.
_ALL_OF_FTS5 = select(_FTS5).order_by(_FTS5.c.rowid)


@dataclass(frozen=True, slots=True)
class _Document:
    """The words of a ticket by where they stand: in `problem` with the school's key before them."""

    subject: tuple[str, ...]
    public: tuple[str, ...]
    internal: tuple[str, ...]
    problem: tuple[str, ...]


def index(session: Session, ticket_ids: Collection[int]) -> None:
    """Update the index of these tickets, as they and their messages are in this transaction."""
    if not ticket_ids:
        return
    connection = session.connection()
    rows = connection.execute(_TEXTS, {"tickets": list(ticket_ids)})
    documents = [(key, _document(list(group))) for key, group in groupby(rows, attrgetter("id"))]
    keys = [{"ticket": ticket_id} for ticket_id, _ in documents]
    if _is_sqlite(session):
        fts5 = [
            {"rowid": ticket_id, **{name: " ".join(getattr(document, name)) for name in _LABELS}}
            for ticket_id, document in documents
        ]
        connection.execute(_OUT_OF_FTS5, keys)
        connection.execute(_INTO_FTS5, fts5)
    else:
        vectors = [{"ticket": ticket_id, "vector": _vector(document)} for ticket_id, document in documents]
        connection.execute(_OUT_OF_TSVECTOR, keys)
        connection.execute(_INTO_TSVECTOR, vectors)


def remove(session: Session, ticket_id: int) -> None:
    """Let a ticket be found no more."""
    out = _OUT_OF_FTS5 if _is_sqlite(session) else _OUT_OF_TSVECTOR
    session.connection().execute(out, {"ticket": ticket_id})


def count(session: Session) -> int:
    """Return how many tickets are in the index."""
    return session.connection().scalar(_COUNT) or 0


def vectors(sqlite: Session) -> Iterator[list[tuple[int, str]]]:
    """Yield what can be found in a SQLite, some tickets at a time: each with its words as a tsvector."""
    query = _ALL_OF_FTS5.execution_options(yield_per=BATCH_SIZE)
    for rows in sqlite.connection().execute(query).partitions():
        documents = ((key, _Document(*(tuple(words.split()) for words in places))) for key, *places in rows)
        yield [(ticket_id, _vector(document)) for ticket_id, document in documents]


def insert_vectors(postgresql: Session, vectors: Iterable[tuple[int, str]]) -> None:
    """Put tickets into the index of a PostgreSQL that does not have them."""
    rows = [{"ticket": ticket_id, "vector": vector} for ticket_id, vector in vectors]
    postgresql.connection().execute(_INTO_TSVECTOR, rows)


def has_vector(postgresql: Session, ticket_id: int, vector: str) -> bool:
    """Tell whether the index of a PostgreSQL has a ticket with these words and no others."""
    same = {"ticket": ticket_id, "vector": vector}
    return postgresql.connection().execute(_SAME_IN_TSVECTOR, same).first() is not None


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _document(rows: Sequence[Any]) -> _Document:
    """Return the words of a ticket, given the rows of its messages."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    room, problem, ticket = MAX_TEXT, "", rows[0]
    for row in rows:
        if row.text is None:  # the ticket has no messages
            continue
        texts[row.visibility].append(row.text[: max(room, 0)])
        room -= len(row.text)
        if not problem and row.direction == Direction.IN.value:
            problem = row.text[:MAX_TEXT]
    about = terms(ticket.school, ticket.subject, problem, None)
    return _Document(
        subject=words(ticket.subject),
        public=words("\n".join(texts[Visibility.PUBLIC.value])),
        internal=words("\n".join(texts[Visibility.INTERNAL.value])),
        problem=tuple(_of_school(about.school, word) for word in about.words),
    )


def _of_school(school: str, word: str) -> str:
    return f"_{school.lower()}_{word}"


def _vector(document: _Document) -> str:
    """Return the words as a tsvector is written; their labels say where they stand."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for name, label in _LABELS.items():
        for word in getattr(document, name):
            places[word].append(label)
    return " ".join(f"'{word}':{','.join(labels)}" for word, labels in places.items())


def matches_words(session: Session, wanted: Listing) -> ColumnElement[bool]:
    """Return the condition on a ticket that it bears all the words asked for, where the asker may read."""
    places = "subject public" if wanted.requester is not None else "subject public internal"
    if _is_sqlite(session):
        # Within quotation marks nothing is syntax, and no word has one.
        query = " AND ".join(f'"{word}"*' if len(word) > 1 else f'"{word}"' for word in wanted.words)
        return _matching(session, f"{{{places}}} : ({query})")
    labels = "".join(_LABELS[place][1] for place in places.split())
    query = " & ".join(f"'{word}':{'*' * (len(word) > 1)}{labels}" for word in wanted.words)
    return _matching(session, query)


def _matching(session: Session, query: str) -> ColumnElement[bool]:
    if _is_sqlite(session):
        matches = text("search MATCH :query").bindparams(query=query)
        return _TICKET.id.in_(select(_FTS5.c.rowid).where(matches))
    matching = _TSVECTOR.c.words.op("@@")(cast(literal(query), TSQUERY))
    return _TICKET.id.in_(select(_TSVECTOR.c.ticket_id).where(matching))


def similar(session: Session, asked: TermSet, total: int) -> tuple[Similar, ...]:
    """Return solved tickets of the school that resemble a problem, each with the answer it got.

    `total` is how many tickets the school has.
    """
    if not total or not asked.words:
        return ()
    alike = rank_similar(asked, _postings(session, asked), total)
    return _solved(session, alike[:MAX_CANDIDATES]) if alike else ()


def _solved(session: Session, ticket_ids: Sequence[int]) -> tuple[Similar, ...]:
    """Return the first of these tickets that are closed and have an answer, each with the last answer."""
    connection, values = session.connection(), {"tickets": ticket_ids}
    closed = {row.id: row for row in connection.execute(_CLOSED, values)}
    answers = {}
    if closed:
        answers = {
            key: excerpt(text) for key, text in connection.execute(_ANSWERS, {"tickets": list(closed)})
        }
    shown = [key for key in ticket_ids if key in closed and answers.get(key)][:MAX_SHOWN]
    tickets = to_tickets(session, [closed[key] for key in shown])
    return tuple(Similar(ticket, answers[key]) for key, ticket in zip(shown, tickets, strict=True))


def _postings(session: Session, asked: TermSet) -> dict[str, list[int]]:
    """Return for each word the tickets of the school whose problem bears it; of very many only some."""
    quote, query = ('"', _POSTINGS_FTS5) if _is_sqlite(session) else ("'", _POSTINGS_TSVECTOR)
    words = {f"{quote}{_of_school(asked.school, word)}{quote}": word for word in asked.words}
    found = session.connection().execute(
        query, {"words": json.dumps(list(words)), "most": MAX_DOC_FREQUENCY + 1}
    )
    return {
        words[lexeme]: [int(one) for one in postings.split(",")] for lexeme, postings in found if postings
    }
