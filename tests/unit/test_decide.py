"""Commands by mail: their changes and notifications, and the mails that are refused as a whole."""

from datetime import UTC, date, datetime

import pytest

from mailbot.core.model.effects import AddMessage, Assign, LearnName, SetLevel, SetPriority, SetStatus
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Priority, Status, Ticket, Visibility
from tests.support.scenario import (
    ERIKA,
    EVE,
    HANNA,
    HBG,
    KARL,
    LENA,
    MAX,
    MAX_AT_HOME,
    TINA,
    TONI,
    answers,
    assigned,
    closed,
    photo,
    ticket,
    writes,
)

EVERYBODY = (LENA, KARL, MAX, TONI, EVE)
LINES = (
    "close", "escalate", "return", "reopen", "take", "assign Erika", "priority high", "wait", "remind 1.12.",
    "note Nur für uns.", "show", "list", "help", "confirm",
)  # fmt: skip
DATES = {"1.12.": date(2026, 12, 1), "1.12": date(2026, 12, 1), "Freitag": date(2026, 11, 27)}


def test_mail_with_one_wrong_command_changes_nothing_and_is_returned_to_its_writer(
    subtests: pytest.Subtests,
) -> None:
    for writer in EVERYBODY:
        with subtests.test(writer=writer):
            mistyped = "clsoe" if writer in (LENA, KARL, EVE) else "blumenkohl"
            for line in LINES:
                done = answers(writer, ticket(), f"Bitte sehr.\n#{line}\n#{mistyped}").decide()
                assert (done.outcome, done.changes) == ("refused", ()), line
                assert done.notified == {(writer, "refusal")}, line
                assert "Bitte sehr." in done.notification(writer).text, line


def test_confirmation_is_refused_where_no_mail_is_held(subtests: pytest.Subtests) -> None:
    for writer in EVERYBODY:
        with subtests.test(writer=writer):
            assert answers(writer, ticket(), "#confirm").decide().outcome == "refused"


