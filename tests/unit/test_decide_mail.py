"""Mails without commands open a ticket, are added to one or are held; which sender is trusted."""

from dataclasses import replace

import pytest

from mailbot.core.model.effects import OpenTicket
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import School
from mailbot.core.model.ticket import Direction, Message, Role, Status, Ticket, Visibility
from mailbot.parse import parse
from tests.support.scenario import (
    EARLIER,
    ERIKA,
    EVE,
    GYM,
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
    photo,
    ticket,
    writes,
)

TEAM = {(MAX, "new_ticket"), (ERIKA, "new_ticket")}


def test_new_mail_opens_a_ticket_sends_a_receipt_and_notifies_each_member() -> None:
    done = writes(LENA, "Der Beamer bleibt dunkel.").decide()
    assert (done.outcome, done.decision.ticket, done.decision.role) == ("opened", "GYM-100", "stranger")
    assert done.notified == {(LENA, "receipt"), *TEAM}
    assert done.notification(MAX).text == "Der Beamer bleibt dunkel."
    assert done.ticket("GYM-100").messages == 1


@pytest.mark.parametrize(("school", "subject"), [(GYM, "(ohne Betreff)"), (HBG, "(no subject)")])
def test_ticket_without_subject_gets_one_in_the_language_of_the_school(school: School, subject: str) -> None:
    done = writes(LENA, "Hallo", subject=" ", school=school).decide()
    (opened,) = [e.ticket for e in done.effects if isinstance(e, OpenTicket)]
    assert opened.subject == subject


def test_mail_with_only_a_picture_opens_a_ticket() -> None:
    done = writes(LENA).with_mail(parts=(photo(inline=True),)).decide()
    assert [a.filename for a in done.notification(MAX).attachments] == ["foto.png"]


def test_empty_mail_opens_a_ticket_with_its_quotation() -> None:
    assert writes(LENA).with_mail(quoted="Weitergeleitet").decide().notification(MAX).text == "Weitergeleitet"


def test_new_mail_that_answers_nothing_opens_a_ticket_with_the_part_that_looks_quoted() -> None:
    form = "Von: Lena\nDatum: 12.05.2025\n\nMaus weg."
    outcome = writes(LENA, "Hier das Formular:").with_mail(quoted=form, subject="Formular").decide()
    assert outcome.message.text == f"Hier das Formular:\n\n{form}"
    assert not outcome.notification(MAX).cut


def test_team_sees_the_signature_and_the_quotation_that_were_cut_from_a_new_mail() -> None:
    signature = "-- \nLena Lehrerin\nTel. 0123 4567\nVon meinem iPhone gesendet\n[mailbot:" + "a" * 26 + "]"
    mail = writes(LENA, "Maus weg.").with_mail(
        signature=signature, quoted="Alte Mail", subject="AW: Maus", in_reply_to=("<unknown@x>",)
    )
    outcome = mail.decide()
    assert outcome.message.text == "Maus weg."
    assert outcome.notification(MAX).cut == "Lena Lehrerin\nTel. 0123 4567\n\nAlte Mail"
    assert not outcome.notification(LENA).cut


def test_signature_is_shown_to_the_team_and_that_of_the_staff_to_no_one() -> None:
    signed = {"signature": "Tel. 0123 4567", "quoted": "Alte Mail"}
    reply = answers(LENA, ticket(), "Noch etwas.").with_mail(**signed).decide()
    assert {n.cut for n in reply.notifications} == {"Tel. 0123 4567"}
    answer = answers(MAX, ticket(), "Liegt hier.").with_mail(**signed).decide()
    assert not any(n.cut for n in answer.notifications)


def test_words_typed_into_the_quotation_of_another_mail_are_shown_to_the_team() -> None:
    problem = "Der Beamer ist dunkel.\nSeit heute früh."
    first = Message(Direction.IN, Visibility.PUBLIC, Address(LENA), problem, EARLIER)
    header = "Von: Karl\nGesendet: Montag, 23. November 2026 10:00\nAn: Lena\nBetreff: Beamer"
    for body, shown in (
        (problem, False),
        ("> Der Beamer ist dunkel. Seit\n> heute früh.", False),
        ("> Der Beamer ist dunkel.\n> Seit heute früh.\n\n_____", False),
        ("Der Beamer ist dunkel.\nLampe getauscht, immer noch.\nSeit heute früh.", True),
        ("Der Beamer ist dunkel.\nheute\nSeit heute früh.", True),
    ):
        quoted = f"{header}\n\n{body}"
        reply = writes(LENA, "Siehe unten.").with_mail(quoted=quoted, in_reply_to=("<fremd@x.example>",))
        done = reply.with_facts(ticket(), by_reply="GYM-1", histories={"GYM-1": (first,)}).decide()
        assert [n.cut for n in done.notifications] == [quoted if shown else ""] * 2, body


