"""Compare a mailbox with the ledger to find unprocessed mails and mails that were not moved. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

GRACE = timedelta(hours=1)
"""A mail received later than that is ignored: it may be in progress."""


@dataclass(frozen=True, slots=True)
class Difference:
    """UIDs in the folder of mails that were not processed, and of processed mails that were not moved.

    `unknown_in_processed` counts mails in the folder of processed mails that are not in the ledger.
    """

    unprocessed: tuple[int, ...] = ()
    unmoved: tuple[int, ...] = ()
    unknown_in_processed: int = 0

    def __bool__(self) -> bool:
        return bool(self.unprocessed or self.unmoved or self.unknown_in_processed)


def differences(
    received_at: Mapping[int, datetime],
    processed: Collection[int],
    *,
    cutoff: datetime,
    now: datetime,
    moves: bool,
    unknown_in_processed: int = 0,
) -> Difference:
    """Compare the mails in a folder, by UID with the time they were received, with the processed ones.

    Mail from before `cutoff` is not processed. `moves`: processed mails are moved to another folder.
    """
    settled = {uid for uid, received in received_at.items() if received < now - GRACE}
    unprocessed = (uid for uid in settled if uid not in processed and received_at[uid] >= cutoff)
    unmoved = (uid for uid in settled if uid in processed) if moves else ()
    return Difference(tuple(sorted(unprocessed)), tuple(sorted(unmoved)), unknown_in_processed)
