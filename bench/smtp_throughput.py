"""Measure how fast the outbox sends, over one and several connections, beside a bare client.

A connection for each SMTP account: schools with accounts of their own are sent for at the same time.
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


def figures(mails: int) -> Iterator[Figure]:
    """Queue the notifications of `mails` mails; send them over one and over four connections."""
    with site(login=False) as servers:
        tls, other = servers.smtp.tls_port, 'host = "localhost"'
        accounts = [other, f'port = {tls}, security = "tls"', f'{other}, port = {tls}, security = "tls"']
        one = mails_per_second(servers, servers.env(team=(MAX,)), mails)
        bare = bare_mails_per_second(servers, [received.octets for received in servers.smtp.received])
        several = mails_per_second(
            servers, servers.env(team=(MAX,), more=further_schools(3, accounts)), mails
        )
    yield Figure("outbox, baseline: smtplib, the same mails", f"{bare:.0f} mails/s")
    yield Figure("outbox, one connection", f"{one:.0f} mails/s", one / bare)
    yield Figure("outbox, four connections, against one", f"{several:.0f} mails/s", several / one)


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


def bare_mails_per_second(servers: Site, letters: list[bytes]) -> float:
    """Send the mails in a separate process, as the bot is one; return mails per second."""
    before = len(servers.smtp.received)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(send_all, letters, servers.smtp.port, servers.authority.ca_file).result()
    sent = servers.smtp.received[before:]
    return (len(sent) - 1) / (sent[-1].at - sent[0].at).total_seconds()


def send_all(letters: Sequence[bytes], port: int, ca_file: Path) -> None:
    """Send mails one after the other over one connection."""
    with smtplib.SMTP("localhost", port) as client:
        client.starttls(context=ssl.create_default_context(cafile=ca_file))
        for letter in letters:
            client.sendmail("support-gym@schule.example", [MAX], letter)