FRIDAY = datetime(2026, 11, 27, 7, 30, tzinfo=UTC)
CHANGES: list[tuple[str, str, Ticket, dict[str, object], set[tuple[str, str]]]] = [
    ("#close", MAX, ticket(), {"status": "closed", "assignee": MAX}, {(LENA, "closed"), (KARL, "closed"),
     (ERIKA, "closed_team")}),
    ("#close", MAX, assigned(MAX), {"status": "closed", "assignee": MAX},
     {(LENA, "closed"), (KARL, "closed")}),
    ("#close", MAX, assigned(ERIKA), {"status": "closed", "assignee": ERIKA},
     {(LENA, "closed"), (KARL, "closed"), (ERIKA, "closed_team")}),
    ("#close", MAX, closed(), {"status": "closed", "assignee": None}, set()),
    ("#close", TONI, ticket(level=2), {"status": "closed", "assignee": TONI}, {(LENA, "closed"),
     (KARL, "closed"), (TINA, "closed_team"), (MAX, "closed_team"), (ERIKA, "closed_team")}),
    ("#close", LENA, ticket(), {"status": "closed", "assignee": None}, {(MAX, "closed_team"),
     (ERIKA, "closed_team")}),
    ("#close", LENA, assigned(MAX), {"status": "closed", "assignee": MAX}, {(MAX, "closed_team")}),
    ("#escalate", MAX, assigned(MAX), {"level": 2, "status": "open", "assignee": None},
     {(LENA, "escalated_requester"), (KARL, "escalated_requester"), (TONI, "escalated_second_level"),
      (TINA, "escalated_second_level"), (ERIKA, "escalated_team")}),
    ("#escalate", MAX, closed(), {"level": 2, "status": "open", "assignee": None},
     {(LENA, "escalated_requester"), (KARL, "escalated_requester"), (TONI, "escalated_second_level"),
      (TINA, "escalated_second_level"), (ERIKA, "escalated_team")}),
    ("#escalate", MAX, ticket(level=2), {"level": 2}, set()),
    ("#return", TONI, assigned(TONI, level=2), {"level": 1, "status": "open", "assignee": None},
     {(MAX, "returned"), (ERIKA, "returned")}),
    ("#return", TONI, ticket(), {"level": 1}, set()),
    ("#reopen", MAX, closed(), {"status": "open", "closed": None}, {(LENA, "reopened"), (KARL, "reopened"),
     (ERIKA, "reopened")}),
    ("#reopen", LENA, closed(), {"status": "open"}, {(MAX, "reopened"), (ERIKA, "reopened")}),
    ("#reopen", MAX, ticket(), {"status": "open"}, set()),
    ("#take", MAX, ticket(), {"assignee": MAX}, {(ERIKA, "assigned_info")}),
    ("#take", MAX, assigned(ERIKA), {"assignee": MAX}, {(ERIKA, "assigned_info")}),
    ("#take", MAX, assigned(MAX), {"assignee": MAX}, set()),
    ("#take", TONI, ticket(level=2), {"assignee": TONI, "level": 2}, {(TINA, "assigned_info")}),
    ("#assign Erika", MAX, ticket(), {"assignee": ERIKA}, {(ERIKA, "assigned")}),
    ("#assign Erika", MAX, assigned(MAX), {"assignee": ERIKA}, {(ERIKA, "assigned")}),
    ("#assign Muster, Erika", MAX, ticket(), {"assignee": ERIKA}, {(ERIKA, "assigned")}),
    ("#assign @erika", MAX, ticket(), {"assignee": ERIKA}, {(ERIKA, "assigned")}),
    (f"#assign {TONI}", MAX, ticket(), {"assignee": TONI}, {(TONI, "assigned"), (ERIKA, "assigned_info")}),
    (f"#assign {MAX_AT_HOME}", ERIKA, ticket(), {"assignee": MAX}, {(MAX, "assigned")}),
    ("#wait", MAX, assigned(MAX), {"status": "waiting", "due": None}, {(LENA, "waiting"), (KARL, "waiting")}),
    ("#wait", MAX, closed(), {"status": "waiting", "closed": None},
     {(LENA, "waiting"), (KARL, "waiting"), (ERIKA, "reopened")}),
    ("#warten", TONI, assigned(TONI, level=2), {"status": "waiting", "level": 2},
     {(LENA, "waiting"), (KARL, "waiting")}),
    ("#wait", MAX, ticket(status=Status.WAITING), {"status": "waiting"}, set()),
    ("#remind Freitag", MAX, ticket(), {"status": "open", "due": FRIDAY, "assignee": None}, set()),
    ("#remind Freitag", MAX, ticket(status=Status.WAITING), {"status": "waiting", "due": FRIDAY}, set()),
    ("#remind Freitag", MAX, ticket(due=FRIDAY), {"due": FRIDAY}, set()),
    ("#remind Freitag", MAX, closed(), {"status": "open", "due": FRIDAY},
     {(LENA, "reopened"), (KARL, "reopened"), (ERIKA, "reopened")}),
    ("#priority dringend", MAX, ticket(), {"priority": "urgent"}, set()),
    ("#priority high", MAX, ticket(priority=Priority.HIGH), {"priority": "high"}, set()),
]  # fmt: skip


def test_command_changes_the_ticket_notifies_people_and_gets_a_receipt(subtests: pytest.Subtests) -> None:
    for line, writer, before, after, notified in CHANGES:
        with subtests.test(line=line, writer=writer):
            done = answers(writer, before, line).with_facts(dates=DATES).decide()
            stands = done.ticket()
            found = {
                name: getattr(stands, name).email
                if name == "assignee" and stands.assignee
                else getattr(stands, name)
                for name in after
            }
            assert found == after
            assert done.notified == notified | {(writer, "command_receipt")}
            assert done.messages == []
            (row,) = done.notification(writer, NotificationKind.COMMAND_RECEIPT).done
            assert {person.email for person in row.notified} == {to for to, kind in notified}
            assert row.already == (done.changes == ())
            assert row.ticket == done.ticket()


def test_text_above_a_command_is_the_public_answer() -> None:
    done = answers(MAX, ticket(), "Die Lampe ist getauscht.\n#erledigt").decide()
    assert done.message.visibility is Visibility.PUBLIC
    assert {done.notification(who).text for who in (LENA, KARL, ERIKA)} == {"Die Lampe ist getauscht."}


