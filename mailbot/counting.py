"""Write a number with its noun."""


def counted(number: int, singular: str, plural: str = "") -> str:
    """Return "1 mail", "2 mails"; a plural that does not end in "s" alone is given."""
    return f"{number} {singular if number == 1 else plural or f'{singular}s'}"
