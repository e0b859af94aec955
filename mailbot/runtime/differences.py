"""Compare a mailbox with the ledger: what was never handled, and what was handled and still lies there."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

GRACE = timedelta(hours=1)
"""So long a mail may lie before it counts: it may be on its way through our hands."""


@dataclass(frozen=True, slots=True)
class Difference:
    """UIDs in the folder that the ledger does not know, and those that it knows and that were not filed.

    `unknown_in_done` counts mails in the folder of done ones that nobody here has handled.
    """

    missed: tuple[int, ...] = ()
    unfiled: tuple[int, ...] = ()
    unknown_in_done: int = 0

    def __bool__(self) -> bool:
        return bool(self.missed or self.unfiled or self.unknown_in_done)


def differences(
    lying: Mapping[int, datetime],
    handled: Collection[int],
    *,
    cutoff: datetime,
    now: datetime,
    files: bool,
    unknown_in_done: int = 0,
) -> Difference:
    """Compare the mails in a folder, by UID with the time at which they came, with those that were handled.

    Mail of before `cutoff` is left alone on purpose; `files` tells whether handled mails leave the folder.
    """
    settled = {uid for uid, received in lying.items() if received < now - GRACE}
    missed = (uid for uid in settled if uid not in handled and lying[uid] >= cutoff)
    unfiled = (uid for uid in settled if uid in handled) if files else ()
    return Difference(tuple(sorted(missed)), tuple(sorted(unfiled)), unknown_in_done)
