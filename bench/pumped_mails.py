"""Repeat a piece of text up to the size limits in each place of a mail; report mails that take long to read.

LENGTH=100000 RUNS=20000 SEED=1 python -m bench.pumped_mails

After the pieces alone, random sequences of two or three pieces are repeated, RUNS mails in all.
"""

import os
import random
import resource
import sys
import time
from collections.abc import Iterator
from itertools import chain, count, islice

from mailbot.core.decide.understanding import understand
from mailbot.parse import parse
from tests.support.desk_harness import GERMAN_POLICY

SLOWEST = 1.0  # seconds of processor time
HEADER_LIMIT = 100_000  # characters of a repeated header field
PIECES = (
    *"a1-._|>,:;\"'@#*~=%&<([{\\`^$+/? \t\n",
    *("ä", "\u00a0", "\u200b", "\u0301", "，", "😀", "„"),
    *("a-", "a1", "1.", "a ", " \n", "> ", "| ", "x:", "a@", "a@b.", "&#", "</div>", "http://", "www."),
    *(
        " \n\xa0",
        "-- \n",
        "--\n",
        "___",
        "...",
        "LG\n",
        "Grüße ",
        "Mit freundlichen ",
        "+49 ",
        "Tel. ",
        "Cc: ",
    ),
    *("Von:\n", "Von: a\nAn: b\n", "Betreff: ", "Gesendet ", "Am ", "Am 1. ", "Mo, ", "12:", "2024"),
    *("am 1.1.2024 um 12:00 ", "schrieb ", "schrieb:\n", "On Mon, ", "wrote:\n", "Le ", "a écrit :\n"),
    *("Gesendet von meinem ", "Sent from ", "Re: ", "re ", "[#", "#close\n", "=?", "[mailbot:", "%5B"),
    *(
        "</b>",
        "<p class='a b' style='display:none'>",
        "<font color=#fff>",
        "<style>.a,p.b{color:red}</style>",
    ),
    *("auto", "automatic", "abwesen", "undeliver", "reaction", "reagiert "),
)
FIELDS = (
    *("Subject", "From", "Reply-To", "References", "In-Reply-To", "Authentication-Results", "Received"),
    *("Content-Type", "Content-Disposition", "X-Failed-Recipients", "List-Id", "Return-Path", "To"),
)
_HEADER = {
    "From": "Lena <lena@schule.example>",
    "To": "support-gym@schule.example",
    "Message-ID": "<pumped@schule.example>",
    "Date": "Mon, 23 Nov 2026 10:00:00 +0100",
    "Subject": "Beamer",
}


def pumped(length: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield mails with repeated text, each with the place and the piece."""
    rng = random.Random(seed)
    pairs = ("".join(rng.choices(PIECES, k=rng.choice((2, 3)))) for _ in count())
    for piece in chain(PIECES, pairs):
        run = (piece * (length // len(piece) + 1))[:length]
        yield f"text {piece!r}", _mail(run)
        yield f"text below a line {piece!r}", _mail(f"Hallo\n{run}\nEnde")
        yield f"HTML {piece!r}", _mail(f"<p>Hallo</p>{run}<p>Ende</p>", kind="html")
        line = " ".join(run[:HEADER_LIMIT].split())
        for field in FIELDS:
            yield f"{field} {piece!r}", _mail("Hallo", {field: line})
        yield (
            f"Subject of a program {piece!r}",
            _mail("Hallo", {"Subject": f"Re: {line}x", "Auto-Submitted": "auto-generated"}),
        )


def _mail(text: str, fields: dict[str, str] | None = None, kind: str = "plain") -> bytes:
    header = {**_HEADER, "Content-Type": f"text/{kind}; charset=utf-8", **(fields or {})}
    return "".join([*(f"{name}: {value}\n" for name, value in header.items()), "\n", text]).encode()


def main() -> int:
    """Read all pumped mails; print those above the limit and the slowest, and return the exit status."""
    times: dict[str, float] = {}
    length, seed = int(os.environ.get("LENGTH", "100000")), int(os.environ.get("SEED", "1"))
    runs = int(os.environ.get("RUNS", len(PIECES) * (len(FIELDS) + 4)))
    for place, raw in islice(pumped(length, seed), runs):
        begin = time.process_time()
        understand(parse(raw), GERMAN_POLICY.schools[0], GERMAN_POLICY)
        times[place] = time.process_time() - begin
    slow = {place: seconds for place, seconds in times.items() if seconds > SLOWEST}
    slowest = max(times, key=lambda place: times[place])
    for place, seconds in sorted(slow.items()):
        print(f"{seconds:.1f} s  {place}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    longest = f"the slowest: {slowest}, {times[slowest]:.2f} s"
    print(f"{runs} mails, {len(slow)} above {SLOWEST} s; {longest}, peak {peak} MB")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
