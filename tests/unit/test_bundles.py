"""Bundles: what is written to the leading ticket applies to all, and each person sees only their own."""

from dataclasses import replace

import pytest

from mailbot.core.model.effects import AddMessage, SetBundle
from mailbot.core.model.facts import Change, SentNotification
from mailbot.core.model.mail import Address, Part
from mailbot.core.model.notification import Notification, Reason, shown_tickets
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import (
    MAX_BUNDLE,
    Attachment,
    Direction,
    Message,
    Role,
    Status,
    Ticket,
    Visibility,
)
from tests.support.scenario import (
    EARLIER,
    ERIKA,
    LENA,
    MAX,
    NOW,
    TINA,
    TONI,
    MailScenario,
    Outcome,
    answers,
    photo,
    ticket,
    writes,
)

OLGA, PAUL, KIRA = "olga@schule.example", "paul@schule.example", "kira@schule.example"


def problem(number: int, requester: str, bundle: int | None = None) -> Ticket:
    """Return an open ticket of a teacher; Kira is in cc of Paul's."""
    cc = (Address(KIRA),) if requester == PAUL else ()
    name = requester.partition("@")[0].title()
    return ticket(
        number, subject=f"Internet weg bei {name}", requester=Address(requester, name), cc=cc, bundle=bundle
    )


FIRST, SECOND, THIRD = problem(1, LENA), problem(2, OLGA), problem(4, PAUL)


def bundled(*tickets: Ticket) -> tuple[Ticket, ...]:
    """Return tickets of a bundle that the first one leads."""
    return tuple(replace(one, bundle=tickets[0].number) for one in tickets)


LEADING, OF_OLGA, OF_PAUL = BUNDLE = bundled(FIRST, SECOND, THIRD)


def about_bundle(text: str, writer: str = MAX, about: Ticket = LEADING, *others: Ticket) -> MailScenario:
    """Begin an answer to a mail about a ticket of the bundle, which shows all; it alone proves the sender."""
    shown = tuple((one.key, one.closed) for one in (others or BUNDLE) if about.leads or one == about)
    return writes(writer, text).answering(about, shows=shown).with_facts(*(others or BUNDLE))


def to_outside(done: Outcome) -> dict[str, Notification]:
    """Return the notifications to people outside the teams."""
    return {n.to.email: n for n in done.notifications if not n.role.staff}


def test_command_on_the_leading_ticket_changes_all_of_the_bundle(subtests: pytest.Subtests) -> None:
    cases = (
        ("#close", "#schließen", "#fermer"),
        ("#wait", "#rückfrage", "#attendre"),
        ("#escalate", "#weiterleiten", "#transmettre"),
    )
    states = (
        (Status.CLOSED, 1, "closed"),
        (Status.WAITING, 1, "waiting"),
        (Status.OPEN, 2, "escalated_requester"),
    )
    for lines, (status, level, kind) in zip(cases, states, strict=True):
        for line in lines:
            with subtests.test(line=line):
                done = about_bundle(f"Der Anbieter hat eine Störung.\n{line}").decide()
                assert done.outcome == "command"
                after = [done.ticket(one.key) for one in BUNDLE]
                assert [(one.status, one.level) for one in after] == [(status, level)] * 3
                found = {to: (n.kind.value, n.ticket and n.ticket.key) for to, n in to_outside(done).items()}
                expected = {LENA: "GYM-1", OLGA: "GYM-2", PAUL: "GYM-4", KIRA: "GYM-4"}
                assert found == {to: (kind, key) for to, key in expected.items()}


def test_reopening_the_leading_ticket_reopens_all(subtests: pytest.Subtests) -> None:
    closed = tuple(replace(one, status=Status.CLOSED, closed=EARLIER) for one in BUNDLE)
    for line in ("#reopen", "#öffnen", "#rouvrir"):
        with subtests.test(line=line):
            done = about_bundle(line, MAX, closed[0], *closed).decide()
            assert [done.ticket(one.key).status for one in BUNDLE] == [Status.OPEN] * 3
            assert {(to, n.kind.value) for to, n in to_outside(done).items()} >= {(OLGA, "reopened")}


