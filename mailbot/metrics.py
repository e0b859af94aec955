"""Publish metrics for Prometheus (prometheus_client) in a file for node_exporter, or on a local port.

Counters start at zero with the program; gauges are read from the database at each scrape. No series contains
personal data.
"""

# ruff: noqa: PLC0415 - the library is optional

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mailbot import __version__
from mailbot.extras import lacks
from mailbot.monitoring.status import status_summary
from mailbot.service.bootstrap import DeskError
from mailbot.service.desk import Desk

if TYPE_CHECKING:
    from prometheus_client.core import Metric

LOOPBACK = "127.0.0.1"
BUCKETS = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0)
"""In seconds; the IMAP server reports when it received a mail to the second."""
_FILE_MODE = 0o644  # node_exporter runs as another user
_COUNTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "processed_mails": ("Processed mails, by outcome.", ("school", "outcome")),
    "mails": ("deprecated, use mailbot_processed_mails_total", ("school", "fate")),
    "outgoing_mails": ("Outgoing mails, by result.", ("result",)),
    "letters": ("deprecated, use mailbot_outgoing_mails_total", ("result",)),
}
"""Help text and labels; the deprecated series are published until version 0.3."""
_GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mailbox_last_success_timestamp_seconds": ("Time when a mailbox was last read; 0 if never.", ("school",)),
    "mailbox_failing": ("1 while a mailbox cannot be read.", ("school",)),
    "smtp_paused": ("1 while the mails of a school wait for its SMTP account.", ("school",)),
    "outbox_mails": ("Unsent mails, by state.", ("state",)),
    "outbox_letters": ("deprecated, use mailbot_outbox_mails", ("state",)),
    "outbox_uncertain_mails": ("Unsent mails that the SMTP server may have accepted.", ()),
    "outbox_doubtful_letters": ("deprecated, use mailbot_outbox_uncertain_mails", ()),
    "outbox_oldest_age_seconds": ("Age of the oldest unsent mail; 0 if there is none.", ()),
    "open_tickets": ("Tickets that are not closed, by age.", ("school", "age")),
    "quarantined_mails": ("Mails that could not be processed.", ()),
    "heartbeat_timestamp_seconds": ("Time of the daemon's last heartbeat; 0 if there is none.", ()),
    "alerts": ("Active alerts.", ()),
}


class Account(Protocol):
    """An SMTP account whose state is published."""

    schools: tuple[str, ...]

    @property
    def is_up(self) -> bool:
        """Whether the server accepts mail."""


class MetricsCollector:
    """The metrics of one desk, in a separate registry; raises DeskError if the library cannot be used."""

    def __init__(self, desk: Desk) -> None:
        if (problem := lacks("prometheus")) is not None:
            raise DeskError(problem)
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            Info,
            disable_created_metrics,
        )

        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._desk = desk
        self._registry = registry = CollectorRegistry()
        registry.register(self)  # first, because a registry collects in the order of registration
        self._counters = {
            name: Counter(f"mailbot_{name}", text, labels, registry=registry)
            for name, (text, labels) in _COUNTERS.items()
        }
        self._latency = Histogram(
            "mailbot_mail_latency_seconds",
            "Time from the delivery of a mail until it was processed.",
            ("school",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._gauges = {
            name: Gauge(f"mailbot_{name}", text, labels, registry=registry)
            for name, (text, labels) in _GAUGES.items()
        }
        Info("mailbot", "The version of mailbot.", registry=registry).info({"version": __version__})
        for school in desk.policy.schools:
            self._latency.labels(school.key)
        for name, result in product(("outgoing_mails", "letters"), ("sent", "failed")):
            self._counters[name].labels(result)

    def record_mail(self, school: str, outcome: str, seconds: float) -> None:
        """Count a processed mail; `seconds` is the time since its delivery."""
        for name in ("processed_mails", "mails"):
            self._counters[name].labels(school, outcome).inc()
        self._latency.labels(school).observe(seconds)

    def record_send(self, result: str) -> None:
        """Count an outgoing mail that was `sent`, or that `failed` permanently."""
        for name in ("outgoing_mails", "letters"):
            self._counters[name].labels(result).inc()

    def watch(self, accounts: Iterable[Account]) -> None:
        """Publish the state of these SMTP accounts."""
        for account in accounts:
            for school in account.schools:
                self._gauges["smtp_paused"].labels(school).set_function(_paused(account))

    def describe(self) -> Iterable["Metric"]:
        """Return nothing: each metric is registered on its own."""
        return ()

    def collect(self) -> Iterable["Metric"]:
        """Refresh the gauges; the registry collects them after this collector."""
        status = status_summary(self._desk)
        self._refresh_mailboxes(status["mailboxes"])
        for school, ages in status["tickets_by_age"].items():
            for age, number in ages.items():
                self._gauges["open_tickets"].labels(school, age).set(number)
        self._refresh_outbox(status["letters"], status["at"])
        self._gauges["quarantined_mails"].set(status["quarantine"])
        self._gauges["heartbeat_timestamp_seconds"].set(_timestamp(status["daemon"]["heartbeat"]))
        self._gauges["alerts"].set(len(status["alerts"]))
        return ()

    def _refresh_mailboxes(self, mailboxes: Iterable[Mapping[str, Any]]) -> None:
        for mailbox in mailboxes:
            key, last = mailbox["school"], _timestamp(mailbox["last_success"])
            self._gauges["mailbox_last_success_timestamp_seconds"].labels(key).set(last)
            self._gauges["mailbox_failing"].labels(key).set(bool(mailbox["failing_since"]))

    def _refresh_outbox(self, outbox: Mapping[str, Any], now: str) -> None:
        for name, state in product(("outbox_mails", "outbox_letters"), ("due", "waiting")):
            self._gauges[name].labels(state).set(outbox[state])
        for name in ("outbox_uncertain_mails", "outbox_doubtful_letters"):
            self._gauges[name].set(outbox["doubtful"])
        age = _timestamp(now) - _timestamp(outbox["oldest"] or now)
        self._gauges["outbox_oldest_age_seconds"].set(age)

    def write(self, file: Path) -> None:
        """Replace the file atomically, so that readers never see half of it; raise OSError."""
        from prometheus_client import generate_latest

        temporary = file.with_name(f"{file.name}.new")  # node_exporter reads only *.prom
        temporary.write_bytes(generate_latest(self._registry))
        temporary.chmod(_FILE_MODE)
        temporary.replace(file)

    def serve(self, port: int) -> Callable[[], None]:
        """Serve metrics on a port of the loopback interface; return a function to stop. Raises OSError."""
        from prometheus_client import start_http_server

        server, thread = start_http_server(port, LOOPBACK, self._registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop


def _paused(account: Account) -> Callable[[], float]:
    return lambda: float(not account.is_up)


def _timestamp(moment: str | None) -> float:
    """Return an ISO 8601 time as seconds since 1970, or 0 for None."""
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0
