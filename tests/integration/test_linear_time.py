"""Patterns take linear time: long runs of characters cause no quadratic search.

With a pattern that is quadratic each of these mails takes minutes; the alarm ends the test then.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType

import lxml.html
import pytest

from mailbot.core.classify.auto_mail_patterns import ABSENT_SUBJECT
from mailbot.core.classify.classify import classify
from mailbot.core.classify.trust import Evidence, trust
from mailbot.core.decide.understanding import understand
from mailbot.core.model.facts import RecentActivity
from mailbot.core.model.mail import Address, Mail, MailKind
from mailbot.core.text.introduction import introduction_start
from mailbot.core.text.own_quote import MAX_REPLY, SentText, split_reply
from mailbot.core.text.quotation import split
from mailbot.parse import limits, parse
from mailbot.parse.danger import Budget, danger
from mailbot.parse.html import to_text
from mailbot.parse.visibility import VISIBLE, style_sheet
from mailbot.sanitize import redact_for_log
from tests.support.desk_harness import GERMAN_POLICY, open_harness
from tests.support.mail_builder import mail
from tests.support.scenario import MAX

US = "mx.schule.example"
LONG = 100_000  # characters of a header field that are read
LONGEST = 300_000  # characters of a text that are read


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    """Fail a test that has not ended after two minutes."""

    def fail_test(*_: object) -> None:
        pytest.fail("this takes too long: a pattern is not linear", pytrace=False)

    before = signal.signal(signal.SIGALRM, fail_test)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def run(unit: str, length: int = LONGEST) -> str:
    """Return a text of that length which repeats a unit."""
    return (unit * (length // len(unit) + 1))[:length]


def test_texts_are_compared_with_earlier_ones_in_linear_time(subtests: pytest.Subtests) -> None:
    for unit in ["a", "a-", "a1", "1", "1.", "1-", "-", " ", "_", "ä", ".", "a "]:
        with subtests.test(unit=unit):
            said = tuple(f"{number}{run(unit)}" for number in range(50))
            assert not RecentActivity(recent_texts=said).is_repeat("Drucker", run(unit), proven=False)


def test_long_texts_that_differ_in_dates_only_are_the_same() -> None:
    lines = [f"{hour}:00 Sensor meldet Fehler, Vorgang {1000 * hour}\n" for hour in range(5, 15)] * 300
    said = "".join(lines)
    again = "".join(lines[7:] + lines[:7])
    assert len(again) > 100_000
    assert RecentActivity(recent_texts=(f"Sensor\n{said}",)).is_repeat("Sensor", again, proven=False)
    assert not RecentActivity(recent_texts=(f"Sensor\n{said}",)).is_repeat("Beamer", again, proven=False)


def test_parameters_of_fields_are_read_in_linear_time(subtests: pytest.Subtests) -> None:
    for unit in [";", ";a", "a", '"', '"a', "*", "=", "\\"]:
        with subtests.test(unit=unit):
            found = parse(mail().header("Content-Type", f"text/plain; {run(unit, LONG)}").build())
            assert found.subject


def test_parameters_of_many_parts_are_read_in_linear_time() -> None:
    part = f"--b\r\nContent-Type: text/plain; {run('~', 31_000)}\r\n\r\nHallo\r\n"
    content = f"From: {MAX}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{part * 400}--b--\r\n"
    assert parse(content.encode()).text.startswith("Hallo")


def believed(*results: str) -> bool:
    """Return whether a mail of Max is authenticated by these results of the receiving server."""
    fields = (("authentication-results", f"{US}; {result}") for result in results)
    found = Mail(senders=(Address(MAX),), headers=(("from", MAX), *fields))
    return trust(Evidence(found, US)).trusted


UNITS = ["a.", "a-.", "a", " ", "a ", "a/", "a / ", "a/1 ", "1", '"', 'a="', '\\"', "\\", "(", "()", ";", "="]


def test_results_of_the_receiving_server_are_read_in_linear_time(subtests: pytest.Subtests) -> None:
    for unit in UNITS:
        with subtests.test(unit=unit):
            assert not believed(f"a {run(unit, LONG)}")
            assert not believed(*[f"a {run(unit, 7_900)}"] * 10)


def test_a_field_longer_than_servers_write_proves_nothing() -> None:
    passed = "dmarc=pass header.from=support.example"
    assert believed(f"{passed} (reason {run('a', 7_000)})")
    assert not believed(f"{passed} (reason {run('a', 8_000)})")
    assert not believed(f"{passed} (reason {run('a', 8_000)})", passed)


@pytest.mark.parametrize("line", [f"{run('-')}x", f"https://{run('>')} x y", f"https://x{run(' ')}x"])
def test_quotations_are_found_in_linear_time(line: str) -> None:
    assert split(f"Hallo\n> a\n{line}\n> b\nDanke").text.startswith("Hallo")


@pytest.mark.parametrize("begins", ["Abwesenheitsnotiz", "Gelesen"])
def test_automatic_mail_is_classified_in_linear_time(begins: str) -> None:
    found = parse(mail().subject(f"{begins}{run(' ', LONG - 100)}x").text("Hallo").build())
    assert classify(found, frozenset()).kind is MailKind.HUMAN


def test_blanks_in_a_subject_take_linear_time(subtests: pytest.Subtests) -> None:
    for begins in ["re", "Re: ich bin", "AW:", "abwesend", "bulk"]:
        with subtests.test(begins=begins):
            found = Mail(senders=(Address(MAX),), subject=f"{begins}{run(' ', LONG)}x", text="Hallo")
            assert classify(found, frozenset()).reason
            assert not ABSENT_SUBJECT.match(f"{begins}{run(' ', 5_000)}x")


def test_people_are_kept_out_of_the_log_in_linear_time(subtests: pytest.Subtests) -> None:
    for unit in ["a", "a.", "@", "a@"]:
        with subtests.test(unit=unit):
            assert "x@y.example" not in redact_for_log(f"550 {run(unit)} x@y.example")


def test_a_page_is_inspected_in_linear_time() -> None:
    page = f"<html><meta http-equiv={run(' ')}x>".encode()
    assert not danger("plan.html", page, Budget())


@pytest.mark.parametrize("unit", ["a", "a.", "-", "1", '"', "<", "a@", "=?utf-8?q?a"])
def test_a_mail_of_one_long_run_is_processed(tmp_path: Path, unit: str) -> None:
    field = run(unit, LONG)
    made = mail().subject(field).header("Authentication-Results", f"{US}; {field}")
    with open_harness(tmp_path) as desk:
        assert desk.outcome(made.text(f"Hallo {run(unit)}x")) == "opened"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("html", f'<p class="{"_" * 60}ignature">Geht nicht.</p>'),
        ("plain", f"Geht nicht.\n-----\nA{'&' * 90}!\n\n> Und?"),
        ("plain", f"{run('-')}x\n> Und?"),
    ],
)
def test_runs_in_signatures_and_rules_are_read_in_linear_time(kind: str, text: str) -> None:
    read = parse((mail().html(text) if kind == "html" else mail().text(text)).build())
    assert read.whole_text
    assert introduction_start([*text.split("\n"), "> Und?"], text.count("\n") + 1, ()) >= 0


def calls(work: Callable[[], object]) -> int:
    """Return how many functions are called, a measure of work that no busy machine disturbs."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "line",
    [
        "Am 1.1.2026 um 10:00 x <a@b.example\n",
        "schrieb schrieb 1.1.2026 10:00\n",
        "Von:\n",
        "Von: x\n\n\nx\n",
        "a\n-- \n",
        "> a\nb\n",
        "____\nMax\n",
        "Viele Grüße\n",
        "Von meinem \n",
        "a:\n",
    ],
)
def test_splitting_a_text_takes_linear_time(line: str) -> None:
    once, twice = calls(lambda: split(line * 500)), calls(lambda: split(line * 1000))
    assert twice < 2.2 * once + 1000


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("[#close](http://x.example)\n", "plain"),
        ("#close <http://x.example>\n", "plain"),
        ("[#close] (http://x.example) [\n", "plain"),
        ("<a href='http://x.example'>#close</a><br>", "html"),
        ("<a href='http://x.example'>x</a> #close<br>", "html"),
        ("&#1", "html"),
        ("&#9;", "html"),
        ("<p class='a b' style='color:#fff'>x</p>", "html"),
    ],
)
def test_a_mail_of_one_repeated_line_is_understood_in_linear_time(line: str, kind: str) -> None:
    def work(times: int) -> int:
        made = (mail().html(line * times) if kind == "html" else mail().text(line * times)).build()
        return calls(lambda: understand(parse(made), GERMAN_POLICY.schools[0], GERMAN_POLICY))

    work(1)  # imports what HTML needs
    assert work(1000) < 2.2 * work(500) + 1000


