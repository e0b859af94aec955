"""Recognise bounces: reports of mail servers, gateways and list managers that a mail was not delivered.

Only server names such as mailer-daemon prove a bounce alone. All other names may be those of people, so the
mail itself must say that a delivery failed.
"""

import re
from functools import lru_cache

from mailbot.core.classify.author import is_from_program
from mailbot.core.classify.bounce_words import (
    LIST_SUBJECT,
    LIST_TEXT,
    SUBJECT_SAYS_FAILURE,
    TEXT_SAYS_FAILURE,
)
from mailbot.core.classify.subject import bare_subject, is_reply_subject
from mailbot.core.model.mail import Mail
from mailbot.core.text.references import FORWARD_SUBJECT, subject_tags

_NAMES_OF_SERVERS = re.compile(
    r"mail(?:er)?[-_. ]?daemon|mdaemon|mmdf|microsoftexchange[0-9a-f]{8}"
    r"|mail delivery (?:sub)?system|internet mail delivery"
)  # in lower case
"""People have none of these names."""
_NAMES_LIKE_SERVERS = re.compile(
    r"\b(?:\w{0,20}post[ _.-]?master|mail[-_. ]?delivery|mail[-_. ]?system|mail[-_. ]?admin|deamon"
    r"|bounces?|postfix|exim|sendmail|qmail"
    r"|microsoft (?:exchange|outlook)|exchange server|office ?365|mail[-_. ]?(?:gateway|relay|scan\w*"
    r"|server"
    r"|router|sweeper|marshal|filter|guard|service|agent)|(?:spam|virus|content)[-_. ]?(?:filter|scanner"
    r"|guard)"
    r"|system[-_. ]?administrat\w{2,5}|(?:mail|e-?mail) administrat\w{2,5}|mailzustell\w*"
    r"|zustell(?:dienst|system)\w*"
    r"|unzustellbar\w*|undeliver\w+|administrateur (?:du )?syst[eè]me|amministratore (?:di )?sistema"
    r"|syst[eè]me de messagerie)"
)  # in lower case
_LIST_MANAGER = re.compile(
    r"(?:-(?:admin|owner|request|bounces?|editor)|^(?:mailman|sympa|majordomo|listserv|listproc|lists?"
    r"|ezmlm|\S{1,60}\+noreply"
    r"|listmaster|listowner)|-help)(?:\+[^@]{1,60})?@",
    re.I,
)
_LIST_FIELDS = ("x-mlserver", "x-list-administrivia")
_HUMAN_VOICE = re.compile(
    r"\b(?:ich|mein(?:e[mnrs]?)?|mir|hallo|moin|liebe grüße|viele grüße|lg|vg|(?:bitte"
    r"|bräuchten?) (?:um )?hilfe"
    r"|(?:können|könnten|kannst|könnt) (?:sie|du|ihr)|my (?:e-?mails?|mails?|messages?|colleague)"
    r"|can you (?:please )?help|bonjour|mes (?:mails?|messages?)|buongiorno"
    r"|(?:unsere[nr]?|our|nos) (?:e-?mails|mails|messages|nachrichten|briefe|(?:e-?mail|mail) an)"
    r"|(?:die|alle|unsere|the|all|les|nos) (?:eltern|kolleg(?:en|innen)|schüler|parents|teachers|collègues)"
    r"|seit (?:heute|gestern|tagen)|obwohl|although|wer (?:kann|hilft)|gruß"
    r"|please (?:look|have a look)|merci de vérifier|(?:pouvez|pourriez)-vous)\b"
    r"|\b(?:bitte (?:\w{1,12} )?(?:prüfen|beheben|nachsehen|abstellen)|please (?:check|fix))\s{0,3}(?:[.!]|$)"
    r"|\b(?:ist das|is this|est-ce|is dat)\b[^.!?\n]{0,60}\?(?!\S)"
)  # in lower case
_SERVICE_REPORT = re.compile(
    r'\\?"(?:notificationType|eventType)\\?"\s*:\s*\\?"(?:Bounce|Delivery|Complaint|DeliveryDelay)\\?"'
)
# The subject of the returned mail, and its own text below a line that announces it.
_RETURNED = re.compile(
    r"[\"„“‚»«][^\"„“”‘«»\n]{0,200}[\"“”‘«»]|^[ \t]*(?:subject|betreff|objet|oggetto)\s?:[^\n]{0,300}"
    r"|^[ \t]*(?:it began|(?:-{2,} ?)?(?:the )?(?:original|ursprüngliche|returned) (?:message|nachricht"
    r"|mail)).*",
    re.I | re.M | re.S,
)
_ADDRESS_OR_CODE = re.compile(r"[^\s@]@[\w-]|\b[45]\d\d[ -]|\b[45]\.\d{1,2}\.\d{1,3}\b")
_NAMES_THE_MAIL = re.compile(
    rf"{_ADDRESS_OR_CODE.pattern}|\b(?:ihrer?|deine?r?|your|votre|uw|je|su|suo|tu"
    r"|twoj\w{1,3}|państwa) (?:\w{1,20} )?(?:nachricht|e-?mails?|mails?|message|messaggio|mensaje|correo"
    r"|bericht"
    r"|wiadomoś\w{1,3}|courriel)|\b(?:iletiniz|üzenet\w{0,6}|mailbox|postfach|server)\b"
    r"|\b(?:empfänger|benutzer|recipient|user|destinat|geadresseerde|odbiorc|adresat|alıcı|címzett)"
)  # in lower case
_SALUTATION = re.compile(r"(?:hallo|moin|bonjour|buongiorno)[^\n.?!]{0,40}[,!]\s")  # in lower case
_NULL_PATH = re.compile(r"\s?<\s?(?:mailer-daemon(?:@[^<>\s]{1,250})?)?>\s?", re.I)
_SCANNED = 4000
_VOICE = 1500