def test_returning_the_leading_ticket_returns_all_and_its_text_stays_with_the_staff() -> None:
    above = tuple(replace(one, level=2) for one in BUNDLE)
    done = about_bundle("Das kann die Schule selbst.\n#zurück", TONI, above[0], *above).decide()
    assert [done.ticket(one.key).level for one in BUNDLE] == [1, 1, 1]
    assert [m.visibility for m in done.messages] == [Visibility.INTERNAL]
    assert to_outside(done) == {}


def test_answer_reaches_each_requester_in_their_own_ticket_without_the_others() -> None:
    done = about_bundle("Wir warten auf den Anbieter.").decide()
    assert done.outcome == "reply"
    mails = to_outside(done)
    assert {to: n.ticket and n.ticket.key for to, n in mails.items()} == {
        LENA: "GYM-1",
        OLGA: "GYM-2",
        PAUL: "GYM-4",
        KIRA: "GYM-4",
    }
    for notification in mails.values():
        assert (notification.text, notification.bundle) == ("Wir warten auf den Anbieter.", ())
        others = {LENA, OLGA, PAUL, KIRA} - {notification.to.email}
        if notification.to.email in (PAUL, KIRA):
            others -= {PAUL, KIRA}
        assert not any(other in repr(notification) for other in others)


def test_quotation_of_the_leading_requester_is_kept_in_the_leading_ticket_only() -> None:
    case = about_bundle("Wir sind dran.").with_mail(quoted="> Bei Lena geht nichts.")
    kept = {m.quoted for m in case.decide().messages}
    texts = [(e.ticket, e.message.quoted) for e in case.decide().effects if isinstance(e, AddMessage)]
    assert kept == {"> Bei Lena geht nichts.", ""}
    assert texts == [("GYM-1", "> Bei Lena geht nichts."), ("GYM-2", ""), ("GYM-4", "")]


def received(ticket: Ticket, *files: Attachment) -> dict[str, tuple[Message, ...]]:
    """Return the history of a ticket with one message of its requester with these files."""
    text, sender = "Bei mir geht nichts.", ticket.requester
    said = Message(Direction.IN, Visibility.PUBLIC, sender, text, EARLIER, attachments=files)
    return {ticket.key: (said,)}


def test_files_of_a_requester_reach_no_other_and_the_receipt_names_them(subtests: pytest.Subtests) -> None:
    screen = Attachment("2", "bildschirm.png", "image/png", 4_000)
    plan, pasted = photo("plan.png"), photo("image001.png", inline=True)
    cases: tuple[tuple[str, tuple[Part, ...], dict[str, tuple[Message, ...]], list[str]], ...] = (
        ("of the staff", (plan, pasted), {}, []),
        ("of the staff beside a file", (plan, pasted), received(OF_OLGA, screen), []),
        ("within a quotation", (plan, pasted), received(LEADING, screen), ["image001.png"]),
        ("same name", (plan, photo("Bildschirm.PNG")), received(OF_OLGA, screen), ["Bildschirm.PNG"]),
        (
            "same content",
            (plan, photo("1.png")),
            received(OF_OLGA, replace(screen, size=3)),
            ["plan.png", "1.png"],
        ),
        ("named after a person", (plan, photo("Attest-Olga.png")), {}, ["Attest-Olga.png"]),
        ("named after a ticket", (plan, photo("GYM-2.png")), {}, ["GYM-2.png"]),
        (
            "in one word",
            (plan, photo("Foto-OlgaKaut_GYM104.png"), photo("GYM_2.png")),
            {},
            ["Foto-OlgaKaut_GYM104.png", "GYM_2.png"],
        ),
    )
    for name, parts, histories, kept in cases:
        with subtests.test(name=name):
            done = (
                about_bundle("Wir sind dran.").with_mail(parts=parts).with_facts(histories=histories).decide()
            )
            found = {to: [f.filename for f in n.attachments] for to, n in to_outside(done).items()}
            shared = [part.filename for part in parts if part.filename not in kept]
            assert found == {LENA: [p.filename for p in parts], **dict.fromkeys((OLGA, PAUL, KIRA), shared)}
            receipts = [n for n in done.notifications if n.kind is NotificationKind.COMMAND_RECEIPT]
            lines = [(r.command, r.detail) for receipt in receipts for r in receipt.done]
            assert lines == ([("files_alone", ", ".join(kept))] if kept else [])


def test_mail_with_nothing_for_the_other_requesters_reaches_one() -> None:
    screen = Attachment("2", "bildschirm.png", "image/png", 3)
    case = about_bundle("").with_mail(parts=(photo(),)).with_facts(histories=received(OF_OLGA, screen))
    assert set(to_outside(case.decide())) == {LENA}


