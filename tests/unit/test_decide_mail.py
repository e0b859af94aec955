"""Mails without commands, and whom they are believed to be from: opened, filed or held."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.core.model.effects import HoldMail, OpenTicket, ReleaseMail
from mailbot.core.model.facts import RecentActivity
from mailbot.core.model.listing import Listing, Page, Scope
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import NotificationKind, Reason
from mailbot.core.model.policy import Limits, School
from mailbot.core.model.ticket import Direction, Role, Status, Ticket, Visibility
from tests.support.scenario import (
    ERIKA,
    EVE,
    GYM,
    HANNA,
    HBG,
    KARL,
    LENA,
    MAX,
    MAX_AT_HOME,
    NOW,
    POLICY,
    TINA,
    TONI,
    MailScenario,
    Outcome,
    answers,
    assigned,
    closed,
    photo,
    ticket,
    writes,
)

TEAM = {(MAX, "new_ticket"), (ERIKA, "new_ticket")}


def test_a_new_mail_opens_a_ticket_with_a_receipt_and_a_letter_to_each_member() -> None:
    done = writes(LENA, "Der Beamer bleibt dunkel.").decide()
    assert (done.outcome, done.decision.ticket, done.decision.role) == ("opened", "GYM-100", "stranger")
    assert done.notified == {(LENA, "receipt"), *TEAM}
    assert done.notification(MAX).text == "Der Beamer bleibt dunkel."
    assert done.ticket("GYM-100").messages == 1


@pytest.mark.parametrize(("school", "subject"), [(GYM, "(ohne Betreff)"), (HBG, "(no subject)")])
def test_a_mail_without_subject_has_one_in_the_school_s_language(school: School, subject: str) -> None:
    done = writes(LENA, "Hallo", subject=" ", school=school).decide()
    (opened,) = [e.ticket for e in done.effects if isinstance(e, OpenTicket)]
    assert opened.subject == subject


def test_a_mail_with_nothing_but_a_picture_opens_a_ticket() -> None:
    done = writes(LENA).with_mail(parts=(photo(inline=True),)).decide()
    assert [a.filename for a in done.notification(MAX).attachments] == ["foto.png"]


def test_an_empty_mail_opens_a_ticket_with_its_quotation() -> None:
    assert writes(LENA).with_mail(quoted="Weitergeleitet").decide().notification(MAX).text == "Weitergeleitet"


def test_people_of_the_school_are_copied_others_are_not() -> None:
    others = tuple(map(Address, (KARL, LENA, MAX, EVE, HANNA, GYM.address)))
    done = writes(LENA, "Hallo").with_mail(cc=others).proven().decide()
    assert [person.email for person in done.ticket("GYM-100").cc] == [KARL]


def test_an_unproven_mail_puts_nobody_in_copy_when_it_opens_a_ticket() -> None:
    done = writes(LENA, "Hallo").with_mail(to=(Address(KARL),), cc=(Address("olga@schule.example"),)).decide()
    assert done.outcome == "opened"
    assert done.ticket("GYM-100").cc == ()


def test_an_unproven_mail_puts_nobody_in_copy_when_it_answers_a_ticket() -> None:
    answer = writes(LENA, "Hallo").tagged(ticket(cc=())).with_mail(cc=(Address(KARL),))
    assert answer.decide().ticket().cc == ()
    assert [person.email for person in answer.proven().decide().ticket().cc] == [KARL]


def test_a_supporter_s_own_problem_is_not_told_to_himself_and_he_is_its_requester() -> None:
    done = writes(MAX, "Mein Rechner ist kaputt.").decide()
    assert done.notified == {(MAX, "receipt"), (ERIKA, "new_ticket")}
    assert done.notification(MAX).role is Role.REQUESTER


def test_a_supporter_adds_to_his_own_problem_as_its_requester() -> None:
    own = ticket(requester=Address(MAX), cc=())
    case = writes(MAX, "Und der Monitor.").answering(own, role=Role.REQUESTER, kind=NotificationKind.RECEIPT)
    done = case.decide()
    assert done.message.direction is Direction.IN
    assert done.notified == {(ERIKA, "requester_reply")}
    assert done.ticket().assignee is None


def test_a_requester_on_the_staff_is_told_once_of_an_answer() -> None:
    own = ticket(requester=Address(MAX_AT_HOME), cc=())
    assert answers(ERIKA, own, "Ist behoben.").decide().notified == {(MAX_AT_HOME, "answer")}


REPLIES: list[tuple[Ticket, set[str]]] = [
    (ticket(), {MAX, ERIKA}),
    (assigned(MAX), {MAX}),
    (ticket(level=2), {TONI, TINA}),
    (assigned(TONI, level=2), {TONI}),
    (assigned("gone@support.example"), {MAX, ERIKA}),
    (ticket(status=Status.WAITING), {MAX, ERIKA}),
]


@pytest.mark.parametrize(("before", "told"), REPLIES)
@pytest.mark.parametrize("writer", [LENA, KARL])
def test_a_requester_s_reply_goes_to_the_assignee_or_to_the_whole_team(
    writer: str, before: Ticket, told: set[str]
) -> None:
    done = answers(writer, before, "Er geht immer noch nicht.").decide()
    assert done.notified == {(to, "requester_reply") for to in told}
    assert (done.message.direction, done.ticket().status) == (Direction.IN, Status.OPEN)


def test_a_supporter_s_reply_goes_to_the_requester_s_side_and_takes_the_ticket() -> None:
    done = answers(MAX, ticket(), "Ist das Kabel eingesteckt?").decide()
    assert done.notified == {(LENA, "answer"), (KARL, "answer"), (ERIKA, "assigned_info")}
    assert done.ticket().assignee == Address(MAX, "Max Mustermann")
    assert done.message.direction is Direction.OUT


def test_a_second_answer_of_a_colleague_leaves_the_ticket_with_the_first() -> None:
    done = answers(ERIKA, assigned(MAX), "Oder die Lampe?").decide()
    assert done.notified == {(LENA, "answer"), (KARL, "answer"), (MAX, "answer_copy")}
    assert done.ticket().assignee == Address(MAX)


def test_a_supporter_who_answers_beside_second_level_does_not_take_its_ticket() -> None:
    done = answers(MAX, ticket(level=2), "Der Techniker kommt morgen.").decide()
    assert done.notified == {(LENA, "answer"), (KARL, "answer"), (TONI, "answer_copy"), (TINA, "answer_copy")}
    assert done.ticket().assignee is None


def test_a_reply_to_an_internal_letter_stays_internal() -> None:
    done = writes(ERIKA, "Finde ich auch.").answering(assigned(MAX), internal=True).decide()
    assert done.notified == {(MAX, "note")}
    assert done.message.visibility is Visibility.INTERNAL


@pytest.mark.parametrize("writer", [MAX, TONI])
def test_an_empty_reply_of_the_staff_reaches_nobody_and_is_answered_with_help(writer: str) -> None:
    done = answers(writer, ticket(), "").with_mail(quoted="Interner Verlauf").decide()
    assert done.notified == {(writer, "help")}
    assert done.changes == ()


def test_what_a_requester_wrote_between_the_quotations_is_filed() -> None:
    done = answers(LENA, ticket(), "").with_mail(quoted="> Kabel?\nJa, ist drin.").decide()
    assert done.notification(MAX).text == "> Kabel?\nJa, ist drin."


def test_an_answer_to_an_overview_without_a_command_is_answered_with_help() -> None:
    done = writes(MAX, "Danke").answering(None).decide()
    assert (done.outcome, done.notified) == ("answered", {(MAX, "help")})


def test_a_teacher_s_answer_to_an_overview_opens_a_ticket() -> None:
    assert writes(LENA, "Der Drucker auch.").answering(None).decide().outcome == "opened"


def test_a_teacher_s_question_beside_a_problem_is_answered_and_opens_a_ticket() -> None:
    done = writes(LENA, "Der Beamer bleibt dunkel.\n#list").decide()
    assert done.notified == {(LENA, "receipt"), (LENA, "overview"), *TEAM}


def test_a_question_of_the_staff_opens_no_ticket_whatever_is_written_below_it() -> None:
    assert writes(MAX, "#list\nMax Mustermann\nTel. 123").proven().decide().notified == {(MAX, "overview")}


def test_one_question_is_answered_once() -> None:
    assert writes(LENA, "#help\n#hilfe\n#help").decide().notified == {(LENA, "help")}


def test_show_brings_a_sheet_for_each_ticket() -> None:
    done = writes(MAX, "#show 1 2").answering(None).with_facts(ticket(1), ticket(2)).decide()
    assert [n.ticket.key for n in done.notifications if n.ticket] == ["GYM-1", "GYM-2"]


def test_a_requester_s_sheet_holds_nothing_internal() -> None:
    internal = answers(MAX, ticket(), "#note geheim").decide().message
    public = answers(MAX, ticket(), "offen").decide().message
    for writer, history in ((LENA, (public,)), (MAX, (internal, public))):
        case = answers(writer, ticket(), "#show 1").with_facts(histories={"GYM-1": (internal, public)})
        assert case.decide().notification(writer).history == history


# -- closed tickets


@pytest.mark.parametrize("writer", [LENA, KARL])
def test_a_reply_opens_a_closed_ticket_again(writer: str) -> None:
    done = answers(writer, closed(days_ago=13), "Er ist wieder dunkel.").decide()
    assert done.ticket().status is Status.OPEN
    assert done.notified == {(MAX, "reopened"), (ERIKA, "reopened")}


def test_a_late_reply_opens_a_new_ticket_that_points_to_the_old() -> None:
    done = (
        answers(LENA, closed(days_ago=15), "Er ist wieder dunkel.")
        .with_mail(subject="Re: [#GYM-1] Beamer defekt")
        .decide()
    )
    assert done.ticket("GYM-100").subject == "Beamer defekt"
    for to in (LENA, MAX):
        related = done.notification(to).related
        assert related is not None
        assert (related.key, done.notification(to).related_reason) == ("GYM-1", "closed-long-ago")


def test_a_late_reply_of_the_staff_is_filed_in_the_closed_ticket() -> None:
    assert answers(MAX, closed(days_ago=15), "War die Lampe.").decide().ticket().status is Status.CLOSED


THANKS = [
    ("Danke!", True),
    ("Vielen Dank, jetzt geht es.", True),
    ("Super, danke schön!\n\nViele Grüße\nLena Lehrerin", True),
    ("Thanks a lot!", True),
    ("Danke, aber er ist wieder dunkel.", False),
    ("Danke. Geht das auch in Raum 205?", False),
    ("Danke, leider ohne Erfolg", False),
    ("Er ist dunkel", False),
    (
        "Vielen Dank für die Hilfe neulich, heute war er beim Einschalten dunkel und roch verbrannt",
        False,
    ),
]


@pytest.mark.parametrize(("text", "mere"), THANKS)
def test_mere_thanks_are_filed_without_opening_a_closed_ticket(text: str, mere: bool) -> None:
    done = answers(LENA, closed(), text).decide()
    assert (done.ticket().status is Status.CLOSED) == mere
    assert done.message.text == text


# -- which ticket


def test_a_tag_counts_for_those_who_take_part() -> None:
    for writer in (LENA, KARL):
        done = writes(writer, "Nachtrag").tagged(ticket()).decide()
        assert (done.decision.ticket, done.decision.matched_by) == ("GYM-1", "subject-tag")


def test_a_stranger_s_tag_opens_a_new_ticket_and_only_the_team_hears_of_the_relation() -> None:
    done = writes(EVE, "Nachtrag").tagged(ticket()).decide()
    assert (done.outcome, done.ticket("GYM-100").subject) == ("opened", "Beamer defekt")
    assert done.notification(EVE).related is None
    related = done.notification(MAX).related
    assert related is not None
    assert (related.key, done.notification(MAX).related_reason) == ("GYM-1", "subject-tag")


def test_a_thread_counts_before_a_tag_and_the_team_is_told_that_they_disagree() -> None:
    done = answers(LENA, ticket(1), "Nachtrag").tagged(ticket(2)).decide()
    assert (done.decision.ticket, done.decision.matched_by) == ("GYM-1", "reply")
    related = done.notification(MAX).related
    assert related is not None
    assert (related.key, done.notification(MAX).related_reason) == ("GYM-2", "disagree")


def test_a_key_counts_before_a_tag() -> None:
    done = writes(LENA, "Nachtrag").tagged(ticket(2)).keyed(ticket(1)).decide()
    assert (done.decision.ticket, done.decision.matched_by) == ("GYM-1", "key")


def test_a_key_of_somebody_else_s_letter_leads_nowhere() -> None:
    done = writes(EVE, "#close").keyed(ticket(), to=MAX).proven().decide()
    assert (done.decision.matched_by, done.reasons) == (None, [Reason.NO_TICKET])


# -- strangers


@pytest.mark.parametrize(
    "line", ["#show", "#close", "#show GYM-1", "#close 1", "#show 1 99", "#show 1\n#close"]
)
def test_a_stranger_learns_nothing_about_a_ticket(line: str) -> None:
    known = writes(EVE, line).with_facts(ticket()).proven().decide()
    unknown = writes(EVE, line).proven().decide()
    assert known.effects == unknown.effects
    assert known.outcome == "refused"


@pytest.mark.parametrize("line", ["#show 1", "#close", "#clsoe", "#list quatsch"])
def test_whoever_may_be_somebody_else_is_not_refused_but_taken_at_his_words(line: str) -> None:
    done = writes(EVE, line).with_facts(ticket()).decide()
    assert done.notified == {(EVE, "receipt"), *TEAM}
    assert done.notification(MAX).text == line


@pytest.mark.parametrize("text", ["#show", "#close", "#help", "#list", "#clsoe"])
def test_a_stranger_in_the_thread_is_told_no_number(text: str) -> None:
    done = writes(EVE, text).answering(ticket(), to=LENA).proven().decide()
    letter = done.notification(EVE)
    assert (letter.ticket, [p.argument for p in letter.problems if "GYM" in p.argument]) == (None, [])
    assert letter.role is Role.REQUESTER


def test_an_overview_shows_a_stranger_only_the_own_tickets() -> None:
    page = Page((ticket(),), total=1)
    lists = {Listing(Scope.ALL, (("school", "GYM"),)): page, Listing(Scope.ALL, by_school=True): page}
    assert writes(EVE, "#list all").with_facts(listings=lists).decide().notification(EVE).tickets == ()


@pytest.mark.parametrize(
    ("writer", "school", "tickets"),
    [(MAX, GYM, "GYM"), (MAX_AT_HOME, HBG, "GYM"), (HANNA, GYM, "HBG"), (TONI, HBG, None)],
)
def test_an_overview_is_of_the_own_school_whatever_mailbox_is_asked(
    writer: str, school: School, tickets: str | None
) -> None:
    wanted = Listing(Scope.OPEN, (("school", tickets),) if tickets else (), by_school=tickets is None)
    lists = {wanted: Page((ticket(7),), total=1)}
    asked = writes(writer, "#list", school=school)
    done = asked.answering(None).with_facts(listings=lists).decide()
    assert [t.number for t in done.notification(writer).tickets] == [7]


# -- trust


def unproven(text: str, writer: str = MAX) -> MailScenario:
    """Return a mail that pretends to be of the staff and answers the requester's letter."""
    return writes(writer, text).answering(ticket(), to=LENA)


