"""Measure the time from the LMTP delivery of a mail to the notification of the team, under IDLE.

A bare client under IDLE shows the share of Dovecot, which collects mails for 0.5 s before it notifies.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from statistics import median, quantiles

import imapclient

from bench.environment import Site, site
from bench.lmtp import deliver_by_lmtp
from bench.results import Figure
from tests.support.daemon import Daemon
from tests.support.school import MAX, ReceivedMail, SchoolEnv, problem
from tests.support.servers.dovecot import PASSWORD

LOAD_SECONDS = 0.2  # from one mail to the next
LOOKS = 30  # Dovecot's default; a client that stays under IDLE for long would gain by a shorter one


def figures(mails: int) -> Iterator[Figure]:
    """Deliver `mails` mails one by one, and the same number in a steady flow."""
    with site(lmtp=True, looks=LOOKS) as servers:
        notified = dovecot_seconds(servers, mails, 0)
        flow = dovecot_seconds(servers, mails, LOAD_SECONDS)
        env = servers.env(imap="poll_seconds = 300", team=(MAX,))
        with Daemon(env) as daemon:
            _one_by_one(env, daemon, ["anlauf"])  # the first one connects and compiles templates
            idle = _one_by_one(env, daemon, [f"einzeln{i}" for i in range(mails)])
            load = _in_a_flow(env, daemon, [f"schwall{i}" for i in range(mails)])
            daemon.stop()
    rate = f"{1 / LOAD_SECONDS:.0f} mails/s"
    yield Figure("latency, baseline: Dovecot notifies a bare client under IDLE", _milliseconds(notified))
    yield Figure("latency, idle: added by mailbot", *_added(idle, notified))
    yield Figure(f"latency, baseline with {rate}: several mails per notification", _milliseconds(flow))
    yield Figure(f"latency, {rate}: added by mailbot", *_added(load, flow))


def dovecot_seconds(servers: Site, mails: int, pause: float) -> list[float]:
    """Return the seconds from each delivery until a bare IDLE client is notified.

    The next mail follows after `pause` seconds, with 0 after the client has noticed the last one.
    """
    user, begun = servers.env().address, list[datetime]()
    context, taken = servers.authority.client_context(), list[float]()
    with imapclient.IMAPClient("localhost", servers.dovecot.tls_port, ssl_context=context) as client:
        client.login(user, PASSWORD)
        client.select_folder("INBOX")
        client.idle()
        due = time.monotonic()
        while len(taken) < mails:
            waits = due - time.monotonic() if pause else 10 * (len(begun) > len(taken))
            if len(begun) < mails and waits <= 0:
                due += pause
                raw = problem().text("Der Beamer bleibt dunkel.\n").build()
                begun.append(deliver_by_lmtp(servers.dovecot, user, raw))
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
    """Deliver one mail of each teacher; return the seconds until the team was notified of each."""
    before = len(env.smtp.received)
    begun: dict[str, datetime] = {}
    for name in names:
        raw = problem(f"Beamer ({name})", f"{name}@schule.example").text("Er bleibt dunkel.\n").build()
        begun[name] = deliver_by_lmtp(env.dovecot, env.address, raw)
        time.sleep(LOAD_SECONDS)
    daemon.wait(_all_sent(env, before + 2 * len(names)), "receipts and notifications", seconds=300)
    return [(at - begun[name]).total_seconds() for name, at in _told(env, before, begun).items()]


def _all_sent(env: SchoolEnv, sent_mails: int) -> Callable[[], bool]:
    return lambda: len(env.smtp.received) >= sent_mails


def _told(env: SchoolEnv, before: int, names: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return the time at which the team was notified of each teacher's mail."""
    notified = {}
    for received in env.smtp.received[before:]:
        if received.recipients == (MAX,):
            name = ReceivedMail(received.raw).subject.rpartition("(")[2].rstrip(")")
            notified[name] = received.at
    if notified.keys() != names.keys():
        raise RuntimeError(f"the team was not notified of {names.keys() - notified.keys()}")
    return notified


def _added(taken: list[float], notified: list[float]) -> tuple[str, float]:
    """Return the latency that the bot adds to Dovecot's, and the ratio of the sum to Dovecot's."""
    whole, baseline = _middle_and_worst(taken), _middle_and_worst(notified)
    return _said(*(a - b for a, b in zip(whole, baseline, strict=True))), whole[0] / baseline[0]


def _milliseconds(taken: list[float]) -> str:
    return _said(*_middle_and_worst(taken))


def _middle_and_worst(taken: list[float]) -> tuple[float, float]:
    return median(taken), quantiles(taken, n=100)[-1]


def _said(middle: float, worst: float) -> str:
    return f"median {middle * 1000:.0f} ms, 99th percentile {worst * 1000:.0f} ms"
