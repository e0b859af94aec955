"""Generate the mails of the intake benchmark: 60 % problems, 30 % replies, 10 % problems with a picture."""

import random

from tests.support.mail_builder import mail

PNG = b"\x89PNG\r\n\x1a\n"
PICTURE_BYTES = 200_000
REPLIES, PICTURES = 0.3, 0.1
THINGS = ("Beamer", "Drucker", "Tablet", "Lautsprecher", "Notebook", "Dokumentenkamera", "WLAN", "Leinwand")
TROUBLE = (
    "bleibt dunkel",
    "startet nicht",
    "wird nicht gefunden",
    "fragt nach einem Passwort",
    "druckt nur leere Seiten",
    "rauscht",
)


def mix(number: int, seed: int = 1) -> list[bytes]:
    """Generate mails of many teachers; the same seed gives the same mails."""
    rng = random.Random(seed)
    mails: list[bytes] = []
    opened: list[int] = []
    for index in range(number):
        lot = rng.random()
        answers = rng.choice(opened) if opened and lot < REPLIES else None
        mails.append(_mail(rng, f"{seed}-", index, answers, picture=lot >= 1 - PICTURES))
        opened += [index] if answers is None else []
    return mails


def _mail(rng: random.Random, mark: str, index: int, answers: int | None, *, picture: bool) -> bytes:
    thread = index if answers is None else answers
    who, thing = f"lehrkraft{mark}{thread}", THINGS[thread % len(THINGS)]
    trouble = TROUBLE[thread % len(TROUBLE)]
    made = (
        mail()
        .sender(f"Lehrkraft {thread} <{who}@schule.example>")
        .subject(f"{'' if answers is None else 'Re: '}{thing} in Raum {thread % 300} {trouble}")
        .message_id(f"<bench{mark}{index}@schule.example>")
        .text(
            f"Guten Tag,\n\nseit heute früh gilt: {thing} in Raum {thread % 300} {trouble}. Neu gestartet"
            f" habe ich schon {rng.randrange(2, 9)}-mal. Gerätenummer: {rng.randrange(10**6)}."
            f" Können Sie bitte kommen?\n\nViele Grüße\nLehrkraft {thread}\n"
        )
    )
    if answers is not None:
        made.reply_to(f"<bench{mark}{answers}@schule.example>")
    if picture:
        made.attach(f"foto{index}.png", PNG + rng.randbytes(PICTURE_BYTES), "image/png")
    return made.build()


def notifications_of(mails: list[bytes]) -> int:
    """Count the notifications: a receipt for each new problem, and one to the team for each mail."""
    return len(mails) + sum(b"\r\nIn-Reply-To:" not in raw for raw in mails)
