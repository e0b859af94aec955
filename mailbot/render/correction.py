"""A refused mail with its command lines put right, ready to be sent again."""

from mailbot.core.notice import Problem


def corrected(text: str, problems: tuple[Problem, ...]) -> str:
    """Return the text with each refused line as it was probably meant; what cannot be guessed is left out."""
    meant = {problem.line.strip(): _meant(problem) for problem in problems}
    lines = [meant.pop(line.strip(), line) for line in text.split("\n")]
    missing = [line for line in meant.values() if line]  # it stood in the subject
    return "\n".join([*missing, *lines]).strip()


def _meant(problem: Problem) -> str:
    if problem.nearest:
        arguments = problem.line.strip().partition(" ")[2]
        return f"#{problem.nearest} {arguments}".strip()
    return problem.expected
