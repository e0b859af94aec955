"""Octets to Mail: reads what mail programs write, done right or wrong, and never fails."""

import re

from mailbot.core.model.mail import DeliveryStatus, Mail, Part
from mailbot.core.text import quotation
from mailbot.parse import delivery_status, limits, mime
from mailbot.parse.danger import with_danger
from mailbot.parse.headers import SENDER_FIELDS, Header
from mailbot.parse.walk import TOO_LONG, Block, PartCollector, mark_inline

__all__ = ["parse", "part_contents"]

_PRIVATE = re.compile(f"[{quotation.SIGNATURE_BEGINS}{quotation.SIGNATURE_ENDS}]")
# Outlook marks a forwarded mail by the subject only; the prefix is known in many languages.
_FORWARDED = re.compile(r"\s*(?:\[[^\]]{0,60}\]\s*)?(?:wg|fwd?|wtr|tr|rv|enc|i|doorst|vs|vb|vl|pd)\s*:", re.I)
# Servers write no encoded words here; a sender could hide a forged result in an encoded word.
_AS_WRITTEN = frozenset({"authentication-results"})
_DAEMON = re.compile(r"mailer-daemon|postmaster|mail delivery|mdaemon|mail-daemon|mmdf|<>", re.I)
_FAILURE = re.compile(
    r"undeliver|unzustellbar|nicht zugestellt|delivery (?:status|fail|problem|report|notif)"
    r"|returned mail|mail (?:delivery )?fail"
    r"|failure notice|could not (?:be )?deliver|non[- ]?deliver|zustellung|unable to deliver"
    r"|delivery has failed|rejected",
    re.I,
)


def parse(content: bytes) -> Mail:
    """Return what is understood of a mail's octets; never raises, what is odd goes to `defects`."""
    defects: list[str] = []
    source = mime.normalised(content)
    if len(source) > limits.OCTETS:
        defects.append("too large: only the header was read")
        source = source[: limits.HEADER_OCTETS].partition(b"\n\n")[0]
    tree = mime.read(source, defects)
    contents = PartCollector(defects)
    blocks = contents.walk(tree)
    text = _joined(blocks, defects)
    structured = all(block.is_html for block in blocks)
    split = quotation.split(text, structured=structured)
    header = Header(tree.fields, defects)
    fields = tuple((n, value if n in _AS_WRITTEN else mime.decoded(value)) for n, value in tree.fields)
    subject = next((value for name, value in fields if name == "subject" and value), "")
    return Mail(
        message_id=next(iter(header.message_ids("message-id")), ""),
        senders=next(filter(None, (header.addresses(name) for name in SENDER_FIELDS)), ()),
        reply_to=header.addresses("reply-to"),
        to=header.addresses("to"),
        cc=header.addresses("cc"),
        subject=subject,
        date=header.date(),
        in_reply_to=header.message_ids("in-reply-to"),
        references=header.message_ids("references"),
        headers=fields,
        text=split.text,
        signature=split.signature,
        quoted=split.quoted,
        forwarded=split.forwarded or bool(split.quoted and _FORWARDED.match(subject)),
        whole_text=text,
        structured=structured,
        parts=with_danger(_parts(contents, blocks)),
        delivery=_delivery(source, fields, subject, text, contents),
        reports=tuple(sorted(contents.reports)),
        encryption=contents.protection,
        size=len(content),
        defects=tuple(dict.fromkeys(defects)),
    )


def _parts(contents: PartCollector, blocks: list[Block]) -> tuple[Part, ...]:
    return mark_inline(contents.parts, "".join(block.text for block in blocks if block.is_html))


def part_contents(content: bytes) -> dict[str, bytes]:
    """Return the decoded contents of a mail's parts by their paths, without judging the files again."""
    contents = PartCollector([])
    contents.walk(mime.read(mime.normalised(content), []))
    return {part.path: part.content for part in contents.parts}


def _joined(blocks: list[Block], defects: list[str]) -> str:
    texts = []
    room = limits.TEXT
    for block in blocks:
        text = _as_text(block)
        if len(text) > room:
            defects.append(TOO_LONG)
        texts.append(text[:room])
        room -= len(texts[-1])
    return "\n\n".join(text.strip("\n") for text in texts if text.strip())


def _as_text(block: Block) -> str:
    if not block.is_html:
        return _PRIVATE.sub("", block.text)
    from mailbot.parse import html  # noqa: PLC0415 - lxml takes its time to load, and most mails need it not

    return html.to_text(block.text)


def _delivery(
    source: bytes, fields: tuple[mime.Field, ...], subject: str, text: str, contents: PartCollector
) -> tuple[DeliveryStatus, ...]:
    original = contents.original_id
    if contents.delivery:
        return tuple(
            DeliveryStatus(d.recipient, d.action, d.status, d.diagnostic, original)
            for d in contents.delivery[:100]
        )
    told = " ".join(value for name, value in fields if name in ("from", "return-path", "sender"))
    failed = [r for name, value in fields if name == "x-failed-recipients" for r in value.split(",")]
    if not failed and not (
        _DAEMON.search(told) and (_FAILURE.search(subject) or _FAILURE.search(text[:2000]))
    ):
        return ()
    return delivery_status.from_text(source, text, original)
