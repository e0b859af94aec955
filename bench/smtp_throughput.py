"""Measure how fast the outbox sends, over one and several connections, beside a bare client.

Schools with accounts of their own are sent for at the same time. A distant server takes 20 ms for each round
trip: it shows what groups of commands (RFC 2920) and several connections of one account gain.
"""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from bench.environment import Site, further_schools, site
from bench.mails import mix
from bench.results import Figure
from mailbot.service.receive import receive
from mailbot.store.ledger import MailLocation
from tests.support.school import MAX, SchoolEnv
from tests.support.servers.distant_relay import DistantRelay

ROUND_TRIP = 0.02


def figures(mails: int) -> Iterator[Figure]:
    """Queue the notifications of `mails` mails; send them over one and over four connections."""
    with site(login=False) as servers:
        tls, other = servers.smtp.tls_port, 'host = "localhost"'
        accounts = [other, f'port = {tls}, security = "tls"', f'{other}, port = {tls}, security = "tls"']
        one = mails_per_second(servers, servers.env(team=(MAX,)), mails)
        raw = [received.raw for received in servers.smtp.received]
        bare = bare_mails_per_second(servers, raw, servers.smtp.port)
        several = mails_per_second(
            servers, servers.env(team=(MAX,), more=further_schools(3, accounts)), mails
        )
    yield Figure("outbox, baseline: smtplib, the same mails", f"{bare:.0f} mails/s")
    yield Figure("outbox, one connection", f"{one:.0f} mails/s", one / bare)
    yield Figure("outbox, four accounts, against one", f"{several:.0f} mails/s", several / one)
    yield from _distant(mails // 3)


def _distant(mails: int) -> Iterator[Figure]:
    with site(login=False) as servers, DistantRelay(servers.smtp.port, ROUND_TRIP) as relay:
        one = mails_per_second(servers, _env(servers, relay.port, 1), mails)
        raw = [received.raw for received in servers.smtp.received]
        bare = bare_mails_per_second(servers, raw, relay.port)
        three = mails_per_second(servers, _env(servers, relay.port, 3), mails)
    yield Figure("server 20 ms away, baseline: smtplib", f"{bare:.0f} mails/s")
    yield Figure("server 20 ms away, one connection", f"{one:.0f} mails/s", one / bare)
    yield Figure("server 20 ms away, three connections", f"{three:.0f} mails/s", three / bare)


def _env(servers: Site, smtp_port: int, connections: int) -> SchoolEnv:
    """Return a school that sends over that many connections to that port."""
    env = servers.env(team=(MAX,))
    env.use_ports(env.dovecot.tls_port, smtp_port)
    text = env.config.read_text("utf-8")
    env.config.write_text(text.replace("[smtp]", f"[smtp]\nconnections = {connections}", 1), "utf-8")
    return env


def mails_per_second(servers: Site, env: SchoolEnv, mails: int) -> float:
    """Queue notifications for the schools in turn and send them; return mails per second."""
    before = len(servers.smtp.received)
    with env.open() as (desk, settings):
        for index, mail in enumerate(mix(mails)):
            at = MailLocation(list(settings.imap)[index % len(settings.imap)], 1, index + 1)
            receive(desk, at, mail, None, datetime.now(UTC))
    if env.json("once")["failed"]:
        raise RuntimeError("not all mails were sent")
    sent = servers.smtp.received[before:]
    return (len(sent) - 1) / (sent[-1].at - sent[0].at).total_seconds()


def bare_mails_per_second(servers: Site, mails: list[bytes], port: int) -> float:
    """Send the mails in a separate process, as the bot is one; return mails per second."""
    before = len(servers.smtp.received)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(send_all, mails, port, servers.authority.ca_file).result()
    sent = servers.smtp.received[before:]
    return (len(sent) - 1) / (sent[-1].at - sent[0].at).total_seconds()


def send_all(mails: Sequence[bytes], port: int, ca_file: Path) -> None:
    """Send mails one after the other over one connection."""
    with smtplib.SMTP("localhost", port) as client:
        client.starttls(context=ssl.create_default_context(cafile=ca_file))
        for mail in mails:
            client.sendmail("support-gym@schule.example", [MAX], mail)
