"""Parse the bytes of a mail, also of a malformed one; never raise."""

import re
from collections.abc import Iterator
from dataclasses import replace

from mailbot import itip
from mailbot.core.classify.bounce import has_name_of_server
from mailbot.core.classify.classify import is_bounce
from mailbot.core.model.mail import DeliveryStatus, Mail
from mailbot.core.text import quotation
from mailbot.core.text.references import FORWARD_SUBJECT
from mailbot.parse import delivery_status, limits, mime
from mailbot.parse.alternatives import Block
from mailbot.parse.danger import with_danger
from mailbot.parse.headers import SENDER_FIELDS, Header, routes, with_ascii_domains
from mailbot.parse.logos import mark_logos
from mailbot.parse.walk import TOO_LONG, PartCollector, mark_inline

__all__ = ["parse", "part_contents"]

_PRIVATE = re.compile(f"[{quotation.SIGNATURE_BEGINS}{quotation.SIGNATURE_ENDS}{quotation.INDENTED}]")
# Servers write no encoded words here; a sender could hide a forged result in an encoded word.
_AS_WRITTEN = frozenset({"authentication-results"})
_DELIVERY_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})


def parse(content: bytes) -> Mail:
    """Return what is understood of a mail's bytes, with the defects that were found; never raise."""
    defects: list[str] = []
    source = mime.normalised(content)
    if len(source) > limits.MAIL_BYTES:
        defects.append("too large: only the header was read")
        source = source[: limits.HEADER_BYTES].partition(b"\n\n")[0]
    tree = mime.read(source, defects)
    contents = PartCollector(defects)
    blocks = contents.walk(tree)
    text, unseen = _joined(blocks, defects)
    structured = all(block.is_html for block in blocks)
    known = _read_header(tree.fields, defects)
    # By general rules. `service.receive` splits a reply again if it knows the text of the quoted mail.
    split = _split(text, structured=structured, report=_is_delivery_report(known, contents))
    mail = replace(
        known,
        text=split.text,
        signature=split.signature,
        quoted=split.quoted,
        unseen=unseen,
        forwarded=split.forwarded or bool(split.quoted and FORWARD_SUBJECT.match(known.subject)),
        whole_text=text,
        structured=structured,
        parts=with_danger(
            mark_logos(
                mark_inline(contents.parts, contents.shown), "\n".join(contents.markup), split.signature
            ),
            contents.data,
        ),
        delivery=_reported(contents),
        reports=tuple(sorted(contents.reports)),
        calendar_answer=itip.read(contents.calendar) if contents.calendar else None,
        encryption=contents.protection,
        size=len(content),
        defects=tuple(dict.fromkeys(defects)),
    )
    return (
        mail if mail.delivery or not is_bounce(mail) else _with_named_recipients(mail, source, text, contents)
    )


def _split(text: str, *, structured: bool, report: bool) -> quotation.SplitText:
    """Return new text, signature and quotation; the text of a delivery report has no parts.

    Its header block of the returned mail looks like a quotation, and the failed recipients are below it.
    """
    if not report:
        return quotation.split(text, structured=structured)
    return quotation.SplitText(_PRIVATE.sub("", text).strip())


def _is_delivery_report(known: Mail, contents: PartCollector) -> bool:
    """Return whether a mail server reports a failure: by a part of its own (RFC 3464), or by its name."""
    if known.is_report:
        return not _DELIVERY_REPORTS.isdisjoint(contents.reports)
    return has_name_of_server(known)


def _read_header(raw: tuple[mime.Field, ...], defects: list[str]) -> Mail:
    """Return a mail with the values of its header."""
    header = Header(raw, defects)
    fields = tuple(_decoded(raw))
    return Mail(
        message_id=next(iter(header.message_ids("message-id")), ""),
        senders=next(filter(None, (header.addresses(name) for name in SENDER_FIELDS)), ()),
        reply_to=header.addresses("reply-to"),
        original_from=header.addresses("x-original-from") or header.addresses("x-original-sender"),
        to=header.addresses("to"),
        cc=header.addresses("cc"),
        routes=routes(fields),
        subject=next((value for name, value in fields if name == "subject" and value), ""),
        date=header.date(),
        in_reply_to=header.message_ids("in-reply-to"),
        references=header.message_ids("references"),
        headers=fields,
    )


def _decoded(raw: tuple[mime.Field, ...]) -> Iterator[mime.Field]:
    """Yield the fields without encoded words; of the results of servers only the first ones change."""
    left = limits.RESULTS
    for name, value in raw:
        if name not in _AS_WRITTEN:
            yield name, mime.decoded(value)
            continue
        left -= len(value)
        yield name, with_ascii_domains(value) if left >= 0 else value


def part_contents(content: bytes) -> dict[str, bytes]:
    """Return the decoded contents of a mail's parts by their paths, without judging the files again."""
    contents = PartCollector([])
    contents.walk(mime.read(mime.normalised(content), []))
    return {part.path: data for part, data in zip(contents.parts, contents.data, strict=True)}


def _joined(blocks: list[Block], defects: list[str]) -> tuple[str, bool]:
    """Return the texts as one, and whether a reader does not see it; else hidden pages are left out."""
    found = [(text, unseen) for text, unseen in map(_as_text, blocks) if text.strip()]
    # If a page hides all of its text, that is kept: no word of a person is lost.
    all_unseen = all(unseen for _, unseen in found)
    texts: list[str] = []
    room = limits.TEXT
    for text, unseen in found:
        if unseen and not all_unseen:
            continue
        if len(text) > room:
            defects.append(TOO_LONG)
        texts.append(text[:room])
        room -= len(texts[-1])
    joined = "\n\n".join(text.strip("\n") for text in texts if text.strip())
    lines = joined.split("\n", limits.LINES)
    if len(lines) > limits.LINES:
        defects.append(TOO_LONG)
    hidden = any(block.hidden for block in blocks)
    return "\n".join(lines[: limits.LINES]), bool(found) and (all_unseen or hidden)


def _as_text(block: Block) -> tuple[str, bool]:
    if not block.is_html:
        return block.text if block.text.isascii() else _PRIVATE.sub("", block.text), False
    from mailbot.parse import html  # noqa: PLC0415 - lxml takes its time to load, and most mails need it not

    found = html.to_text(block.text)
    return found.text, found.unseen


def _reported(contents: PartCollector) -> tuple[DeliveryStatus, ...]:
    """Return the recipients in the mail's report, with the Message-ID of the returned mail."""
    return tuple(
        DeliveryStatus(d.recipient, d.action, d.status, d.diagnostic, contents.original_id)
        for d in contents.delivery[:100]
    )


def _with_named_recipients(mail: Mail, source: bytes, text: str, contents: PartCollector) -> Mail:
    """Return a bounce without a report with the recipients that its text names."""
    senders = {address.email for address in mail.to}
    return replace(
        mail, delivery=delivery_status.from_text(source, mail.subject, text, contents.original_id, senders)
    )
