"""Recognise acknowledgements of programs that no header field marks as automatic."""

import re

from mailbot.core.classify.auto_mail_patterns import ASKS_THE_READER, ASKS_TO_SWITCH
from mailbot.core.classify.subject import bare_subject
from mailbot.core.model.mail import Mail

# Subjects of acknowledgements; people write them as well, so that the text must say who wrote the mail.
_SENT = r"(?:anfrage|nachricht|e-?mail|mail|meldung|anliegen|ticket)"
_RECEIVED = r"(?:message|request|e-?mail|mail|enquiry|inquiry|ticket)"
_SUBJECT = re.compile(
    r"\s*(?:(?:re|aw)\s*:\s*)?(?:(?:eingangs|empfangs|annahme)[- ]?bestätigung"
    rf"|(?:eingangs|empfangs)?bestätigung (?:des (?:eingangs|empfangs)|(?:zu )?ihrer? {_SENT})"
    rf"|(?:wir haben )?ihre? {_SENT} (?:ist |wurde )?(?:bei uns )?"
    r"(?:eingegangen|erhalten|empfangen|registriert)"
    rf"|(?:(?:vielen|herzlichen) )?dank für ihre? {_SENT}"
    r"|(?:acknowledge?ment|confirmation) (?:of receipt|of your|- )|receipt (?:confirmation|acknowledge?ment)"
    rf"|(?:we(?:['’]ve| have) )?received your {_RECEIVED}|your {_RECEIVED} (?:has been|was) received"
    rf"|thank you for (?:contacting|your {_RECEIVED})|acknowledge?ment\b"
    r"|accusé de réception|confirmation de (?:réception|votre)|nous avons (?:bien )?reçu votre"
    r"|votre (?:demande|message|courriel|e-?mail|mail) a (?:bien )?été (?:reçue?|enregistrée?))",
    re.I,
)
# A program speaks about its own mail, at the start of a sentence and not in quotation marks.
_SAYS_GENERATED = re.compile(
    r"(?:^|[.!] )[ \t*_(=#\u2010-\u2015-]{0,9}(?:(?:hinweis|bitte beachten sie|note|remarque|nb)\s?: ?)?"
    r"(?:(?:dies ist|das ist|diese (?:e-?mail|mail|nachricht|antwort|bestätigung)|hierbei|bei dieser"
    r"|es handelt)\b[^.!?\n]{0,60}\bautomatisch(?:e[mnrs]?)?\b[^.!?\n]{0,40}"
    r"(?:generier|erstell|erzeug|versand|versende|verschick|mail|nachricht|antwort|bestätigung|empfang)"
    r"|this (?:is|e-?mail|mail|message|reply|response)\b[^.!?\n]{0,40}\bauto(?:-|mat)"
    r"|(?:ceci|cet?te?|c['’]est|il s['’]agit)\b[^.!?\n]{0,40}\bautomatique)"
)  # in lower case
_FIRST_PERSON = re.compile(
    r"\b(?:ich|mein(?:e[mnrs]?)?|mir|mich|i|i['’](?:m|ve)|my|me|je|j['’]\w{1,20}|mon|ma|mes|moi)\b(?!\.)"
)  # in lower case


def is_acknowledgement(mail: Mail) -> bool:
    """Return whether a program confirms that it received a mail, by its subject and its text."""
    return bool(_SUBJECT.match(bare_subject(mail.subject))) and says_automatic(mail)


def says_automatic(mail: Mail) -> bool:
    """Return whether a text says that a program wrote it, and no person speaks.

    People quote such mails, and write about them.
    """
    text = mail.text[:3000].lower()
    spoken = (_FIRST_PERSON, ASKS_TO_SWITCH, ASKS_THE_READER)
    lines = [line for line in text.splitlines() if line.strip()]
    said = any(
        _SAYS_GENERATED.search(line) and not above.rstrip().endswith(":")
        for above, line in zip(("", *lines), lines, strict=False)
    )
    return said and not any(pattern.search(text) for pattern in spoken)
