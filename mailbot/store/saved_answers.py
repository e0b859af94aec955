"""Store saved answers with their versions, and find those that fit a new problem."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, delete, func, insert, select, update
from sqlmodel import Session

from mailbot.core.commands.saved_answers import answer_key, usable_name
from mailbot.core.model.facts import SentMail
from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.saved_answer import SavedAnswer, SavedVersion
from mailbot.core.text.words import TermSet, content_words
from mailbot.store.audit import Origin, record
from mailbot.store.erasure import Matcher
from mailbot.store.prepared import execute
from mailbot.store.ranking import AnswerWords, choose_tip, rank_answers, score_answers
from mailbot.store.tables import metadata

FOR_ALL = ""
"""The school of the saved answers for all schools."""
UNNAMED = "Text"
"""The name of a saved answer whose name was only that of an erased person."""
MAX_USES = 500
"""Newest uses whose tickets are compared with a new problem."""

_ANSWER, _USE = metadata.tables["saved_answer"], metadata.tables["saved_answer_use"]
_TICKET, _EVENT = metadata.tables["ticket"], metadata.tables["event"]
_NEWER = _ANSWER.alias()
_SCHOOLS: BindParameter[Any] = bindparam("schools", expanding=True)
_ADDRESS: BindParameter[str] = bindparam("address")
_OF_KEY = (_NEWER.c.school == _ANSWER.c.school) & (_NEWER.c.key == _ANSWER.c.key)

_INSERT = insert(_ANSWER)
_INSERT_USE = insert(_USE)
# Read all versions of some schools, the newest last.
_VERSIONS = select(_ANSWER).where(_ANSWER.c.school.in_(_SCHOOLS)).order_by(_ANSWER.c.id)
_WORDS = (
    select(
        *(_ANSWER.c[name] for name in ("school", "key", "name", "words")),
        (_ANSWER.c.tip != "").label("is_tip"),
    )
    .where(_ANSWER.c.school.in_(_SCHOOLS))
    .order_by(_ANSWER.c.id)
)
# Read the versions that were saved at one time, each with the newest version of its key.
_SAVED_AT = select(
    _ANSWER, select(func.max(_NEWER.c.id)).where(_OF_KEY).scalar_subquery().label("newest")
).where(_ANSWER.c.at == bindparam("at", type_=_ANSWER.c.at.type))
# Read which saved answers a person changed at that time. The author of a text may be another person.
_CHANGED_AT = select(_EVENT.c.detail).where(
    _EVENT.c.ticket_id.is_(None),
    _EVENT.c.at == bindparam("at", type_=_EVENT.c.at.type),
    _EVENT.c.actor.in_(bindparam("actors", expanding=True)),
)
# Read the subjects of the tickets in which saved answers were used.
_SUBJECTS = (
    select(_USE.c.school, _USE.c.key, _TICKET.c.subject)
    .join(_TICKET, _TICKET.c.id == _USE.c.ticket_id)
    .where(_USE.c.school.in_(_SCHOOLS))
    .order_by(_USE.c.id.desc())
    .limit(MAX_USES)
)
# Remove the newest version of a key.
_DELETE_NEWEST = delete(_ANSWER).where(
    _ANSWER.c.id
    == select(func.max(_NEWER.c.id))
    .where(_NEWER.c.school == bindparam("school"), _NEWER.c.key == bindparam("key"))
    .scalar_subquery()
)
# Read the keys of the answers that a mail used in a ticket, and remove the newest use of one.
_USED = select(_EVENT.c.detail).where(
    _EVENT.c.ticket_id == bindparam("ticket"),
    _EVENT.c.action == "answer used",
    _EVENT.c.at == bindparam("at", type_=_EVENT.c.at.type),
)
_LATER_USE = _USE.alias()
_DELETE_USE = delete(_USE).where(
    _USE.c.id
    == select(func.max(_LATER_USE.c.id))
    .where(_LATER_USE.c.ticket_id == bindparam("ticket"), _LATER_USE.c.key == bindparam("key"))
    .scalar_subquery()
)
# Read the tips in the receipts of tickets; a ticket that others were merged into may have several.
_SENT_TIPS = (
    select(_EVENT.c.ticket_id, _EVENT.c.detail)
    .where(_EVENT.c.ticket_id.in_(bindparam("tickets", expanding=True)), _EVENT.c.action == "tip sent")
    .order_by(_EVENT.c.id)
)
# Delete versions replaced before a time, answers deleted before it, and uses of neither. The time at which a
# version was saved does not matter: until then it may be old, and `#undo` of its replacement needs it.
_BEFORE = bindparam("before", type_=_ANSWER.c.at.type)
_EXPIRE = (
    delete(_ANSWER).where(
        select(_NEWER.c.id).where(_OF_KEY, _NEWER.c.id > _ANSWER.c.id, _NEWER.c.at < _BEFORE).exists()
    ),
    delete(_ANSWER).where(
        _ANSWER.c.at < _BEFORE,
        _ANSWER.c.text == "",
        ~select(_NEWER.c.id).where(_OF_KEY, _NEWER.c.id != _ANSWER.c.id).exists(),
    ),
    delete(_USE).where(
        ~select(_ANSWER.c.id).where(_ANSWER.c.school == _USE.c.school, _ANSWER.c.key == _USE.c.key).exists()
    ),
)
# Read all saved answers, and rewrite one after an erasure.
_ALL = select(_ANSWER).order_by(_ANSWER.c.id)
_REWRITE = (
    update(_ANSWER)
    .where(_ANSWER.c.id == bindparam("row"))
    .values({name: bindparam(f"b_{name}") for name in ("key", "name", "text", "words", "tip")})
)
_RENAME_USES = (
    update(_USE)
    .where(_USE.c.school == bindparam("of_school"), _USE.c.key == bindparam("of_key"))
    .values(key=bindparam("b_key"))
)
_ERASE_AUTHOR = update(_ANSWER).where(_ANSWER.c.author == _ADDRESS).values(author="", author_name="")


def save(session: Session, answer: SavedAnswer) -> None:
    """Store a new version of a saved answer."""
    values = {
        "school": answer.school,
        "key": answer.key,
        "name": answer.name,
        "text": answer.text,
        "words": _words(answer.name, answer.text),
        "author": answer.author.email,
        "author_name": answer.author.name,
        "at": answer.at,
        "tip": answer.tip,
    }
    execute(session, _INSERT, values)


def _words(name: str, text: str) -> str:
    """Return the words by which a saved answer is compared with problems; "" if it is deleted."""
    return " ".join(content_words(f"{name} {text}")) if text else ""


def remove_newest(session: Session, school: str, key: str) -> None:
    """Remove the newest version of a saved answer, so that the one before it counts again."""
    session.execute(_DELETE_NEWEST, {"school": school, "key": key})


def record_use(session: Session, school: str, key: str, ticket_id: int) -> None:
    """Record that a ticket was answered with a saved answer."""
    session.execute(_INSERT_USE, {"school": school, "key": key, "ticket_id": ticket_id})


def remove_uses(session: Session, ticket_id: int, at: datetime) -> None:
    """Remove the uses of saved answers in a ticket by the change at that time, since it was undone."""
    for used in session.execute(_USED, {"ticket": ticket_id, "at": at}).all():
        session.execute(_DELETE_USE, {"ticket": ticket_id, "key": used.detail})


def load(session: Session, schools: Iterable[str]) -> tuple[SavedAnswer, ...]:
    """Return the saved answers of some schools, and those for all schools."""
    newest = {(row.school, row.key): row for row in execute(session, _VERSIONS, _values(schools))}
    return tuple(_to_answer(row) for row in newest.values() if row.text)


def sent_tips(session: Session, tickets: Collection[int]) -> dict[int, str]:
    """Return the key of the tip that the receipt of each ticket had, by the ticket's row."""
    rows = execute(session, _SENT_TIPS, {"tickets": list(tickets)})
    return {row.ticket_id: row.detail for row in rows}


