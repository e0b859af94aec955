"""Separate the words of a person in an answer to an invitation from the text of their calendar program."""

import re
from dataclasses import replace

from mailbot.core.model.mail import Address, Mail

_CALENDAR = ("text/calendar", "application/ics")
_MAX_SENTENCE = 300
_SAYS = re.compile(
    r"\b(?:hat|has|a|ha|heeft|nimmt|wird|will|schlägt|proposes?|przyjął|przyjęła|zaakceptowa\w{1,3}|odrzuci\w{1,3})\b"
    r"|\b(?:etti|elfogadta|elutasította)\b",
    re.I,
)
_INVITATION = re.compile(
    r"\b(?:einladung|termin|besprechung|ereignis|veranstaltung|invitation|event|meeting|appointment"
    r"|réunion|événement|évènement|rendez-vous|uitnodiging|afspraak|vergadering|invito|riunione|invitación"
    r"|reunión|evento|zaproszenie|spotkanie|davet|toplantı|meghívás|meghívót|teil(?=nehmen|\b))",
    re.I,
)
_RESPONSE = re.compile(
    r"\b(?:angenommen|zugesagt|abgelehnt|abgesagt|vorbehalt|vorläufig|delegiert|weitergeleitet|accepted|declined"
    r"|tentative|tentatively|delegated|accepté|refusé|décliné|provisoirement|délégué"
    r"|vorgeschlagen|schlägt|propose|proposé|geaccepteerd|geweigerd|afgewezen|voorlopig|accettat|rifiutat"
    r"|provvisoriamente|aceptado|rechazado|provisional|przyj|zaakceptowa|odrzuci|kabul|reddet|elfogad|elutasít"
    r"|nimmt .{0,60}teil|teilnehmen)",
    re.I,
)


def without_calendar(mail: Mail) -> Mail:
    """Return an answer to an invitation without the parts and files that its program added."""
    parts = tuple(part for part in mail.parts if part.content_type not in _CALENDAR)
    return replace(mail, parts=parts)


def author_words(mail: Mail, addresses: frozenset[str]) -> str:
    """Return what the author with these addresses wrote into an answer to an invitation; "" if nothing.

    Programs write it into the calendar part, the body, or both. Text that may be of a person is kept.
    """
    answer = mail.calendar_answer
    found = answer.of(addresses) if answer is not None else None
    comment = (found.comment if found is not None else "") or (answer.comment if answer is not None else "")
    text = mail.text
    if _is_of_program(mail, in_body=answer is not None and answer.in_body) or _same(text, comment):
        text = ""
    return "\n\n".join(part for part in (comment, text) if part)


def _same(text: str, comment: str) -> bool:
    return text.split() == comment.split()


def _is_of_program(mail: Mail, *, in_body: bool) -> bool:
    """Return whether a program wrote the body: by Auto-Submitted (RFC 3834), or since it names its user."""
    if in_body:
        return False
    if mail.header("auto-submitted").strip().lower() not in ("", "no"):
        return True
    sentence = " ".join(mail.text.strip().partition("\n\n")[0].split())
    named = mail.sender is not None and _names(sentence, mail.sender)
    patterns = (_SAYS, _INVITATION, _RESPONSE)
    return named and len(sentence) <= _MAX_SENTENCE and all(one.search(sentence) for one in patterns)


def _names(sentence: str, person: Address) -> bool:
    """Return whether a sentence has the person's name or address, or begins with a part of the name."""
    said = sentence.casefold()
    known = [name.casefold() for name in (person.name, person.email) if name]
    parts = person.name.casefold().replace(",", " ").split()
    return any(name in said for name in known) or said.partition(" ")[0].rstrip(",") in parts
