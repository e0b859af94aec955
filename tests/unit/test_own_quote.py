"""The quotation of a sent mail in a reply is recognised by its content."""

from functools import cache

import pytest

from mailbot import samples
from mailbot.core.commands.parse import parse as find_commands
from mailbot.core.text.own_quote import MAX_REPLY, SentText, split_reply
from mailbot.parse import html, parse
from tests.support.rendered_samples import rendered
from tests.support.reply_styles import ADDRESS, PLACES, STYLES

ANSWER = "Danke, das Kabel war es.\nIch melde mich morgen noch einmal."
HELP = """Hallo Max,

das können Sie hier schreiben:

#schließen   Ticket schließen
#übernehmen

Ihr Text:
#weiterleiten
Der Beamer ist dunkel.
Ist das Kabel richtig eingesteckt?

Leuchtet die Lampe am Gerät?

--
Schul-Support · Gymnasium Marienschule
"""
SKIPPED = {"ticket_details_endless"}
"""It repeats a message 200 times, so parts of it are ambiguous."""
SENT = (SentText((HELP,), ("Hilfe", ADDRESS)),)


@cache
def sent_text(name: str) -> SentText:
    """Return a sample as the database has it."""
    mail = rendered(name)
    names = (mail.subject, mail.sender.name, ADDRESS, mail.recipient.email, mail.recipient.name)
    return SentText((mail.text, html.to_text(mail.html).text), names)


def answer_of(text: str, *, structured: bool = False) -> str:
    """Return the new text of a reply to the help mail."""
    found = split_reply(text, SENT, structured=structured)
    assert found is not None
    return found.text


def test_answer_to_every_notification_comes_out_exactly() -> None:
    """Each notification is quoted in three of the styles, with the answer at three places."""
    wrong = []
    for number, name in enumerate(samples.notifications("de")):
        for place, style in zip(PLACES, list(STYLES)[number % 7 :: 7], strict=True):
            mail = parse(STYLES[style](rendered(name), ANSWER, place).build())
            found = split_reply(mail.whole_text, [sent_text(name)], structured=mail.structured)
            if name in SKIPPED:
                continue
            if found is None or found.text != ANSWER or find_commands(found.signature).lines:
                wrong.append((name, style, place, found and found.text))
    assert wrong == []


def test_typed_line_that_equals_a_line_of_the_mail_is_the_authors_own() -> None:
    for line in ("#übernehmen", "Ist das Kabel richtig eingesteckt?"):
        assert split_reply(f"{line}\n", SENT, structured=False) is None
        assert answer_of(f"{line}\n\n{HELP}") == line
        assert answer_of(f"{HELP}\n\n{line}\n") == line


def test_copied_lines_without_an_introduction_are_the_authors_own() -> None:
    copied = "#weiterleiten\nDer Beamer ist dunkel.\nIst das Kabel richtig eingesteckt?"
    assert split_reply(copied, SENT, structured=False) is None
    assert answer_of(f"{copied}\n\nAm 23.11.2026 um 14:02 schrieb Support <{ADDRESS}>:\n\n{HELP}") == copied


def test_several_answers_keep_the_lines_that_they_refer_to() -> None:
    reply = HELP.replace("eingesteckt?\n", "eingesteckt?\nJa.\n").replace("Gerät?\n", "Gerät?\n\nNein.\n")
    assert answer_of(reply) == (
        "> Ihr Text:\n> #weiterleiten\n> Der Beamer ist dunkel.\n> Ist das Kabel richtig eingesteckt?\n"
        "Ja.\n\n> Leuchtet die Lampe am Gerät?\nNein."
    )


@pytest.mark.parametrize("answer", ["👍", "Ja.", "Да, спасибо.", "#schließen", "- erst\n- dann", "1"])
def test_short_answers_are_kept_at_every_place(answer: str) -> None:
    half = HELP.index("Leuchtet")
    for reply in (f"{answer}\n\n{HELP}", f"{HELP}\n\n{answer}", f"{HELP[:half]}{answer}\n\n{HELP[half:]}"):
        assert answer_of(reply) == answer, reply


def test_answer_that_touches_the_attribution_is_kept() -> None:
    quoted = "\n".join(f"> {line}" for line in HELP.split("\n"))
    for attribution in (
        "Am 2026-11-30 09:12, schrieb Erika Muster über Schul-Support:",
        "On 2026-11-30 09:12, Erika Muster via Schul-Support wrote:",
    ):
        assert answer_of(f"Gut.\n\n#erledigt{attribution}\n{quoted}") == "Gut.\n\n#erledigt"


def test_answer_within_the_quotation_of_an_html_mail_is_found() -> None:
    marked = HELP.replace("Gerät?\n", "Gerät?\n\nNein, sie ist dunkel.\n").strip().replace("\n", "\n> ")
    assert answer_of(f"Siehe unten.\n> {marked}", structured=True) == (
        "Siehe unten.\n\n> Leuchtet die Lampe am Gerät?\nNein, sie ist dunkel."
    )


def test_earlier_answer_in_a_thread_is_not_repeated() -> None:
    earlier = f"Erste Antwort.\n\nVon: Support <{ADDRESS}>\nAn: Max\nGesendet: Montag\nBetreff: x\n\n{HELP}"
    marked = earlier.strip().replace("\n", "\n> ").replace("Gerät?\n", "Gerät?\n> Alte Antwort.\n")
    for mark, structured in ((f"> {marked}", True), (earlier, False)):
        thread = f"Neu.\n\nVon: Max <max@schule.example>\nAn: Support\nGesendet: Montag\nBetreff: x\n\n{mark}"
        found = split_reply(thread, SENT, structured=structured)
        assert found is not None
        assert found.text == "Neu."


@pytest.mark.parametrize("unit", ["a", "#a\n", "ab " * 9, "> ", ">\n", "&amp;", "%41", "e\u0301", HELP])
def test_hostile_texts_are_compared_in_linear_time(unit: str) -> None:
    reply, sent = unit * (MAX_REPLY // len(unit)), unit * (60_000 // len(unit))
    split_reply(reply, [SentText((sent, sent + "x"))], structured=True)
