"""Recognise emoji reactions and recalls, which programs send as mails without words of a person."""

import re

from mailbot.core.classify import auto_mail_patterns as patterns
from mailbot.core.classify import bounce
from mailbot.core.classify.subject import answers_mail, bare_subject, is_reply_subject
from mailbot.core.model.mail import Mail

_COMMAND = re.compile(r"(?:^|[:\]\s])[#＃]\w")


def is_recall(mail: Mail) -> bool:
    """Return whether a program announces that its user recalls a mail, as Outlook does."""
    subject = patterns.RECALL_SUBJECT.match(bare_subject(mail.subject))
    said = subject and len(mail.text) < 1000 and patterns.RECALL_TEXT.search(mail.text)
    return bool(said) and not bounce.sounds_human(mail)


def is_reaction(mail: Mail) -> bool:
    """Return whether the whole text of a reply is an emoji, or the sentence of a program about one."""
    if not (answers_mail(mail) or is_reply_subject(mail.subject)) or len(mail.text) > 2000:
        return False
    if any(not part.inline for part in mail.parts):
        return False
    lines = [line.strip() for line in patterns.REACTION_LINK.sub("", mail.text).splitlines() if line.strip()]
    worded = [line for line in lines if any(map(str.isalnum, line))]
    if not worded:
        return any(map(_is_emoji, mail.text)) and not _COMMAND.search(mail.subject)
    return len(worded) == 1 and bool(patterns.REACTION_SENTENCE.fullmatch(worded[0]))


def _is_emoji(char: str) -> bool:
    return ord(char) >= 0x1F000 or 0x2190 <= ord(char) <= 0x2BFF
