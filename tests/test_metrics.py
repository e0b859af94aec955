"""What Prometheus finds: figures that its own parser reads, that are right, and that name nobody."""

import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import select

from mailbot.metrics import Figures
from mailbot.monitoring.latency import BOUNDS, LatencyHistogram
from mailbot.service.opening import DeskError
from mailbot.store import heartbeat, mailboxes
from mailbot.store.database import transaction
from mailbot.store.tables import OutboxRow
from tests.daemon import Daemon
from tests.door import Door, opened
from tests.house import LENA, MAX, House, problem
from tests.mails import mail
from tests.servers.dovecot import Dovecot
from tests.servers.process import free_port, wait_until
from tests.servers.smtp import SmtpServer

Samples = dict[tuple[str, ...], float]


def samples(text: str) -> Samples:
    """Return the values of an exposition, by name and the values of labels in the order of their names."""
    families: list[Metric] = list(text_string_to_metric_families(text))
    return {
        (s.name, *(value for _, value in sorted(s.labels.items()))): s.value
        for family in families
        for s in family.samples
    }


def scraped(port: int) -> Samples:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return samples(answer.read().decode())


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    with opened(tmp_path) as found:
        yield found


@dataclass
class Account:
    """An SMTP account as the metrics see it."""

    schools: tuple[str, ...]
    is_up: bool = True


def figures(door: Door) -> Figures:
    """Return the figures of a desk whose daemon has done a little."""
    found = Figures(door.desk)
    for outcome, seconds in (("opened", 0.2), ("opened", 1.0), ("opened", 1.5), ("ignored", 100_000)):
        found.record_mail("GYM", outcome, seconds)
    for result in (*["sent"] * 7, "failed"):
        found.record_send(result)
    found.watch((Account(("GYM",)),))
    return found


def written(door: Door, directory: Path) -> Samples:
    file = directory / "mailbot.prom"
    figures(door).write(file)
    return samples(file.read_text("utf-8"))


def test_what_happened_is_counted(door: Door, tmp_path: Path) -> None:
    found = written(door, tmp_path)
    assert found["mailbot_mails_total", "opened", "GYM"] == 3
    assert found["mailbot_mails_total", "ignored", "GYM"] == 1
    assert found["mailbot_letters_total", "sent"] == 7
    assert found["mailbot_letters_total", "failed"] == 1


def test_a_school_whose_smtp_account_is_paused_is_named(door: Door, tmp_path: Path) -> None:
    found = figures(door)
    for is_up in (True, False):
        found.watch((Account(("GYM",), is_up),))
        found.write(tmp_path / "mailbot.prom")
        read = samples((tmp_path / "mailbot.prom").read_text("utf-8"))
        assert read["mailbot_smtp_paused", "GYM"] == (not is_up)


def test_the_heartbeat_is_told(door: Door, tmp_path: Path) -> None:
    assert written(door, tmp_path)["mailbot_heartbeat_timestamp_seconds",] == 0
    now = datetime.now(UTC)
    with transaction(door.engine) as session:
        heartbeat.beat(session, door.desk.worker, now)
    told = written(door, tmp_path)["mailbot_heartbeat_timestamp_seconds",]
    assert told == pytest.approx(now.timestamp())


def test_the_latency_is_a_cumulative_histogram(door: Door, tmp_path: Path) -> None:
    found = written(door, tmp_path)
    buckets = [found["mailbot_mail_latency_seconds_bucket", str(bound), "GYM"] for bound in BOUNDS]
    assert buckets[:4] == [1, 2, 3, 3]
    assert buckets[-1] == 3
    assert found["mailbot_mail_latency_seconds_bucket", "+Inf", "GYM"] == 4
    assert found["mailbot_mail_latency_seconds_count", "GYM"] == 4
    assert found["mailbot_mail_latency_seconds_sum", "GYM"] == pytest.approx(100_002.7)


def test_what_took_as_long_as_a_bound_belongs_to_it() -> None:
    delays = LatencyHistogram()
    delays.add(BOUNDS[0])
    assert delays.counts[0] == 1