def test_text_that_a_reader_does_not_see_has_no_commands() -> None:
    outcome = answers(MAX, ticket(), "Liegt hier.\n#close").with_mail(unseen=True).decide()
    assert outcome.ticket().status is Status.OPEN


def test_people_of_the_school_are_added_to_cc_and_others_are_not() -> None:
    others = tuple(map(Address, (KARL, LENA, MAX, EVE, HANNA, GYM.address)))
    done = writes(LENA, "Hallo").with_mail(cc=others).proven().decide()
    assert [person.email for person in done.ticket("GYM-100").cc] == [KARL]


def test_aliases_lists_and_addresses_without_a_reader_are_not_added_to_cc() -> None:
    header = (
        "From: lena@schule.example\nSubject: Beamer\n"
        "Delivered-To: support-gym@schule.example\nX-Original-To: <edv-hilfe@schule.example>\n"
        "List-Post: <mailto:physik@schule.example>\nList-Id: Chor <chor.schule.example>\n"
        "Sender: theater-bounces+x=schule.example@schule.example\n"
        "Cc: karl@schule.example, EDV-Hilfe@schule.example., support-gym+x@schule.example,\n"
        " physik@schule.example, chor@schule.example, theater@schule.example,\n"
        " no-reply@schule.example, kollegium@schule.example, verteiler-neubau@schule.example,\n"
        " alle-neubau@schule.example, lehrerschaft@schule.example, fachverteiler@schule.example,\n"
        " postmaster@schule.example\n\nDunkel.\n"
    )
    done = replace(writes(LENA), mail=parse(header.encode())).proven().decide()
    assert [person.email for person in done.ticket("GYM-100").cc] == [KARL]


def test_unauthenticated_new_mail_adds_no_cc() -> None:
    done = writes(LENA, "Hallo").with_mail(to=(Address(KARL),), cc=(Address("olga@schule.example"),)).decide()
    assert done.outcome == "opened"
    assert done.ticket("GYM-100").cc == ()


def test_unauthenticated_answer_adds_no_cc() -> None:
    answer = writes(LENA, "Hallo").tagged(ticket(cc=())).with_mail(cc=(Address(KARL),))
    assert answer.decide().ticket().cc == ()
    assert [person.email for person in answer.proven().decide().ticket().cc] == [KARL]


def test_supporter_with_a_problem_of_theirs_is_its_requester_and_not_notified_as_staff() -> None:
    done = writes(MAX, "Mein Rechner ist kaputt.").decide()
    assert done.notified == {(MAX, "receipt"), (ERIKA, "new_ticket")}
    assert done.notification(MAX).role is Role.REQUESTER


def test_supporter_answers_about_their_problem_as_its_requester() -> None:
    own = ticket(requester=Address(MAX), cc=())
    case = writes(MAX, "Und der Monitor.").answering(own, role=Role.REQUESTER, kind=NotificationKind.RECEIPT)
    done = case.decide()
    assert done.message.direction is Direction.IN
    assert done.notified == {(ERIKA, "requester_reply")}
    assert done.ticket().assignee is None


def test_requester_on_the_staff_is_notified_once_of_an_answer() -> None:
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


def test_reply_of_a_requester_is_sent_to_the_assignee_or_the_whole_team(subtests: pytest.Subtests) -> None:
    for before, expected in REPLIES:
        with subtests.test(before=before):
            for writer in (LENA, KARL):
                done = answers(writer, before, "Er geht immer noch nicht.").decide()
                assert done.notified == {(to, "requester_reply") for to in expected}, writer
                assert (done.message.direction, done.ticket().status) == (Direction.IN, Status.OPEN), writer