def test_text_above_an_escalation_is_sent_to_everyone() -> None:
    done = answers(MAX, ticket(), "Das muss ein Techniker sehen.\n#escalate").decide()
    assert {done.notification(who).text for who in (LENA, TONI, ERIKA)} == {"Das muss ein Techniker sehen."}


def test_second_level_gets_the_history_with_an_escalation() -> None:
    first = answers(LENA, ticket(), "Der Beamer bleibt dunkel.").decide().message
    done = answers(MAX, ticket(), "#escalate").with_facts(histories={"GYM-1": (first,)}).decide()
    assert done.notification(TONI).history == (first,)


def test_note_is_internal() -> None:
    done = answers(MAX, ticket(), "Der Kollege hat das Kabel gezogen.\n#intern").decide()
    assert done.message.visibility is Visibility.INTERNAL
    assert done.notified == {(ERIKA, "note"), (MAX, "command_receipt")}
    assert done.notification(ERIKA).internal


ATTRIBUTION = "Am 3.12.2026 um 8:05 schrieb Erika:"
LEAKS = (
    "*#notiz* Geheim.",
    "- #notiz\nGeheim.", "„#intern“: Geheim.", "# notiz\nGeheim.", "\\#notiz Geheim.",
    "#Notiz👍 Geheim.", "*#notiz:* Geheim.",
    "♯notiz Geheim.", "#no\u00adtiz Geheim.", "#notiz/ Geheim.",
    "#NOTIZ# Geheim.", "[x] #notiz Geheim.", "a) #intern Geheim.", "&#35;notiz Geheim.",
    "&num;intern Geheim.",
    "<#notiz> Geheim.", "#nottiz Geheim.", "#notizen: Geheim.", "| #notiz Geheim.", "Nur #intern: Geheim.",
    "#notiz= Geheim.", "Max: #notiz Geheim.", "Geheim. (#notiz)", "Geheim. #notiz", "> #notiz Geheim.",
    "- [ ] **#notiz** Geheim.", "1) „#notiz“ Geheim.", "#\u00a0notiz\u00a0Geheim.", "＃ｎｏｔｉｚ Geheim.",
)  # fmt: skip


def test_note_never_reaches_the_requester_with_any_text_around_it() -> None:
    for text in LEAKS:
        for place in ({"text": text}, {"text": "Läuft.", "signature": f"Max\n{text}"}):
            done = answers(MAX, ticket(), "").with_mail(**place).decide()
            notified = [n for n in done.notifications if n.to.email in (LENA, KARL)]
            assert not any("Geheim" in n.text for n in notified), text
            assert done.outcome in ("command", "refused"), text


def test_text_that_begins_as_a_note_without_its_sign_is_refused_with_an_offer() -> None:
    for text in (
        "Intern: Geheim.",
        "Nur intern: Geheim.",
        "@notiz Geheim.",
        "/note Geheim.",
        "#\nnotiz Geheim.",
        "%23notiz Geheim.",
        "[intern] Geheim.",
        "*Intern* Geheim.",
        "(Notiz) Geheim.",
        "INTERN\nGeheim.",
        "Interne Notiz\n\nGeheim.",
        "Intern – Geheim.",
        "=23notiz Geheim.",
        "Hashtag Notiz Geheim.",
        "raute intern Geheim.",
    ):
        done = answers(MAX, ticket(), text).decide()
        assert (done.outcome, done.notified) == ("refused", {(MAX, "refusal")}), text
        assert writes(MAX, text).answering(ticket(), internal=True).decide().outcome == "reply"
    for text in (
        "Notizen sind wieder da: bitte neu anmelden.",
        "Intern habe ich das geklärt.",
        "Hashtag Notizen",
    ):
        assert answers(MAX, ticket(), text).decide().outcome == "reply", text


def test_note_in_the_subject_without_its_sign_is_refused_with_an_offer() -> None:
    about = ticket()
    for subject in (
        f"INTERN: AW: {about.tagged_subject}",
        f"Re: {about.tagged_subject} (intern)",
        f"internal: Re: {about.tagged_subject}",
    ):
        done = answers(MAX, about, "Geheim.").with_mail(subject=subject).decide()
        assert (done.outcome, done.notified) == ("refused", {(MAX, "refusal")}), subject
        mail = writes(MAX, "Geheim.").answering(about, internal=True).with_mail(subject=subject)
        assert mail.decide().outcome == "reply"
    old = ticket(subject="Telefon (intern)")
    assert answers(MAX, old, "Geht.").with_mail(subject="Re: Telefon (intern)").decide().outcome == "reply"


