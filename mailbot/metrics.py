"""Metrics for Prometheus (prometheus_client): in a file for node_exporter, or on a port of this machine.

Counters start at zero with the program; gauges are read from the database at each scrape. No series names a
person.
"""

# ruff: noqa: PLC0415 - the library is an extra

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mailbot import __version__
from mailbot.monitoring.status import status_summary
from mailbot.service.bootstrap import DeskError
from mailbot.service.desk import Desk

if TYPE_CHECKING:
    from prometheus_client.core import Metric

LOOPBACK = "127.0.0.1"
BUCKETS = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0)
"""Seconds; the time of a mail's arrival is known to the second."""
_READABLE = 0o644  # by node_exporter
_GAUGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mailbox_last_success_timestamp_seconds": ("When a mailbox was read last.", ("school",)),
    "mailbox_failing": ("1 while it cannot be read.", ("school",)),
    "smtp_paused": ("1 while the letters of a school wait for its SMTP account.", ("school",)),
    "outbox_letters": ("Letters that are not sent yet.", ("state",)),
    "open_tickets": ("Tickets that are not closed, by age.", ("school", "age")),
    "outbox_doubtful_letters": ("Of these, letters that the server may have.", ()),
    "outbox_oldest_age_seconds": ("For how long the oldest of them waits; 0 if none.", ()),
    "quarantined_mails": ("Mails that could not be handled.", ()),
    "heartbeat_timestamp_seconds": ("When the daemon noted last that it works.", ()),
    "alerts": ("Troubles that the operators were told of and that last.", ()),
}


class Account(Protocol):
    """An SMTP account whose state is shown."""

    schools: tuple[str, ...]

    @property
    def is_up(self) -> bool:
        """Whether its server accepts mail."""


class MetricsCollector:
    """The metrics of one desk, in a registry of their own. Raises DeskError without the library."""

    def __init__(self, desk: Desk) -> None:
        try:
            from prometheus_client import (
                CollectorRegistry,
                Counter,
                Gauge,
                Histogram,
                Info,
                disable_created_metrics,
            )
        except ModuleNotFoundError as error:
            needed = f"{error.name} is missing for [metrics]: pip install 'mailbot[prometheus]'"
            raise DeskError(needed) from None
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._desk = desk
        self._registry = registry = CollectorRegistry()
        registry.register(self)  # the first, because a registry collects in this order
        self._mails = Counter(
            "mailbot_mails", "Mails by what became of them.", ("school", "fate"), registry=registry
        )
        self._latency = Histogram(
            "mailbot_mail_latency_seconds",
            "From a mail's delivery until it was handled.",
            ("school",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._letters = Counter(
            "mailbot_letters", "Letters by how sending them ended.", ("result",), registry=registry
        )
        self._gauges = {
            name: Gauge(f"mailbot_{name}", text, labels, registry=registry)
            for name, (text, labels) in _GAUGES.items()
        }
        Info("mailbot", "The program.", registry=registry).info({"version": __version__})
        for school in desk.policy.schools:
            self._latency.labels(school.key)
        for result in ("sent", "failed"):
            self._letters.labels(result)

    def record_mail(self, school: str, outcome: str, seconds: float) -> None:
        """Count a processed mail, and the seconds from its delivery until then."""
        self._mails.labels(school, outcome).inc()
        self._latency.labels(school).observe(seconds)

    def record_send(self, result: str) -> None:
        """Count a mail that was `sent`, or that `failed` for good."""
        self._letters.labels(result).inc()

    def watch(self, accounts: Iterable[Account]) -> None:
        """Show the state of these SMTP accounts."""
        for account in accounts:
            for school in account.schools:
                self._gauges["smtp_paused"].labels(school).set_function(_paused(account))

    def describe(self) -> Iterable["Metric"]:
        """Return nothing: the metrics are registered by themselves."""
        return ()

    def collect(self) -> Iterable["Metric"]:
        """Refresh the gauges; the registry collects them after this collector."""
        found = status_summary(self._desk)
        self._refresh_mailboxes(found["mailboxes"])
        for school, ages in found["tickets_by_age"].items():
            for age, number in ages.items():
                self._gauges["open_tickets"].labels(school, age).set(number)
        letters = found["letters"]
        for state in ("due", "waiting"):
            self._gauges["outbox_letters"].labels(state).set(letters[state])
        self._gauges["outbox_doubtful_letters"].set(letters["doubtful"])
        oldest = _timestamp(letters["oldest"] or found["at"])
        self._gauges["outbox_oldest_age_seconds"].set(_timestamp(found["at"]) - oldest)
        self._gauges["quarantined_mails"].set(found["quarantine"])
        self._gauges["heartbeat_timestamp_seconds"].set(_timestamp(found["daemon"]["heartbeat"]))
        self._gauges["alerts"].set(len(found["alerts"]))
        return ()

    def _refresh_mailboxes(self, mailboxes: Iterable[Mapping[str, Any]]) -> None:
        for mailbox in mailboxes:
            key, last = mailbox["school"], _timestamp(mailbox["last_success"])
            self._gauges["mailbox_last_success_timestamp_seconds"].labels(key).set(last)
            self._gauges["mailbox_failing"].labels(key).set(bool(mailbox["failing_since"]))

    def write(self, file: Path) -> None:
        """Replace the file in one step, so that readers never see half of it; raise OSError."""
        from prometheus_client import generate_latest

        fresh = file.with_name(f"{file.name}.new")  # node_exporter reads only *.prom
        fresh.write_bytes(generate_latest(self._registry))
        fresh.chmod(_READABLE)
        fresh.replace(file)

    def serve(self, port: int) -> Callable[[], None]:
        """Answer scrapes on a port of the loopback interface; return what stops that. Raises OSError."""
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
    """Return seconds since 1970, or 0 for never."""
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0