def test_note_stays_in_the_leading_ticket() -> None:
    done = about_bundle("Der Router ist heiß.\n#notiz").decide()
    assert [e.ticket for e in done.effects if isinstance(e, AddMessage)] == ["GYM-1"]
    assert to_outside(done) == {}


def test_colleague_gets_one_mail_about_all_tickets_of_a_bundle(subtests: pytest.Subtests) -> None:
    for text in (
        "Wir sind dran.",
        "Läuft wieder.\n#close",
        "Bitte ansehen.\n#escalate",
        "Welcher Raum?\n#wait",
    ):
        with subtests.test(text=text):
            done = about_bundle(text).decide()
            staff = [n.to.email for n in done.notifications if n.role.staff]
            assert len(staff) == len(set(staff))
            assert ERIKA in staff


def test_assignee_of_one_ticket_is_notified_of_its_closing() -> None:
    mine = replace(OF_OLGA, assignee=Address(ERIKA))
    leading = replace(LEADING, assignee=Address(MAX))
    done = about_bundle("Läuft.\n#close", MAX, leading, leading, mine, OF_PAUL).decide()
    assert done.notification(ERIKA).kind is NotificationKind.CLOSED_TEAM


def test_copy_for_a_colleague_who_knows_the_assignee_is_about_the_leading_ticket(
    subtests: pytest.Subtests,
) -> None:
    leading = replace(LEADING, assignee=Address(MAX))
    about = (leading, OF_OLGA, OF_PAUL)
    for text, keys in (
        ("Läuft.\n#close", ("GYM-1", "GYM-2", "GYM-4")),
        ("Läuft.\n#close 2", ("GYM-2",)),
    ):
        with subtests.test(text=text):
            copy = about_bundle(text, MAX, leading, *about).decide().notification(ERIKA)
            assert copy.kind is NotificationKind.CLOSED_TEAM
            assert shown_tickets(copy) == keys


def test_receipt_has_one_line_about_all_tickets() -> None:
    done = about_bundle("Läuft wieder.\n#close").decide()
    (result,) = done.notification(MAX, NotificationKind.COMMAND_RECEIPT).done
    assert (result.ticket and result.ticket.key, result.others) == ("GYM-1", ("GYM-2", "GYM-4"))
    assert {person.email for person in result.notified} == {LENA, OLGA, PAUL, KIRA, ERIKA}
    assert done.notification(MAX, NotificationKind.COMMAND_RECEIPT).undoable


def test_other_commands_change_the_leading_ticket_only() -> None:
    done = about_bundle("#priorität hoch").decide()
    changed = [one.key for one in BUNDLE if done.ticket(one.key).priority != one.priority]
    assert changed == ["GYM-1"]


def test_answer_to_a_ticket_that_follows_concerns_it_alone() -> None:
    done = about_bundle("Nur bei Ihnen hilft ein Neustart.\n#close", MAX, OF_OLGA).decide()
    assert [done.ticket(one.key).status for one in BUNDLE] == [Status.OPEN, Status.CLOSED, Status.OPEN]
    assert set(to_outside(done)) == {OLGA}


def test_requester_of_the_leading_ticket_acts_on_their_own_ticket_only() -> None:
    done = about_bundle("Geht wieder.\n#erledigt", LENA).decide()
    assert [done.ticket(one.key).status for one in BUNDLE] == [Status.CLOSED, Status.OPEN, Status.OPEN]
    assert set(to_outside(done)) == {LENA}


def test_reply_of_a_requester_stays_in_their_ticket_and_names_the_bundle_to_the_team() -> None:
    done = about_bundle("Bei mir auch im Keller.", OLGA, OF_OLGA).decide()
    assert [e.ticket for e in done.effects if isinstance(e, AddMessage)] == ["GYM-2"]
    mail = done.notification(ERIKA)
    assert mail.ticket is not None
    assert (mail.kind, mail.ticket.leading_key) == (NotificationKind.REQUESTER_REPLY, "GYM-1")
    assert set(to_outside(done)) == set()


