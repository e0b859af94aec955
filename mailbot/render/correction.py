"""A refused mail with its command lines corrected, ready to be sent again by a link."""

from mailbot.core.model.notification import RefusedLine


def corrected(text: str, problems: tuple[RefusedLine, ...]) -> str:
    """Return the text with each refused line as it was meant, or "" if one of them cannot be guessed."""
    if not all(problem.meant for problem in problems):
        return ""
    lines = text.split("\n")
    above: list[str] = []  # commands of the subject or the signature
    for problem in problems:
        refused = problem.line.strip()
        place = _line_of(refused, lines)
        if place is None:
            above.append(problem.meant)
        else:
            lines[place] = lines[place].strip().removesuffix(refused) + problem.meant
    return "\n".join([*above, *lines]).strip()


def _line_of(refused: str, lines: list[str]) -> int | None:
    """Return the index of the line that was refused, or of the line that ends with it: "#note and #close"."""
    whole = (at for at, line in enumerate(lines) if line.strip() == refused)
    ending = (at for at, line in enumerate(lines) if line.strip().endswith(refused))
    return next(whole, next(ending, None))
