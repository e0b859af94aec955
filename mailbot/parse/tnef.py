"""Files and text in a winmail.dat (MS-OXTNEF). The only module that knows tnefparse."""

import logging
from dataclasses import dataclass

from tnefparse import TNEF

from mailbot.parse import limits
from mailbot.parse.charset import decode

logging.getLogger("tnef-decode").setLevel(logging.CRITICAL)
SIGNATURE = b"\x78\x9f\x3e\x22"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What lay in a winmail.dat: files as (name, content), and the text as plain text and as HTML."""

    files: tuple[tuple[str, bytes], ...] = ()
    text: str = ""
    html: str = ""
    defect: str = ""


def unpack(octets: bytes) -> Unpacked:
    """Return what lies in a winmail.dat; a broken one gives a defect and nothing else."""
    if not octets.startswith(SIGNATURE) or len(octets) > limits.TNEF_OCTETS:
        return Unpacked(defect="winmail.dat that cannot be opened")
    try:
        found = TNEF(octets, do_checksum=False)
        files = tuple(
            (_text(item.long_filename() or item.name), bytes(item.data or b"")) for item in found.attachments
        )
        return Unpacked(files, _text(found.body), _text(found.htmlbody))
    except Exception as trouble:  # noqa: BLE001 - assorted ones on broken files, see its issues
        return Unpacked(defect=f"winmail.dat broken: {type(trouble).__name__}")


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return decode(value.rstrip(b"\0"))
    return value.rstrip("\0") if isinstance(value, str) else ""
