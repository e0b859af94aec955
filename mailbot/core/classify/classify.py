"""Classify mails as human or automatic: the first matching rule decides (RFC 3834, 3464, 5965, 8098)."""

import re
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace

from mailbot.core.classify import auto_mail_patterns as patterns
from mailbot.core.classify import bounce
from mailbot.core.classify.absence import has_auto_subject, is_absence_note, is_away_text
from mailbot.core.classify.acknowledgement import is_acknowledgement, is_receipt
from mailbot.core.classify.author import is_from_program
from mailbot.core.classify.reaction import is_reaction, is_recall
from mailbot.core.classify.subject import answers_mail, is_reply_subject
from mailbot.core.model.mail import LIST_ADDRESS_FIELDS, Classification, Mail, MailKind
from mailbot.core.text.references import subject_tags

_SENT_BY_PROGRAM = frozenset(
    {
        "x-auto-response-suppress",
        "x-autosubmitted",
        "x-bulkmail",
        "x-campaign",
        "x-campaign-id",
        "x-campaignid",
        "x-cron-env",
        "x-ebay-mailtracker",
        "x-facebook-notify",
        "x-github-reason",
        "x-jira-fingerprint",
        "x-mailbot",
        "x-newsletter",
    }
)
_AUTO_REPLY_FIELD = re.compile(
    r"x-(?:mail-?|post-?|md-?|cyrus-?|sieve-?)?(?:auto(?:matic)?-?(?:reply|repl(?:y|ied)-?from|response"
    r"|respond(?:er)?|generated)"
    r"|vacation|away|ooo-reply|oof|hmailserver-loopcount|fc-machinegenerated)"
)
# The whole value: a mailbox may have such a name.
_AUTORESPONDER = re.compile(r"(?:delivered-to: |x-post-messageclass: (?:\d{1,3}; ?)?)autoresponder", re.I)
_UNSET = ("", "no", "none", "false", "0")
_NO_AUTO_REPLY = ("", "no", "auto-forwarded")  # a rule of a mailbox forwards what a human wrote, too
_LIST_FIELDS = LIST_ADDRESS_FIELDS | {
    *("list-id", "list-archive", "list-help", "list-owner", "list-subscribe"),
    *("x-list", "x-list-id", "x-list-name", "x-listname"),
    *("x-ml-name", "x-mailing-list-name", "x-mailman-version", "x-google-group-id", "x-listserver"),
}

Predicate = Callable[[Mail], bool]

REACTION = "text/vnd.google.email-reaction+json"
CALENDAR_REPLY = "text/calendar; method=reply"
"""Entries of `Mail.reports` for parts that are no media type of a report, but as good as one."""


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: MailKind
    reason: str
    fits: Predicate
    not_by_school: bool = False  # does not apply to a new mail of a person with an address of a school


def _report(name: str) -> Predicate:
    return lambda mail: name in _report_type(mail) or f"message/{name}" in mail.reports


def _own_report(name: str) -> Predicate:
    return lambda mail: _report(name)(mail) and not bounce.is_forwarded_report(mail)


def _has_part(media_type: str) -> Predicate:
    return lambda mail: media_type in mail.reports


def _report_type(mail: Mail) -> str:
    value = mail.header("content-type").lower()
    return value.partition("report-type")[2][:60] if mail.is_report else ""


def _auto_submitted(mail: Mail) -> Iterator[str]:
    """Yield the keywords of Auto-Submitted, without parameters and comments (RFC 3834, 5)."""
    return (
        value.partition(";")[0].partition("(")[0].strip().lower()
        for value in mail.all_headers("auto-submitted")
    )


def _says_auto_submitted(prefix: str) -> Predicate:
    return lambda mail: any(value.startswith(prefix) for value in _auto_submitted(mail))


def _precedence(mail: Mail, pattern: re.Pattern[str]) -> bool:
    """Return whether a Precedence field matches; some mails have several."""
    values = (*mail.all_headers("precedence"), *mail.all_headers("x-precedence"))
    return any(pattern.match(value) for value in values)


