"""The metrics are valid for Prometheus, correct, and contain no personal data."""

import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import select

from mailbot import __version__, extras
from mailbot.metrics import BUCKETS, MetricsCollector
from mailbot.service.bootstrap import DeskError
from mailbot.store import heartbeat, mailboxes
from mailbot.store.database import transaction
from mailbot.store.tables import OutboxRow
from tests.support.daemon import Daemon
from tests.support.desk_harness import DeskHarness, open_harness
from tests.support.mail_builder import mail
from tests.support.school import LENA, MAX, SchoolEnv, problem
from tests.support.servers.dovecot import Dovecot
from tests.support.servers.process import free_port, wait_until
from tests.support.servers.smtp import RecordingSmtpServer

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
def harness(tmp_path: Path) -> Iterator[DeskHarness]:
    with open_harness(tmp_path) as found:
        yield found


@dataclass
class Account:
    """An SMTP account as the metrics see it."""

    schools: tuple[str, ...]
    is_up: bool = True


def collector(harness: DeskHarness) -> MetricsCollector:
    """Return the metrics of a daemon that has processed a few mails."""
    found = MetricsCollector(harness.desk)
    for outcome, seconds in (("opened", 0.2), ("opened", 1.0), ("opened", 1.5), ("ignored", 100_000)):
        found.record_mail("GYM", outcome, seconds)
    for result in (*["sent"] * 7, "failed"):
        found.record_send(result)
    found.watch((Account(("GYM",)),))
    return found


def written(harness: DeskHarness, directory: Path) -> Samples:
    file = directory / "mailbot.prom"
    collector(harness).write(file)
    return samples(file.read_text("utf-8"))


def test_events_are_counted(harness: DeskHarness, tmp_path: Path) -> None:
    found = written(harness, tmp_path)
    assert found["mailbot_processed_mails_total", "opened", "GYM"] == 3
    assert found["mailbot_processed_mails_total", "ignored", "GYM"] == 1
    assert found["mailbot_outgoing_mails_total", "sent"] == 7
    assert found["mailbot_outgoing_mails_total", "failed"] == 1


DEPRECATED = {
    "mailbot_mails_total": "mailbot_processed_mails_total",
    "mailbot_letters_total": "mailbot_outgoing_mails_total",
    "mailbot_outbox_letters": "mailbot_outbox_mails",
    "mailbot_outbox_doubtful_letters": "mailbot_outbox_uncertain_mails",
}


def test_deprecated_series_name_their_successors_and_have_the_same_values(
    harness: DeskHarness, tmp_path: Path
) -> None:
    harness.outcome(mail().sender(LENA).to("support-gym@schule.example").text("defekt"))
    with transaction(harness.engine) as session:
        mail_row, *_ = session.exec(select(OutboxRow)).all()
        mail_row.state = "uncertain"
    found = written(harness, tmp_path)
    text = (tmp_path / "mailbot.prom").read_text("utf-8")
    for old, new in DEPRECATED.items():
        assert f"# HELP {old} deprecated, use {new}\n" in text
        of_old = {tuple(labels): value for (name, *labels), value in found.items() if name == old}
        assert of_old == {tuple(labels): value for (name, *labels), value in found.items() if name == new}
        assert any(of_old.values())


def test_a_school_whose_smtp_account_is_paused_is_named(harness: DeskHarness, tmp_path: Path) -> None:
    found = collector(harness)
    for is_up in (True, False):
        found.watch((Account(("GYM",), is_up),))
        found.write(tmp_path / "mailbot.prom")
        read = samples((tmp_path / "mailbot.prom").read_text("utf-8"))
        assert read["mailbot_smtp_paused", "GYM"] == (not is_up)


def test_the_heartbeat_is_exported(harness: DeskHarness, tmp_path: Path) -> None:
    assert written(harness, tmp_path)["mailbot_heartbeat_timestamp_seconds",] == 0
    now = datetime.now(UTC)
    with transaction(harness.engine) as session:
        heartbeat.record_heartbeat(session, harness.desk.worker, now)
    exported = written(harness, tmp_path)["mailbot_heartbeat_timestamp_seconds",]
    assert exported == pytest.approx(now.timestamp())


