"""Figures for Prometheus (prometheus_client): in a file for node_exporter, or on a port of this machine.

What happened is counted since the start; how things stand is read from the database. Nobody is named.
"""

# ruff: noqa: PLC0415 - the library is an extra

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mailbot import __version__
from mailbot.monitoring.latency import BOUNDS, LatencyHistogram
from mailbot.monitoring.status import standing
from mailbot.service.desk import Desk
from mailbot.service.opening import DeskError

if TYPE_CHECKING:
    from prometheus_client.core import Metric

LOOPBACK = "127.0.0.1"
_READABLE = 0o644  # by node_exporter


class Account(Protocol):
    """An SMTP account whose state is shown."""

    schools: tuple[str, ...]

    @property
    def is_up(self) -> bool:
        """Whether its server takes mail."""


@dataclass(slots=True, eq=False)
class Figures:
    """What a scrape returns: the collector of prometheus_client's registry. Raises DeskError without it."""

    desk: Desk
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    latencies: dict[str, LatencyHistogram] = field(default_factory=dict)
    results: Counter[str] = field(default_factory=Counter)
    accounts: Sequence[Account] = ()

    def __post_init__(self) -> None:
        try:
            import prometheus_client  # noqa: F401
        except ModuleNotFoundError as error:
            raise DeskError(
                f"{error.name} is missing for [metrics]: pip install 'mailbot[prometheus]'"
            ) from None

    def watch(self, accounts: Sequence[Account]) -> None:
        """Show the state of these SMTP accounts."""
        self.accounts = accounts

    def record_mail(self, school: str, outcome: str, seconds: float) -> None:
        """Count a mail that was handled, and how long it lay until then."""
        self.outcomes[school, outcome] += 1
        self.latencies.setdefault(school, LatencyHistogram()).add(seconds)

    def record_send(self, result: str) -> None:
        """Count a message that was sent or has failed for good."""
        self.results[result] += 1

    def describe(self) -> Iterator["Metric"]:
        """Yield nothing: a registry need not scrape us to know us."""
        yield from ()

    def collect(self) -> Iterator["Metric"]:
        """Yield every metric with its samples."""
        found = standing(self.desk)
        yield from self._happened()
        yield from _mailboxes(found)
        yield _accounts(self.accounts)
        yield from _desk(found)

    def write(self, file: Path) -> None:
        """Write the file anew, at once for whoever reads it; raise OSError."""
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry()
        registry.register(self)
        fresh = file.with_name(f"{file.name}.new")  # node_exporter reads *.prom alone
        fresh.write_bytes(generate_latest(registry))
        fresh.chmod(_READABLE)
        fresh.replace(file)

    def serve(self, port: int) -> Callable[[], None]:
        """Answer scrapes on that port of the loopback interface; return what ends that. Raises OSError."""
        from prometheus_client import CollectorRegistry, start_http_server

        registry = CollectorRegistry()
        registry.register(self)
        server, thread = start_http_server(port, LOOPBACK, registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop

    def _happened(self) -> Iterator["Metric"]:
        """Yield what was counted since the start."""
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        mails = CounterMetricFamily(
            "mailbot_mails", "Mails by what became of them.", labels=["school", "fate"]
        )
        delays = HistogramMetricFamily(
            "mailbot_mail_latency_seconds", "From a mail's delivery until it was handled.", labels=["school"]
        )
        for (school, fate), number in sorted(self.outcomes.items()):
            mails.add_metric([school, fate], number)
        for school, latency in self.latencies.items():
            sums = list(accumulate(latency.counts))
            buckets = list(zip((*map(str, BOUNDS), "+Inf"), map(float, sums), strict=True))
            delays.add_metric([school], buckets, latency.seconds)
        letters = CounterMetricFamily(
            "mailbot_letters", "Letters by how sending them ended.", labels=["result"]
        )
        for result in ("sent", "failed"):
            letters.add_metric([result], self.results[result])
        yield from (mails, delays, letters)


def _mailboxes(found: Mapping[str, Any]) -> Iterator["Metric"]:
    from prometheus_client.core import GaugeMetricFamily

    success = GaugeMetricFamily(
        "mailbot_mailbox_last_success_timestamp_seconds", "When a mailbox was read last.", labels=["school"]
    )
    failing = GaugeMetricFamily("mailbot_mailbox_failing", "1 while it cannot be read.", labels=["school"])
    for mailbox in found["mailboxes"]:
        last, key = mailbox["last_success"], mailbox["school"]
        success.add_metric([key], _timestamp(last))
        failing.add_metric([key], bool(mailbox["failing_since"]))
    yield from (success, failing)


def _accounts(accounts: Iterable[Account]) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily

    paused = GaugeMetricFamily(
        "mailbot_smtp_paused", "1 while the letters of a school wait for its SMTP account.", labels=["school"]
    )
    for account in accounts:
        for key in account.schools:
            paused.add_metric([key], not account.is_up)
    return paused


def _desk(found: Mapping[str, Any]) -> Iterator["Metric"]:
    from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

    letters, beat = found["letters"], found["daemon"]["heartbeat"]
    outbox = GaugeMetricFamily("mailbot_outbox_letters", "Letters that are not sent yet.", labels=["state"])
    for state in ("due", "waiting"):
        outbox.add_metric([state], letters[state])
    tickets = GaugeMetricFamily(
        "mailbot_open_tickets", "Tickets that are not closed, by age.", labels=["school", "age"]
    )
    for school, ages in found["tickets_by_age"].items():
        for age, number in ages.items():
            tickets.add_metric([school, age], number)
    yield from (outbox, tickets)
    for name, help_text, value in (
        ("outbox_doubtful_letters", "Of these, letters that the server may have.", letters["doubtful"]),
        ("outbox_oldest_age_seconds", "For how long the oldest of them waits; 0 if none.", _age(found)),
        ("quarantined_mails", "Mails that could not be handled.", found["quarantine"]),
        ("heartbeat_timestamp_seconds", "When the daemon noted last that it works.", _timestamp(beat)),
        ("alerts", "Troubles that the operators were told of and that last.", len(found["alerts"])),
    ):
        yield GaugeMetricFamily(f"mailbot_{name}", help_text, value)
    yield InfoMetricFamily("mailbot", "The program.", {"version": __version__})


def _timestamp(moment: str | None) -> float:
    """Return seconds since 1970, or 0 for never."""
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0


def _age(found: Mapping[str, Any]) -> float:
    oldest = found["letters"]["oldest"]
    if oldest is None:
        return 0.0
    return (datetime.fromisoformat(found["at"]) - datetime.fromisoformat(oldest)).total_seconds()
