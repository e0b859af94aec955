"""Addresses in To and Cc that are no people: aliases of the mailbox, lists, and no-reply addresses."""

import re
from collections.abc import Collection

from mailbot.core.classify.auto_mail_patterns import NO_REPLY
from mailbot.core.model.mail import Mail

_SERVER = frozenset({"abuse", "mailer-daemon", "postmaster", "root"})
# A mail to a list and to the desk comes to the desk without the header fields of the list.
_LIST = frozenset(
    {"alle", "all", "eltern", "everyone", "kollegen", "kollegium", "lehrer", "lehrerinnen", "lehrkraefte"}
    | {"lehrkräfte", "schueler", "schülerschaft", "schuelerschaft", "staff", "verteiler"}
)
_LIST_WORD = re.compile(r"(?:^|[._-])(?:kollegium|mailinglist|mailingliste|verteiler)(?:$|[._-])")


def is_no_person(email: str, mail: Mail, support_addresses: Collection[str]) -> bool:
    """Return whether mail to an address goes to the desk, to many people, or to none.

    Such an address in cc would get every answer: the desk its own mails, a list those about one teacher.
    """
    local, _, domain = email.rpartition("@")
    mailbox = f"{local.partition('+')[0]}@{domain}"
    if mailbox in support_addresses or email in mail.routes:
        return True
    return local in _SERVER | _LIST or bool(NO_REPLY.search(local) or _LIST_WORD.search(local))
