"""Import a large osTicket database twice; check that all is imported, and once.

make bench-import [TICKETS=10000] [SEED=1]
"""

import json
import random
import sys
import time
from collections import Counter
from typing import Any

from bench.environment import fresh_school, number
from tests.support.osticket import OsTicketDatabase
from tests.support.school import MAX, SchoolEnv
from tests.support.servers.mariadb import PASSWORD, MariaDb

WORDS = (
    "Beamer",
    "Drucker",
    "WLAN",
    "Tablet",
    "Tastatur",
    "Passwort",
    "Moodle",
    "Leinwand",
    "Raum 204",
    "defekt",
)


def main() -> int:
    """Fill an osTicket database and import it; return the exit status."""
    tickets, seed = number("TICKETS", 10_000), number("SEED", 1)
    with MariaDb() as server, fresh_school() as env:
        database = server.new_database()
        connection = server.connect(database)
        connection.autocommit(False)
        wanted = fill(OsTicketDatabase(connection), tickets, random.Random(seed))
        connection.commit()
        (env.directory / "osticket").write_text(PASSWORD)
        begin = time.monotonic()
        first = run_import(env, server.url(database))
        seconds = time.monotonic() - begin
        second = run_import(env, server.url(database))
        broken = [*_counts_broken(env, first, second, wanted), *_samples_broken(env, wanted, seed)]
    for line in broken:
        print(f"BROKEN: {line}")
    print(f"first:  {first}\nsecond: {second}")
    print(f"{tickets} tickets in {seconds:.1f} s: {tickets / seconds:.0f} tickets/s")
    return 1 if broken else 0


def fill(old: OsTicketDatabase, tickets: int, rng: random.Random) -> dict[str, Any]:
    """Write tickets with their threads; return for each number its subject, texts, state and files."""
    wanted: dict[str, Any] = {}
    for index in range(tickets):
        name, subject = f"{100_000 + index * 7}", " ".join(rng.choices(WORDS, k=3))
        state = rng.choice(("open", "closed", "closed", "archived"))
        closed = "2026-05-06 10:00:00" if state != "open" else None
        requester = f"lehrer{rng.randrange(300)}@schule.example"
        thread = old.ticket(name, subject, state=state, closed=closed, requester=requester, name="Lehrkraft")
        texts, files = [], 0
        for turn in range(rng.randrange(1, 5)):
            texts.append(f"{subject} {index} {turn}")
            agent = {"agent": MAX} if turn % 2 else {"user": requester}
            entry = old.entry(thread, "R" if turn % 2 else "M", f"<p>{texts[-1]}</p>", **agent)
            if rng.random() < 0.05:
                old.file(entry, f"bild{turn}.bin", rng.randbytes(20_000), "application/octet-stream")
                files += 1
        wanted[name] = {"subject": subject, "texts": texts, "open": state == "open", "files": files}
    return wanted


def run_import(env: SchoolEnv, url: str) -> Any:
    """Run the import; return its report."""
    password = ("--password-file", str(env.directory / "osticket"))
    return json.loads(env.call("import", "osticket", url, *password, "--json"))


def _counts_broken(env: SchoolEnv, first: Any, second: Any, wanted: dict[str, Any]) -> list[str]:
    messages = sum(len(ticket["texts"]) for ticket in wanted.values())
    files = sum(ticket["files"] for ticket in wanted.values())
    expected = [
        ("first run", first, {"tickets": len(wanted), "messages": messages, "files": files, "known": 0}),
        ("second run", second, {"tickets": 0, "messages": 0, "files": 0, "known": len(wanted)}),
    ]
    wrong = [
        f"{run}: {name} {report[name]} instead of {count}"
        for run, report, counts in expected
        for name, count in counts.items()
        if report[name].get("GYM", 0) != count
    ]
    states = Counter(ticket["status"] for ticket in env.json("tickets", "--status", "all"))
    is_open = sum(ticket["open"] for ticket in wanted.values())
    if states != Counter(open=is_open, closed=len(wanted) - is_open):
        wrong.append(f"they stand as {states}")
    return wrong


def _samples_broken(env: SchoolEnv, wanted: dict[str, Any], seed: int) -> list[str]:
    """Compare twenty tickets word for word; our numbers follow the order of opening."""
    names = list(wanted)
    wrong = []
    for name in random.Random(seed).sample(names, 20):
        ticket = env.ticket(f"GYM-{names.index(name) + 1}")
        said = [message["text"] for message in ticket["messages"]]
        files = sum(len(message["attachments"]) for message in ticket["messages"])
        if (ticket["subject"], said, files) != tuple(
            wanted[name][key] for key in ("subject", "texts", "files")
        ):
            wrong.append(f"{name}: {ticket}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
