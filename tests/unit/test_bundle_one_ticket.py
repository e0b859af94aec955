"""A text that only one requester should read goes to one ticket of a bundle."""

from dataclasses import replace

import pytest

from mailbot.core.model.effects import AddMessage
from mailbot.core.model.mail import Address
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import (
    Direction,
    Message,
    Status,
    Visibility,
)
from tests.support.bundle_tickets import (
    BEFORE,
    BUNDLE,
    FIRST,
    KIRA,
    LEADING,
    OF_OLGA,
    OF_PAUL,
    OLGA,
    PAUL,
    SECOND,
    SHOWN,
    THIRD,
    about_bundle,
    problem,
    texts_to,
    to_outside,
)
from tests.support.scenario import (
    EARLIER,
    ERIKA,
    LENA,
    MAX,
    Outcome,
    answers,
    photo,
)


def alone(done: Outcome) -> bool:
    """Return whether the receipt says that the mail concerns one ticket only."""
    receipts = [n for n in done.notifications if n.kind is NotificationKind.COMMAND_RECEIPT]
    return any(r.command == "answer_alone" for receipt in receipts for r in receipt.done)


def test_mail_from_before_the_bundle_concerns_its_own_ticket_and_the_receipt_names_it(
    subtests: pytest.Subtests,
) -> None:
    for text in ("Wegen Ihrer Krankmeldung erst am Montag.", "Läuft.\n#close", "#wait", "#use Störung"):
        with subtests.test(text=text):
            saved = SavedAnswer("GYM", "stoerung", "Störung", "Eine Störung.", Address(ERIKA), EARLIER)
            case = about_bundle(text, ERIKA).with_facts(saved_answers=(saved,))
            done = case.answering(LEADING, shows=BEFORE).decide()
            assert set(to_outside(done)) == {LENA}
            assert {getattr(effect, "ticket", LEADING.key) for effect in done.changes} == {LEADING.key}
            assert alone(done)
            assert not alone(case.decide())
    quiet = about_bundle("Der Router ist heiß.\n#notiz", ERIKA).answering(LEADING, shows=BEFORE).decide()
    assert not alone(quiet)


def test_answer_to_a_mail_that_does_not_show_a_ticket_that_joined_later_is_for_one_ticket() -> None:
    joined = replace(problem(5, KIRA), bundle=1)
    done = about_bundle("Wir sind dran.").with_facts(joined).decide()
    assert (set(to_outside(done)), alone(done)) == ({LENA}, True)


def test_text_with_quoted_lines_or_between_them_is_for_one_ticket(subtests: pytest.Subtests) -> None:
    whole = "> Bei mir geht nichts.\nSchade.\n> Was soll ich tun?\nAbwarten.\n> Lena"
    cases = (
        ("> Bei mir geht nichts.\nSchade.", "", ""),
        ("Schade.\nAbwarten.", whole, "> Bei mir geht nichts.\n> Was soll ich tun?\n> Lena"),
    )
    for text, whole_text, quoted in cases:
        with subtests.test(text=text):
            done = about_bundle(text).with_mail(whole_text=whole_text, quoted=quoted).decide()
            assert (texts_to(done), alone(done)) == ({LENA}, True)
    answer, few = "Wir sind dran.", "> Bei mir\n> geht nichts."
    done = about_bundle(answer).with_mail(whole_text=f"{few}\n{answer}", quoted=few).decide()
    assert (texts_to(done), alone(done)) == ({LENA}, True)
    mail = [f"Zeile {number} der ganzen Mail" for number in range(12)]
    whole, passage = ("\n".join(f"> {line}" for line in lines) for lines in (mail, mail[2:]))
    everyone = {LENA, OLGA, PAUL, KIRA}
    for above, below, quotation, expected in (
        ("", answer, whole, everyone),
        (answer, "", whole, everyone),
        (answer, "", passage, everyone),
        ("", answer, passage, {LENA}),
    ):
        with subtests.test(above=above, quotation=quotation):
            case = about_bundle(answer).answering(LEADING, shows=SHOWN, text="\n".join(mail))
            case = case.with_mail(whole_text=f"{above}\n{quotation}\n{below}", quoted=quotation)
            assert texts_to(case.decide()) == expected


def test_text_beside_a_command_for_one_ticket_is_for_that_ticket(subtests: pytest.Subtests) -> None:
    for line in ("#priorität hoch", "#kopie nele@schule.example", "#übernehmen"):
        with subtests.test(line=line):
            done = about_bundle(f"Nele kümmert sich um Lenas Gerät.\n{line}").proven().decide()
            assert texts_to(done) - {"nele@schule.example"} == {LENA}