def test_the_latency_is_a_cumulative_histogram(harness: DeskHarness, tmp_path: Path) -> None:
    found = written(harness, tmp_path)
    buckets = [found["mailbot_mail_latency_seconds_bucket", str(bound), "GYM"] for bound in BUCKETS]
    assert buckets[:4] == [1, 2, 3, 3]
    assert buckets[-1] == 3
    assert found["mailbot_mail_latency_seconds_bucket", "+Inf", "GYM"] == 4
    assert found["mailbot_mail_latency_seconds_count", "GYM"] == 4
    assert found["mailbot_mail_latency_seconds_sum", "GYM"] == pytest.approx(100_002.7)


def test_a_latency_equal_to_a_bound_is_counted_in_its_bucket(harness: DeskHarness, tmp_path: Path) -> None:
    found = MetricsCollector(harness.desk)
    found.record_mail("GYM", "opened", BUCKETS[0])
    found.write(tmp_path / "mailbot.prom")
    read = samples((tmp_path / "mailbot.prom").read_text("utf-8"))
    assert read["mailbot_mail_latency_seconds_bucket", str(BUCKETS[0]), "GYM"] == 1


EXPOSITION = """\
# HELP mailbot_processed_mails_total Processed mails, by outcome.
# TYPE mailbot_processed_mails_total counter
mailbot_processed_mails_total{outcome="opened",school="GYM"} 3.0
mailbot_processed_mails_total{outcome="ignored",school="GYM"} 1.0
# HELP mailbot_mails_total deprecated, use mailbot_processed_mails_total
# TYPE mailbot_mails_total counter
mailbot_mails_total{fate="opened",school="GYM"} 3.0
mailbot_mails_total{fate="ignored",school="GYM"} 1.0
# HELP mailbot_outgoing_mails_total Outgoing mails, by result.
# TYPE mailbot_outgoing_mails_total counter
mailbot_outgoing_mails_total{result="sent"} 7.0
mailbot_outgoing_mails_total{result="failed"} 1.0
# HELP mailbot_letters_total deprecated, use mailbot_outgoing_mails_total
# TYPE mailbot_letters_total counter
mailbot_letters_total{result="sent"} 7.0
mailbot_letters_total{result="failed"} 1.0
# HELP mailbot_mail_latency_seconds Time from the delivery of a mail until it was processed.
# TYPE mailbot_mail_latency_seconds histogram
mailbot_mail_latency_seconds_bucket{le="0.5",school="GYM"} 1.0
mailbot_mail_latency_seconds_bucket{le="1.0",school="GYM"} 2.0
mailbot_mail_latency_seconds_bucket{le="2.0",school="GYM"} 3.0
mailbot_mail_latency_seconds_bucket{le="5.0",school="GYM"} 3.0
mailbot_mail_latency_seconds_bucket{le="15.0",school="GYM"} 3.0
mailbot_mail_latency_seconds_bucket{le="60.0",school="GYM"} 3.0
mailbot_mail_latency_seconds_bucket{le="300.0",school="GYM"} 3.0
mailbot_mail_latency_seconds_bucket{le="1800.0",school="GYM"} 3.0
mailbot_mail_latency_seconds_bucket{le="7200.0",school="GYM"} 3.0
mailbot_mail_latency_seconds_bucket{le="86400.0",school="GYM"} 3.0
mailbot_mail_latency_seconds_bucket{le="+Inf",school="GYM"} 4.0
mailbot_mail_latency_seconds_count{school="GYM"} 4.0
mailbot_mail_latency_seconds_sum{school="GYM"} 100002.7
# HELP mailbot_mailbox_last_success_timestamp_seconds Time when a mailbox was last read; 0 if never.
# TYPE mailbot_mailbox_last_success_timestamp_seconds gauge
mailbot_mailbox_last_success_timestamp_seconds{school="GYM"} 0.0
# HELP mailbot_mailbox_failing 1 while a mailbox cannot be read.
# TYPE mailbot_mailbox_failing gauge
mailbot_mailbox_failing{school="GYM"} 0.0
# HELP mailbot_smtp_paused 1 while the mails of a school wait for its SMTP account.
# TYPE mailbot_smtp_paused gauge
mailbot_smtp_paused{school="GYM"} 0.0
# HELP mailbot_outbox_mails Unsent mails, by state.
# TYPE mailbot_outbox_mails gauge
mailbot_outbox_mails{state="due"} 0.0
mailbot_outbox_mails{state="waiting"} 0.0
# HELP mailbot_outbox_letters deprecated, use mailbot_outbox_mails
# TYPE mailbot_outbox_letters gauge
mailbot_outbox_letters{state="due"} 0.0
mailbot_outbox_letters{state="waiting"} 0.0
# HELP mailbot_outbox_uncertain_mails Unsent mails that the SMTP server may have accepted.
# TYPE mailbot_outbox_uncertain_mails gauge
mailbot_outbox_uncertain_mails 0.0
# HELP mailbot_outbox_doubtful_letters deprecated, use mailbot_outbox_uncertain_mails
# TYPE mailbot_outbox_doubtful_letters gauge
mailbot_outbox_doubtful_letters 0.0
# HELP mailbot_outbox_oldest_age_seconds Age of the oldest unsent mail; 0 if there is none.
# TYPE mailbot_outbox_oldest_age_seconds gauge
mailbot_outbox_oldest_age_seconds 0.0
# HELP mailbot_open_tickets Tickets that are not closed, by age.
# TYPE mailbot_open_tickets gauge
mailbot_open_tickets{age="day",school="GYM"} 0.0
mailbot_open_tickets{age="week",school="GYM"} 0.0
mailbot_open_tickets{age="older",school="GYM"} 0.0
# HELP mailbot_quarantined_mails Mails that could not be processed.
# TYPE mailbot_quarantined_mails gauge
mailbot_quarantined_mails 0.0
# HELP mailbot_heartbeat_timestamp_seconds Time of the daemon's last heartbeat; 0 if there is none.
# TYPE mailbot_heartbeat_timestamp_seconds gauge
mailbot_heartbeat_timestamp_seconds 0.0
# HELP mailbot_alerts Active alerts.
# TYPE mailbot_alerts gauge
mailbot_alerts 0.0
# HELP mailbot_info The version of mailbot.
# TYPE mailbot_info gauge
mailbot_info{version="VERSION"} 1.0
"""