def test_ticket_that_its_requester_closed_stays_closed_until_the_leading_one_is() -> None:
    solved = replace(OF_OLGA, status=Status.CLOSED, closed=EARLIER)
    done = about_bundle("Es dauert noch.\n#wait", MAX, LEADING, LEADING, solved, OF_PAUL).decide()
    assert done.ticket("GYM-2").status is Status.CLOSED
    assert OLGA not in to_outside(done)


def test_commands_that_name_tickets_of_a_bundle_are_executed_once_for_each() -> None:
    for text, lines in (
        ("Läuft.\n#close 1 2 4", [("close", "GYM-1")]),
        (
            "Läuft.\n#close 1 2 4\n#priorität hoch #4",
            [("close", "GYM-1"), ("close", "GYM-2"), ("close", "GYM-4"), ("priority", "GYM-4")],
        ),
    ):
        done = about_bundle(text).proven().decide()
        assert done.outcome == "command", done.reasons
        assert len(done.messages) == 3
        receipt = done.notification(MAX, NotificationKind.COMMAND_RECEIPT)
        assert [(r.command, r.ticket and r.ticket.key) for r in receipt.done] == lines
    assert [done.ticket(one.key).priority.value for one in BUNDLE] == ["normal", "normal", "high"]


def test_first_named_ticket_or_that_of_the_mail_or_the_present_leading_one_leads(
    subtests: pytest.Subtests,
) -> None:
    cases = (
        ("#bundle 1 2 4", THIRD, (1, 1, 1)),
        ("#bündeln 2 und 1", THIRD, (4, 4, 4)),
        ("#grouper 2 4", FIRST, (1, 1, 1)),
        ("#bundle 4, 2", SECOND, (None, 4, 4)),
    )
    for line, about, expected in cases:
        with subtests.test(line=line, about=about.key):
            done = answers(MAX, about, line).with_facts(FIRST, SECOND, THIRD).proven().decide()
            assert tuple(done.ticket(f"GYM-{n}").bundle for n in (1, 2, 4)) == expected
            assert done.outcome == "command"
    new = problem(5, KIRA)
    done = answers(MAX, new, "#bundle 1").with_facts(*BUNDLE).decide()
    assert done.changes == (SetBundle("GYM-5", 1),)  # proof for the new ticket suffices


def test_bundling_asks_for_proof_of_each_ticket_that_it_changes() -> None:
    case = answers(MAX, THIRD, "#bundle 1 2 4").with_facts(FIRST, SECOND)
    assert (case.decide().outcome, case.proven().decide().outcome) == ("held", "command")


def test_text_beside_bundle_goes_to_the_requesters_of_all() -> None:
    done = answers(MAX, FIRST, "Wir wissen davon.\n#bundle 2 4").with_facts(SECOND, THIRD).proven().decide()
    assert set(to_outside(done)) == {LENA, OLGA, PAUL, KIRA}


def test_tickets_that_do_not_fit_into_a_bundle_are_refused_with_the_reason(subtests: pytest.Subtests) -> None:
    there = ticket(12, school="HBG")
    elsewhere = replace(problem(8, OLGA), bundle=7)
    full = [replace(problem(n, OLGA), bundle=1) for n in range(100, 99 + MAX_BUNDLE)]
    cases: tuple[tuple[str, tuple[Ticket, ...], Reason], ...] = (
        ("#bundle HBG-12", (there,), Reason.NOT_HERE),
        ("#bündeln 2", (replace(SECOND, status=Status.CLOSED, closed=EARLIER),), Reason.CLOSED),
        ("#grouper 8", (elsewhere,), Reason.BUNDLED),
        ("#bundle 1", (), Reason.ARGUMENT),
        ("#bündeln 99", (), Reason.NO_SUCH_TICKET),
        ("#regrouper 2", (SECOND, replace(FIRST, bundle=1), *full), Reason.BUNDLE_FULL),
    )
    for line, tickets, reason in cases:
        with subtests.test(line=line):
            done = answers(TONI, FIRST, line).with_facts(*tickets).proven().decide()
            assert (done.outcome, done.reasons, done.changes) == ("refused", [reason], ())
    merged = answers(MAX, FIRST, "#bundle 3").with_facts(SECOND, aliases={"GYM-3": "GYM-2"}).proven().decide()
    assert merged.reasons == [Reason.MERGED]


