"""How long it takes from a mail's delivery by LMTP until the team's notification is handed in, under IDLE.

A bare client under IDLE shows how much of that Dovecot takes: it gathers mails for 0.5 s before it tells.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from statistics import median, quantiles

import imapclient

from bench.environment import Site, site
from bench.lmtp import hand_over
from bench.results import Figure
from tests.support.daemon import Daemon
from tests.support.school import MAX, ReceivedMail, SchoolEnv, problem
from tests.support.servers.dovecot import PASSWORD

LOAD_SECONDS = 0.2  # from one mail to the next
LOOKS = 30  # Dovecot's default; a client that stays under IDLE for long would gain by a shorter one


def figures(mails: int) -> Iterator[Figure]:
    """Deliver so many mails one by one, and as many again in a steady flow."""
    with site(lmtp=True, looks=LOOKS) as place:
        told = dovecot_seconds(place, mails, 0)
        flow = dovecot_seconds(place, mails, LOAD_SECONDS)
        env = place.env(imap="poll_seconds = 300", team=(MAX,))
        with Daemon(env) as daemon:
            _one_by_one(env, daemon, ["anlauf"])  # the first one connects and compiles templates
            idle = _one_by_one(env, daemon, [f"einzeln{i}" for i in range(mails)])
            load = _in_a_flow(env, daemon, [f"schwall{i}" for i in range(mails)])
            daemon.stop()
    rate = f"{1 / LOAD_SECONDS:.0f} mails/s"
    yield Figure("latency, floor: Dovecot tells a bare client under IDLE", _milliseconds(told))
    yield Figure("latency, idle: added by mailbot", *_added(idle, told))
    yield Figure(f"latency, floor with {rate}: it tells of several at once", _milliseconds(flow))
    yield Figure(f"latency, {rate}: added by mailbot", *_added(load, flow))


def dovecot_seconds(place: Site, mails: int, pause: float) -> list[float]:
    """Return how long it takes from each delivery until a client under IDLE hears of it.

    The next mail follows after so many seconds; with 0 it waits until the client has heard of the last one.
    """
    user, begun = place.env().address, list[datetime]()
    context, taken = place.authority.client_context(), list[float]()
    with imapclient.IMAPClient("localhost", place.dovecot.tls_port, ssl_context=context) as client:
        client.login(user, PASSWORD)
        client.select_folder("INBOX")
        client.idle()
        due = time.monotonic()
        while len(taken) < mails:
            waits = due - time.monotonic() if pause else 10 * (len(begun) > len(taken))
            if len(begun) < mails and waits <= 0:
                due += pause
                octets = problem().text("Der Beamer bleibt dunkel.\n").build()
                begun.append(hand_over(place.dovecot, user, octets))
            for number, _ in (
                a for a in client.idle_check(timeout=max(waits, 0.01)) if a[1:] == (b"EXISTS",)
            ):
                heard = datetime.now(UTC)
                taken += [(heard - begin).total_seconds() for begin in begun[len(taken) : number]]
        client.idle_done()
    return taken


def _one_by_one(env: SchoolEnv, daemon: Daemon, names: list[str]) -> list[float]:
    return [seconds for name in names for seconds in _in_a_flow(env, daemon, [name])]


def _in_a_flow(env: SchoolEnv, daemon: Daemon, names: list[str]) -> list[float]:
    """Deliver a mail by each of these teachers; return after what time the team knew of each."""
    before = len(env.smtp.received)
    begun: dict[str, datetime] = {}
    for name in names:
        octets = problem(f"Beamer ({name})", f"{name}@schule.example").text("Er bleibt dunkel.\n").build()
        begun[name] = hand_over(env.dovecot, env.address, octets)
        time.sleep(LOAD_SECONDS)
    daemon.wait(_all_sent(env, before + 2 * len(names)), "receipts and notifications", seconds=300)
    return [(at - begun[name]).total_seconds() for name, at in _told(env, before, begun).items()]


def _all_sent(env: SchoolEnv, letters: int) -> Callable[[], bool]:
    return lambda: len(env.smtp.received) >= letters


def _told(env: SchoolEnv, before: int, names: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return when the team was told of the mail of each teacher."""
    told = {}
    for received in env.smtp.received[before:]:
        if received.recipients == (MAX,):
            name = ReceivedMail(received.octets).subject.rpartition("(")[2].rstrip(")")
            told[name] = received.at
    if told.keys() != names.keys():
        raise RuntimeError(f"the team was not told of {names.keys() - told.keys()}")
    return told


def _added(taken: list[float], told: list[float]) -> tuple[str, float]:
    """Return what the bot adds to what Dovecot takes, and how often that is the whole."""
    whole, floor = _middle_and_worst(taken), _middle_and_worst(told)
    return _said(*(a - b for a, b in zip(whole, floor, strict=True))), whole[0] / floor[0]


def _milliseconds(taken: list[float]) -> str:
    return _said(*_middle_and_worst(taken))


def _middle_and_worst(taken: list[float]) -> tuple[float, float]:
    return median(taken), quantiles(taken, n=100)[-1]


def _said(middle: float, worst: float) -> str:
    return f"median {middle * 1000:.0f} ms, 99th percentile {worst * 1000:.0f} ms"