@pytest.mark.parametrize("text", ["Erledigt.", "#close", "#note x", "#help", "#blumenkohl"])
@pytest.mark.parametrize(("writer", "asked"), [(MAX, MAX), (MAX_AT_HOME, MAX), (TONI, TONI)])
def test_an_unproven_mail_of_the_staff_waits_for_the_registered_address(
    text: str, writer: str, asked: str
) -> None:
    done = unproven(text, writer).decide()
    assert (done.outcome, done.changes, done.notified) == ("held", (), {(asked, "confirm")})
    (hold,) = [e for e in done.effects if isinstance(e, HoldMail)]
    assert hold.until == NOW + timedelta(days=3)


def test_the_question_gives_the_text_back_without_the_action_key() -> None:
    done = unproven(f"Fertig.\n#close\n\n[mailbot:{'a' * 26}]").decide()
    assert done.notification(MAX).text == "Fertig.\n#close"


def test_a_proven_mail_of_the_staff_needs_no_confirmation() -> None:
    assert writes(MAX, "#close").tagged(ticket()).proven().decide().outcome == "command"


def test_a_confirmed_mail_is_carried_out() -> None:
    done = unproven("#close").with_facts(confirmed="confirmed by Max").decide()
    assert done.ticket().status is Status.CLOSED
    assert "confirmed by Max" in done.decision.because