def test_confirmed_answer_concerns_the_tickets_that_the_question_showed(subtests: pytest.Subtests) -> None:
    everyone, shown = {LENA, OLGA, PAUL, KIRA}, frozenset(one.key for one in BUNDLE)
    for kind, tickets, expected in (
        (NotificationKind.HELD_ANSWER, shown, everyone),
        (NotificationKind.HELD_ANSWER, {"GYM-1"}, {LENA}),
        (NotificationKind.HELD_ANSWER, {"GYM-1", "GYM-2"}, {LENA}),
        (NotificationKind.REFUSAL, {"GYM-1"}, {LENA}),
        (NotificationKind.CONFIRM, {"GYM-1"}, everyone),
    ):
        with subtests.test(kind=kind, tickets=tickets):
            facts = {"confirmed": "confirmed", "released": kind, "released_for": frozenset(tickets)}
            assert texts_to(about_bundle("Wir sind dran.").with_facts(**facts).decide()) == expected


def test_pictures_and_quotation_stay_in_the_ticket_of_the_mail(subtests: pytest.Subtests) -> None:
    plain = (FIRST, SECOND, THIRD)
    for line, about, tickets, others in (
        ("#close 1", OF_OLGA, BUNDLE, {LENA}),
        ("#bundle 1 2 4", THIRD, plain, {LENA, OLGA}),
        ("#close 1 4", THIRD, plain, {LENA}),
    ):
        with subtests.test(line=line, about=about.key):
            case = (
                answers(MAX, about, f"> Mit Kennwort.\nWir sind dran.\n{line}").with_facts(*tickets).proven()
            )
            done = case.with_mail(parts=(photo(inline=True),), quoted="> Bei mir auch.").decide()
            mails = to_outside(done)
            mails = {to: mail for to, mail in mails.items() if to in others}
            assert [n.text for n in mails.values() if n.attachments or "Kennwort" in n.text] == []
            kept = {e.ticket for e in done.effects if isinstance(e, AddMessage) and e.message.quoted}
            assert kept <= {about.key}


def test_text_with_words_or_names_of_a_requester_is_for_one_ticket(subtests: pytest.Subtests) -> None:
    words = "Guten Tag,\nwas soll ich tun?\nMeine Handynummer ist 0171 5551234.\nPIN 4711\nLena"
    signature = "Lena Lehrerin\nTel. 0241/77 88-99\nlp7@gmx.example"
    said = Message(Direction.IN, Visibility.PUBLIC, Address(LENA), words, EARLIER, signature=signature)
    for text in (
        "Ich rufe unter 0171 / 555 12 34 an.",
        "Ich rufe unter +49 171 555-1234 an.",
        "Ich rufe unter (0241) 778899 an.",
        "Ich schreibe an <lp7@gmx.example>.",
        "PIN 4711\nDie ist veraltet.",
        "Lenas Gerät ist schuld.",
        "Es lag an Frau Lehrerins Rechner.",
        "Es lag an Olga.",
        "Es lag an Herrn Li.",
        "Wie Frau Petrova schreibt, sind wir dran.",
        "Siehe GYM4, wir sind dran.",
        "Muller hat es gemeldet.",
        "Müller hat es gemeldet.",
        "Wie bei #2 sind wir dran.",
        "Wie in Ticket 4 sind wir dran.",
        "Siehe GYM\u20134, wir sind dran.",
        "Siehe gym 4, wir sind dran.",
        "Opal hat es auch, wir sind dran.",
        "Wir sind dran.\n\nMeine Handynummer ist 0171 5551234.",
        "Wir sind dran.\n» Meine Handynummer ist 0171 5551234.",
        "Ich rufe unter 5551234 zurück.",
        "Sehr geehrte Frau Lehrerin, wir sind dran.\n#close",
        "Wie bei olga@schule.example sind wir dran.",
        "Zu GYM-1: Wir sind dran.",
    ):
        with subtests.test(text=text):
            named = replace(LEADING, requester=Address(LENA, "Lena Lehrerin"))
            nameless = replace(OF_OLGA, requester=Address(OLGA), cc=(Address("b@schule.example", "Bo Li"),))
            solved = replace(problem(5, "m@schule.example"), bundle=1, status=Status.CLOSED, closed=EARLIER)
            solved = replace(solved, requester=Address("m@schule.example", "Opal Müller"))
            case = about_bundle(text).with_facts(named, nameless, solved)
            stranger = replace(said, author=Address("x@mail.example", "Zoe Petrova"), text="Bei mir auch.")
            done = case.with_facts(histories={LEADING.key: (said, stranger)}).decide()
            assert (texts_to(done), alone(done)) == ({LENA}, True)


def test_text_of_the_staff_is_for_all_beside_dates_rooms_and_words_that_others_used(
    subtests: pytest.Subtests,
) -> None:
    words = "Seit dem 23.11.2026 geht in Raum 204 nichts.\nHallo,\nDanke\nVon der Heide"
    said = Message(Direction.IN, Visibility.PUBLIC, Address(LENA), words, EARLIER)
    named = replace(LEADING, requester=Address(LENA, "Lena von der Heide"))
    for text in (
        "Hallo zusammen,\nder Fehler vom 23.11.2026 ist behoben.\nDanke",
        "In Raum 204 und in der Aula geht es wieder.",
        "Hotline: 0241 88 99 00, ab 1.12. um 10:00 Uhr.",
        "Windows 11 braucht 2 Neustarts.",
    ):
        with subtests.test(text=text):
            done = about_bundle(text).with_facts(named, histories={LEADING.key: (said,)}).decide()
            assert texts_to(done) == {LENA, OLGA, PAUL, KIRA}