def test_how_things_stand_is_read_from_the_database(door: Door, tmp_path: Path) -> None:
    door.outcome(mail().sender(LENA).to("support-gym@schule.example").text("defekt"))
    now = datetime.now(UTC)
    with transaction(door.desk.engine) as session:
        mailboxes.record_success(session, "GYM", now)
        mailboxes.record_failure(session, "GYM", "away", now)
        rows = session.exec(select(OutboxRow)).all()
        for row in rows:
            row.created, row.next_attempt = now - timedelta(hours=2), now - timedelta(hours=1)
        rows[0].next_attempt = now + timedelta(hours=1)
    found = written(door, tmp_path)
    assert found["mailbot_mailbox_last_success_timestamp_seconds", "GYM"] == pytest.approx(now.timestamp())
    assert found["mailbot_mailbox_failing", "GYM"] == 1
    assert found["mailbot_outbox_letters", "due"] == len(rows) - 1
    assert found["mailbot_outbox_letters", "waiting"] == 1
    assert found["mailbot_outbox_oldest_age_seconds",] == pytest.approx(7200, abs=60)
    assert found["mailbot_quarantined_mails",] == 0
    assert sum(found["mailbot_open_tickets", age, "GYM"] for age in ("day", "week", "older")) == 1


def test_nobody_is_named(door: Door, tmp_path: Path) -> None:
    door.outcome(mail().sender(LENA).to("support-gym@schule.example").text("defekt"))
    file = tmp_path / "mailbot.prom"
    figures(door).write(file)
    assert "@" not in file.read_text("utf-8")


def test_the_file_is_replaced_as_a_whole_and_others_may_read_it(door: Door, tmp_path: Path) -> None:
    file = tmp_path / "mailbot.prom"
    file.write_text("old")
    with file.open() as reader:  # whoever reads it goes on reading what it was
        figures(door).write(file)
        assert reader.read() == "old"
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.glob("mailbot.prom*")] == ["mailbot.prom"]


def test_only_this_machine_may_ask(door: Door) -> None:
    port = free_port()
    stop = figures(door).serve(port)
    try:
        assert scraped(port)["mailbot_mails_total", "opened", "GYM"] == 3
        listening = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
        assert f"0100007F:{port:04X}" in listening
        assert f"00000000:{port:04X}" not in listening
    finally:
        stop()
    with pytest.raises(OSError, match="refused"):
        scraped(port)


def test_without_the_library_one_is_told_what_to_install(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(DeskError, match=r"mailbot\[prometheus\]"):
        Figures(door.desk)


def test_the_daemon_tells_of_a_mail_by_port_and_by_file(
    tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str
) -> None:
    port, file = free_port(), tmp_path / "mailbot.prom"
    more = f'[metrics]\nport = {port}\ntextfile = "{file}"\n'
    house = House(tmp_path / "house", dovecot, smtp_server, user, more=more)
    with Daemon(house):
        house.deliver(problem())
        wait_until(lambda: scraped(port)["mailbot_letters_total", "sent"] >= 3, 60)
        found = scraped(port)
        assert found["mailbot_mails_total", "opened", "GYM"] == 1
        assert found["mailbot_mail_latency_seconds_count", "GYM"] == 1
        assert found["mailbot_outbox_letters", "due"] == 0
        wait_until(file.exists, 60)
        assert ("mailbot_alerts",) in samples(file.read_text("utf-8"))
    assert len(house.letters(LENA)) == len(house.letters(MAX)) == 1


def test_a_port_that_is_taken_stops_no_mail(
    tmp_path: Path, dovecot: Dovecot, smtp_server: SmtpServer, user: str
) -> None:
    more = f"[metrics]\nport = {smtp_server.port}\n"
    house = House(tmp_path, dovecot, smtp_server, user, more=more)
    with Daemon(house) as daemon:
        house.deliver(problem())
        daemon.wait(lambda: bool(house.letters(LENA)), "the receipt is sent")
        assert daemon.said("metrics are not served") == 1