NAMES = [f"{first}{second}" for first in "abcdefghijklmno" for second in "pqrstuvwxyz"]
ESCAPES = "\\a" * 40
RULES = "".join(
    f".{name}{{color:#{number:06x};background:#eee;font-size:9px}}" for number, name in enumerate(NAMES)
)


def _classes(number: int) -> str:
    return " ".join(NAMES[number * step % len(NAMES)] for step in range(1, 13))


@pytest.mark.parametrize(
    ("begins", "element"),
    [
        (f"<style>{RULES}</style>", lambda n: f"<p id=e{n} class='{_classes(n)}'>x</p>"),
        (
            "<style>.x{color:red}</style>",
            lambda n: f"<p class='{' '.join(f'c{n}d{m}' for m in range(20))}'>x",
        ),
        ("", lambda n: f"<p style='color:#{n:06x};background:#ffe;{'left:1;' * 20}'>x</p>"),
        ("", lambda n: f"<p style='{n}:{ESCAPES}'>x</p>"),
        ("", lambda n: f"<p style='{'a-' * 40}{n}'>x</p>"),
        ("", lambda n: f"<font color=#{n:06x}>x" if n % 50 else "</font>" * 50),
    ],
    ids=["rules", "classes", "styles", "escapes", "names", "colours"],
)
def test_styles_of_a_page_are_read_up_to_a_bound(
    begins: str, element: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STYLE_WORK", 50_000)
    page = begins + "".join(element(number) for number in range(8_000)) + "<p>Ende</p>"
    to_text("<p>x")  # imports what HTML needs
    assert calls(lambda: to_text(page)) < 70 * 8_000
    read = to_text(page)
    assert read.unseen  # so nothing of it is a command
    assert read.text.count("x") == page.count(">x")
    assert read.text.endswith("Ende")


def test_blank_lines_of_preformatted_text_are_read_up_to_the_limit_of_lines() -> None:
    to_text("<p>x")  # imports what HTML needs
    for page in ("<pre>x" + "\n" * 1_000_000, "<pre>x" + ("\n" * 5_000 + "</pre><pre>x") * 200):
        assert calls(partial(to_text, page)) < 20 * limits.LINES
    whole = "x\n" * 5_000 + "Ende"
    assert to_text(f"<pre>{whole}</pre>").text == whole


def test_elements_within_a_hidden_one_take_no_work() -> None:
    inside = "".join(f"<p class='{_classes(number)}'>x</p>" for number in range(5_000))
    tree = lxml.html.document_fromstring(f"<style>{RULES}</style><div style='display:none'>{inside}</div>")
    sheet = style_sheet(tree)
    hidden = sheet.look_of("div", dict(tree.find(".//div").attrib), VISIBLE)
    before = sheet.work
    assert {sheet.look_of("p", dict(element.attrib), hidden) for element in tree.iter("p")} == {hidden}
    assert sheet.work == before


def test_tags_beyond_the_limit_are_not_parsed() -> None:
    page = f"<div>Hallo{'</b>' * limits.TAGS}Ende</div>"
    assert to_text(page).text == "Hallo […]"


def test_domains_in_long_results_of_a_server_are_not_all_read() -> None:
    long, longer = (mail().header("Authentication-Results", run("größe ", n)).build() for n in (16_000, LONG))
    assert calls(lambda: parse(longer)) < 1.2 * calls(lambda: parse(long)) + 1000


def test_hostile_texts_are_compared_in_linear_time(subtests: pytest.Subtests) -> None:
    for unit in ["a", "#a\n", "ab " * 9, "> ", ">\n", "&amp;", "%41", "e\u0301"]:
        with subtests.test(unit=unit):
            reply, sent = unit * (MAX_REPLY // len(unit)), unit * (60_000 // len(unit))
            split_reply(reply, [SentText((sent, sent + "x"))], structured=True)