def test_dashboards_find_every_series_under_its_name_and_labels(harness: DeskHarness, tmp_path: Path) -> None:
    collector(harness).write(tmp_path / "mailbot.prom")
    found = (tmp_path / "mailbot.prom").read_text("utf-8").splitlines()
    of_one_school = [line for line in found if 'school="HBG"' not in line]
    assert of_one_school == EXPOSITION.replace("VERSION", __version__).splitlines()


def test_the_series_of_all_schools_are_there_before_the_first_mail(
    harness: DeskHarness, tmp_path: Path
) -> None:
    MetricsCollector(harness.desk).write(tmp_path / "mailbot.prom")
    found = samples((tmp_path / "mailbot.prom").read_text("utf-8"))
    assert [found["mailbot_mail_latency_seconds_count", key] for key in ("GYM", "HBG")] == [0, 0]
    assert [found["mailbot_outgoing_mails_total", result] for result in ("sent", "failed")] == [0, 0]


def test_each_scrape_reads_the_database_again(harness: DeskHarness, tmp_path: Path) -> None:
    collector_of_desk, numbers = collector(harness), []
    for room in ("101", "204"):
        harness.outcome(mail().sender(LENA).to("support-gym@schule.example").text(f"Beamer in {room} defekt"))
        collector_of_desk.write(tmp_path / "mailbot.prom")
        found = samples((tmp_path / "mailbot.prom").read_text("utf-8"))
        numbers.append(sum(found["mailbot_open_tickets", age, "GYM"] for age in ("day", "week", "older")))
    assert numbers == [1, 2]


