"""Explain how a desk would understand mails, and why, without a configuration and without any change."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mailbot.core.classify.classify import classify
from mailbot.core.commands.parse import parse as find_commands
from mailbot.core.model.effects import Decision
from mailbot.core.model.mail import Classification, Encryption, Mail, MailKind
from mailbot.core.text.references import action_key, subject_tag, without_action_key
from mailbot.parse import parse

DryRun = Callable[[Mail, bytes], Decision]


def explain(content: bytes, dry_run: DryRun | None = None) -> dict[str, Any]:
    """Return what is understood of a mail's bytes, as JSON values, with the reasons.

    `dry_run` returns the decision of a desk; without it tickets and roles are unknown.
    """
    mail = parse(content)
    classification = classify(mail, frozenset())
    if dry_run is None:
        return {**_understood(mail, classification), "outcome": outcome(mail, classification)}
    decision = dry_run(mail, content)
    return {
        **_understood(mail, classification),
        "role": decision.role,
        "ticket": decision.ticket,
        "matched_by": decision.matched_by,
        "outcome": decision.outcome,
        "because": [*reasons(mail, classification), *decision.because],
    }


def _understood(mail: Mail, classification: Classification) -> dict[str, Any]:
    lines = () if mail.unseen else find_commands(without_action_key(mail.text), mail.subject).lines
    return {
        "kind": classification.kind.value,
        "sender": mail.sender.email if mail.sender else "",
        "subject": mail.subject,
        "role": None,
        "ticket": subject_tag(mail.subject),
        "matched_by": None,
        "commands": [{"name": line.command.name, "args": list(line.args)} for line in lines if line.command],
        "text": mail.text or (mail.ticket_text if mail.forwarded else ""),
        "signature": mail.signature,
        "quoted": mail.quoted,
        "attachments": [
            {"filename": p.filename, "content_type": p.content_type, "size": p.size, "inline": p.inline}
            for p in mail.parts
        ],
        "outcome": "",
        "because": list(reasons(mail, classification)),
    }


def outcome(mail: Mail, classification: Classification) -> str:
    """Return the outcome of such a mail in a few words."""
    if classification.kind is not MailKind.HUMAN:
        return "filed without notification"
    if mail.encryption is not Encryption.NONE:
        return "sender is asked for an unencrypted mail"
    if action_key(f"{mail.text}\n{mail.signature}") or mail.in_reply_to or mail.references:
        return "filed as a reply, if it answers a mail of the desk"
    return "opens a ticket"


def reasons(mail: Mail, classification: Classification) -> Iterator[str]:
    """Yield why a mail was understood as it was."""
    yield f"{classification.kind.value}: {classification.reason}"
    bounced = mail.delivery if classification.kind is MailKind.BOUNCE else ()
    for status in bounced[:20]:
        about = f" of {status.original_message_id}" if status.original_message_id else ""
        yield f"delivery {status.action.value}: {status.recipient} {status.status}".rstrip() + about
    if mail.encryption is not Encryption.NONE:
        yield f"content hidden by {mail.encryption.value}"
    if mail.forwarded:
        yield "forwarded: the forwarded mail belongs to the problem"
    elif mail.quoted and not mail.text:
        yield "nothing but a quotation: it is the problem, if a ticket is opened"
    elif mail.quoted:
        yield f"quotation cut off: {len(mail.quoted)} characters"
    if mail.unseen:
        yield "HTML text that a reader does not see: it has no commands"
    yield from (f"defect: {defect}" for defect in mail.defects)


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files named, and those in the folders named."""
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.is_file())
        else:
            yield path


def explain_file(path: Path, dry_run: DryRun | None = None) -> dict[str, Any]:
    """Return the explanation of a file; one that cannot be understood is answered too."""
    try:
        return {"file": str(path), **explain(path.read_bytes(), dry_run)}
    except OSError as trouble:
        reason = str(trouble)
    except Exception as trouble:  # noqa: BLE001 - a bug at one mail must not take the answers for the others
        reason = f"{type(trouble).__name__}: {trouble}"
    return {"file": str(path), "kind": None, "outcome": "not understood", "because": [reason]}