def load_versions(
    session: Session, receipt: SentMail | None, actors: Collection[str]
) -> tuple[SavedVersion, ...]:
    """Return the versions that were saved by the mail of a receipt, at the same time by the same person.

    `actors` are the addresses of the recipient.
    """
    if receipt is None or receipt.kind is not NotificationKind.COMMAND_RECEIPT:
        return ()
    rows = execute(session, _SAVED_AT, {"at": receipt.created}).all()
    if not rows:
        return ()
    changes = execute(session, _CHANGED_AT, {"at": receipt.created, "actors": sorted(actors)})
    changed = {change.detail for change in changes}
    versions = [SavedVersion(_to_answer(row), row.id == row.newest, receipt.recipient) for row in rows]
    return tuple(version for version in versions if version.answer.reference in changed)


@dataclass(frozen=True, slots=True)
class Fitting:
    """The saved answers that fit a problem, the best first, and the tip for it."""

    answers: tuple[SavedAnswer, ...] = ()
    tip: SavedAnswer | None = None


def fitting(session: Session, problem: TermSet | None) -> Fitting:
    """Return the saved answers that fit a problem; none without a problem.

    Costs one statement if there are no saved answers.
    """
    if problem is None:
        return Fitting()
    values = _values([problem.school])
    newest = {(row.school, row.key): row for row in execute(session, _WORDS, values)}
    # An answer of the school replaces one of the same name for all schools.
    known = {row.key: row for row in sorted(newest.values(), key=lambda row: row.school) if row.words}
    if not known:
        return Fitting()
    subjects: defaultdict[str, list[str]] = defaultdict(list)
    for row in execute(session, _SUBJECTS, values):
        if row.key in known and known[row.key].school == row.school:
            subjects[row.key].append(row.subject)
    answers = {
        key: AnswerWords(
            frozenset(content_words(row.name)),
            frozenset(row.words.split()),
            frozenset(content_words(" ".join(subjects[key]))),
        )
        for key, row in known.items()
    }
    scored = score_answers(problem, answers)
    found = rank_answers(scored)
    if not found:
        return Fitting()
    tip = choose_tip(problem, answers, scored) if any(row.is_tip for row in known.values()) else None
    # Those of the school replace those for all schools; a colleague may have deleted one in the meantime.
    texts = {a.key: a for a in sorted(load(session, [problem.school]), key=lambda answer: answer.school)}
    best = texts.get(tip) if tip is not None else None
    return Fitting(tuple(texts[key] for key in found if key in texts), best if best and best.tip else None)


