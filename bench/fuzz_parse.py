"""Mutate mails at random; check that to read and to analyse them never fails, hangs or takes much memory.

RUNS=100000 SEED=1 python -m bench.fuzz_parse [FOLDER of further mails to mutate]
"""

import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mailbot.core.decide.understanding import understand
from mailbot.parse import parse
from tests.support.malformed_mails import ODDITIES
from tests.support.scenario import GYM, POLICY

SLOWEST = 1.0  # seconds of CPU
LARGEST = 200_000  # bytes of a mutated mail

Mutation = Callable[[random.Random, bytes, bytes], bytes]

_WORDS = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"--",
    b"> ",
    b"=?utf-8?q?",
    b"?=",
    b"\xff",
    b"\xed\xa0\x80",
    b"<",
    b">",
    b"(",
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"; charset=",
    b'charset="\0"',
    b"From: ",
    b"Am 1.1.2026 um 10:00 schrieb x:\n",
    b"Von: x\nGesendet: y\nAn: z\n",
    b"<div>" * 50,
    b"<blockquote>",
    b"-- \n",
    b"__________\n",
    b"begin 644 a\n",
    b"end\n",
    b"\x78\x9f\x3e\x22",
    b"filename*0*=utf-8''%C3",
    b"=\r\n",
    b"%",
    b"&#x110000;",
    b"<table><tr><td>" * 20,
    b"=?x?b?",
    b"\xe2\x80\xae",
    b"Content-Type: message/rfc822\r\n\r\n",
)


def _cut(rng: random.Random, mail: bytes, _: bytes) -> bytes:
    at = rng.randrange(len(mail) + 1)
    return mail[:at]


def _drop(rng: random.Random, mail: bytes, _: bytes) -> bytes:
    at = rng.randrange(len(mail) + 1)
    return mail[:at] + mail[at + rng.randrange(200) :]


def _flip(rng: random.Random, mail: bytes, _: bytes) -> bytes:
    changed = bytearray(mail)
    for _number in range(rng.randrange(1, 30)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _insert(rng: random.Random, mail: bytes, _: bytes) -> bytes:
    at = rng.randrange(len(mail) + 1)
    return mail[:at] + rng.choice(_WORDS) * rng.choice((1, 1, 2, 50, 1000)) + mail[at:]


def _splice(rng: random.Random, mail: bytes, other: bytes) -> bytes:
    return mail[: rng.randrange(len(mail) + 1)] + other[rng.randrange(len(other) + 1) :]


def _repeat(rng: random.Random, mail: bytes, _: bytes) -> bytes:
    at = rng.randrange(len(mail) + 1)
    piece = mail[at : at + rng.randrange(1, 400)]
    return mail[:at] + piece * rng.choice((2, 10, 200)) + mail[at:]


_MUTATIONS: tuple[Mutation, ...] = (_cut, _drop, _flip, _insert, _insert, _splice, _repeat)


def mutated(mails: list[bytes], seed: int) -> Iterator[bytes]:
    """Yield randomly changed mails; the same seed gives the same mails."""
    rng = random.Random(seed)
    while True:
        mail = rng.choice(mails)
        for _number in range(rng.choice((1, 1, 2, 4))):
            mail = rng.choice(_MUTATIONS)(rng, mail or b"x", rng.choice(mails))[:LARGEST]
        yield mail


def check(mail: bytes) -> float:
    """Read and analyse a mail; return the CPU seconds that it took. Every exception is a bug."""
    start = time.process_time()
    understood = parse(mail)
    understand(understood, GYM, POLICY)
    spent = time.process_time() - start
    for text in (understood.subject, understood.text, understood.quoted, understood.signature):
        text.encode("utf-8")
        if "\0" in text:
            raise ValueError("NUL in text")
    return spent


def main() -> int:
    """Run the mutations; return 1 if one failed or took too long, and keep that mail in the folder."""
    mails = list(ODDITIES.values())
    for folder in sys.argv[1:]:
        mails += [path.read_bytes()[:LARGEST] for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    runs, seed = int(os.environ.get("RUNS", "100000")), int(os.environ.get("SEED", "1"))
    failures, slowest, total = 0, 0.0, 0.0
    for number, mail in zip(range(runs), mutated(mails, seed), strict=False):
        try:
            spent = check(mail)
        except Exception as trouble:  # noqa: BLE001 - whatever it is, it is what we are looking for
            failures += 1
            Path(f"fuzz-failure-{seed}-{number}.eml").write_bytes(mail)
            print(f"run {number}: {type(trouble).__name__}: {trouble}")
            continue
        total += spent
        if spent > slowest:
            slowest = spent
            Path(f"fuzz-slowest-{seed}.eml").write_bytes(mail)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    mean = total / runs * 1000
    print(f"{runs} runs, {failures} failures, {mean:.2f} ms each, slowest {slowest:.2f} s, peak {peak} MB")
    return 1 if failures or slowest > SLOWEST else 0


if __name__ == "__main__":
    sys.exit(main())
