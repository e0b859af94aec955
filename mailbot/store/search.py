"""The full-text index: FTS5 on SQLite, tsvector with GIN on PostgreSQL, one row a ticket in both.

Both are given the same folded words and are asked for the beginnings of words, so they find the same tickets.
A word of a problem is also kept with its school's key ("_gym_beamer"), for problems that resemble each other:
no other school's tickets are looked at.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

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
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from mailbot.core.model.listing import Listing
from mailbot.core.model.ticket import Direction, Similar, Status, Visibility
from mailbot.core.text.words import Terms, terms, words
from mailbot.store.ranking import MAX_DOC_FREQUENCY, MAX_SHOWN, excerpt, rank_similar
from mailbot.store.rows import ticket_of
from mailbot.store.tables import MessageRow, TicketRow, metadata

TEXT_MOST = 200_000  # characters of a ticket that are read, its first ones
CANDIDATES_MOST = 10
TICKETS_AT_ONCE = 100

_FTS5 = table("search", column("rowid"), *map(column, ("subject", "public", "internal", "problem")))
_TSVECTOR = table("search", column("ticket_id"), column("words"))
_LABELS = {"subject": "1A", "public": "2B", "internal": "3C", "problem": "4D"}

_MESSAGE, _TICKET = metadata.tables["message"].c, metadata.tables["ticket"].c

# Each mail asks these, so they are put together once.
_TEXTS = (
    select(_MESSAGE.direction, _MESSAGE.visibility, _MESSAGE.text)
    .where(_MESSAGE.ticket_id == bindparam("ticket"))
    .order_by(_MESSAGE.id)
)
_OUT_OF_FTS5 = delete(_FTS5).where(_FTS5.c.rowid == bindparam("ticket"))
_OUT_OF_TSVECTOR = delete(_TSVECTOR).where(_TSVECTOR.c.ticket_id == bindparam("ticket"))
_INTO_FTS5 = insert(_FTS5)
_INTO_TSVECTOR = insert(_TSVECTOR).values(
    ticket_id=bindparam("ticket"), words=cast(bindparam("vector", type_=Text), TSVECTOR)
)
_SAME_IN_TSVECTOR = select(_TSVECTOR.c.ticket_id).where(
    _TSVECTOR.c.ticket_id == bindparam("ticket"),
    _TSVECTOR.c.words == cast(bindparam("vector", type_=Text), TSVECTOR),
)
_BEARERS_FTS5 = text(
    "SELECT word.value, (SELECT group_concat(rowid) FROM"
    " (SELECT rowid FROM search WHERE search MATCH word.value LIMIT :most)) FROM json_each(:words) AS word"
)
_BEARERS_TSVECTOR = text(
    "SELECT word, (SELECT string_agg(CAST(ticket_id AS text), ',') FROM"
    " (SELECT ticket_id FROM search WHERE words @@ CAST(word AS tsquery) LIMIT :most) AS bearers)"
    " FROM json_array_elements_text(CAST(:words AS json)) AS word"
)
_CLOSED = select(_TICKET.id).where(
    _TICKET.id.in_(bindparam("tickets", expanding=True)), _TICKET.status == Status.CLOSED.value
)


@dataclass(frozen=True, slots=True)
class _Document:
    """The words of a ticket by where they stand: in `problem` with the school's key before them."""

    subject: tuple[str, ...]
    public: tuple[str, ...]
    internal: tuple[str, ...]
    problem: tuple[str, ...]


def index(session: Session, ticket_ids: Iterable[int]) -> None:
    """Write anew what can be found of these tickets, as they and their messages stand in this transaction."""
    session.flush()
    connection = session.connection()
    for ticket_id in ticket_ids:
        ticket = session.get_one(TicketRow, ticket_id)
        document = _document(session, ticket)
        if _is_sqlite(session):
            row = {name: " ".join(getattr(document, name)) for name in _LABELS}
            connection.execute(_OUT_OF_FTS5, {"ticket": ticket_id})
            connection.execute(_INTO_FTS5, {"rowid": ticket_id, **row})
        else:
            connection.execute(_OUT_OF_TSVECTOR, {"ticket": ticket_id})
            connection.execute(_INTO_TSVECTOR, {"ticket": ticket_id, "vector": _vector(document)})