def test_only_the_registered_address_confirms() -> None:
    def confirmed_by(writer: str) -> Outcome:
        case = writes(writer, "#bestätigen").answering(
            ticket(), to=MAX, kind=NotificationKind.CONFIRM, held=7
        )
        return (case.proven() if writer == EVE else case).decide()

    assert confirmed_by(MAX).effects == (ReleaseMail(7),)
    assert [confirmed_by(other).outcome for other in (EVE, ERIKA)] == ["refused", "held"]


def test_a_confirmation_that_comes_too_late_is_refused() -> None:
    late = writes(MAX, "#confirm").answering(ticket(), kind=NotificationKind.CONFIRM, held=None)
    assert (late.decide().outcome, late.decide().changes) == ("refused", ())


def test_the_requester_s_own_commands_need_no_proof() -> None:
    done = writes(LENA, "#close").tagged(ticket()).decide()
    assert done.ticket().status is Status.CLOSED


# -- limits


def crowded(case: MailScenario, hour: int = 0, day: int = 0) -> MailScenario:
    """Let the sender have got so many automatic letters already."""
    return case.with_facts(recent_activity=RecentActivity(hour, day))


@pytest.mark.parametrize(("hour", "day", "answered"), [(4, 4, True), (5, 5, False), (0, 20, False)])
@pytest.mark.parametrize("text", ["Problem", "#help", "#list", "#close 9", "#clsoe"])
def test_outside_the_teams_only_so_many_letters_answer_by_machine(
    text: str, hour: int, day: int, answered: bool
) -> None:
    done = crowded(writes(LENA, text).proven(), hour, day).decide()
    assert any(to == LENA for to, _ in done.notified) == answered
    assert (done.notified >= TEAM) == (text == "Problem")


