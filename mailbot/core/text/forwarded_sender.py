"""Find the author of a forwarded mail in the header block above its text."""

import re

from mailbot.core.model.mail import Address
from mailbot.core.text.header_block import EMAIL, MAX_LINE_LENGTH, label

_MAX_LINES = 30  # within which the header block begins
_AFTER_LABEL = re.compile(r"^[^:：]{0,40}[:：]")
_MARKS = " \t*_|>\"'„“”‚‘’()[]<,;"


def forwarded_sender(quoted: str) -> Address | None:
    """Return the author of a forwarded mail; None if its header block has no address."""
    lines = [line for line in quoted.split("\n", _MAX_LINES)[:_MAX_LINES] if line.strip("> \t")]
    at = next((at for at, line in enumerate(lines) if label(line) == "from"), None)
    if at is None:
        return None
    value = _AFTER_LABEL.sub("", lines[at][:MAX_LINE_LENGTH])
    if "@" not in value and at + 1 < len(lines) and not label(lines[at + 1]):  # a folded line
        value = f"{value} {lines[at + 1][:MAX_LINE_LENGTH]}"
    found = EMAIL.search(value)
    if found is None or found[0].startswith("@"):
        return None
    name = value[: found.start()].replace("mailto:", "").strip(_MARKS)
    return Address(found[0].lower().rstrip("."), "" if "@" in name else " ".join(name.split()))
