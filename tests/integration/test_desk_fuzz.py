"""The desk processes any bytes, and every mail that it sends passes a strict reader."""

from pathlib import Path

from bench.fuzz_desk import fuzz
from mailbot.service.desk import Desk
from mailbot.store.database import open_database
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness
from tests.support.new_database import new_sqlite
from tests.support.packaged_templates import TEMPLATES

RUNS = 60


def test_randomly_changed_mails_never_fail_and_every_sent_mail_is_valid(tmp_path: Path) -> None:
    engine = open_database(new_sqlite(tmp_path / "mailbot.db"))
    report = fuzz(DeskHarness(Desk(engine, GERMAN_POLICY, TEMPLATES)), RUNS, seed=20261126)
    engine.dispose()
    assert report.wrong == []
    assert report.mails > RUNS
    assert {"opened", "command", "reply"} <= set(report.outcomes)