def _is_set(mail: Mail, names: Set[str]) -> bool:
    return any(name in names and value.strip().lower() not in _UNSET for name, value in mail.headers)


def _has_auto_reply_field(mail: Mail) -> bool:
    return any(
        (_AUTO_REPLY_FIELD.fullmatch(name) and value.strip().lower() not in (*_UNSET, "forward"))
        or _AUTORESPONDER.fullmatch(f"{name}: {value}")
        for name, value in mail.headers
        if name.startswith(("x-", "delivered-to"))
    )


def _has_loop_mark(mail: Mail) -> bool:
    """Return whether OTRS or Znuny marks the mail as automatic; others put an address into X-Loop."""
    values = (*mail.all_headers("x-loop"), *mail.all_headers("x-otrs-loop"))
    return any(value.strip().lower() in ("yes", "true") for value in values)


def is_reply(mail: Mail) -> bool:
    """Return whether a mail answers another one, by its thread and its subject."""
    return answers_mail(mail) and is_reply_subject(mail.subject)


def _carries_original(mail: Mail) -> bool:
    return any(part.content_type in ("message/rfc822", "text/rfc822-headers") for part in mail.parts)


def _is_challenge(mail: Mail) -> bool:
    """Return whether a spam filter asks the sender to confirm a mail: by its subject, or by text and link.

    The text must order to confirm: people write of the delivery of mails as well.
    """
    named = patterns.CHALLENGE_SUBJECT.search(mail.subject.lower())
    if named and patterns.CHALLENGE.search(bounce.full_text(mail).lower()):
        return True
    words = mail.text[:2000].lower()
    asks = patterns.LINK.search(mail.text[:4000]) and patterns.CHALLENGE_TEXT.search(words)
    return (
        bool(asks and patterns.CHALLENGE_ORDER.search(words))
        and not mail.quoted
        and not bounce.sounds_human(mail)
    )


EMPTY_RETURN_PATH = "empty Return-Path"


def _is_feedback_report(mail: Mail) -> bool:
    return bool(patterns.FEEDBACK_SUBJECT.match(mail.subject))


def _sent_to_many(mail: Mail) -> bool:
    bulk = _precedence(mail, patterns.BULK_WORD) or _is_set(mail, {"list-unsubscribe", "feedback-id"})
    return bulk and not is_reply(mail) and "mailto:" not in mail.header("list-post")


def is_from_list(mail: Mail) -> bool:
    """Return whether a mailing list distributed the mail (RFC 2369, 2919, and older fields)."""
    return _is_set(mail, _LIST_FIELDS)


def _is_person_of(mail: Mail, domains: frozenset[str]) -> bool:
    return mail.sender is not None and mail.sender.domain in domains and not is_from_program(mail)


def _is_list_post_of(mail: Mail, domains: frozenset[str]) -> bool:
    """Return whether a person of these domains wrote to a discussion list, which distributed the mail."""
    mass_mailing = _is_set(mail, {"feedback-id"}) or mail.header("list-post").strip().lower() == "no"
    return _is_person_of(mail, domains) and is_from_list(mail) and not mass_mailing


