"""Collect the texts, files and reports in the tree of a mail, and find its encryption."""

import re
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from mailbot.core.classify.classify import CALENDAR_REPLY, REACTION
from mailbot.core.model.mail import DeliveryStatus, Encryption, Part
from mailbot.parse import files, limits, mime, smime, tnef
from mailbot.parse.alternatives import Block, best
from mailbot.parse.charset import decode
from mailbot.parse.delivery_status import from_report
from mailbot.parse.mime import Entity

TOO_LONG = "text too long: only its beginning is shown"
_LETTER = re.compile(r"[^\W_]")
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^<>\s]{1,990}>)", re.I | re.M)
_CID = re.compile(r"cid:([^\s\"'<>)]{1,200})")
_FLOWED_QUOTE = re.compile(r">*")
_SIGNED_TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_METHOD_OF_ANSWER = re.compile(rb"^METHOD:(?:REPLY|COUNTER)[ \t]*\r?$", re.I | re.M)
_ENRICHED_TAG = re.compile(r"<<|<param>[^<>]{0,200}</param>|<[^<>]{0,200}>", re.I)


@dataclass(slots=True)
class PartCollector:
    """Collects texts and files of a mail, part by part; `data` has the contents of `parts`."""

    defects: list[str]
    parts: list[Part] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    markup: list[str] = field(default_factory=list)
    delivery: list[DeliveryStatus] = field(default_factory=list)
    reports: set[str] = field(default_factory=set)
    calendar: bytes = b""
    original_id: str = ""
    written: bool = False
    choices: int = 0
    shown: set[str] = field(default_factory=set)
    protection: Encryption = Encryption.NONE

    def walk(self, entity: Entity) -> list[Block]:
        """Return the texts of an entity in their order; files and reports go to `self`."""
        kind = entity.content_type
        if kind.startswith("multipart/"):
            return self._multipart(entity)
        if kind in _SIGNED_TYPES:
            return self._smime(entity)
        if _is_tnef(entity):
            return self._tnef(entity)
        if kind == REACTION and entity.disposition != "attachment":
            self.reports.add(kind)
            return []
        if kind == "text/calendar" and _answers_invitation(entity):
            self.reports.add(CALENDAR_REPLY)
            self.calendar = self.calendar or _utf_8(entity)
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            self.reports.add(kind)
            self.delivery.extend(from_report(decode(entity.data), ""))
            return []
        if kind in ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"):
            self._note_original(entity)
        elif kind.startswith("message/"):
            self.reports.add(kind)
        if kind in ("text/plain", "text/html", "text/enriched", "text/richtext") and not self._is_file(
            entity
        ):
            return self._text(entity)
        self._file(entity)
        return []

    def _multipart(self, entity: Entity) -> list[Block]:
        subtype = entity.content_type.partition("/")[2]
        if subtype == "encrypted":
            self.protection = Encryption.PGP
        found = [self.walk(child) for child in entity.children]
        if subtype == "alternative":
            return self._best(found)
        # The first part is the text, the others are its files (RFC 2387, 3.2).
        if subtype == "related" and len(found) > 1:
            return next((blocks for blocks in found if blocks), [])
        return [block for blocks in found for block in blocks]

    def _best(self, alternatives: list[list[Block]]) -> list[Block]:
        self.choices += 1
        return best(alternatives, looks=self.choices == 1)  # each look takes time

    def _smime(self, entity: Entity) -> list[Block]:
        raw = entity.data
        inner = smime.unwrap_signed(raw)
        # Signed mails may be nested in each other: the path grows with each.
        if inner is not None and entity.path.count(".") < limits.DEPTH:
            self.defects.append("S/MIME signed: opened, signature not verified")
            tree = mime.Reader(inner, self.defects).entity(0, len(inner), f"{entity.path or '1'}.s")
            return self.walk(tree)
        if smime.is_hidden(raw) or entity.parameters.get("smime-type") == "enveloped-data":
            self.protection = Encryption.SMIME
        self._file(entity)
        return []

    def _tnef(self, entity: Entity) -> list[Block]:
        found = tnef.unpack(entity.data)
        if found.defect:
            self.defects.append(found.defect)
            self._file(entity)
            return []
        for number, (name, raw) in enumerate(found.files, 1):
            self._add_inner(entity, number, name, raw)
        self._note_shown(found.html)
        return self._best([[Block(found.text)], [Block(found.html, is_html=True)]])

    def _note_shown(self, markup: str) -> None:
        markup = markup[: limits.MARKUP].lower()
        if "cid:" in markup:
            self.shown.update(unquote(match).lower() for match in _CID.findall(markup))

    def _note_original(self, entity: Entity) -> None:
        if not self.original_id:
            match = _MESSAGE_ID.search(entity.data[: limits.PART_HEADER_BYTES])
            self.original_id = match[1].decode("ascii", "replace") if match else ""

    def _is_file(self, entity: Entity) -> bool:
        """Return whether a text is sent as a file rather than as the mail's own words."""
        if entity.disposition == "attachment":
            return True
        # A text with a name is a file, unless it comes first: then it is what the author wrote.
        follows = self.parts or entity.disposition or (self.written and entity.content_type == "text/plain")
        return bool(follows and files.claimed_name(entity))

    def _file(self, entity: Entity) -> None:
        raw = entity.data
        if raw.strip() or files.claimed_name(entity):
            self._add(files.part(entity, raw), raw)

    def _text(self, entity: Entity) -> list[Block]:
        raw = entity.data
        if b"\nbegin " in raw or raw.startswith(b"begin "):
            raw = self._uuencoded(entity, raw)
        # Devices send files without a type, and text/plain is the default (RFC 2045, 5.2).
        if entity.content_type == "text/plain" and raw[:4] in (
            b"\xff\xd8\xff\xe0",
            b"%PDF",
            b"\x89PNG",
            b"PK\x03\x04",
        ):
            self._add(files.part(entity, raw), raw)
            return []
        if len(raw) > limits.TEXT_BYTES:
            self.defects.append(TOO_LONG)
            raw = raw[: limits.TEXT_BYTES]
        text = decode(raw, entity.parameters.get("charset", "")).replace("\r\n", "\n").replace("\r", "\n")
        if "-----BEGIN PGP MESSAGE-----" in text:
            self.protection = Encryption.PGP
        self.written = self.written or bool(_LETTER.search(text))
        if entity.content_type == "text/html":
            self.markup.append(text)
            self._note_shown(text)
            return [Block(text, is_html=True)]
        if entity.content_type != "text/plain":
            text = _ENRICHED_TAG.sub(lambda match: "<" if match[0] == "<<" else "", text)
        if entity.parameters.get("format", "").lower() == "flowed":
            text = unflowed(text, entity.parameters.get("delsp", "").lower() == "yes")
        return [Block(text)]

    def _uuencoded(self, entity: Entity, raw: bytes) -> bytes:
        kept, at = [], 0
        for number, (start, end, name, content) in enumerate(mime.uuencoded_files(raw), 1):
            self._add_inner(entity, number, name, content)
            kept.append(raw[at:start])
            at = end
        return b"".join([*kept, raw[at:]])

    def _add_inner(self, entity: Entity, number: int, name: str, content: bytes) -> None:
        """Add a file that is within the content of an entity."""
        path, kind = f"{entity.path or '1'}/{number}", files.sniff_type(content, "")
        name = files.safe_name(name) or files.default_name(path, kind)
        self._add(Part(path, name, kind, len(content)), content)

    def _add(self, part: Part, content: bytes) -> None:
        self.parts.append(part)
        self.data.append(content)