def test_reply_of_a_supporter_is_sent_to_requester_and_cc_and_assigns_the_ticket() -> None:
    done = answers(MAX, ticket(), "Ist das Kabel eingesteckt?").decide()
    assert done.notified == {(LENA, "answer"), (KARL, "answer"), (ERIKA, "assigned_info")}
    assert done.ticket().assignee == Address(MAX, "Max Mustermann")
    assert done.message.direction is Direction.OUT


def test_answer_of_a_colleague_does_not_change_the_assignee() -> None:
    done = answers(ERIKA, assigned(MAX), "Oder die Lampe?").decide()
    assert done.notified == {(LENA, "answer"), (KARL, "answer"), (MAX, "answer_copy")}
    assert done.ticket().assignee == Address(MAX)


def test_answer_of_a_supporter_does_not_assign_a_ticket_of_second_level() -> None:
    done = answers(MAX, ticket(level=2), "Der Techniker kommt morgen.").decide()
    assert done.notified == {(LENA, "answer"), (KARL, "answer"), (TONI, "answer_copy"), (TINA, "answer_copy")}
    assert done.ticket().assignee is None


def test_reply_to_an_internal_mail_is_internal() -> None:
    done = writes(ERIKA, "Finde ich auch.").answering(assigned(MAX), internal=True).decide()
    assert done.notified == {(MAX, "note")}
    assert done.message.visibility is Visibility.INTERNAL


@pytest.mark.parametrize("writer", [MAX, TONI])
def test_empty_reply_of_staff_is_only_answered_with_help(writer: str) -> None:
    done = answers(writer, ticket(), "").with_mail(quoted="Interner Verlauf").decide()
    assert done.notified == {(writer, "help")}
    assert done.changes == ()


def test_text_of_a_requester_between_quotations_is_added_to_the_ticket() -> None:
    done = answers(LENA, ticket(), "").with_mail(quoted="> Kabel?\nJa, ist drin.").decide()
    assert done.notification(MAX).text == "> Kabel?\nJa, ist drin."


def test_answer_of_a_teacher_to_an_overview_opens_a_ticket() -> None:
    assert writes(LENA, "Der Drucker auch.").answering(None).decide().outcome == "opened"


def test_query_of_a_teacher_with_a_problem_is_answered_and_opens_a_ticket() -> None:
    done = writes(LENA, "Der Beamer bleibt dunkel.\n#list").decide()
    assert done.notified == {(LENA, "receipt"), (LENA, "overview"), *TEAM}


def test_query_of_staff_opens_no_ticket_even_with_text_below_it() -> None:
    assert writes(MAX, "#list\nMax Mustermann\nTel. 123").proven().decide().notified == {(MAX, "overview")}


def test_repeated_query_is_answered_once() -> None:
    assert writes(LENA, "#help\n#hilfe\n#help").decide().notified == {(LENA, "help")}


def test_show_returns_the_details_of_each_ticket() -> None:
    done = writes(MAX, "#show 1 2").answering(None).with_facts(ticket(1), ticket(2)).decide()
    assert [n.ticket.key for n in done.notifications if n.ticket] == ["GYM-1", "GYM-2"]


def test_ticket_details_for_a_requester_are_not_internal() -> None:
    internal = answers(MAX, ticket(), "#note geheim").decide().message
    public = answers(MAX, ticket(), "offen").decide().message
    for writer, history in ((LENA, (public,)), (MAX, (internal, public))):
        case = answers(writer, ticket(), "#show 1").with_facts(histories={"GYM-1": (internal, public)})
        assert case.decide().notification(writer).history == history


def test_two_requesters_for_one_new_ticket_are_refused() -> None:
    done = writes(MAX, "#for a@schule.example\n#for b@schule.example\nBeamer").proven().decide()
    assert (done.outcome, done.reasons) == ("refused", [Reason.AMBIGUOUS])
    twice = writes(MAX, "#for a@schule.example\n#for a@schule.example\nBeamer").proven().decide()
    assert twice.outcome == "opened"


def test_several_addresses_after_for_are_refused_first() -> None:
    done = writes(MAX, "#for support-gym@schule.example b@schule.example\nBeamer").proven().decide()
    assert done.reasons == [Reason.ARGUMENT]


def test_number_after_away_is_not_a_ticket_of_another_command() -> None:
    done = writes(MAX, "#away 1\n#close").with_facts(ticket()).proven().decide()
    assert (done.outcome, done.reasons[-1]) == ("refused", Reason.NO_TICKET)
