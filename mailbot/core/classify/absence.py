"""Recognise absence notes and other automatic replies that only their words mark as automatic."""

import re

from mailbot.core.classify import auto_mail_patterns as patterns
from mailbot.core.classify import bounce
from mailbot.core.classify.acknowledgement import is_automatic_answer
from mailbot.core.classify.author import is_from_program
from mailbot.core.classify.subject import answers_mail, bare_subject, is_reply_subject, names_sender
from mailbot.core.model.mail import Mail
from mailbot.core.text.sentence_end import has_sentence_end
from mailbot.core.text.signatures import is_salutation, is_signoff


def has_auto_subject(mail: Mail) -> bool:
    """Return whether the subject is that of an automatic reply; a person may ask for one in a new mail."""
    written = (bare_subject(mail.subject), mail.subject)  # "[Automatische Antwort]" looks like a tag
    found = next(filter(None, map(patterns.AUTO_SUBJECT.match, written)), None)
    if found is None and answers_mail(mail):
        return bool(patterns.AUTO_TAG.search(mail.subject))
    # A person answers an automatic reply, which is below their words.
    if (
        found is None
        or (mail.quoted and is_reply_subject(found.string))
        or not names_sender(found["name"], mail)
    ):
        return False
    alone = found.end() == len(found.string) and not answers_mail(mail)
    return not alone or not _asks_about_replies(mail.text[:_READ].lower())


def _asks_about_replies(text: str) -> bool:
    """Return whether a person asks for an automatic reply or its end, in a text in lower case."""
    if patterns.ASKS_TO_SWITCH.search(text):
        return True
    said = (patterns.AWAY_TEXT, patterns.AWAY_MORE, patterns.THANKS_FOR_MAIL)
    return bool(patterns.ASKS_THE_READER.search(text)) and not any(one.search(text) for one in said)


_DATE_WORDS = 3
_ONE_SENTENCE = 60  # characters of a text that says no more than its subject
_READ = 3_000  # characters of a text that are looked at


def is_absence_note(mail: Mail) -> bool:
    """Return whether subject and text are those of an absence note; people write such subjects as well."""
    subject = bare_subject(mail.subject).rstrip()
    absent = patterns.ABSENT_SUBJECT.match(subject)
    text = mail.text[:_READ].lower()
    if "?" in mail.text or absent is None or patterns.SAYS_BROKEN.search(text):
        return False
    dates = subject[absent.end() :].split()  # behind "bis" or "until"
    prefix = patterns.ABSENT_WORDS.fullmatch(absent[0].removesuffix(":").strip().lower())
    is_whole = (
        not dates
        or (absent[0][-1] == ":" and prefix)
        or (absent[0][-1].isalpha() and len(dates) <= _DATE_WORDS)
    )
    alone = is_whole and len(text) < _ONE_SENTENCE and not has_sentence_end(mail.text)
    formal = patterns.AWAY_FORMAL.search(text) or patterns.THANKS_FOR_MAIL.search(text)
    answers = answers_mail(mail) or is_reply_subject(mail.subject)
    plain = answers or alone or patterns.AWAY_MORE.search(text)
    away = patterns.AWAY_TEXT.search(text) or patterns.AWAY_UNTIL.search(text)
    says_no_more = formal or (plain and _is_about_absence(mail.text))
    return bool(away and says_no_more) and names_sender(absent["name"], mail)


def is_away_text(mail: Mail) -> bool:
    """Return whether the text of a reply without a quotation is an absence note, or says it is automatic."""
    text = mail.text[:_READ].lower()
    thanks = patterns.THANKS_FOR_MAIL.search(text)
    answers = bool(mail.in_reply_to) or is_reply_subject(mail.subject) or is_from_program(mail)
    if not (answers or thanks) or mail.quoted or patterns.SAYS_BROKEN.search(text):
        return False
    if answers and patterns.AUTO_HEADING.match(text):
        return True
    if patterns.AWAY_TEXT.search(text):
        if bounce.has_null_path(mail) or (answers and patterns.AWAY_FORMAL.search(text)):
            return True
        about_mail = thanks or patterns.AWAY_ABOUT_MAIL.search(text)
        more = patterns.AWAY_MORE.search(text) or (about_mail and not _BY_PERSON.search(text))
        if more and _is_about_absence(mail.text):
            return True
    return answers_mail(mail) and is_automatic_answer(mail)


_CLAUSE_END = re.compile(
    r"(?<!\b\d)(?<!\b\d\d)[.!]+(?=\s|$)|[;,:](?=\s|$)|\n|\s[-\u2013](?=\s)|\b(?:und|and|et|oder|or|ou)\b"
)
# "Ich bin vom 3.2. bis 7.2. auf Kur", or a date alone: "Ab 3.2. brauche ich das Tablet" says more.
_DATED = re.compile(
    r"\W*(?:(?:(?:ich |wir )?(?:bin|sind)|i am|i'm|i will be|we are|je suis|je serai|nous sommes)"
    r" [^\n]{0,60}\b(?:bis|ab|vom|until|from|jusqu|du)\b[^\n]{0,40}\d"
    r"|(?:ab|bis|vom|from|until|du|jusqu|zwischen|between)\b[^\n]{0,20}\d[^\n]{0,12}$)"
)  # in lower case
# A person who thanks for a mail says who is absent on one day, who is back, and who left.
_BY_PERSON = re.compile(
    r"\bam (?:(?:mon|diens|donners|frei)tag|mittwoch)\b|\bheute\b|(?<!guten )\bmorgen\b|\bnicht mehr\b"
    r"|\b(?:bin|sind) (?:jetzt |nun )?wieder\b"
    r"|\b(?:on (?:mon|tues|wednes|thurs|fri)day|today|tomorrow)\b"
    r"|\b(?:lundi|mardi|mercredi|jeudi|vendredi|demain|aujourd)\b"
)  # in lower case
_NAME = re.compile(
    r"(?!(?:Ja|Nein|Gerne?|O[Kk]\w{0,2}|Passt|Klar|Gut|Yes|No|Oui|Non)\b)"
    r"[^\W\d_a-zß-ÿ][\w.'’-]*(?: [^\W\d_a-zß-ÿ][\w.'’-]*){0,4}"
)


def _is_about_absence(text: str) -> bool:
    """Return whether each clause says who is absent, until when, and who answers the mail.

    A person who is absent says more: who opens the room, or where the laptop is.
    """
    clauses = (clause.strip(" \t*_()") for clause in _CLAUSE_END.split(text[:_READ]))
    return all(map(_is_of_note, filter(None, clauses)))


def _is_of_note(clause: str) -> bool:
    if is_salutation(clause) or is_signoff(clause) or _NAME.fullmatch(clause):
        return True
    said = clause.lower()
    return _DATED.match(said) is not None or any(one.search(said) for one in _OF_NOTES)


_OF_NOTES = (
    patterns.AWAY_TEXT,
    patterns.AWAY_MORE,
    patterns.AWAY_UNTIL,
    patterns.AWAY_ABOUT_MAIL,
    patterns.WILL_ANSWER,
    patterns.ABSENT_WORDS,
    patterns.THANKS_FOR_MAIL,
)
