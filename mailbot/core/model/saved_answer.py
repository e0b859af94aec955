"""An answer that is saved under a name, to be used again."""

from dataclasses import dataclass
from datetime import datetime

from mailbot.core.model.mail import Address


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """One version of a saved answer; the newest of a key counts, and an empty text deletes it.

    `school` is the key of the school whose team has it, "" for all schools. `key` is the folded name.
    `author` saved this version. `tip` is the text that receipts show to requesters, "" if it is no tip.
    """

    school: str
    key: str
    name: str
    text: str
    author: Address
    at: datetime
    tip: str = ""


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """A version, and whether it is the newest one of its key."""

    answer: SavedAnswer
    newest: bool