def test_the_questions_of_one_mail_count_too() -> None:
    text = "\n".join(["#help", *(f"#list {scope}" for scope in ("open", "closed", "mine", "all"))])
    assert len(crowded(writes(LENA, text), 2).decide().notifications) == 3


def test_the_staff_knows_no_limit() -> None:
    assert crowded(answers(MAX, ticket(), "#help"), 50, 500).decide().notified == {(MAX, "help")}
    assert crowded(writes(HANNA, "#help").proven(), 50, 500).decide().notified == {(HANNA, "help")}


def test_not_every_forged_mail_asks_for_a_confirmation() -> None:
    done = crowded(unproven("#close"), 5).decide()
    assert (done.outcome, done.notified) == ("held", set())


def test_the_limits_are_those_of_the_policy() -> None:
    case = replace(writes(LENA, "#help"), policy=replace(POLICY, limits=Limits(hourly_automatic=0)))
    assert case.decide().notified == set()


def test_a_command_within_the_text_of_an_unproven_new_mail_of_a_member_opens_a_ticket() -> None:
    for text in ("Der Beamer geht nicht, bitte nicht mit #close schließen", "Läuft nicht. #notiz"):
        done = writes(MAX, text).decide()
        assert done.outcome == "opened", text
        assert (ERIKA, "new_ticket") in done.notified, text


def test_a_command_within_the_text_of_an_unproven_requester_who_is_a_member_is_filed() -> None:
    own = ticket(requester=Address(MAX), school="HBG", cc=())
    done = writes(MAX, "Geht immer noch nicht, #close war zu früh.").tagged(own).decide()
    assert done.outcome == "reply"


def test_two_requesters_for_one_new_ticket_contradict_each_other() -> None:
    done = writes(MAX, "#for a@schule.example\n#for b@schule.example\nBeamer").proven().decide()
    assert (done.outcome, done.reasons) == ("refused", [Reason.AMBIGUOUS])
    twice = writes(MAX, "#for a@schule.example\n#for a@schule.example\nBeamer").proven().decide()
    assert twice.outcome == "opened"


def test_several_addresses_behind_for_are_refused_before_anything_else() -> None:
    done = writes(MAX, "#for support-gym@schule.example b@schule.example\nBeamer").proven().decide()
    assert done.reasons == [Reason.ARGUMENT]


def test_a_number_behind_away_names_no_ticket_for_another_command() -> None:
    done = writes(MAX, "#away 1\n#close").with_facts(ticket()).proven().decide()
    assert (done.outcome, done.reasons[-1]) == ("refused", Reason.NO_TICKET)
