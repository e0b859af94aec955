"""Compare a mailbox with the ledger: mails never handled, and handled mails that were not moved. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

GRACE = timedelta(hours=1)
"""A newer mail does not count: it may be in progress."""


@dataclass(frozen=True, slots=True)
class Difference:
    """UIDs in the folder that are not in the ledger, and those that are and were not moved.

    `unknown_in_done` counts mails in the folder of processed mails that are not in the ledger.
    """

    unprocessed: tuple[int, ...] = ()
    unmoved: tuple[int, ...] = ()
    unknown_in_processed: int = 0

    def __bool__(self) -> bool:
        return bool(self.unprocessed or self.unmoved or self.unknown_in_processed)


def differences(
    waiting: Mapping[int, datetime],
    handled: Collection[int],
    *,
    cutoff: datetime,
    now: datetime,
    files: bool,
    unknown_in_done: int = 0,
) -> Difference:
    """Compare the mails in a folder, by UID with their time of arrival, with those that were handled.

    Mail from before `cutoff` is not handled; `files` tells whether handled mails are moved.
    """
    settled = {uid for uid, received in waiting.items() if received < now - GRACE}
    missed = (uid for uid in settled if uid not in handled and waiting[uid] >= cutoff)
    unfiled = (uid for uid in settled if uid in handled) if files else ()
    return Difference(tuple(sorted(missed)), tuple(sorted(unfiled)), unknown_in_done)
