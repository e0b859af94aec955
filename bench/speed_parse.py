"""Compare the speed of our reader with mail-parser on the same mails.

python bench/speed_parse.py FOLDER…
Every mail is taken in turn by both, several times; the fastest time counts, so that a busy machine does not.
"""

import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

import mailparser

from mailbot.core.classify.classify import classify
from mailbot.explain import explain
from mailbot.parse import parse

TIMES = 5


def _alone(mail: bytes) -> object:
    try:
        return mailparser.parse_from_bytes(mail)
    except Exception:  # noqa: BLE001 - what it refuses counts as read
        return None


def _kinds(mail: bytes) -> object:
    return classify(parse(mail), frozenset())


READERS: dict[str, Callable[[bytes], object]] = {
    "mail-parser alone": _alone,
    "parse and classify": _kinds,
    "explain": explain,
}


def fastest(reader: Callable[[bytes], object], mail: bytes) -> float:
    """Return the least CPU seconds of several runs."""
    spent = []
    for _ in range(TIMES):
        start = time.process_time_ns()
        reader(mail)
        spent.append(time.process_time_ns() - start)
    return min(spent) / 1e9


def main() -> int:
    """Print mails per second for each reader."""
    logging.disable(logging.CRITICAL)
    files = [
        path for folder in sys.argv[1:] for path in sorted(Path(folder).rglob("*.eml")) if path.is_file()
    ]
    mails = [path.read_bytes() for path in files]
    spent = dict.fromkeys(READERS, 0.0)
    for mail in mails:
        for name, reader in READERS.items():
            spent[name] += fastest(reader, mail)
    for name, seconds in spent.items():
        print(f"{name:20} {len(mails) / seconds:7.0f} mails/s, {1000 * seconds / len(mails):.2f} ms each")
    return 0


if __name__ == "__main__":
    sys.exit(main())