def _answers_invitation(entity: Entity) -> bool:
    method = entity.parameters.get("method", "").strip().lower()
    return method in ("reply", "counter") or (
        not method and bool(_METHOD_OF_ANSWER.search(entity.data[:2000]))
    )


def _utf_8(entity: Entity) -> bytes:
    """Return a text as UTF-8, which it is in most mails (RFC 5545, 3.1.4)."""
    charset = entity.parameters.get("charset", "").lower()
    raw = entity.data[: limits.CALENDAR]
    return raw if charset in ("", "utf-8", "us-ascii") else decode(raw, charset).encode("utf-8", "replace")


def _is_tnef(entity: Entity) -> bool:
    if entity.content_type in ("application/ms-tnef", "application/vnd.ms-tnef"):
        return True
    return files.claimed_name(entity).lower() == "winmail.dat"


def unflowed(text: str, delete_space: bool) -> str:
    """Return format=flowed text with its soft line breaks undone (RFC 3676, 4)."""
    out: list[list[str]] = []
    open_depth = -1
    for line in text.split("\n"):
        depth = _FLOWED_QUOTE.match(line).end()  # type: ignore[union-attr]
        body = line[depth:].removeprefix(" ")
        signature = body.rstrip("\r") == "-- "
        if open_depth == depth and not signature:
            out[-1].append(body)
        else:
            out.append([">" * depth + " " if depth else "", body])
        if delete_space and body.endswith(" ") and not signature:
            out[-1][-1] = body[:-1]
        open_depth = depth if body.endswith(" ") and not signature else -1
    return "\n".join("".join(line) for line in out)


def mark_inline(parts: list[Part], shown: set[str]) -> tuple[Part, ...]:
    """Return the parts; those that HTML shows by their Content-ID are inline (RFC 2392).

    Content-Disposition does not decide: Apple Mail sends every picture and PDF as inline.
    """
    return tuple(
        replace(part, inline=True) if part.content_id and part.content_id.lower() in shown else part
        for part in parts
    )