def test_command_that_was_dictated_is_refused_with_an_offer() -> None:
    for line in ("Hashtag erledigt", "Raute schließen.", "hash close"):
        done = answers(MAX, ticket(), f"Läuft wieder.\n{line}").decide()
        assert (done.outcome, done.reasons) == ("refused", [Reason.IN_TEXT]), line
    assert answers(MAX, ticket(), "Raute drücken, dann läuft es.").decide().outcome == "reply"


def test_command_typed_as_a_quotation_is_refused_with_an_offer() -> None:
    for text, quoted in (("Läuft wieder.", ">#close"), ("Geheim.", "> #notiz")):
        done = answers(MAX, ticket(), "").with_mail(text=text, quoted=f"{quoted}\n\n{ATTRIBUTION}").decide()
        assert (done.outcome, done.reasons) == ("refused", [Reason.IN_TEXT]), text
        done = answers(MAX, ticket(), f"{quoted}\n{text}").decide()
        assert (done.outcome, done.reasons) == ("refused", [Reason.IN_TEXT]), text
    quoted = f"{ATTRIBUTION}\n> #close"
    assert (
        answers(MAX, ticket(), "").with_mail(text="Danke, Erika.", quoted=quoted).decide().outcome == "reply"
    )


def test_answer_that_a_whole_list_would_read_is_refused_until_its_recipient_is_named() -> None:
    about = ticket(requester=Address("hilfe@schule.example", "Lena via Hilfe"), cc=())
    for text, notified in (
        ("Läuft wieder.", {(MAX, "refusal")}),
        ("Läuft wieder.\n#close", {(MAX, "refusal")}),
        ("#close", {(ERIKA, "closed_team"), (MAX, "command_receipt")}),
        (
            f"Läuft wieder.\n#for {LENA}",
            {(LENA, "added_to_cc"), (MAX, "command_receipt"), (ERIKA, "assigned_info")},
        ),
        ("Lena fragen.\n#note", {(ERIKA, "note"), (MAX, "command_receipt")}),
    ):
        done = answers(MAX, about, text).with_facts(from_lists=frozenset({about.key})).decide()
        assert done.notified == notified, text
    file = answers(MAX, about, "").with_mail(parts=(photo(),)).with_facts(from_lists=frozenset({about.key}))
    assert file.decide().notified == {(MAX, "refusal")}


def test_command_below_the_signature_or_after_a_sentence_is_refused_with_an_offer() -> None:
    for place in (
        {"text": "Läuft wieder.", "signature": "Max Mustermann\n\n#close"},
        {"text": "Läuft wieder. #close"},
        {"text": "Läuft wieder, bitte #schließen!"},
    ):
        done = answers(MAX, ticket(), "").with_mail(**place).decide()
        assert (done.outcome, done.reasons) == ("refused", [Reason.IN_TEXT]), place
        assert done.notified == {(MAX, "refusal")}


def test_note_of_the_assignee_is_sent_to_the_team() -> None:
    done = answers(MAX, assigned(MAX), "#note Ich bin morgen weg.").decide()
    assert done.notified == {(ERIKA, "note"), (MAX, "command_receipt")}
    assert done.notification(ERIKA).text == "Ich bin morgen weg."


def test_note_with_another_command_is_internal(subtests: pytest.Subtests) -> None:
    for line in ["#close", "#escalate", "#reopen"]:
        with subtests.test(line=line):
            done = answers(
                MAX, closed() if line == "#reopen" else ticket(), f"Geheim.\n#note\n{line}"
            ).decide()
            for requester in (LENA, KARL):
                assert done.notification(requester).text == ""
            assert done.message.visibility is Visibility.INTERNAL