def full_text(mail: Mail) -> str:
    """Return the beginning of all text of a mail: a report may look like a quotation."""
    return f"{mail.text}\n{mail.signature}\n{mail.quoted}"[:_SCANNED]


def has_null_path(mail: Mail) -> bool:
    """Return whether the mail was sent without a return address (RFC 5321, 4.5.5).

    Postfix writes MAILER-DAEMON instead if it hands a mail to a program.
    """
    return any(_NULL_PATH.fullmatch(mail.header(name)) for name in ("return-path", "x-envelope-from"))


def is_from_server(mail: Mail) -> bool:
    """Return whether From is that of a mail server only; people may write as postmaster (RFC 5321, 4.5.1)."""
    if has_name_of_server(mail):
        return True
    return bool(mail.sender and mail.sender.email.startswith("postmaster@")) and not mail.text


def is_by_server(mail: Mail) -> bool:
    """Return whether a mail server says that delivery failed.

    A person may be named like a server, and write about mail: then the text must not be that of a person.
    """
    if not is_like_server(mail) or not says_failure(mail):
        return False
    automatic = has_null_path(mail) or mail.header("auto-submitted") not in ("", "no")
    if automatic or has_name_of_server(mail):
        return True
    if FORWARD_SUBJECT.match(bare_subject(mail.subject)) or sounds_human(mail):
        return False
    return subject_says_failure(mail) or bool(_ADDRESS_OR_CODE.search(full_text(mail)))


def is_like_server(mail: Mail) -> bool:
    """Return whether From or Sender is a name of a mail server, which a person may have too."""
    senders = _senders(mail)
    return bool(_NAMES_OF_SERVERS.search(senders) or _NAMES_LIKE_SERVERS.search(senders))


def has_name_of_server(mail: Mail) -> bool:
    """Return whether From or Sender is a name of a mail server that no person has."""
    return bool(_NAMES_OF_SERVERS.search(_senders(mail)))


def subject_says_failure(mail: Mail) -> bool:
    """Return whether the subject says that a delivery failed, and is not the subject of a reply."""
    return not is_reply_subject(mail.subject) and _says_failure(bare_subject(mail.subject))


@lru_cache(maxsize=16)  # several rules for one mail look at its subject
def _says_failure(subject: str) -> bool:
    return bool(SUBJECT_SAYS_FAILURE.search(subject.lower()))


def text_says_failure(mail: Mail) -> bool:
    """Return whether the text says that a delivery failed."""
    return bool(TEXT_SAYS_FAILURE.search(full_text(mail).lower()))


def says_failure(mail: Mail) -> bool:
    """Return whether subject or text say that a delivery failed."""
    return subject_says_failure(mail) or text_says_failure(mail)


def is_forwarded_report(mail: Mail) -> bool:
    """Return whether a person forwards a report: mail programs attach its parts below the person's text.

    Gateways keep the subject of the mail, so the prefix of a reply, and one behind a tag, prove no person.
    """
    prefix = FORWARD_SUBJECT.match(mail.subject)
    if mail.is_report or not mail.text or prefix is None or subject_tags(prefix[0]):
        return False
    if mail.header("auto-submitted") not in ("", "no") or is_like_server(mail) or has_null_path(mail):
        return False
    return sounds_human(mail) or not TEXT_SAYS_FAILURE.search(mail.text[:_SCANNED].lower())


def is_service_report(mail: Mail) -> bool:
    """Return whether the text is the JSON of a mail service about a delivery (Amazon SES)."""
    return bool(_SERVICE_REPORT.search(mail.text[:_SCANNED]))


def sounds_human(mail: Mail) -> bool:
    """Return whether a person speaks about themselves, as programs do not.

    The returned mail and what is quoted of it do not count, nor does a program's salutation.
    """
    subject = mail.subject.lower()
    failure = SUBJECT_SAYS_FAILURE.search(subject)
    before = subject[: failure.start()] if failure else ""
    text = _RETURNED.sub(" ", mail.text[:_VOICE]).lower().lstrip()
    salutation = _SALUTATION.match(text) if is_from_program(mail) else None
    text = text[salutation.end() :] if salutation else text
    return bool(_HUMAN_VOICE.search(before) or _HUMAN_VOICE.search(text))


def is_by_gateway(mail: Mail) -> bool:
    """Return whether subject and text both say that a delivery failed, and no person speaks.

    A program names the recipient, a status code, or the reader's mail: parcels are not delivered either.
    """
    says = subject_says_failure(mail) and text_says_failure(mail) and not sounds_human(mail)
    return says and bool(_NAMES_THE_MAIL.search(full_text(mail).lower()))


def is_by_list_manager(mail: Mail) -> bool:
    """Return whether a list manager rejects a mail: by its address or a field, its subject and its text."""
    sender = mail.sender.email if mail.sender else ""
    by_program = _LIST_MANAGER.search(sender) or any(mail.header(name) for name in _LIST_FIELDS)
    if not by_program or sounds_human(mail):
        return False
    subject = LIST_SUBJECT.search(mail.subject.lower()) or SUBJECT_SAYS_FAILURE.search(mail.subject.lower())
    return bool(subject and (LIST_TEXT.search(full_text(mail).lower()) or text_says_failure(mail)))


def _senders(mail: Mail) -> str:
    return f"{mail.header('from')} {mail.header('sender')}".lower()