def test_salutation_of_the_requester_is_cut_for_the_others_unless_the_text_is_personal(
    subtests: pytest.Subtests,
) -> None:
    everyone = {LENA, OLGA, PAUL, KIRA}
    saved = SavedAnswer("GYM", "stoerung", "Störung", "Eine Störung.", Address(ERIKA), EARLIER)
    for text, expected, others in (
        (
            "Hallo Frau Lehrerin,\n\nder Anbieter hat eine Störung.\n#close",
            everyone,
            "Der Anbieter hat eine Störung.",
        ),
        ("Liebe Lena,\nwir sind dran.", everyone, "Wir sind dran."),
        ("Hallo Lena,\n#use Störung", everyone, "Eine Störung."),
        ("Hallo Lena,\n\nbald mehr:\n#use Störung", everyone, "Bald mehr:\n\nEine Störung."),
        ("Hallo zusammen,\n\nwir sind dran.", everyone, "Hallo zusammen,\n\nwir sind dran."),
        ("Hallo Lena,\n\nwegen deiner Note in Mathe melde ich mich.", {LENA}, ""),
        ("Hallo Frau Lehrerin,\n\nwegen Ihrer Krankmeldung erst Montag.", {LENA}, ""),
        ("Hallo Frau Lehrerin, der Anbieter hat eine Störung.", {LENA}, ""),
        ("Hallo Lena bitte Geduld.\nDer Anbieter hat eine Störung.", {LENA}, ""),
        ("Hallo Olga,\n\nder Anbieter hat eine Störung.", {LENA}, ""),
        ("Hallo Lena,\n\nOlga hat das auch gemeldet.", {LENA}, ""),
        ("Dear Lena,\n\nyour room is next.", {LENA}, ""),
        ("Bonjour Lena,\n\nvotre salle est la suivante.", {LENA}, ""),
    ):
        with subtests.test(text=text):
            named = replace(LEADING, requester=Address(LENA, "Lena Lehrerin"))
            done = about_bundle(text).with_facts(named, saved_answers=(saved,)).decide()
            mails = {to: n.text for to, n in to_outside(done).items() if n.text}
            assert set(mails) == expected
            assert {mail for to, mail in mails.items() if to != LENA} == ({others} if others else set())
            assert mails[LENA].startswith(text.partition("\n")[0])
            assert alone(done) == (expected == {LENA})


def test_erased_requester_does_not_keep_an_answer_in_its_own_ticket() -> None:
    erased = replace(OF_OLGA, requester=Address("", ""))
    assert LENA in texts_to(about_bundle("Wir sind dran.").with_facts(erased).decide())
    assert not alone(about_bundle("Wir sind dran.").with_facts(erased).decide())


def test_text_beside_unbundle_does_not_reach_tickets_that_the_answered_mail_did_not_announce() -> None:
    solved = replace(OF_OLGA, status=Status.CLOSED, closed=EARLIER)
    done = about_bundle("Jeder meldet sich selbst.\n#unbundle").with_facts(solved).decide()
    assert OLGA not in texts_to(done)
    assert done.ticket(OF_OLGA.key).bundle is None


def test_text_beside_bundle_that_makes_no_new_one_goes_to_the_requester_of_the_mail_only(
    subtests: pytest.Subtests,
) -> None:
    cases = (
        (LEADING, "Privat.\n#bundle 2", {LENA}),
        (LEADING, "Privat.\n#bundle 1 2 4", {LENA}),
        (OF_OLGA, "Privat.\n#bundle 1", {OLGA}),
        (OF_PAUL, "Privat.\n#bundle 1 2", {PAUL, KIRA}),
    )
    for about, text, readers in cases:
        with subtests.test(text=text, about=about.key):
            done = answers(ERIKA, about, text).with_facts(*BUNDLE).answering(about, shows=BEFORE).proven()
            assert texts_to(done.decide()) == readers


def test_text_with_quoted_lines_beside_bundle_goes_to_the_requester_of_the_mail_only() -> None:
    text = "> Bei Paul\nWir sind dran.\n#bundle 1 2 4"
    done = answers(MAX, THIRD, text).with_facts(FIRST, SECOND).proven().decide()
    assert [done.ticket(one.key).bundle for one in BUNDLE] == [1, 1, 1]
    assert (texts_to(done), alone(done)) == ({PAUL, KIRA}, False)
    (receipt,) = [n for n in done.notifications if n.kind is NotificationKind.COMMAND_RECEIPT]
    assert [r.command for r in receipt.done] == ["bundle", "text_alone"]