def test_note_makes_the_text_internal_in_every_ticket_of_the_mail() -> None:
    other = ticket(14)
    done = answers(MAX, ticket(), "Geheim.\n#note\n#close 14").proven().with_facts(other).decide()
    assert {m.visibility for m in done.messages} == {Visibility.INTERNAL}
    assert done.notification(LENA).text == ""


def test_empty_note_is_refused() -> None:
    assert answers(MAX, ticket(), "#note").decide().reasons == [Reason.ARGUMENT]


def test_one_line_closes_several_tickets() -> None:
    known = [ticket(n, requester=person, cc=()) for n, person in enumerate(_people(3), 12)]
    done = (
        writes(MAX, "Strom ist wieder da.\n#close 12, 13 und GYM-14")
        .answering(None)
        .with_facts(*known)
        .decide()
    )
    assert [done.ticket(t.key).status for t in known] == [Status.CLOSED] * 3
    assert {to for to, kind in done.notified if kind == "closed"} == {p.email for p in _people(3)}
    assert len(done.notification(MAX, NotificationKind.COMMAND_RECEIPT).done) == 3
    assert [m.text for m in done.messages] == ["Strom ist wieder da."] * 3


def _people(count: int) -> list[Address]:
    return [Address(f"t{n}@schule.example") for n in range(count)]


def test_one_wrong_number_among_several_closes_no_ticket() -> None:
    done = writes(MAX, "#close 12 13").answering(None).with_facts(ticket(12)).decide()
    assert (done.outcome, done.changes, done.reasons) == ("refused", (), [Reason.NO_SUCH_TICKET])


def test_command_without_number_applies_to_the_tickets_of_the_other_lines() -> None:
    done = writes(MAX, "#close 12\n#priority low").answering(None).with_facts(ticket(12)).decide()
    assert done.ticket("GYM-12").priority is Priority.LOW


def test_command_without_any_ticket_is_refused() -> None:
    assert writes(MAX, "#close").answering(None).decide().reasons == [Reason.NO_TICKET]


def test_ticket_of_the_mail_is_unchanged_when_a_command_names_another() -> None:
    done = answers(MAX, ticket(), "#close 14").proven().with_facts(ticket(14)).decide()
    assert (done.ticket().status, done.ticket("GYM-14").status) == (Status.OPEN, Status.CLOSED)


CONTRADICTIONS = [
    ("#close\n#escalate", MAX, 1),
    ("#close\n#reopen", MAX, 1),
    ("#escalate\n#take", MAX, 1),
    ("#return\n#take", TONI, 2),
    ("#take\n#assign Erika", MAX, 1),
    ("#assign Max\n#assign Erika", TONI, 1),
    ("#priority low\n#priority high", MAX, 1),
    ("#close\n#wait", MAX, 1),
    ("#remind 1.12.\n#remind Freitag", MAX, 1),
    ("#close 1\n#escalate 1", MAX, 1),
]


def test_contradicting_commands_are_refused(subtests: pytest.Subtests) -> None:
    for lines, writer, level in CONTRADICTIONS:
        with subtests.test(lines=lines):
            done = answers(writer, ticket(level=level), lines).with_facts(dates=DATES).decide()
            assert (done.changes, done.reasons) == ((), [Reason.AMBIGUOUS])


def test_compatible_commands_are_executed(subtests: pytest.Subtests) -> None:
    for lines in ["#close\n#escalate 14", "#close\n#close", "#close\n#close 1", "#take\n#close"]:
        with subtests.test(lines=lines):
            assert answers(MAX, ticket(), lines).proven().with_facts(ticket(14)).decide().outcome == "command"


def test_command_written_twice_is_executed_once() -> None:
    done = answers(MAX, ticket(), "#close\n#schließen\n#close 1").decide()
    assert [type(e) for e in done.changes] == [SetStatus, Assign]
    assert [row.already for row in done.notification(MAX, NotificationKind.COMMAND_RECEIPT).done] == [False]


@pytest.mark.parametrize("lines", ["#escalate\n#assign Toni", "#assign Toni\n#escalate"])
def test_assignment_with_an_escalation_works_in_either_order(lines: str) -> None:
    after = answers(MAX, ticket(), lines).decide().ticket()
    assert (after.level, after.assignee.email if after.assignee else None) == (2, TONI)


