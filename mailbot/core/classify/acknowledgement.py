"""Recognise acknowledgements and receipts of programs that no header field marks as automatic.

A receipt says that a mail was read, delivered or recalled.
"""

import re

from mailbot.core.classify import bounce
from mailbot.core.classify.auto_mail_patterns import (
    ASKS_THE_READER,
    ASKS_TO_SWITCH,
    RECEIPT_SUBJECT,
    RECEIPT_TEXT,
)
from mailbot.core.classify.subject import bare_subject
from mailbot.core.model.mail import Mail

# Subjects of acknowledgements; people write them as well, so that the text must say who wrote the mail.
_SENT = r"(?:anfrage|nachricht|e-?mail|mail|meldung|anliegen|ticket)"
_RECEIVED = r"(?:message|request|e-?mail|mail|enquiry|inquiry|ticket)"
_SUBJECT = re.compile(
    r"\s*(?:(?:re|aw)\s*:\s*)?(?:(?:ticket|anfrage|vorgang|request|case)\b[^:]{0,40}: )?"
    r"(?:(?:eingangs|empfangs|annahme)[- ]?bestätigung"
    rf"|(?:eingangs|empfangs)?bestätigung (?:des (?:eingangs|empfangs)|(?:zu )?ihrer? {_SENT})"
    rf"|(?:wir haben )?ihre? {_SENT} (?:ist |wurde )?(?:bei uns )?"
    r"(?:eingegangen|erhalten|empfangen|registriert)"
    rf"|(?:(?:vielen|herzlichen) )?dank für ihre? {_SENT}"
    r"|(?:acknowledge?ment|confirmation) (?:of receipt|of your|- )|receipt (?:confirmation|acknowledge?ment)"
    rf"|(?:we(?:['’]ve| have) )?received your {_RECEIVED}|your {_RECEIVED} (?:has been|was) received"
    rf"|thank you for (?:contacting|your {_RECEIVED})|acknowledge?ment\b"
    r"|(?:(?:ihre?|neue?s?|das|die) )?(?:support-?)?(?:ticket|anfrage|vorgang)\b.{0,60}\b(?:wurde|ist) "
    r"(?:erfolgreich )?(?:erstellt|eröffnet|angelegt|registriert|erfasst|aufgenommen)(?=\W*$|:|\s[-–([])"
    r"|(?:(?:your|new) )?(?:support )?(?:ticket|request|case)\b.{0,60}\b(?:has been|was) "
    r"(?:created|opened|logged)(?=\W*$|:|\s[-–([])"
    r"|\[?(?:ticket|request|message) received\b"
    r"|accusé de réception|confirmation de (?:réception|votre)|nous avons (?:bien )?reçu votre"
    r"|votre (?:demande|message|courriel|e-?mail|mail) a (?:bien )?été (?:reçue?|enregistrée?))",
    re.I,
)
# A program speaks about its own mail, at the start of a sentence and not in quotation marks.
_SAYS_GENERATED = re.compile(
    r"(?:^|[.!] |^(?:sehr geehrte|guten tag|dear|bonjour)[^.!?,\n]{0,60}, "
    r"(?=dies ist eine|this is an|ceci est un))"
    r"[ \t*_(=#\u2010-\u2015-]{0,9}(?:(?:hinweis|bitte beachten sie|note|remarque|nb)\s?: ?)?"
    r"(?:(?:dies ist|das ist|diese (?:e-?mail|mail|nachricht|antwort|bestätigung)|hierbei|bei dieser"
    r"|es handelt)\b[^.!?\n]{0,60}\bautomatisch(?:e[mnrs]?)?\b[^.!?\n]{0,40}"
    r"(?:generier|erstell|erzeug|versand|versende|verschick|mail|nachricht|antwort|bestätigung|empfang)"
    r"|this (?:is|e-?mail|mail|message|reply|response)\b[^.!?\n]{0,40}\bauto(?:-|mat)"
    r"|(?:ceci|cet?te?|c['’]est|il s['’]agit)\b[^.!?\n]{0,40}\bautomatique)"
)  # in lower case
# A whole sentence, since people write "Das ist eine automatische Antwort von Untis, oder?"
_IS_GENERATED = re.compile(
    r"(?:^|[.!] )[ \t*_(=#\u2010-\u2015-]{0,9}"
    r"(?:dies ist eine (?:automatische|automatisch (?:erstellte|generierte|erzeugte|versandte|versendete)) "
    r"(?:antwort|nachricht|e-?mail|mail|benachrichtigung|(?:eingangs|empfangs)?bestätigung"
    r"(?: (?:ihrer|deiner|des eingangs|über den eingang) [^.!?\n]{0,40})?)"
    r"|diese (?:e-?mail|mail|nachricht|antwort) (?:wurde|ist) automatisch "
    r"(?:erstellt|generiert|erzeugt|versandt|versendet|verschickt)(?: worden)?"
    r"|this (?:is an auto(?:mat\w{2,5}|-?generated) |(?:e-?mail|mail|message|reply) (?:was|is) auto)"
    r"(?:generated|matically (?:generated|sent)|(?:e-?mail|mail|message|reply|response)"
    r"(?: (?:confirming|to confirm) [^.!?\n]{0,60})?)"
    r"|(?:ceci est|il s['’]agit d['’]) ?une? (?:réponse|message|courriel|e-?mail) automatique)"
    r"(?:[,;]? ?(?:[–-]|und|and|et)? ?(?:bitte |please |merci de )?(?:antworten sie (?:bitte )?nicht"
    r"|kann nicht beantwortet|do not reply|ne pas répondre)[^.!?,\n]{0,40})?"
    r"[ \t*_)=#\u2010-\u2015-]{0,9}(?:[.!]|$)"
)  # in lower case
_REGISTERED = re.compile(
    r"\breceived your\b|\byour (?:request|ticket|message|e-?mail)\b[^.!?\n]{0,40}"
    r"\b(?:received|created|logged)\b"
    r"|\b(?:ihre|deine) (?:anfrage|nachricht|e-?mail|meldung)\b[^.!?\n]{0,60}"
    r"\b(?:erhalten|eingegangen|erfasst|registriert)\b"
    r"|\bvotre (?:demande|message)\b[^.!?\n]{0,60}\b(?:reçue?|enregistrée?)\b"
)  # in lower case
_WILL_ANSWER = re.compile(
    r"\b(?:is being|will|wird|werden|sera)\b[^.!?\n]{0,80}"
    r"\b(?:review|process|respon|contact|bearbeite|melde|kümmer|traité)|\bmelden uns\b|\bget back to you\b"
)  # in lower case
_NUMBER = re.compile(r"\d{3}")
_QUESTION = re.compile(r"\?(?:\s|$)")
_FIRST_PERSON = re.compile(
    r"\b(?:ich|mein(?:e[mnrs]?)?|mir|mich|i|i['’](?:m|ve)|my|me|je|j['’]\w{1,20}|mon|ma|mes|moi)\b(?!\.)"
)  # in lower case