CALENDAR_ANSWER = "answer to an invitation (RFC 5546)"
NO_FROM = "no From address to reply to"
BY_NAME_AND_WORDS = "from a mail server, says that delivery failed"
BY_WORDS = "subject and text say that delivery failed"
_RULES = (
    _Rule(MailKind.BULK, "feedback report (RFC 5965)", _report("feedback-report")),
    _Rule(MailKind.BOUNCE, "delivery status notification (RFC 3464)", _own_report("delivery-status")),
    _Rule(MailKind.BOUNCE, "delivery status notification (RFC 6533)", _own_report("global-delivery-status")),
    _Rule(MailKind.BOUNCE, "X-Failed-Recipients", lambda mail: _is_set(mail, {"x-failed-recipients"})),
    _Rule(MailKind.AUTO_REPLY, "emoji reaction", lambda mail: REACTION in mail.reports or is_reaction(mail)),
    _Rule(MailKind.AUTO_REPLY, CALENDAR_ANSWER, _has_part(CALENDAR_REPLY)),
    _Rule(MailKind.AUTO_REPLY, "recall of a mail", is_recall),
    _Rule(
        MailKind.AUTO_REPLY,
        "subject of an automatic reply, no address to reply to",
        lambda mail: has_auto_subject(mail) and (bounce.has_null_path(mail) or bounce.is_like_server(mail)),
    ),
    _Rule(MailKind.BOUNCE, BY_NAME_AND_WORDS, bounce.is_by_server),
    _Rule(MailKind.AUTO_REPLY, "read receipt (RFC 8098)", _own_report("disposition-notification")),
    _Rule(
        MailKind.BOUNCE,
        "empty Return-Path, says that delivery failed",
        lambda mail: bounce.has_null_path(mail) and bounce.says_failure(mail) and not is_reply(mail),
    ),
    _Rule(MailKind.BOUNCE, BY_WORDS, bounce.is_by_gateway, not_by_school=True),
    _Rule(MailKind.BOUNCE, "a list manager rejects a mail", bounce.is_by_list_manager),
    _Rule(
        MailKind.AUTO_REPLY, "Auto-Submitted: auto-replied (RFC 3834)", _says_auto_submitted("auto-replied")
    ),
    _Rule(MailKind.BOUNCE, "From is a mail server", bounce.is_from_server),
    _Rule(
        MailKind.BOUNCE,
        "says that delivery failed and contains the mail",
        lambda mail: (
            bounce.subject_says_failure(mail) and bounce.text_says_failure(mail) and _carries_original(mail)
        ),
    ),
    _Rule(
        MailKind.BOUNCE,
        "a program says that delivery failed",
        lambda mail: (
            is_from_program(mail)
            and bounce.text_says_failure(mail)
            and not mail.in_reply_to
            and not bounce.sounds_human(mail)
        ),
    ),
    _Rule(MailKind.BOUNCE, "report of a mail service", bounce.is_service_report),
    _Rule(
        MailKind.AUTO_REPLY, "Auto-Submitted: auto-notified (RFC 3834)", _says_auto_submitted("auto-notified")
    ),
    _Rule(MailKind.AUTO_REPLY, "header field of an automatic reply", _has_auto_reply_field),
    _Rule(
        MailKind.AUTO_REPLY,
        "Precedence: auto_reply",
        lambda mail: _precedence(mail, patterns.AUTO_PRECEDENCE),
    ),
    _Rule(MailKind.AUTO_REPLY, "mark of a help desk's automatic mail", _has_loop_mark),
    _Rule(MailKind.AUTO_REPLY, "subject of an automatic reply", has_auto_subject),
    _Rule(MailKind.AUTO_REPLY, "subject and text of an absence note", is_absence_note),
    _Rule(MailKind.AUTO_REPLY, "acknowledgement by a program", is_acknowledgement, not_by_school=True),
    _Rule(MailKind.AUTO_REPLY, "asks for a confirmation before delivery", _is_challenge, not_by_school=True),
    _Rule(MailKind.AUTO_REPLY, "subject of a receipt, no text of a human", is_receipt),
    _Rule(MailKind.BULK, "subject of a feedback report", _is_feedback_report),
    _Rule(MailKind.AUTO_REPLY, "text of an absence note", is_away_text),
    _Rule(MailKind.BULK, NO_FROM, lambda mail: mail.sender is None),
)
_BULK_RULES = (
    _Rule(
        MailKind.BULK,
        "Auto-Submitted (RFC 3834)",
        lambda mail: any(value not in _NO_AUTO_REPLY for value in _auto_submitted(mail)),
    ),
    _Rule(
        MailKind.AUTO_REPLY,
        EMPTY_RETURN_PATH,
        lambda mail: bounce.has_null_path(mail) and not is_reply(mail),
    ),
    _Rule(
        MailKind.BULK,
        "header field of a program",
        lambda mail: _is_set(mail, _SENT_BY_PROGRAM) and not is_reply(mail),
    ),
)
"""Rules that also match what a person wrote into a web form."""


_MAX_SUBJECT = 1_000  # characters of a subject that are looked at