WRONG = [
    ("#close Beamer", Reason.ARGUMENT),
    ("#close 99", Reason.NO_SUCH_TICKET),
    ("#assign", Reason.ARGUMENT),
    ("#assign 12", Reason.ARGUMENT),
    ("#assign Niemand", Reason.ARGUMENT),
    ("#assign Hanna", Reason.ARGUMENT),
    ("#priority", Reason.ARGUMENT),
    ("#priority sehr", Reason.ARGUMENT),
    ("#remind", Reason.ARGUMENT),
    ("#remind demnächst", Reason.ARGUMENT),
    ("#remind Freitag #99", Reason.ARGUMENT),
    ("#list manche", Reason.ARGUMENT),
    ("#list open closed", Reason.ARGUMENT),
    ("#help me", Reason.ARGUMENT),
    ("#blumenkohl", Reason.UNKNOWN),
    ("#confirm", Reason.FORBIDDEN),
    ("#assign m", Reason.ARGUMENT),
]


def test_wrong_argument_is_refused_with_its_reason(subtests: pytest.Subtests) -> None:
    for line, reason in WRONG:
        with subtests.test(line=line):
            done = answers(MAX, ticket(), f"Danke.\n{line}\n#take").decide()
            assert (done.changes, done.reasons) == ((), [reason])
            assert done.notified == {(MAX, "refusal")}


def test_ambiguous_name_is_refused() -> None:
    two = ticket()
    case = answers(MAX, two, "#assign Toni")
    case = case.with_facts(names={TONI: "Toni T.", TINA: "Toni Tina"})
    assert case.decide().reasons == [Reason.AMBIGUOUS]


@pytest.mark.parametrize(("typed", "meant"), [("#clsoe", "close"), ("#schliesn", "schließen")])
def test_refusal_of_a_near_miss_suggests_the_nearest_command(typed: str, meant: str) -> None:
    (problem,) = answers(MAX, ticket(), typed).decide().notification(MAX).problems
    assert (problem.reason, problem.nearest) == (Reason.UNKNOWN, meant)


def test_supporter_cannot_change_the_tickets_of_another_school() -> None:
    foreign = ticket(3, "HBG", requester=_people(1)[0], cc=())
    unknown = answers(MAX, ticket(), "#close HBG-4").decide().notification(MAX).problems
    known = answers(MAX, ticket(), "#close HBG-3").with_facts(foreign).decide().notification(MAX).problems
    assert [p.reason for p in known] == [p.reason for p in unknown] == [Reason.NO_SUCH_TICKET]


def test_second_level_works_on_the_tickets_of_every_school() -> None:
    foreign = ticket(3, "HBG", cc=())
    done = answers(TONI, ticket(level=2), "#close HBG-3").proven().with_facts(foreign).decide()
    assert done.ticket("HBG-3").status is Status.CLOSED


def test_bare_number_names_a_ticket_of_the_school_that_received_the_mail() -> None:
    known = ticket(3, "HBG", cc=())
    done = writes(TONI, "#close 3", school=HBG).answering(None).with_facts(known, ticket(3)).decide()
    assert (done.ticket("HBG-3").status, done.ticket("GYM-3").status) == (Status.CLOSED, Status.OPEN)


def test_ticket_is_assigned_only_to_a_member_of_its_teams() -> None:
    foreign = ticket(3, "HBG", cc=())
    case = writes(TONI, "#assign Hanna HBG-3 GYM-1").answering(None).with_facts(foreign, ticket())
    assert case.decide().reasons == [Reason.ARGUMENT]
    case = writes(TONI, "#assign Hanna HBG-3").answering(None).with_facts(foreign)
    assert case.decide().notified >= {(HANNA, "assigned")}


def test_member_is_the_same_person_at_every_address() -> None:
    done = writes(MAX_AT_HOME, "#take").answering(ticket(), to=MAX).decide()
    assert done.notified == {(ERIKA, "assigned_info"), (MAX, "command_receipt")}
    assert done.ticket().assignee is not None
    assert done.ticket().assignee.email == MAX  # type: ignore[union-attr]


