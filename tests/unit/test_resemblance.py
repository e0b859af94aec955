"""Problems that resemble each other, and the bundle that the team is offered for a new one."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import pytest

from bench import resemblance
from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import MAX_BUNDLE, OpenReport
from mailbot.core.text.resemblance import resembles
from mailbot.core.text.words import TermSet, terms
from tests.support.scenario import ERIKA, MAX, NOW, Outcome, photo, writes

EVERYDAY = ("Beamer 204 geht nicht", "Drucker im Lehrerzimmer geht nicht", "WLAN geht nicht")
OLGA, PAUL = "olga@schule.example", "paul@schule.example"


def words(subject: str, text: str = "") -> TermSet:
    return terms("GYM", subject, text, None)


def test_everyday_problems_do_not_resemble_each_other() -> None:
    others = (
        *EVERYDAY,
        "Beamer 305 geht nicht",
        "Drucker im Sekretariat geht nicht",
        "Moodle geht nicht",
        "Beamer dunkel",
        "Tafel in 204 geht nicht",
        "Hilfe",
        "",
    )
    alike = [(a, b) for a, b in combinations(others, 2) if resembles(words(a), words(b))]
    assert alike == []


def test_words_for_the_same_service_resemble_each_other_in_all_languages() -> None:
    reports = (
        words("WLAN weg"),
        words("Kein Internet im ganzen Haus"),
        words("Internet geht nicht"),
        words("Hilfe!", "Das Internet ist ausgefallen."),
        words("WiFi is down"),
        words("Plus d'internet"),
        words("Kein Netz in Raum 204"),
    )
    assert [(a, b) for a, b in combinations(reports, 2) if not resembles(a, b)] == []


def test_same_device_in_the_same_room_resembles_itself() -> None:
    assert resembles(words("Beamer 204 geht nicht"), words("Beamer in Raum 204 defekt"))
    assert resembles(words("Drucker Lehrerzimmer"), words("Drucker im Lehrerzimmer druckt nicht"))


def test_resemblance_is_mutual_and_holds_for_the_measured_share() -> None:
    reports = resemblance.read()
    found = [resemblance.terms_of(report) for report in reports]
    assert all(resembles(a, b) == resembles(b, a) for a, b in combinations(found, 2))
    same = resemblance.pairs(reports, same=True)
    different = resemblance.pairs(reports, same=False)
    assert sum(same) / len(same) > 0.6
    assert sum(different) / len(different) < 0.02
    everyday = resemblance.everyday()
    wrong = resemblance.pairs(everyday, same=False)
    assert sum(wrong) / len(wrong) < 0.001
    assert not any(resemblance.offered(everyday, random.Random(1), 2_000))


def report(number: int, subject: str, minutes: int = 10, bundle: int | None = None) -> OpenReport:
    """Return an open ticket that was opened some minutes ago."""
    opened = NOW - timedelta(minutes=minutes)
    return OpenReport("GYM", number, subject, Address(OLGA, "Olga"), opened, bundle, "")


TWO = (report(1, "WLAN weg"), report(2, "Kein Internet im ganzen Haus"))


def decided(*reports: OpenReport, subject: str = "Internet geht nicht", text: str = "Im Altbau.") -> Outcome:
    """Decide about a new problem of Paul."""
    return writes(PAUL, text, subject=subject, name="Paul").with_facts(open_reports=reports).decide()


def offered(done: Outcome) -> list[int]:
    """Return the numbers of the tickets with which the team is offered to bundle a new one."""
    mails = [n for n in done.notifications if n.role.staff]
    assert len({n.resembling for n in mails}) == 1
    return [one.number for one in mails[0].resembling]


def test_third_report_within_two_hours_offers_a_bundle(subtests: pytest.Subtests) -> None:
    old = report(3, "WLAN tot", minutes=121)
    elsewhere = report(4, "Netz weg", bundle=9)
    cases: tuple[tuple[str, tuple[OpenReport, ...], list[int]], ...] = (
        ("three", TWO, [1, 2]),
        ("two", TWO[:1], []),
        ("two and an old one", (TWO[0], old), []),
        ("one is in a bundle that is closed", (TWO[0], elsewhere), []),
        ("three of others", (report(1, "Beamer 204"), report(2, "Drucker leer")), []),
        (
            "not all of each other",
            (*TWO, report(5, "Internet und Beamer Musiksaal"), report(6, "LAN tot")),
            [1, 2, 6],
        ),
    )
    for name, reports, expected in cases:
        with subtests.test(name=name):
            done = decided(*reports)
            assert offered(done) == expected
            assert {n.kind for n in done.notifications if n.role.staff} == {NotificationKind.NEW_TICKET}


def test_reports_that_resemble_the_new_one_but_not_each_other_are_no_bundle() -> None:
    network, moodle = report(1, "WLAN weg"), report(2, "Moodle lädt nicht")
    both = {"subject": "Moodle geht nicht", "text": "Und das Internet auch nicht."}
    assert offered(decided(network, moodle, **both)) == []
    assert offered(decided(network, moodle, report(3, "Moodle down"), **both)) == [2, 3]


def test_requester_reads_nothing_of_similar_tickets() -> None:
    for reports in (TWO, LED):
        receipt = decided(*reports).notification(PAUL)
        assert (receipt.resembling, receipt.bundle) == ((), ())


LED = tuple(replace(report, bundle=1) for report in TWO)


def test_report_that_resembles_an_open_bundle_is_one_line_to_the_team() -> None:
    done = decided(*LED)
    assert offered(done) == [1]
    assert {(n.to.email, n.kind) for n in done.notifications if n.role.staff} == {
        (MAX, NotificationKind.ALSO_REPORTED),
        (ERIKA, NotificationKind.ALSO_REPORTED),
    }
    only_other = (replace(LED[0], subject="Server"), LED[1])
    assert offered(decided(*only_other)) == [1]
    assert offered(decided(*LED, subject="Beamer 204 dunkel")) == []


def test_line_about_a_bundle_has_the_files_and_a_forged_mail_is_shown_whole() -> None:
    case = writes(PAUL, "Im Altbau.", subject="Internet weg").with_facts(open_reports=LED)
    done = case.with_mail(parts=(photo(),)).decide()
    assert len(done.notification(ERIKA).attachments) == 1
    assert len(done.message.attachments) == 1
    assert case.failed().decide().notification(ERIKA).kind is NotificationKind.NEW_TICKET


def test_members_who_are_the_requester_get_no_line_about_their_own_problem() -> None:
    mine = writes(MAX, "Im Altbau.", subject="Internet weg").proven().with_facts(open_reports=LED)
    staff = {n.to.email for n in mine.decide().notifications if n.kind is NotificationKind.ALSO_REPORTED}
    assert staff == {ERIKA}


def test_offer_bundles_the_tickets_that_it_shows() -> None:
    many = tuple(report(number, "WLAN weg") for number in range(1, 9))
    assert offered(decided(*many)) == [1, 2, 3, 4, 5]


def test_full_bundle_is_no_offer() -> None:
    full = tuple(report(number, "WLAN weg", bundle=1) for number in range(1, MAX_BUNDLE + 1))
    assert offered(decided(*full[:-1])) == [1]
    assert offered(decided(*full)) == []


def test_ticket_of_a_closed_bundle_is_no_offer() -> None:
    assert offered(decided(LED[1], TWO[0])) == []
