"""A sample monthly report."""

from datetime import date

from mailbot.core.model.place import Place
from mailbot.reporting.model import Percentiles, PlaceFigures, Report, SchoolFigures

REPORT = Report(
    date(2026, 10, 1),
    (
        SchoolFigures(
            "GYM",
            "Gymnasium Marienschule",
            41,
            38,
            6,
            3,
            Percentiles(0.7, 5.2, 40),
            Percentiles(6.4, 23.6, 38),
            helped=22,
            solved_by_tips=4,
        ),
        SchoolFigures(
            "RSW",
            "Realschule am Westtor",
            17,
            19,
            1,
            0,
            Percentiles(1.4, 7.9, 17),
            Percentiles(9.1, 41.0, 19),
        ),
        SchoolFigures("GSB", "Grundschule am Bach <b> & Söhne {{ 7*7 }}"),
    ),
    SchoolFigures(
        "",
        "",
        58,
        57,
        7,
        3,
        Percentiles(0.9, 6.1, 57),
        Percentiles(7.2, 31.5, 57),
        helped=22,
        solved_by_tips=4,
    ),
    (*(0,) * 6, 2, 9, 14, 8, 7, 6, 3, 4, 2, 1, 0, 0, 1, 0, 0, 1, 0, 0),
    (17, 12, 11, 9, 8, 0, 1),
    (("Beamer", 14), ("WLAN", 11), ("Drucker", 9), ("Passwort", 6), ("iPad", 4)),
    (
        PlaceFigures("GYM", Place("room", "204"), 6),
        PlaceFigures("GYM", Place("ipad", "17"), 4),
        PlaceFigures("RSW", Place("room", "A1.04"), 3),
    ),
)
