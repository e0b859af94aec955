"""The quotation of a sent mail in a reply is recognised by its content."""

import pytest

from mailbot.core.text.own_quote import SentText, split_reply
from tests.support.reply_styles import ADDRESS

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
SENT = (SentText((HELP,), ("Hilfe", ADDRESS)),)


def answer_of(text: str, *, structured: bool = False) -> str:
    """Return the new text of a reply to the help mail."""
    found = split_reply(text, SENT, structured=structured)
    assert found is not None
    return found.text


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


def test_short_answers_are_kept_at_every_place(subtests: pytest.Subtests) -> None:
    for answer in ["👍", "Ja.", "Да, спасибо.", "#schließen", "- erst\n- dann", "1"]:
        with subtests.test(answer=answer):
            half = HELP.index("Leuchtet")
            for reply in (
                f"{answer}\n\n{HELP}",
                f"{HELP}\n\n{answer}",
                f"{HELP[:half]}{answer}\n\n{HELP[half:]}",
            ):
                assert answer_of(reply) == answer, reply


def test_name_before_each_quoted_line_is_a_mark() -> None:
    for name in ("SG", "Support"):
        quoted = "\n".join(f"{name}> {line}" for line in HELP.split("\n"))
        for reply in (f"{ANSWER}\n\n{quoted}", f"{quoted}\n\n{ANSWER}"):
            assert answer_of(reply) == ANSWER, reply


def test_characters_and_marks_that_a_program_replaced_are_not_compared() -> None:
    for quoted in (
        HELP.replace("ö", "oe").replace("ü", "ue").replace("ß", "ss").replace("ä", "ae"),
        HELP.replace("\n", "=20\n"),
        "\n".join(f": {line}".rstrip() for line in HELP.split("\n")),
        f"-------\n{HELP}",
    ):
        for reply in (f"{ANSWER}\n\n{quoted}", f"{quoted}\n\n{ANSWER}"):
            assert answer_of(reply) == ANSWER, reply
    assert answer_of(f"{HELP}\n\n?") == "?"


def test_line_of_names_that_the_mail_repeats_elsewhere_is_quoted() -> None:
    sent = "Hallo Max Mustermann,\n\nVerlauf\n\nMax Mustermann, 3.12.2026, 8:05\nIch sehe es mir gleich an.\n"
    reply = f"Hallo Max Mustermann,\n\nVerlauf\n\n{ANSWER}\n\n" + sent.partition("Verlauf\n\n")[2]
    parts = split_reply(f"Am 3.12. um 9:00 schrieb Hilfe:\n{reply}", [SentText((sent,))], structured=False)
    assert parts is not None
    assert parts.text == ANSWER


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


def test_bars_alone_around_quoted_lines_are_quoted() -> None:
    said = "der Beamer in Raum 204 wurde gestern gegen einen neuen getauscht."
    sent = SentText((f"Guten Tag,\n{said}\n\n--\nSchul-Support, Gymnasium Marienschule",))
    text = (
        f"Support schrieb am 23.11.2026 14:02:\n\n| Guten Tag,\n| {said}\n\nDanke, das ging schnell.\n\n"
        "|\n| --\n| Schul-Support, Gymnasium Marienschule"
    )
    found = split_reply(text, [sent], structured=False)
    assert found is not None
    assert found.text == "Danke, das ging schnell."
