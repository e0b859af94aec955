"""Addresses in To and Cc that are no people: aliases of the mailbox, lists, and no-reply addresses."""

import re
from collections.abc import Collection

from mailbot.core.classify.author import is_no_reply
from mailbot.core.model.mail import Mail

_SERVER = frozenset({"abuse", "mailer-daemon", "postmaster", "root"})
# A mail to a list and to the desk comes to the desk without the header fields of the list.
_LIST = frozenset(
    {"all", "eltern", "everyone", "kollegen", "lehrer", "lehrerinnen", "lehrkraefte", "lehrkräfte"}
    | {"schueler", "staff"}
)
_LIST_WORD = re.compile(
    r"(?:^|[._-])(?:alle|\w{0,20}kollegium|(?:eltern|lehrer|schüler|schueler)schaft|mailinglisten?|\w{0,20}verteiler)"
    r"(?:$|[._-])"
)


def is_no_person(email: str, mail: Mail, support_addresses: Collection[str]) -> bool:
    """Return whether mail to an address goes to the desk, to many people, or to none.

    Such an address in cc would get every answer: the desk its own mails, a list those about one teacher.
    """
    if is_mailbox_of(email, support_addresses) or email in mail.routes:
        return True
    local = email.rpartition("@")[0]
    return local in _SERVER | _LIST or is_no_reply(email) or _LIST_WORD.search(local) is not None


def is_mailbox_of(email: str, support_addresses: Collection[str]) -> bool:
    """Return whether an address is a support address, also with a detail behind a plus (RFC 5233)."""
    local, _, domain = email.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" in support_addresses
