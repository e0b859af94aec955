"""Draw the speed of intake as the number of tickets and of mailboxes grows.

    make growth-curve [TICKETS=1000000] [MAILBOXES=500] [MAILS=1000] [ROUNDS=3]

Writes docs/growth-tickets.svg and docs/growth-mailboxes.svg.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from statistics import median

import pygal
from pygal.style import CleanStyle

from bench.data_growth import grown
from bench.environment import Site, further_schools, number, site
from bench.intake import daemon_seconds
from bench.mails import mix, notifications_of
from bench.results import machine
from tests.support.daemon import Daemon
from tests.support.school import MAX, ROOT, SchoolEnv

DOCS = ROOT / "docs"
SECONDS = 1800
_SCRIPT = re.compile(r"<script.*?</script>", re.S)  # for tooltips, which these charts do not need

Speeds = Mapping[int, float]
"""Mails per second by size."""


def main() -> None:
    """Measure both curves and draw them."""
    mails, rounds = number("MAILS", 1000), number("ROUNDS", 3)
    tickets = _up_to(number("TICKETS", 1_000_000), 1_000)
    mailboxes = [*_up_to(number("MAILBOXES", 500), 1), number("MAILBOXES", 500)]
    print(machine())
    draw(DOCS / "growth-tickets.svg", "tickets in the database", dict(by_tickets(tickets, mails, rounds)))
    draw(DOCS / "growth-mailboxes.svg", "mailboxes", dict(by_mailboxes(sorted({*mailboxes}), mails, rounds)))


def _up_to(most: int, first: int) -> list[int]:
    """Return the powers of ten from `first` to `most`."""
    return [size for size in (10**power for power in range(10)) if first <= size <= most]


def by_tickets(sizes: list[int], mails: int, rounds: int) -> Iterator[tuple[int, float]]:
    """Yield the median speed with one mailbox for each number of tickets."""
    with site(login=False) as servers:
        env = servers.env(team=(MAX,))
        for size in grown(env, sizes):
            taken = [daemon_seconds(env, mix(mails, seed=size + round_)) for round_ in range(rounds)]
            yield _shown("tickets", size, mails / median(taken))


def by_mailboxes(sizes: list[int], mails: int, rounds: int) -> Iterator[tuple[int, float]]:
    """Yield the median speed of one daemon that watches each number of mailboxes."""
    with site(login=False) as servers:
        for size in sizes:
            taken = [spread_seconds(servers, size, mix(mails, seed=round_)) for round_ in range(rounds)]
            yield _shown("mailboxes", size, mails / median(taken))


def spread_seconds(servers: Site, mailboxes: int, raw: list[bytes]) -> float:
    """Return the seconds from the first delivery to the last notification; mails go to mailboxes in rotation.

    A reply goes to the mailbox of the mail that it answers.
    """
    env = servers.env(team=(MAX,), more=further_schools(mailboxes - 1))
    boxes = [env.address, *(f"support-s{index}@schule.example" for index in range(mailboxes - 1))]
    before, sent_mails = len(env.smtp.received), notifications_of(raw)

    def all_watched() -> bool:
        return all(box["last_success"] for box in env.status()["mailboxes"])

    with Daemon(env) as daemon:
        daemon.wait(all_watched, f"{mailboxes} mailboxes are watched", seconds=SECONDS)
        begin = datetime.now(UTC)
        _deliver(env, boxes, raw)
        daemon.wait(lambda: len(env.smtp.received) - before >= sent_mails, "all is sent", seconds=SECONDS)
        daemon.stop()
    return (env.smtp.received[before + sent_mails - 1].at - begin).total_seconds()


def _deliver(env: SchoolEnv, boxes: Iterable[str], raw: list[bytes]) -> None:
    following, box_of_sender = cycle(boxes), dict[bytes, str]()
    for mail in raw:
        sender = next(line for line in mail.split(b"\r\n") if line.startswith(b"From:"))
        box = box_of_sender.setdefault(sender, "") or next(following)
        box_of_sender[sender] = box
        env.dovecot.deliver(box, mail)


def _shown(what: str, size: int, speed: float) -> tuple[int, float]:
    print(f"{what} {size:,}: {speed:.0f} mails/s", flush=True)
    return size, speed


def draw(file: Path, what: str, speeds: Speeds) -> None:
    """Write a chart of the speeds; its title has the date and the machine."""
    chart = pygal.Bar(
        title=f"intake, mails per second ({machine()}, {datetime.now(UTC):%Y-%m-%d})",
        x_title=what,
        x_labels=[f"{size:,}" for size in speeds],
        range=(0, max(speeds.values()) * 1.2),
        show_legend=False,
        print_values=True,
        print_values_position="top",
        formatter=lambda speed: f"{speed:.0f}",
        js=(),
        style=CleanStyle(title_font_size=12, value_font_size=14),
        width=720,
        height=360,
    )
    chart.add("mails/s", list(speeds.values()))
    file.write_text(_SCRIPT.sub("", chart.render(is_unicode=True)), "utf-8")


if __name__ == "__main__":
    main()