def is_acknowledgement(mail: Mail) -> bool:
    """Return whether a program confirms that it received a mail, by its subject and its text."""
    if not (_SUBJECT.match(bare_subject(mail.subject)) or _SUBJECT.match(mail.subject)):
        return False
    return _says(_SAYS_GENERATED, mail) or _says_registered(mail)


def _says_registered(mail: Mail) -> bool:
    """Return whether a text says that a request has a number and will be answered, and no person speaks."""
    text = (mail.text or mail.quoted)[:3000].lower()  # below "Please type your reply above this line"
    said = all(one.search(text) for one in (_REGISTERED, _WILL_ANSWER))
    numbered = _NUMBER.search(f"{mail.subject} {text}")
    return said and bool(numbered) and not any(one.search(text) for one in (_FIRST_PERSON, _QUESTION))


def is_automatic_answer(mail: Mail) -> bool:
    """Return whether a sentence of a reply says that a program wrote it, and the text asks nothing."""
    return not _QUESTION.search(mail.text[:3000]) and _says(_IS_GENERATED, mail)


def _says(pattern: re.Pattern[str], mail: Mail) -> bool:
    """Return whether a text says that a program wrote it, and no person speaks.

    People quote such mails, and write about them.
    """
    text = mail.text[:3000]
    spoken = (_FIRST_PERSON, ASKS_TO_SWITCH, ASKS_THE_READER)
    lines = ["", *(line.strip() for line in text.splitlines() if line.strip()), ""]
    said = any(
        pattern.search(line.lower()) and not _is_quoted(above, line, below)
        for above, line, below in zip(lines, lines[1:], lines[2:], strict=False)
    )
    return said and not any(one.search(text.lower()) for one in spoken)


def _is_quoted(above: str, line: str, below: str) -> bool:
    """Return whether the line above announces a line, or a person's sentence continues below its end."""
    return above.endswith(":") or (below[:1].islower() and line.endswith((".", "!")))


_LONGEST_RECEIPT = 1_500  # characters


def is_receipt(mail: Mail) -> bool:
    """Return whether subject and text of a mail are those of a receipt.

    People write "Rückruf - 0171 2345" and "Rückruf: 0171 2345" without a text, so these do not count alone.
    """
    subject = RECEIPT_SUBJECT.match(bare_subject(mail.subject))
    if subject is None:
        return False
    says_all = not mail.text and subject[0].endswith(":") and not subject["recall"]
    return says_all or bounce.has_null_path(mail) or _says_receipt(mail)


def _says_receipt(mail: Mail) -> bool:
    """Return whether the text is that of a receipt; the header that it names looks like a quotation."""
    text = bounce.full_text(mail)
    said = len(text) < _LONGEST_RECEIPT and RECEIPT_TEXT.match(text.lower())
    return bool(said) and not bounce.sounds_human(mail)
