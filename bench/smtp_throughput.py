"""How fast letters leave the outbox: over one connection and over several, beside a bare client.

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
    """Queue the letters of so many mails; send them over one and over four connections."""
    with site(login=False) as place:
        tls, other = place.smtp.tls_port, 'host = "localhost"'
        accounts = [other, f'port = {tls}, security = "tls"', f'{other}, port = {tls}, security = "tls"']
        one = letters_a_second(place, place.env(team=(MAX,)), mails)
        bare = bare_letters_a_second(place, [received.octets for received in place.smtp.received])
        several = letters_a_second(place, place.env(team=(MAX,), more=further_schools(3, accounts)), mails)
    yield Figure("outbox, floor: smtplib, the same letters", f"{bare:.0f} letters/s")
    yield Figure("outbox, one connection", f"{one:.0f} letters/s", one / bare)
    yield Figure("outbox, four connections, against one", f"{several:.0f} letters/s", several / one)


def letters_a_second(place: Site, env: SchoolEnv, mails: int) -> float:
    """Queue letters for the schools of a house in turns, and send them."""
    before = len(place.smtp.received)
    with env.open() as (desk, settings):
        for index, mail in enumerate(mix(mails)):
            at = MailLocation(list(settings.imap)[index % len(settings.imap)], 1, index + 1)
            receive(desk, at, mail, None, datetime.now(UTC))
    if env.json("once")["failed"]:
        raise RuntimeError("not all letters were sent")
    sent = place.smtp.received[before:]
    return (len(sent) - 1) / (sent[-1].at - sent[0].at).total_seconds()


def bare_letters_a_second(place: Site, letters: list[bytes]) -> float:
    """Hand in these letters in a process of its own, as the bot is one."""
    before = len(place.smtp.received)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(hand_in, letters, place.smtp.port, place.authority.ca_file).result()
    sent = place.smtp.received[before:]
    return (len(sent) - 1) / (sent[-1].at - sent[0].at).total_seconds()


def hand_in(letters: Sequence[bytes], port: int, ca_file: Path) -> None:
    """Send letters one after the other over one connection."""
    with smtplib.SMTP("localhost", port) as client:
        client.starttls(context=ssl.create_default_context(cafile=ca_file))
        for letter in letters:
            client.sendmail("support-gym@schule.example", [MAX], letter)