def _values(schools: Iterable[str]) -> dict[str, list[str]]:
    return {"schools": sorted({*schools, FOR_ALL})}


def _to_answer(row: Row[Any]) -> SavedAnswer:
    author = Address(row.author, row.author_name)
    return SavedAnswer(row.school, row.key, row.name, row.text, author, row.at, row.tip)


def expire(session: Session, before: datetime) -> None:
    """Delete versions that were replaced or deleted before that time, and their uses."""
    for statement in _EXPIRE:
        session.execute(statement, {"before": before} if statement is not _EXPIRE[-1] else {})


def erase_person(session: Session, address: str, matcher: Matcher, origin: Origin) -> int:
    """Erase a person from all saved answers; return the number of changed ones.

    The text of a saved answer belongs to the school: it stays without the names and addresses of its author.
    Quotations of a person are erased from what others saved. A saved answer that is named after the person
    gets another name. A tip whose text would change is none any more: the team approved another text.
    Neither is one that has the person's surname.
    """
    rows = session.execute(_ALL).all()
    names = _names_without_person(rows, address, matcher)
    newest = {(row.school, row.key): row.id for row in rows}
    changed = 0
    for row in rows:
        name = names.get((row.school, row.key), row.name)
        text = _redacted(row, row.text, address, matcher)
        named = matcher.has_surname(row.tip) or _redacted(row, row.tip, address, matcher) != row.tip
        tip = "" if named else row.tip
        rewritten = (name, text, tip) != (row.name, row.text, row.tip)
        if rewritten:
            key = answer_key(name) if (row.school, row.key) in names else row.key
            if row.tip and not tip and newest[row.school, row.key] == row.id:
                record(session, origin, "tip disabled", f"{row.school} {key}".strip(), "erasure of a person")
            values = {
                "b_key": key,
                "b_name": name,
                "b_text": text,
                "b_words": _words(name, text),
                "b_tip": tip,
            }
            session.execute(_REWRITE, {"row": row.id, **values})
        changed += row.author == address or rewritten
    for (school, key), name in names.items():
        session.execute(_RENAME_USES, {"of_school": school, "of_key": key, "b_key": answer_key(name)})
    session.execute(_ERASE_AUTHOR, {"address": address})
    return changed


def _redacted(row: Row[Any], text: str, address: str, matcher: Matcher) -> str:
    return (matcher.redact_identifiers if row.author == address else matcher.redact)(text)


def _names_without_person(
    rows: Sequence[Row[Any]], address: str, matcher: Matcher
) -> dict[tuple[str, str], str]:
    """Return the new names of the saved answers that are named after a person, by school and key.

    All versions of one get the name of the newest, since they have one key. Commands accept the new names.
    """
    newest = {(row.school, row.key): row for row in rows}
    named = {
        (row.school, row.key)
        for row in rows
        for name in (row.name, row.key)
        if _redacted(row, name, address, matcher) != name
    }
    taken = newest.keys() - named
    names: dict[tuple[str, str], str] = {}
    for school, key in sorted(named):
        row = newest[school, key]
        redacted = _redacted(row, row.name, address, matcher)
        if redacted == row.name:  # marks hide the person's name
            redacted = _redacted(row, row.key, address, matcher)
        plain = usable_name(redacted.replace(matcher.replacement, " ")) or UNNAMED
        numbered = (f"{plain} {number}" for number in count(2))
        name = next(n for n in chain([plain], numbered) if (school, answer_key(n)) not in taken)
        names[school, key] = name
        taken.add((school, answer_key(name)))
    return names