def test_gauges_are_read_from_the_database(harness: DeskHarness, tmp_path: Path) -> None:
    harness.outcome(mail().sender(LENA).to("support-gym@schule.example").text("defekt"))
    now = datetime.now(UTC)
    with transaction(harness.desk.engine) as session:
        mailboxes.record_success(session, "GYM", now)
        mailboxes.record_failure(session, "GYM", "away", now)
        rows = session.exec(select(OutboxRow)).all()
        for row in rows:
            row.created, row.next_attempt = now - timedelta(hours=2), now - timedelta(hours=1)
        rows[0].next_attempt = now + timedelta(hours=1)
    found = written(harness, tmp_path)
    assert found["mailbot_mailbox_last_success_timestamp_seconds", "GYM"] == pytest.approx(now.timestamp())
    assert found["mailbot_mailbox_failing", "GYM"] == 1
    assert found["mailbot_outbox_mails", "due"] == len(rows) - 1
    assert found["mailbot_outbox_mails", "waiting"] == 1
    assert found["mailbot_outbox_oldest_age_seconds",] == pytest.approx(7200, abs=60)
    assert found["mailbot_quarantined_mails",] == 0
    assert sum(found["mailbot_open_tickets", age, "GYM"] for age in ("day", "week", "older")) == 1


def test_metrics_contain_no_address(harness: DeskHarness, tmp_path: Path) -> None:
    harness.outcome(mail().sender(LENA).to("support-gym@schule.example").text("defekt"))
    file = tmp_path / "mailbot.prom"
    collector(harness).write(file)
    assert "@" not in file.read_text("utf-8")


def test_the_file_is_replaced_as_a_whole_and_others_may_read_it(harness: DeskHarness, tmp_path: Path) -> None:
    file = tmp_path / "mailbot.prom"
    file.write_text("old")
    with file.open() as reader:  # an open reader keeps the former content
        collector(harness).write(file)
        assert reader.read() == "old"
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.glob("mailbot.prom*")] == ["mailbot.prom"]


def test_metrics_are_served_to_this_machine_only(harness: DeskHarness) -> None:
    port = free_port()
    stop = collector(harness).serve(port)
    try:
        assert scraped(port)["mailbot_processed_mails_total", "opened", "GYM"] == 3
        listening = {line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]}
        assert f"0100007F:{port:04X}" in listening
        assert f"00000000:{port:04X}" not in listening
    finally:
        stop()
    with pytest.raises(OSError, match="refused"):
        scraped(port)


@pytest.mark.parametrize("found", [None, "0.16.0"])
def test_a_library_that_is_missing_or_too_old_is_reported_with_the_package_to_install(
    harness: DeskHarness, monkeypatch: pytest.MonkeyPatch, found: str | None
) -> None:
    def installed(name: str) -> str:
        if found is None:
            raise PackageNotFoundError(name)
        return found

    monkeypatch.setattr(extras, "version", installed)
    with pytest.raises(DeskError, match=r"mailbot\[prometheus\]"):
        MetricsCollector(harness.desk)


def test_daemon_exports_the_metrics_of_a_mail_by_port_and_by_file(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str
) -> None:
    port, file = free_port(), tmp_path / "mailbot.prom"
    more = f'[metrics]\nport = {port}\ntextfile = "{file}"\n'
    env = SchoolEnv(tmp_path / "school", dovecot, smtp_server, user, more=more)
    with Daemon(env, forked=True):
        env.deliver(problem())
        wait_until(lambda: scraped(port)["mailbot_outgoing_mails_total", "sent"] >= 3, 60)
        found = scraped(port)
        assert found["mailbot_processed_mails_total", "opened", "GYM"] == 1
        assert found["mailbot_mail_latency_seconds_count", "GYM"] == 1
        assert found["mailbot_outbox_mails", "due"] == 0
        wait_until(file.exists, 60)
        assert ("mailbot_alerts",) in samples(file.read_text("utf-8"))
    assert len(env.mails_to(LENA)) == len(env.mails_to(MAX)) == 1


def test_a_port_in_use_does_not_stop_the_daemon(
    tmp_path: Path, dovecot: Dovecot, smtp_server: RecordingSmtpServer, user: str
) -> None:
    more = f"[metrics]\nport = {smtp_server.port}\n"
    env = SchoolEnv(tmp_path, dovecot, smtp_server, user, more=more)
    with Daemon(env, forked=True) as daemon:
        env.deliver(problem())
        daemon.wait(lambda: bool(env.mails_to(LENA)), "the receipt is sent")
        assert daemon.logged("metrics server failed") == 1
