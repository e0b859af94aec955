"""Find the author of a mail from a list or a web form, which put their own address into From."""

import re
from collections.abc import Iterable

from mailbot.core.classify.auto_mail_patterns import NO_REPLY
from mailbot.core.model.mail import LIST_ADDRESS_FIELDS, Address, Mail

_WEB_SERVER = re.compile(
    r"(?:wordpress|wp|(?:php)?mailer|joomla|drupal|typo3|contao|cms|php|apache2?|nginx|httpd|nobody|www(?:-?(?:data|run|server))?"
    r"|web(?:server|site|seite|master|mailer|-?form(?:ular)?)?|homepage|internet(?:seite)?|website|cgi"
    r"|(?:(?:kontakt|contact|online|web|anfrage|support|mail)[-_.]?)?form(?:ular|ulaire|s|mail|mailer)?"
    r"|(?:kontakt|contact)[-_.]?form(?:ular)?\d?|[^\W\d_]{3,20}[-_.]?formular|moodle|nextcloud|owncloud|iserv"
    r"|(?:schul|eltern|web)?portal)",
    re.I,
)
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]]{1,100}@[^\s<>,;:\"()\[\]?]{1,200}")
_LIST_ID = re.compile(r"<([^<>\s]{1,250})>\s*$")
_VIA_LIST = re.compile(r"(.{1,100}?) (?:via|über|\(via) .{1,100}", re.I)


def behind_from(mail: Mail, support_addresses: frozenset[str], domains: frozenset[str]) -> Address | None:
    """Return the author if From is a support address, a program's or the mail's own list; else None.

    It is the only address in Reply-To within the schools' `domains`. A list names it in X-Original-From too,
    or puts it into Cc with the name that From has before "via".
    """
    sender = mail.sender
    if sender is None or not (
        _is_no_person(sender.email, support_addresses) or is_own_list(mail, sender.email)
    ):
        return None
    if is_own_list(mail, sender.email) and (original := _people(mail.original_from, mail, support_addresses)):
        return _named(original[0], mail.reply_to) if len(original) == 1 else None
    replies = [a for a in _people(mail.reply_to, mail, support_addresses) if a.domain in domains]
    name = _VIA_LIST.fullmatch(sender.name) if is_own_list(mail, sender.email) else None
    if not replies and name:  # Mailman 3 puts the author into Cc
        called = name[1].strip(" '\"").casefold()
        people = _people(mail.cc, mail, support_addresses)
        replies = [a for a in people if a.domain in domains and a.name.casefold() == called]
    return replies[0] if len(replies) == 1 else None


def is_no_reply(email: str) -> bool:
    """Return whether mail to an address is read by no person, as its name says."""
    return bool(NO_REPLY.search(email.rpartition("@")[0]))


def is_from_program(mail: Mail) -> bool:
    """Return whether From is an address to which no person reads mail, as its name says."""
    return bool(mail.sender and is_no_reply(mail.sender.email))


def reads_mail(mail: Mail, support_addresses: frozenset[str]) -> bool:
    """Return whether a person reads mail to the author of this mail: no program and no list does."""
    return bool(mail.sender) and bool(_people(mail.senders[:1], mail, support_addresses))


def is_own_list(mail: Mail, email: str) -> bool:
    """Return whether an address is that of the list that distributed the mail (RFC 2369, 2919)."""
    named = " ".join(value for name, value in mail.headers if name in LIST_ADDRESS_FIELDS)[:4000].lower()
    identifier = _LIST_ID.search(mail.header("list-id")[:1000])
    same_id = identifier is not None and identifier[1].lower() == email.replace("@", ".")
    return same_id or email in _ADDRESS.findall(named.replace("mailto:", " "))


def _people(addresses: Iterable[Address], mail: Mail, support_addresses: frozenset[str]) -> list[Address]:
    return [
        address
        for address in {a.email: a for a in addresses}.values()
        if not _is_no_person(address.email, support_addresses) and not is_own_list(mail, address.email)
    ]


def _is_no_person(email: str, support_addresses: frozenset[str]) -> bool:
    local = email.rpartition("@")[0]
    return email in support_addresses or bool(NO_REPLY.search(local) or _WEB_SERVER.fullmatch(local))


def _named(address: Address, others: Iterable[Address]) -> Address:
    """Return the address with a name, which may be in another field only."""
    return address if address.name else next((a for a in others if a.email == address.email), address)