def classify(
    mail: Mail, support_addresses: frozenset[str], domains: frozenset[str] = frozenset()
) -> Classification:
    """Return the kind of a mail and the reason; a mail that matches no rule is human.

    A mail from a list is human in three cases: it is a reply, it was also sent to a support address, or a
    person of `domains` wrote it. These are the domains of the schools.
    """
    # Patterns see no run of blanks: the sender chooses how long one is.
    subject = " ".join(mail.subject.split())[:_MAX_SUBJECT]
    if subject != mail.subject:
        mail = replace(mail, subject=subject)
    found = _by_rules(mail, support_addresses, domains)
    if mail.sender and mail.sender.email in support_addresses and _is_no_form(mail, found):
        return Classification(MailKind.LOOP, f"sent by mailbot: From is {mail.sender.email}")
    return found


def _by_rules(mail: Mail, support_addresses: frozenset[str], domains: frozenset[str]) -> Classification:
    new_of_school = _is_person_of(mail, domains) and not answers_mail(mail)
    for rule in _RULES:
        if not (rule.not_by_school and new_of_school) and rule.fits(mail):
            return Classification(rule.kind, rule.reason)
    if mail.via is not None and not is_from_list(mail):
        return Classification(MailKind.HUMAN, f"a person wrote it by way of {mail.via.email}")
    for rule in _BULK_RULES:
        if rule.fits(mail):
            return Classification(rule.kind, rule.reason)
    if _is_list_post_of(mail, domains):
        return Classification(MailKind.HUMAN, "a person of a school wrote to a list")
    if _sent_to_many(mail):
        return Classification(MailKind.BULK, "sent to many (List-Unsubscribe, Precedence)")
    to_us = any(a.email in support_addresses for a in (*mail.to, *mail.cc))
    if is_from_list(mail) and not is_reply(mail) and not to_us:
        return Classification(MailKind.BULK, "from a list (RFC 2919) and not a reply")
    return Classification(MailKind.HUMAN, "matches no rule for automatic mail")


def _is_no_form(mail: Mail, found: Classification) -> bool:
    """Return whether a mail from a support address may be one of mailbot's with another Message-ID.

    Mail of mailbot is automatic, or it belongs to a ticket; what a person wrote into a web form is neither.
    """
    return found.kind is not MailKind.HUMAN or answers_mail(mail) or bool(subject_tags(mail.subject))


def may_be_human(mail: Mail, classification: Classification) -> bool:
    """Return whether only words make a mail a bounce: a person may report trouble with mail in them."""
    automatic = bounce.has_null_path(mail) or any(v not in _NO_AUTO_REPLY for v in _auto_submitted(mail))
    by_words = classification.reason in (BY_NAME_AND_WORDS, BY_WORDS)
    return by_words and not automatic and not bounce.is_from_server(mail)


def is_alert(mail: Mail, classification: Classification, support_addresses: frozenset[str]) -> bool:
    """Return whether a program reports something of its own: a device, a monitoring or a backup.

    It answers no mail and comes from no list. Mail from a support address may be one of mailbot's.
    """
    unsolicited = classification.kind is MailKind.BULK or classification.reason == EMPTY_RETURN_PATH
    sender = mail.sender.email if mail.sender else ""
    if not unsolicited or not sender or sender in support_addresses or mail.reports:
        return False
    answers = answers_mail(mail) or is_reply_subject(mail.subject) or bool(subject_tags(mail.subject))
    by_list = is_from_list(mail) or any(name.startswith("list-") for name, _ in mail.headers)
    empty = not (mail.text or mail.subject or mail.parts)
    return not (answers or by_list or empty or _is_set(mail, {"feedback-id"}) or _is_feedback_report(mail))


def is_bounce(mail: Mail) -> bool:
    """Return whether a mail is a bounce; rules out most mails by the names and the subject."""
    suspect = (
        bounce.is_like_server(mail)
        or bounce.has_null_path(mail)
        or bounce.subject_says_failure(mail)
        or is_from_program(mail)
        or bounce.is_by_list_manager(mail)
        or _is_set(mail, {"x-failed-recipients"})
    )
    return suspect and classify(mail, frozenset()).kind is MailKind.BOUNCE
