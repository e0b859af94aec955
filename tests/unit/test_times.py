"""Times of day and durations as people write them."""

from datetime import time

import pytest

from mailbot.core.commands.times import Moment, split_moment

SCHOOLS = frozenset({"GYM"})
TEN, HALF_PAST = time(10), time(10, 30)
LINES = {
    "Do 10:00": Moment("Do", TEN),
    "Do, 10:00": Moment("Do", TEN),
    "Do 10.30": Moment("Do", HALF_PAST),
    "Do 10 Uhr": Moment("Do", TEN),
    "Do 10 Uhr 30": Moment("Do", HALF_PAST),
    "Do um 10": Moment("Do", TEN),
    "Do 10:00 Uhr": Moment("Do", TEN),
    "am 3. Dezember um 10 Uhr 30": Moment("am 3. Dezember", HALF_PAST),
    "3.12. 10.30": Moment("3.12.", HALF_PAST),
    "3.12 10.30": Moment("3.12", HALF_PAST),
    "Do 3.12 10.30 1 h": Moment("Do 3.12", HALF_PAST, 60),
    "Do 10.30 1 h": Moment("Do", HALF_PAST, 60),
    "2026-12-03 10:00": Moment("2026-12-03", TEN),
    "in 3 Tagen 10:00": Moment("in 3 Tagen", TEN),
    "jeudi 10h": Moment("jeudi", TEN),
    "jeudi 10h30": Moment("jeudi", HALF_PAST),
    "jeudi à 10 h 30": Moment("jeudi", HALF_PAST),
    "demain à 10 heures": Moment("demain", TEN),
    "1er décembre à 10h30 1 h 15": Moment("1er décembre", HALF_PAST, 75),
    "tomorrow 3pm": Moment("tomorrow", time(15)),
    "tomorrow 12am": Moment("tomorrow", time(0)),
    "tomorrow at 3:30 p.m. 1 hour": Moment("tomorrow", time(15, 30), 60),
    "Thu Dec 3 at 10": Moment("Thu Dec 3", TEN),
    "Do 10:00 30 min": Moment("Do", TEN, 30),
    "Do 10:00 45min Raum 204": Moment("Do", TEN, 45, text="Raum 204"),
    "Do 10:00, 45 Minuten, Raum 204, 2. Stock": Moment("Do", TEN, 45, text="Raum 204, 2. Stock"),
    "jeudi 10h 45 min": Moment("jeudi", TEN, 45),
    "Do 10:00 1 Std.": Moment("Do", TEN, 60),
    "Do 10:00 1,5 Stunden": Moment("Do", TEN, 90),
    "Friday 10:00 for 20 minutes": Moment("Friday", TEN, 20),
    "Do 10:00-10:45": Moment("Do", TEN, 45),
    "Do 10:00 bis 11 Uhr Raum 204": Moment("Do", TEN, 60, text="Raum 204"),
    "Do 10:00 – bitte aufschließen": Moment("Do", TEN, text="bitte aufschließen"),
    "Do 10:00 #12 GYM-14 Raum 204": Moment("Do", TEN, 30, ("#12", "GYM-14"), "Raum 204"),
    "Do 10:00 PC-12 tauschen": Moment("Do", TEN, text="PC-12 tauschen"),
    "Do 10:00 Raum-204": Moment("Do", TEN, text="Raum-204"),
    "Do 10:00 #12 #HBG-3 gym-14 PC-12": Moment("Do", TEN, 30, ("#12", "#HBG-3", "gym-14"), "PC-12"),
    "Do 10-11 Uhr": Moment("Do", TEN, 60),
    "Do 10–11 Uhr Raum 204": Moment("Do", TEN, 60, text="Raum 204"),
    "Do 10 bis 11 Uhr": Moment("Do", TEN, 60),
    "Do 3.12. 10-11 Uhr": Moment("Do 3.12.", TEN, 60),
    "3.12. 10 bis 10.45 Uhr": Moment("3.12.", TEN, 45),
    "jeudi 10 à 11 heures": Moment("jeudi", TEN, 60),
    "morgen 10:00 Raum 10.30": Moment("morgen", TEN, text="Raum 10.30"),
}
NO_TIME = ("", "Do", "10:00", "Do 10", "Do 10 30", "Do 25:00", "Do 10:75", "Do 13pm", "bald")
NO_DURATION = ("Do 10:00 2 min", "Do 10:00 13 h", "Do 10:00 999 min", "Do 10:00-09:00", "Do 10:00-25:00")


def test_line_is_split_into_day_time_duration_tickets_and_text(subtests: pytest.Subtests) -> None:
    for line, expected in LINES.items():
        with subtests.test(line=line):
            assert split_moment(line, SCHOOLS) == expected


def test_line_without_a_day_and_a_clear_time_has_no_time(subtests: pytest.Subtests) -> None:
    for line in NO_TIME:
        with subtests.test(line=line):
            assert split_moment(line, SCHOOLS).clock is None


def test_duration_below_five_minutes_or_above_twelve_hours_is_none(subtests: pytest.Subtests) -> None:
    for line in NO_DURATION:
        with subtests.test(line=line):
            assert split_moment(line, SCHOOLS).minutes is None


def test_long_line_keeps_its_text_and_no_endless_day() -> None:
    assert len(split_moment("Do " * 900 + "10:00", SCHOOLS).day) <= 60
    assert split_moment("Do 10:00 " + "x" * 900, SCHOOLS).text == "x" * 900