def test_bundled_ticket_is_not_merged_or_moved(subtests: pytest.Subtests) -> None:
    for writer, line in ((MAX, "#merge 12"), (TONI, "#move HBG")):
        for about in (LEADING, OF_OLGA):
            with subtests.test(line=line, about=about.key):
                case = about_bundle(line, writer, about).with_facts(ticket(12), numbers_elsewhere={"HBG": 7})
                assert case.proven().decide().reasons == [Reason.BUNDLED]


def test_unbundle_ends_the_bundle_on_its_leading_ticket_and_takes_out_any_other(
    subtests: pytest.Subtests,
) -> None:
    for line in ("#unbundle", "#entbündeln", "#dégrouper"):
        with subtests.test(line=line):
            ended = about_bundle(line).decide()
            assert [ended.ticket(one.key).bundle for one in BUNDLE] == [None, None, None]
            taken_out = about_bundle(line, MAX, OF_OLGA).decide()
            assert [taken_out.ticket(one.key).bundle for one in BUNDLE] == [1, None, 1]
            assert to_outside(ended) == to_outside(taken_out) == {}


def change(before: Ticket, actor: str = MAX) -> Change:
    """Return a change of a ticket an hour ago, of which its requester was notified."""
    sent = SentNotification(before.requester, Role.REQUESTER, NotificationKind.CLOSED)
    return Change(actor, NOW.replace(hour=9), before, (sent,))


def test_undo_on_the_leading_ticket_undoes_the_same_change_of_all(subtests: pytest.Subtests) -> None:
    closed = tuple(replace(one, status=Status.CLOSED, closed=EARLIER) for one in BUNDLE)
    changes = {one.key: change(one) for one in BUNDLE}
    for line in ("#undo", "#rückgängig", "#annuler"):
        with subtests.test(line=line):
            done = about_bundle(line, MAX, closed[0], *closed).with_facts(changes=changes).decide()
            assert [done.ticket(one.key).status for one in BUNDLE] == [Status.OPEN] * 3
            assert {(to, n.kind.value) for to, n in to_outside(done).items()} == {
                (LENA, "undone"),
                (OLGA, "undone"),
                (PAUL, "undone"),
            }
            (result,) = done.notification(MAX, NotificationKind.COMMAND_RECEIPT).done
            assert result.others == ("GYM-2", "GYM-4")


def test_undo_leaves_tickets_that_another_mail_changed_since() -> None:
    closed = tuple(replace(one, status=Status.CLOSED, closed=EARLIER) for one in BUNDLE)
    changes = {one.key: change(one) for one in BUNDLE} | {"GYM-2": change(OF_OLGA, OLGA)}
    done = about_bundle("#undo", MAX, closed[0], *closed).with_facts(changes=changes).decide()
    assert [done.ticket(one.key).status for one in BUNDLE] == [Status.OPEN, Status.CLOSED, Status.OPEN]


def test_undo_of_a_bundle_and_of_its_end(subtests: pytest.Subtests) -> None:
    plain = (FIRST, SECOND, THIRD)
    for now, before in ((BUNDLE, plain), (plain, BUNDLE)):
        with subtests.test(bundled=now is BUNDLE):
            changes = {one.key: replace(change(one), notified=()) for one in before}
            done = about_bundle("#undo", MAX, now[0], *now).with_facts(changes=changes).decide()
            expected = [one.bundle for one in before]
            assert [done.ticket(one.key).bundle for one in BUNDLE] == expected


def test_proof_for_the_leading_ticket_is_enough_for_its_bundle() -> None:
    assert about_bundle("Läuft.\n#close").decide().outcome == "command"
    assert about_bundle("Läuft.\n#close", TINA).decide().outcome == "command"
    stranger = writes("someone@anderswo.example", "#close 1").with_facts(*BUNDLE).proven().decide()
    assert stranger.changes == ()


def test_saved_answer_is_filled_in_for_each_requester(subtests: pytest.Subtests) -> None:
    text = "Hallo {name}, zu {ticket} gibt es eine Störung."
    saved = SavedAnswer("GYM", "stoerung", "Störung", text, Address(ERIKA), EARLIER)
    for line in ("#use Störung", "#baustein Störung", "#modèle Störung"):
        with subtests.test(line=line):
            done = about_bundle(line).with_facts(saved_answers=(saved,)).decide()
            assert {to: n.text for to, n in to_outside(done).items() if to != KIRA} == {
                LENA: "Hallo Lena, zu GYM-1 gibt es eine Störung.",
                OLGA: "Hallo Olga, zu GYM-2 gibt es eine Störung.",
                PAUL: "Hallo Paul, zu GYM-4 gibt es eine Störung.",
            }