def test_name_in_a_trusted_mail_of_staff_is_stored_for_the_registered_address() -> None:
    case = writes(MAX_AT_HOME, "#take", name="Max M.").answering(ticket(), to=MAX)
    (learnt,) = [e for e in case.decide().effects if isinstance(e, LearnName)]
    assert (learnt.address.email, learnt.address.name) == (MAX, "Max M.")


def test_inline_logo_below_a_command_is_not_an_answer() -> None:
    done = answers(MAX, ticket(), "#take").with_mail(parts=(photo("logo.png", inline=True),)).decide()
    assert done.messages == []
    assert done.notified == {(ERIKA, "assigned_info"), (MAX, "command_receipt")}


def test_attachment_of_a_mail_with_a_command_is_sent_as_answer() -> None:
    done = answers(MAX, ticket(), "#take").with_mail(parts=(photo("anleitung.png"),)).decide()
    assert [a.filename for a in done.notification(LENA).attachments] == ["anleitung.png"]


def test_command_in_front_of_the_old_subject_is_executed() -> None:
    case = answers(MAX, ticket(), "Kabel getauscht.").with_mail(subject="#close Re: [#GYM-1] Beamer defekt")
    done = case.decide()
    assert done.ticket().status is Status.CLOSED
    assert done.notification(LENA).text == "Kabel getauscht."


def test_every_change_of_a_ticket_is_a_separate_effect() -> None:
    done = answers(MAX, ticket(), "Bitte.\n#escalate\n#priority high").decide()
    assert [type(e) for e in done.changes] == [AddMessage, SetLevel, Assign, SetPriority]


def test_question_is_sent_with_its_text_and_makes_the_writer_the_assignee() -> None:
    done = answers(MAX, ticket(), "In welchem Raum?\n#rückfrage").decide()
    assert done.notification(LENA).text == "In welchem Raum?"
    assert (done.notification(LENA).kind, done.ticket().assignee) == (
        NotificationKind.WAITING,
        Address(MAX, "Max Mustermann"),
    )
    assert done.notified >= {(ERIKA, "assigned_info")}


def test_question_about_a_waiting_ticket_is_sent_as_an_answer() -> None:
    done = answers(MAX, ticket(status=Status.WAITING), "Und welches Gerät?\n#wait").decide()
    assert done.notified == {
        (LENA, "answer"),
        (KARL, "answer"),
        (ERIKA, "assigned_info"),
        (MAX, "command_receipt"),
    }


def test_answer_to_a_question_opens_the_ticket() -> None:
    done = answers(LENA, ticket(status=Status.WAITING, assignee=Address(MAX)), "In 204.").decide()
    assert done.ticket().status is Status.OPEN
    assert done.notified == {(MAX, "requester_reply")}


def test_snooze_is_refused_for_a_day_not_within_the_next_two_years(subtests: pytest.Subtests) -> None:
    for name, day in [("today", date(2026, 11, 23)), ("past", date(2026, 11, 20)), ("far", date(2029, 1, 1))]:
        with subtests.test(name):
            done = answers(MAX, ticket(), "#remind irgendwann").with_facts(dates={"irgendwann": day}).decide()
            assert (done.changes, done.reasons) == ((), [Reason.ARGUMENT])
            assert done.notification(MAX).problems[0].expected == "#wiedervorlage morgen"


def test_snooze_until_a_day_off_ends_on_the_next_working_morning() -> None:
    saturday = {"Samstag": date(2026, 11, 28)}
    done = answers(MAX, ticket(), "#remind Samstag").with_facts(dates=saturday).decide()
    assert done.ticket().due == datetime(2026, 11, 30, 7, 30, tzinfo=UTC)


def test_one_line_snoozes_several_tickets() -> None:
    case = writes(MAX, "#remind Freitag #12 und GYM-13").answering(None)
    done = case.with_facts(ticket(12), ticket(13), dates=DATES).decide()
    assert [done.ticket(key).due for key in ("GYM-12", "GYM-13")] == [FRIDAY] * 2


def test_number_in_a_date_is_not_a_ticket() -> None:
    case = writes(MAX, "#remind in 3 Tagen").answering(None)
    done = case.with_facts(ticket(3), dates={"in 3 Tagen": date(2026, 11, 26)}).decide()
    assert (done.changes, done.reasons) == ((), [Reason.NO_TICKET])
