"""Measure how long a mail of one school waits while the worst mails arrive at another school.

ROUNDS=10 MAILS=20 python -m bench.hostile_neighbour

Exit status 0 only if each mail of the other school was notified within `SLOWEST` seconds.
"""

import io
import sys
import zipfile
from collections.abc import Iterator
from statistics import median

from bench.environment import further_schools, number, site
from bench.fairness import wait_for_notification
from bench.results import Figure, show
from tests.support.daemon import Daemon
from tests.support.mail_builder import MailBuilder, mail
from tests.support.school import MAX

SLOWEST = 2.0  # seconds
FIELD, TEXT, MARKUP = 100_000, 300_000, 2_000_000  # characters of a field, a text and HTML that are read
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def worst() -> Iterator[MailBuilder]:
    """Yield mails that take the most time to read, to compare or to look through."""
    for unit in ("a", "a-", "Von:\n", "> a\nb\n", "#list\n", "Viele Grüße\n", "[#close](http://x.example)\n"):
        yield mail().text(_run(unit, TEXT))
    style = "<style>.a{color:#fff;background:#fff}</style>"
    for unit in ("Von:<br>\n", "<div class='signature'>x</div>", "<blockquote>x", "&#1", "<"):
        yield mail().html(_run(unit, MARKUP))
    yield mail().html(_run("<p class='a b c d e f g'>1</p>", MARKUP, style))
    yield mail().html("".join(f"<p style='color:#ff{n % 256:02x}ff;x{n}:y'>1</p>" for n in range(40_000)))
    for name in ("Authentication-Results", "Subject", "References", "Content-Disposition"):
        for unit in ("a.", "größe ", "<a@b.example>", '"a'):
            line = _run(unit, FIELD, "mx.schule.example; " if name.startswith("Auth") else "")
            yield mail().header(name, line).text("Hallo")
    for members in (2, 40, 2_000):
        yield mail().text("Hallo").attach("a.zip", _archive(members), "application/zip")


def _run(unit: str, length: int, begin: str = "") -> str:
    return begin + unit * (length // len(unit))


def _archive(members: int) -> bytes:
    """Return an archive of documents that inflate to far more than is read."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in range(members):
            archive.writestr(f"{member}.doc", _OLE + b"\0" * (60_000_000 // members))
    return file.getvalue()


def main() -> int:
    """Deliver mails to the other school between the worst mails; print the seconds that each waited."""
    raw = [made.message_id(f"<worst{n}@evil.example>").build() for n, made in enumerate(worst())]
    with site(login=False) as servers:
        env = servers.env(team=(MAX,), more=further_schools(1))
        with Daemon(env) as daemon:
            alone = [wait_for_notification(env, daemon, f"allein{n}") for n in range(number("MAILS", 20))]
            beside = []
            for turn in range(number("ROUNDS", 10)):
                env.deliver(*raw)
                beside += [wait_for_notification(env, daemon, f"neben{turn}-{n}") for n in range(4)]
            daemon.wait(lambda: daemon.logged("outcome=") >= len(raw), "the worst mails were read", 600)
            daemon.stop()
    show(
        [
            Figure("a mail of a school alone", f"median {median(alone):.2f} s, longest {max(alone):.2f} s"),
            Figure(
                f"beside {len(raw)} of the worst mails at a time ({len(beside)} mails)",
                f"median {median(beside):.2f} s, longest {max(beside):.2f} s",
                median(beside) / median(alone),
            ),
        ]
    )
    return 1 if max(beside) > SLOWEST else 0


if __name__ == "__main__":
    sys.exit(main())