SHOWN = tuple((one.key, None) for one in BUNDLE)
BEFORE = ((LEADING.key, None),)
"""The tickets that a mail from before the bundle showed."""


def texts_to(done: Outcome) -> set[str]:
    """Return who outside the teams gets a text."""
    return {to for to, n in to_outside(done).items() if n.text}


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


def test_ticket_of_a_member_leads_only_without_another() -> None:
    mine = replace(FIRST, requester=Address(MAX, "Max"))
    done = answers(ERIKA, THIRD, "#bundle 1 2 4").with_facts(mine, SECOND).proven().decide()
    assert [done.ticket(one.key).bundle for one in BUNDLE] == [2, 2, 2]


def test_closed_ticket_is_left_out_of_a_bundle_and_the_receipt_names_it() -> None:
    solved = replace(FIRST, status=Status.CLOSED, closed=EARLIER)
    done = answers(MAX, THIRD, "#bundle 1 2 4").with_facts(solved, SECOND).proven().decide()
    assert [done.ticket(one.key).bundle for one in BUNDLE] == [None, 2, 2]
    receipt = done.notification(MAX, NotificationKind.COMMAND_RECEIPT)
    assert ("bundle_closed", "GYM-1") in [(r.command, r.detail) for r in receipt.done]
    assert receipt.undoable


def test_receipt_of_bundle_is_about_the_leading_ticket_and_shows_all() -> None:
    done = answers(MAX, THIRD, "#bundle 1 2 4").with_facts(FIRST, SECOND).proven().decide()
    receipt = done.notification(MAX, NotificationKind.COMMAND_RECEIPT)
    assert shown_tickets(receipt) == ("GYM-1", "GYM-2", "GYM-4")
    assert receipt.undoable


def test_reopening_leaves_tickets_that_were_closed_before() -> None:
    later = NOW.replace(hour=8)
    closed = tuple(replace(one, status=Status.CLOSED, closed=later) for one in BUNDLE)
    solved = replace(closed[1], closed=EARLIER)
    done = about_bundle("#reopen", MAX, closed[0], closed[0], solved, closed[2]).decide()
    assert [done.ticket(one.key).status for one in BUNDLE] == [Status.OPEN, Status.CLOSED, Status.OPEN]


def test_bundle_ends_for_all_of_its_tickets(subtests: pytest.Subtests) -> None:
    solved = replace(OF_OLGA, status=Status.CLOSED, closed=EARLIER)
    joined = replace(problem(5, KIRA), bundle=1)
    tickets = (LEADING, solved, OF_PAUL, joined)
    before = zip(BUNDLE, (FIRST, SECOND, THIRD), strict=True)
    changes = {one.key: replace(change(plain), notified=()) for one, plain in before}
    for line in ("#unbundle", "#spam", "#undo"):
        with subtests.test(line=line):
            done = about_bundle(line, MAX, LEADING, *tickets).with_facts(changes=changes).proven().decide()
            assert {done.ticket(one.key).bundle for one in tickets} == {None}
    spam = about_bundle("#spam", MAX, OF_OLGA).decide()
    assert [spam.ticket(one.key).bundle for one in BUNDLE] == [1, None, 1]


def test_undo_of_unbundle_needs_the_former_bundle(subtests: pytest.Subtests) -> None:
    full = tuple(replace(problem(n, OLGA), bundle=1) for n in range(100, 99 + MAX_BUNDLE))
    for tickets, expected in (
        ((LEADING, SECOND), 1),
        ((FIRST, SECOND), None),
        ((LEADING, SECOND, *full), None),
    ):
        with subtests.test(tickets=len(tickets), expected=expected):
            changes = {"GYM-2": replace(change(OF_OLGA), notified=())}
            done = answers(MAX, SECOND, "#undo").with_facts(*tickets, changes=changes).decide()
            assert done.ticket("GYM-2").bundle == expected


def test_second_level_is_notified_of_a_ticket_that_follows_one_it_has() -> None:
    leading = replace(LEADING, level=2)
    done = about_bundle("Noch einer.\n#escalate", MAX, leading, leading, OF_OLGA).decide()
    kinds = [n.kind for n in done.notifications if n.to.email == TONI]
    assert NotificationKind.ESCALATED_SECOND_LEVEL in kinds


