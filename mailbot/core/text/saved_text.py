"""Remove from an answer what belongs to one mail only, so that it can be used again."""

from mailbot.core.text.signatures import is_only_greeting, is_salutation, is_signoff

_MAX_TAIL = 6


def saved_text(answer: str, writer: str) -> str:
    """Return an answer without its salutation, its closing formula and the name of its writer.

    A salutation with a placeholder stays, such as "Hallo {name},".
    """
    lines = answer.strip().splitlines()
    if lines and is_salutation(lines[0]) and "{" not in lines[0]:
        del lines[0]
    for at in range(max(0, len(lines) - _MAX_TAIL), len(lines)):
        if is_signoff(lines[at]) and is_only_greeting("\n".join(lines[at:]), writer):
            lines = lines[:at]
            break
    return "\n".join(lines).strip()