def remove(session: Session, ticket_id: int) -> None:
    """Let a ticket be found no more."""
    out = _OUT_OF_FTS5 if _is_sqlite(session) else _OUT_OF_TSVECTOR
    session.connection().execute(out, {"ticket": ticket_id})


def size(session: Session) -> int:
    """Return how many tickets are in the index."""
    return session.connection().scalar(select(func.count()).select_from(_TSVECTOR)) or 0


def vectors(sqlite: Session) -> Iterator[list[tuple[int, str]]]:
    """Yield what can be found in a SQLite, some tickets at a time: each with its words as a tsvector."""
    query = select(_FTS5).order_by(_FTS5.c.rowid).execution_options(yield_per=TICKETS_AT_ONCE)
    for rows in sqlite.connection().execute(query).partitions():
        documents = ((key, _Document(*(tuple(words.split()) for words in places))) for key, *places in rows)
        yield [(ticket_id, _vector(document)) for ticket_id, document in documents]


def put(postgresql: Session, vectors: Iterable[tuple[int, str]]) -> None:
    """Put tickets into the index of a PostgreSQL that does not have them."""
    rows = [{"ticket": ticket_id, "vector": vector} for ticket_id, vector in vectors]
    postgresql.connection().execute(_INTO_TSVECTOR, rows)


def holds(postgresql: Session, ticket_id: int, vector: str) -> bool:
    """Tell whether the index of a PostgreSQL has a ticket with these words and no others."""
    same = {"ticket": ticket_id, "vector": vector}
    return postgresql.connection().execute(_SAME_IN_TSVECTOR, same).first() is not None


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _document(session: Session, ticket: TicketRow) -> _Document:
    texts: defaultdict[str, list[str]] = defaultdict(list)
    room, problem = TEXT_MOST, ""
    for direction, visibility, written in session.connection().execute(_TEXTS, {"ticket": ticket.id}):
        texts[visibility].append(written[: max(room, 0)])
        room -= len(written)
        if not problem and direction == Direction.IN.value:
            problem = written[:TEXT_MOST]
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


def finds(session: Session, wanted: Listing) -> ColumnElement[bool]:
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
        return col(TicketRow.id).in_(select(_FTS5.c.rowid).where(matches))
    matching = _TSVECTOR.c.words.op("@@")(cast(literal(query), TSQUERY))
    return col(TicketRow.id).in_(select(_TSVECTOR.c.ticket_id).where(matching))


def similar(session: Session, asked: Terms, total: int) -> tuple[Similar, ...]:
    """Return solved tickets of the school that resemble a problem, each with the answer it got.

    `total` is how many tickets the school has.
    """
    if not total or not asked.words:
        return ()
    alike = rank_similar(asked, _bearers(session, asked), total)
    return tuple(islice(_solved(session, alike[:CANDIDATES_MOST]), MAX_SHOWN))


def _solved(session: Session, ticket_ids: Sequence[int]) -> Iterator[Similar]:
    closed = set(session.connection().execute(_CLOSED, {"tickets": ticket_ids}).scalars())
    for ticket_id in ticket_ids:
        if ticket_id in closed and (answer := _answer(session, ticket_id)):
            yield Similar(ticket_of(session, session.get_one(TicketRow, ticket_id)), answer)


def _bearers(session: Session, asked: Terms) -> dict[str, list[int]]:
    """Return for each word the tickets of the school whose problem bears it; of very many only some."""
    quote, query = ('"', _BEARERS_FTS5) if _is_sqlite(session) else ("'", _BEARERS_TSVECTOR)
    words = {f"{quote}{_of_school(asked.school, word)}{quote}": word for word in asked.words}
    found = session.connection().execute(
        query, {"words": json.dumps(list(words)), "most": MAX_DOC_FREQUENCY + 1}
    )
    return {words[lexeme]: [int(one) for one in bearers.split(",")] for lexeme, bearers in found if bearers}


def _answer(session: Session, ticket_id: int) -> str:
    """Return the last words that the requester got, in short."""
    query = select_rows(MessageRow.text).where(
        MessageRow.ticket_id == ticket_id,
        MessageRow.direction == Direction.OUT.value,
        MessageRow.visibility == Visibility.PUBLIC.value,
    )
    return excerpt(session.exec(query.order_by(col(MessageRow.id).desc()).limit(1)).first() or "")
