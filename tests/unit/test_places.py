"""Rooms and devices in texts and in #list, and the reports about them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from mailbot.core.commands.queries import LIST, list_line
from mailbot.core.decide.understanding import understand
from mailbot.core.model.calendar import Calendar, SchoolHolidays
from mailbot.core.model.effects import OpenTicket, Split
from mailbot.core.model.listing import Listing, Scope
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.place import Place, PlaceReports, counted_since, most_reported
from mailbot.core.model.ticket import Direction, Message, Visibility
from mailbot.core.text.places import LABELS, find_places, label, place_and_rest
from mailbot.parse import parse
from tests.support.mail_builder import mail
from tests.support.scenario import GYM, LENA, MAX, NOW, POLICY, TONI, answers, ticket, writes

ROOM = Place("room", "204")
UPSTAIRS = Place("room", "A1.04")

# What people write, and the kind and the name of the place; "" if it is none.
WRITTEN = """
Beamer in Raum 204 defekt                     | room 204
Raum 204: Computer defekt                     | room 204
Raum: 204                                     | room 204
RAUM 204a                                     | room 204A
Raum Nr. 204                                  | room 204
Raum 204.                                     | room 204
im Raum 204, 3 Rechner                        | room 204
Raum 204 an der Decke                         | room 204
Raum 204 2. Stunde                            | room 204
Raum 204 bis 14 Uhr                           | room 204
raum a104                                     | room A104
Raum A 1.04                                   | room A1.04
Raum A-1.04                                   | room A1.04
Raum 1.04.                                    | room 1.04
Raum UG 03                                    | room UG03
Klassenzimmer 12 ist kalt                     | room 12
Zimmer 12                                     | room 12
Zi. 12                                        | room 12
EDV-Raum 204                                  | room 204
R204                                          | room 204
R. 204                                        | room 204
in A1.04 geht nichts                          | room A1.04
room 204                                      | room 204
classroom no. 204                             | room 204
salle 204 à 10h30                             | room 204
salle n° B12                                  | room B12
PC 12                                         | pc 12
PC-12                                         | pc 12
Rechner 12                                    | pc 12
Notebook 12                                   | laptop 12
Laptop 7                                      | laptop 7
ordinateur portable 7                         | laptop 7
iPad 17                                       | ipad 17
iPad Nr. 07                                   | ipad 7
tablette 9                                    | tablet 9
Beamer 3                                      | projector 3
vidéoprojecteur 3                             | projector 3
Drucker 4: Papierstau                         | printer 4
imprimante 4                                  | printer 4
Gerät 123                                     | device 123
device 123                                    | device 123
Inventarnummer 4711                           | device 4711
Inv.-Nr. 4711                                 | device 4711
numéro d'inventaire 4711                      | device 4711
asset tag 2024                                | device 2024
Raum 1 bis 4                                  |
Raum 1-4                                      |
Raum 204/205                                  |
rooms 1 to 4                                  |
salle 1 à 4                                   |
Computer 1 - 4                                |
Beamer 3 von 5                                |
in diesem Raum 3 Rechner                      |
every room 2 computers                        |
cette salle 3 écrans                          |
Raum 30 Schüler                               |
Raum 20 m²                                    |
Raum 3. Stock                                 |
Raum 204,5                                    |
Raum 12.11.2026                               |
Raum 8:00 Uhr                                 |
salle 14h                                     |
Zeitraum 2024                                 |
Spielraum 100                                 |
PC-Raum 2                                     |
Physikraum 1                                  |
Klasse 7b                                     |
Windows 11                                    |
Office 365                                    |
HDMI 2.1                                      |
A4                                            |
V1.04                                         |
Firmware A1.04                                |
Treiber-Version A1.04                         |
A1.04.2                                       |
R2                                            |
R. 0711 123456                                |
Tel. 0711 204204                              |
12.11.2026 um 8.30 Uhr                        |
PC 8 GB                                       |
PC 2 Stunden                                  |
PC 2024                                       |
Laptop 15 Zoll                                |
Laptop 15"                                    |
iPad 9. Generation                            |
Beamer 300 €                                  |
Beamer 3x                                     |
Drucker 4,50                                  |
Drucker 10.0.0.5                              |
der Drucker 2 mal                             |
Schüler-PC 3                                  |
""".strip().splitlines()


def test_rooms_and_devices_are_found_and_other_numbers_are_not(subtests: pytest.Subtests) -> None:
    for row in WRITTEN:
        with subtests.test(row=row):
            written, _, expected = (part.strip() for part in row.partition("|"))
            found = [f"{place.kind} {place.name}" for place in find_places("", written)]
            assert found == ([expected] if expected else [])


def test_places_of_subject_and_text_are_found_once_and_three_at_most() -> None:
    found = find_places("Raum 204", "R204, Raum A1.04, iPad 17, iPad 18")
    assert found == (ROOM, UPSTAIRS, Place("ipad", "17"))


def test_name_of_a_place_in_a_mail_is_read_as_the_same_place(subtests: pytest.Subtests) -> None:
    for language in ["de", "en", "fr"]:
        with subtests.test(language=language):
            for kind in LABELS:
                place = Place(kind, "17")
                assert find_places("", label(place, language)) == (place,)
                assert place_and_rest(("open", *label(place, language).split(), "2")) == (
                    place,
                    ("open", "2"),
                )


LINES = (
    ("#list raum 204", Listing(Scope.ALL, place=ROOM)),
    ("#liste Raum A 1.04", Listing(Scope.ALL, place=UPSTAIRS)),
    ("#liste r. 204".replace("r", "R"), Listing(Scope.ALL, place=ROOM)),
    ("#list room 204 2", Listing(Scope.ALL, place=ROOM, page=2)),
    ("#liste salle 204 page 3", Listing(Scope.ALL, place=ROOM, page=3)),
    ("#list closed room 204", Listing(Scope.CLOSED, place=ROOM)),
    ("#übersicht offen Raum 204", Listing(Scope.OPEN, place=ROOM)),
    ("#list ipad 17", Listing(Scope.ALL, place=Place("ipad", "17"))),
    ("#liste gerät ipad 17", Listing(Scope.ALL, place=Place("ipad", "17"))),
    ("#liste Gerät 123", Listing(Scope.ALL, place=Place("device", "123"))),
    ("#liste appareil tablette 9", Listing(Scope.ALL, place=Place("tablet", "9"))),
)


def test_list_accepts_a_place_in_all_languages(subtests: pytest.Subtests) -> None:
    for line, expected in LINES:
        with subtests.test(line=line):
            for sender, by_school, filters in ((MAX, False, (("school", "GYM"),)), (TONI, True, ())):
                [listing] = understand(
                    parse(mail().sender(sender).text(line).build()), GYM, POLICY
                ).lookups.listings
                assert listing == replace(expected, filters=filters, by_school=by_school)


def test_list_of_a_requester_has_only_their_tickets_about_a_place() -> None:
    [listing] = understand(
        parse(mail().sender(LENA).text("#list raum 204").build()), GYM, POLICY
    ).lookups.listings
    assert listing == Listing(Scope.ALL, requester=LENA, place=ROOM)


def test_list_refuses_what_is_no_place(subtests: pytest.Subtests) -> None:
    for line in ["#list raum", "#liste Raum 1 bis 4", "#liste Raum 204 Beamer", "#liste salle"]:
        with subtests.test(line=line):
            assert writes(MAX, line).decide().outcome == "refused"


def test_line_of_a_list_leads_to_the_same_list() -> None:
    for language in ("de", "en", "fr"):
        wanted = Listing(Scope.CLOSED, place=UPSTAIRS)
        words = list_line(wanted, language).partition(" ")[2].split()
        [found] = understand(
            parse(mail().sender(TONI).text(f"#list {' '.join(words)} 2").build()), GYM, POLICY
        ).lookups.listings
        assert (found.scope, found.place, found.page) == (wanted.scope, wanted.place, 2)
    assert list_line(Listing(Scope.ALL, place=ROOM), "de") == f"#{LIST.word('de')} alle Raum 204"


HOLIDAYS = (
    SchoolHolidays("summer", date(2026, 9, 1)),
    SchoolHolidays("autumn", date(2026, 10, 31)),
    SchoolHolidays("christmas", date(2027, 1, 6)),
)
CALENDAR = Calendar(timezone=ZoneInfo("Europe/Berlin"), school_holidays=HOLIDAYS)


SINCE = [
    (datetime(2026, 11, 23, tzinfo=UTC), "2026-10-31T23:00:00+00:00", "autumn"),
    (datetime(2026, 10, 31, 12, tzinfo=UTC), "2026-09-01T22:00:00+00:00", "summer"),
    (datetime(2026, 11, 1, 12, tzinfo=UTC), "2026-10-31T23:00:00+00:00", "autumn"),
    (datetime(2026, 8, 1, tzinfo=UTC), "2026-05-03T00:00:00+00:00", ""),
    (datetime(2028, 11, 1, tzinfo=UTC), "2028-08-03T00:00:00+00:00", ""),
]


def test_reports_count_since_the_last_known_holidays(subtests: pytest.Subtests) -> None:
    for now, since, name in SINCE:
        with subtests.test(now=now):
            start, found = counted_since(CALENDAR, now)
            assert (start.astimezone(UTC).isoformat(), found) == (since, name)


def test_the_place_with_the_most_reports_is_shown() -> None:
    earlier = {ROOM: 1, UPSTAIRS: 3}
    expected = PlaceReports(UPSTAIRS, 4, "autumn")
    assert most_reported((ROOM, UPSTAIRS), earlier, CALENDAR, datetime(2026, 11, 23, tzinfo=UTC)) == expected
    assert most_reported((Place("pc", "1"),), earlier, CALENDAR, datetime(2026, 11, 23, tzinfo=UTC)) is None


def test_team_is_notified_of_earlier_reports_and_the_requester_is_not() -> None:
    done = writes(LENA, "In Raum 204 ist es dunkel.").with_facts(reports={ROOM: 3}).decide()
    assert done.notification(MAX, NotificationKind.NEW_TICKET).reports == PlaceReports(ROOM, 4)
    assert done.notification(LENA, NotificationKind.RECEIPT).reports is None


def test_first_report_of_a_place_is_not_mentioned() -> None:
    done = writes(LENA, "In Raum 204 ist es dunkel.").decide()
    assert done.notification(MAX, NotificationKind.NEW_TICKET).reports is None
    assert [e.places for e in done.effects if isinstance(e, OpenTicket)] == [(ROOM,)]


def test_split_ticket_has_the_places_of_its_own_message() -> None:
    history = tuple(
        Message(Direction.IN, Visibility.PUBLIC, ticket().requester, text, NOW)
        for text in ("Raum 204", "Und das iPad 17 ist aus.")
    )
    done = answers(MAX, ticket(), "#split").with_facts(ticket(), histories={"GYM-1": history}).decide()
    assert any(isinstance(effect, Split) for effect in done.effects)
    assert [e.places for e in done.effects if isinstance(e, OpenTicket)] == [(Place("ipad", "17"),)]