def test_assignee_of_a_ticket_that_follows_sees_the_answer() -> None:
    mine = replace(OF_OLGA, assignee=Address(ERIKA))
    done = about_bundle("Der Router ist tot.", MAX, LEADING, LEADING, mine, OF_PAUL).decide()
    assert NotificationKind.ANSWER_COPY in [n.kind for n in done.notifications if n.to.email == ERIKA]


def test_receipt_has_a_line_for_the_tickets_that_a_command_changed() -> None:
    solved = replace(LEADING, status=Status.CLOSED, closed=EARLIER)
    done = about_bundle("Läuft.\n#close", MAX, solved, solved, OF_OLGA, OF_PAUL).decide()
    receipt = done.notification(MAX, NotificationKind.COMMAND_RECEIPT)
    assert [(r.ticket and r.ticket.key, r.already, r.others) for r in receipt.done] == [
        ("GYM-1", True, ()),
        ("GYM-2", False, ("GYM-4",)),
    ]
    assert not receipt.undoable


def test_answer_that_collides_with_one_to_a_ticket_that_follows_is_held() -> None:
    recent = Message(Direction.OUT, Visibility.PUBLIC, Address(ERIKA), "Am Dienstag.", NOW)
    case = about_bundle("Es wird nichts getauscht.").with_facts(histories={"GYM-2": (recent,)})
    done = case.decide()
    assert done.outcome == "held"
    question = done.notification(MAX, NotificationKind.HELD_ANSWER)
    assert shown_tickets(question) == ("GYM-1", "GYM-2", "GYM-4")
    assert (question.more_requesters, question.related) == (2, OF_OLGA)
    assert case.answering(LEADING, shows=SHOWN, kind=NotificationKind.HELD_ANSWER).decide().outcome == "reply"
    assert case.answering(LEADING, shows=BEFORE).decide().outcome == "reply"


def test_reply_to_a_copy_of_an_answer_to_all_is_not_held() -> None:
    name = "<all@mail.example>"
    recent = Message(Direction.OUT, Visibility.PUBLIC, Address(ERIKA), "Am Dienstag.", NOW, message_id=name)
    case = about_bundle("Doch erst am Mittwoch.").with_facts(histories={o.key: (recent,) for o in BUNDLE})
    assert case.decide().outcome == "held"
    copy = case.answering(LEADING, shows=SHOWN, kind=NotificationKind.ANSWER_COPY)
    assert copy.decide().outcome == "reply"


def test_text_beside_undo_reaches_each_requester(subtests: pytest.Subtests) -> None:
    closed = tuple(replace(one, status=Status.CLOSED, closed=EARLIER) for one in BUNDLE)
    changes = {one.key: change(one) for one in BUNDLE}
    for shown, expected in ((closed, {LENA, OLGA, PAUL, KIRA}), (closed[:1], {LENA})):
        with subtests.test(shown=shown):
            shows = tuple((one.key, one.closed) for one in shown)
            case = about_bundle("Doch noch nicht.\n#undo", MAX, closed[0], *closed)
            done = case.answering(closed[0], shows=shows).with_facts(changes=changes).decide()
            assert texts_to(done) == expected
            receipt = done.notification(MAX, NotificationKind.COMMAND_RECEIPT)
            assert ("text_alone" in [r.command for r in receipt.done]) == (expected == {LENA})


def test_mail_to_colleagues_about_reopening_shows_the_bundle_as_it_is_then() -> None:
    closed = tuple(replace(one, status=Status.CLOSED, closed=EARLIER) for one in BUNDLE)
    done = about_bundle("#reopen", MAX, closed[0], *closed).decide()
    assert done.notification(ERIKA).more_requesters == 2


def test_saved_answer_beside_bundle_goes_to_the_tickets_of_its_line(
    subtests: pytest.Subtests,
) -> None:
    saved = SavedAnswer("GYM", "stoerung", "Störung", "Eine Störung.", Address(ERIKA), EARLIER)
    for line, expected in (("#use Störung #1", {LENA}), ("#use Störung", {LENA, OLGA, PAUL, KIRA})):
        with subtests.test(line=line):
            case = answers(MAX, FIRST, f"{line}\n#bundle 2 4").with_facts(SECOND, THIRD)
            done = case.with_facts(saved_answers=(saved,)).proven().decide()
            assert texts_to(done) == expected
