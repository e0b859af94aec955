"""One dropped connection is no alert; a lasting failure is one, and its end is reported."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from mailbot.runtime.mailbox_status import MailboxStatus
from mailbot.runtime.school_mailbox import SchoolMailbox
from mailbot.store.tables import AlertRow
from tests.support.desk_harness import open_harness
from tests.support.scenario import EDV, NOW


@pytest.mark.parametrize(
    ("seconds", "permanent", "alerts"),
    [
        ([0], False, [0]),
        ([0, 1], False, [0, 0]),
        ([0, 1, 3], False, [0, 0, 1]),
        ([0, 61], False, [0, 1]),
        ([0], True, [1]),
    ],
)
def test_failure_is_an_alert_if_it_lasts_or_is_permanent(
    tmp_path: Path, seconds: list[int], permanent: bool, alerts: list[int]
) -> None:
    now = NOW

    def clock() -> datetime:
        return now

    with open_harness(tmp_path) as desk:
        mailbox = SchoolMailbox(desk.desk, desk.desk.school("GYM"), cast("Any", None), clock)
        status, found = MailboxStatus(mailbox), []
        for second in seconds:
            now = NOW + timedelta(seconds=second)
            status.record_failure("the connection was lost", permanent=permanent)
            found.append(len(desk.rows(AlertRow)))
        assert found == alerts
        status.record_success()
        assert desk.rows(AlertRow) == []
        assert len(desk.outbox_of(EDV)) == 2 * alerts[-1]
