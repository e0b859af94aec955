"""Mails without commands open a ticket, are added to one or are held; which sender is trusted."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from mailbot.core.model.effects import HoldMail, OpenTicket, ReleaseMail
from mailbot.core.model.facts import OpenedTickets, RecentActivity
from mailbot.core.model.listing import Listing, Page, Scope
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Cause, Reason
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.policy import Limits, School
from mailbot.core.model.ticket import Direction, Message, Role, Status, Ticket, Visibility, WaitState
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


# -- closed tickets


@pytest.mark.parametrize("writer", [LENA, KARL])
def test_reply_reopens_a_closed_ticket(writer: str) -> None:
    done = answers(writer, closed(days_ago=13), "Er ist wieder dunkel.").decide()
    assert done.ticket().status is Status.OPEN
    assert done.notified == {(MAX, "reopened"), (ERIKA, "reopened")}


def test_late_reply_opens_a_new_ticket_related_to_the_old_one() -> None:
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


def test_late_reply_of_staff_is_added_to_the_closed_ticket() -> None:
    assert answers(MAX, closed(days_ago=15), "War die Lampe.").decide().ticket().status is Status.CLOSED


THANKS = [
    ("Danke!", True),
    ("Vielen Dank, jetzt geht es.", True),
    ("Super, danke schön!\n\nViele Grüße\nLena Lehrerin", True),
    ("Thanks a lot!", True),
    ("Lieben Dank, Erika!", True),
    ("Danke, Herr Mustermann! LG Karla", True),
    ("Danke an Toni vom Support 👍", False),
    ("Danke, aber er ist wieder dunkel.", False),
    ("Danke. Geht das auch in Raum 205?", False),
    ("Danke, leider ohne Erfolg", False),
    ("Er ist dunkel", False),
    (
        "Vielen Dank für die Hilfe neulich, heute war er beim Einschalten dunkel und roch verbrannt",
        False,
    ),
]


def test_thanks_do_not_reopen_a_closed_ticket(subtests: pytest.Subtests) -> None:
    for text, mere in THANKS:
        with subtests.test(text=text):
            done = answers(LENA, closed(), text).decide()
            assert (done.ticket().status is Status.CLOSED) == mere
            assert done.message.text == text


# -- which ticket


def test_subject_tag_identifies_the_ticket_for_its_participants() -> None:
    for writer in (LENA, KARL):
        done = writes(writer, "Nachtrag").tagged(ticket()).decide()
        assert (done.decision.ticket, done.decision.matched_by) == ("GYM-1", "subject-tag")


def test_subject_tag_of_a_stranger_opens_a_new_ticket_and_only_the_team_sees_the_relation() -> None:
    done = writes(EVE, "Nachtrag").tagged(ticket()).decide()
    assert (done.outcome, done.ticket("GYM-100").subject) == ("opened", "Beamer defekt")
    assert done.notification(EVE).related is None
    related = done.notification(MAX).related
    assert related is not None
    assert (related.key, done.notification(MAX).related_reason) == ("GYM-1", "subject-tag")


def test_an_outsider_who_forwards_a_mail_gets_another_ticket_and_the_team_sees_the_relation() -> None:
    for subject, forwarded in (("WG: [#GYM-1] Beamer", False), ("Fwd: Leinwand", False), ("Leinwand", True)):
        case = writes(EVE, "Bei mir klemmt die Leinwand.", subject=subject).answering(ticket(), to=LENA)
        done = case.with_mail(forwarded=forwarded).decide()
        assert (done.outcome, done.decision.ticket) == ("opened", "GYM-100"), subject
        assert (EVE, "receipt") in done.notified
        related = done.notification(MAX).related
        assert related is not None
        assert (related.key, done.notification(MAX).related_reason) == ("GYM-1", "forwarded")
    for sender, subject in ((EVE, "AW: [#GYM-1] Beamer"), (KARL, "WG: [#GYM-1] Beamer")):
        done = writes(sender, "Gerne.", subject=subject).answering(ticket(), to=LENA).decide()
        assert (done.outcome, done.decision.ticket) == ("reply", "GYM-1"), subject
        assert done.ticket().requester.email == LENA
        assert (EVE, "receipt") not in done.notified


def test_tags_of_other_help_desks_stay_in_the_subject() -> None:
    imported = ticket(7)
    for subject, expected in (
        ("Re: [#5533] Ihre Bestellung", "Re: [#5533] Ihre Bestellung"),
        ("[#REQ-12] Ihre Bestellung", "[#REQ-12] Ihre Bestellung"),
        ("AW: [#GYM-3] [#REQ-12] Ihre Bestellung", "[#REQ-12] Ihre Bestellung"),
        ("Re: [#900700] Beamer", "Re: [#900700] Beamer"),
    ):
        case = writes(EVE, "Bitte bestätigen.", subject=subject).with_facts(
            imported, aliases={"#900700": "GYM-7"}
        )
        assert case.decide().ticket("GYM-100").subject == expected


def test_thread_takes_precedence_over_the_tag_and_the_team_sees_the_disagreement() -> None:
    done = answers(LENA, ticket(1), "Nachtrag").tagged(ticket(2)).decide()
    assert (done.decision.ticket, done.decision.matched_by) == ("GYM-1", "reply")
    related = done.notification(MAX).related
    assert related is not None
    assert (related.key, done.notification(MAX).related_reason) == ("GYM-2", "disagree")


def test_action_key_takes_precedence_over_the_tag() -> None:
    done = writes(LENA, "Nachtrag").tagged(ticket(2)).keyed(ticket(1)).decide()
    assert (done.decision.ticket, done.decision.matched_by) == ("GYM-1", "key")


def test_action_key_of_a_mail_to_another_person_is_ignored() -> None:
    done = writes(EVE, "#close").keyed(ticket(), to=MAX).proven().decide()
    assert (done.decision.matched_by, done.reasons) == (None, [Reason.NO_TICKET])


# -- strangers


def test_stranger_gets_no_information_about_a_ticket(subtests: pytest.Subtests) -> None:
    for line in ["#show", "#close", "#show GYM-1", "#close 1", "#show 1 99", "#show 1\n#close"]:
        with subtests.test(line=line):
            known = writes(EVE, line).with_facts(ticket()).proven().decide()
            unknown = writes(EVE, line).proven().decide()
            assert known.effects == unknown.effects
            assert known.outcome == "refused"


def test_command_of_an_unauthenticated_stranger_is_ordinary_text(subtests: pytest.Subtests) -> None:
    for line in ["#show 1", "#close", "#clsoe", "#list quatsch"]:
        with subtests.test(line=line):
            done = writes(EVE, line).with_facts(ticket()).decide()
            assert done.notified == {(EVE, "receipt"), *TEAM}
            assert done.notification(MAX).text == line


def test_answer_to_a_stranger_in_the_thread_contains_no_ticket_number(subtests: pytest.Subtests) -> None:
    for text in ["#show", "#close", "#help", "#list", "#clsoe"]:
        with subtests.test(text=text):
            done = writes(EVE, text).answering(ticket(), to=LENA).proven().decide()
            sent = done.notification(EVE)
            assert (sent.ticket, [p.argument for p in sent.problems if "GYM" in p.argument]) == (None, [])
            assert sent.role is Role.REQUESTER


def test_overview_for_a_stranger_lists_only_their_own_tickets() -> None:
    page = Page((ticket(),), total=1)
    lists = {Listing(Scope.ALL, (("school", "GYM"),)): page, Listing(Scope.ALL, by_school=True): page}
    assert writes(EVE, "#list all").with_facts(listings=lists).decide().notification(EVE).tickets == ()


def test_overview_lists_the_tickets_of_the_members_school_from_any_mailbox(subtests: pytest.Subtests) -> None:
    for writer, school, tickets in [
        (MAX, GYM, "GYM"),
        (MAX_AT_HOME, HBG, "GYM"),
        (HANNA, GYM, "HBG"),
        (TONI, HBG, None),
    ]:
        with subtests.test(writer=writer):
            wanted = Listing(Scope.OPEN, (("school", tickets),) if tickets else (), by_school=tickets is None)
            lists = {wanted: Page((ticket(7),), total=1)}
            asked = writes(writer, "#list", school=school)
            done = asked.answering(None).with_facts(listings=lists).decide()
            assert [t.number for t in done.notification(writer).tickets] == [7]


# -- trust


def unproven(text: str, writer: str = MAX) -> MailScenario:
    """Return a mail with a forged From of the staff that replies to the requester's mail."""
    return writes(writer, text).answering(ticket(), to=LENA)


def test_unauthenticated_mail_of_staff_is_held_for_the_registered_address(subtests: pytest.Subtests) -> None:
    for writer, asked in [(MAX, MAX), (MAX_AT_HOME, MAX), (TONI, TONI)]:
        with subtests.test(writer=writer):
            for text in ("Erledigt.", "#close", "#note x", "Danke.\n#help", "#blumenkohl"):
                done = unproven(text, writer).decide()
                assert (done.outcome, done.changes, done.notified) == ("held", (), {(asked, "confirm")}), text
                (hold,) = [e for e in done.effects if isinstance(e, HoldMail)]
                assert hold.until == NOW + timedelta(days=3), text


def test_queries_of_staff_need_no_proof_since_the_answer_goes_to_the_registered_address() -> None:
    page = {Listing(Scope.OPEN, (("school", "GYM"),)): Page((ticket(),), total=1)}
    for line, kind in (("#list", "overview"), ("#show 1", "ticket_details"), ("#help", "help")):
        for case in (writes(MAX_AT_HOME, line), writes(MAX_AT_HOME, "", subject=line)):
            done = case.with_facts(ticket(), listings=page).decide()
            assert done.notified == {(MAX, kind)}, line
    assert writes(MAX, "#show 9").decide().notified == {(MAX, "refusal")}


def test_confirmation_request_shows_a_command_of_the_subject() -> None:
    question = writes(MAX, "", subject="#abwesend 1.12.").decide().notification(MAX)
    assert (question.kind, question.text.strip()) == (NotificationKind.CONFIRM, "#abwesend 1.12.")


def test_mail_of_staff_is_held_if_the_server_says_that_it_is_forged() -> None:
    for scenario in (
        answers(MAX, ticket(), "#close"),
        writes(MAX, "#close").keyed(ticket()),
        answers(MAX, ticket(), "Bitte melden Sie sich bei x@evil.example."),
        writes(MAX, "#help"),
        writes(MAX, "Der Beamer ist dunkel."),
    ):
        done = scenario.failed().decide()
        assert (done.outcome, done.changes, done.notified) == ("held", (), {(MAX, "confirm")})


def test_mail_of_a_requester_is_filed_if_the_server_says_that_it_is_forged() -> None:
    done = answers(LENA, closed(), "Geht wieder nicht.").failed().decide()
    assert (done.outcome, done.ticket().status) == ("reply", Status.OPEN)


def test_commands_of_a_requester_are_text_if_the_server_says_that_the_mail_is_forged(
    subtests: pytest.Subtests,
) -> None:
    told = {(MAX, "requester_reply"), (ERIKA, "requester_reply")}
    for case, text in (
        (answers(LENA, ticket(), "Geht wieder.\n#close"), "Geht wieder.\n#close"),
        (writes(LENA, "#close").keyed(ticket()), "#close"),
        (answers(LENA, ticket(), "#helped"), "#helped"),
        (answers(LENA, ticket(), "#list\n#close"), "#list\n#close"),
        (answers(LENA, ticket(), "").with_mail(subject="#close"), "#close"),
    ):
        with subtests.test(text=text):
            done = case.failed().decide()
            assert (done.outcome, done.message.text.strip(), done.notified) == ("reply", text, told)
            assert done.ticket().status is Status.OPEN
            assert case.decide().ticket().status is Status.CLOSED


def test_team_learns_that_a_sender_may_be_forged_and_who_was_not_added_to_cc() -> None:
    people = (Address("rosa@schule.example"), Address(KARL), Address("x@anderswo.example"))
    for scenario, missing in (
        (writes(LENA, "Kennwort?"), people[:2]),
        (answers(LENA, ticket(), "Und?"), people[:1]),
    ):
        done = scenario.with_mail(cc=people).failed().decide()
        assert (done.notification(ERIKA).forged, done.notification(ERIKA).not_in_cc) == (True, missing)
    unknown = writes(LENA, "Kennwort?").with_mail(cc=people).decide().notification(ERIKA)
    assert (unknown.forged, unknown.not_in_cc) == (False, people[:2])
    proven = writes(LENA, "Kennwort?").with_mail(cc=people).proven().decide().notification(ERIKA)
    assert (proven.forged, proven.not_in_cc) == (False, ())


def test_text_of_a_stranger_neither_reopens_nor_wakes_a_ticket() -> None:
    asked = ticket(status=Status.WAITING, wait=WaitState(EARLIER, awaiting_staff=False))
    answered = ticket(wait=WaitState(EARLIER, awaiting_staff=False))
    for before in (closed(), asked, answered):
        done = writes(EVE, "Bei mir auch.").answering(before, to=LENA).proven().decide()
        assert (done.outcome, len(done.messages)) == ("reply", 1)
        assert done.ticket().status is before.status
        assert done.ticket().waits.awaiting_staff is before.waits.awaiting_staff
        assert {kind for _, kind in done.notified} == {"requester_reply"}


def test_at_the_overall_limit_only_texts_by_people_and_replies_to_members_are_sent() -> None:
    flood = RecentActivity(overall_hour=POLICY.limits.hourly_overall)
    assert writes(LENA, "Beamer").with_facts(recent_activity=flood).decide().notified == TEAM
    assert writes(MAX, "#help").proven().with_facts(recent_activity=flood).decide().notified == {
        (MAX, "help")
    }


def test_team_is_notified_of_a_flood_once_an_hour(subtests: pytest.Subtests) -> None:
    for minutes, expected in [((0, 10), False), ((61,), True), ((70, 5), False), ((130, 65), True)]:
        with subtests.test(minutes=minutes):
            written = [
                Message(
                    Direction.IN, Visibility.PUBLIC, Address(LENA), "Scherz", NOW - timedelta(minutes=ago)
                )
                for ago in (200, *minutes)
            ]
            recent = RecentActivity(opened=OpenedTickets(20, "GYM-1"))
            facts = {"recent_activity": recent, "histories": {"GYM-1": tuple(written)}}
            done = writes(LENA, "Noch ein Scherz").with_facts(ticket(messages=len(written)), **facts).decide()
            assert (done.outcome, bool(done.notified)) == ("reply", expected)
            proven = writes(LENA, "Der Server brennt").proven().with_facts(ticket(), **facts).decide()
            assert proven.outcome == "opened"


def test_confirmation_counts_only_if_the_server_does_not_say_that_it_is_forged() -> None:
    question = writes(MAX, "#confirm").answering(ticket(), kind=NotificationKind.CONFIRM, held=1)
    assert question.decide().outcome == "confirmed"
    assert question.failed().decide().outcome == "held"
    refusal = writes(LENA, "#confirm").answering(ticket(), kind=NotificationKind.REFUSAL, held=1)
    assert refusal.failed().decide().outcome == "reply"


def test_question_says_what_proof_is_missing(subtests: pytest.Subtests) -> None:
    fresh = writes(MAX, "#close 1").with_facts(ticket())
    other = writes(MAX, "#close 1 2").answering(ticket(), shows=(("GYM-1", None),)).with_facts(ticket(2))
    for case, expected in (
        (fresh, ("", False)),
        (other, ("not-shown", False)),
        (fresh.failed(), ("", True)),
        (fresh.failed(padding=8_000), ("unreadable-results", False)),
        (answers(MAX, ticket(), "#close").failed(padding=8_000), ("unreadable-results", False)),
    ):
        with subtests.test(expected=expected):
            question = case.decide().notification(MAX, NotificationKind.CONFIRM)
            assert (question.reason, question.forged) == expected


LONG_AGO = NOW - timedelta(days=31)


def test_notification_proves_its_recipient_for_the_tickets_that_it_shows(subtests: pytest.Subtests) -> None:
    for about, shows, line, outcome in [
        (ticket(), (("GYM-1", None),), "#close", "command"),
        (ticket(), (("GYM-1", LONG_AGO),), "#reopen", "held"),
        (ticket(), (("GYM-1", NOW - timedelta(days=29)),), "#reopen", "command"),
        (ticket(), (("GYM-1", None),), "#close 1 2", "held"),
        (ticket(), (("GYM-1", None),), "#for eve@evil.example GYM-2", "held"),
        (ticket(), (("GYM-1", None),), "#merge 2", "held"),
        (ticket(), (("GYM-1", None),), "#show 2", "answered"),
        (ticket(), (("GYM-1", None),), "#away 2026-12-01", "command"),
        (ticket(), (("GYM-1", LONG_AGO),), "#away 2026-12-01", "held"),
        (ticket(), (("GYM-1", None), ("GYM-2", None)), "#merge 2", "command"),
        (None, (("GYM-1", None), ("GYM-2", None)), "#close 1 2", "command"),
        (None, (("GYM-2", None),), "#close 1", "held"),
        (None, (("GYM-2", None),), "#for lena@schule.example\nBeamer", "held"),
        (None, (("GYM-9", LONG_AGO),), "#away 2026-12-01", "held"),
    ]:
        with subtests.test(about=about):
            known = {"dates": {"2026-12-01": date(2026, 12, 1)}}
            case = writes(MAX, line).answering(about, shows=shows, created=LONG_AGO)
            assert case.with_facts(ticket(), ticket(2), **known).decide().outcome == outcome
            keyed = case.with_facts(
                ticket(), ticket(2), **known, by_action_key=case.facts.answered, answered=None
            )
            assert keyed.decide().outcome == outcome
            assert case.with_facts(ticket(), ticket(2), **known).proven().decide().outcome != "held"


def test_confirmation_request_quotes_the_text_without_the_action_key() -> None:
    done = unproven(f"Fertig.\n#close\n\n[mailbot:{'a' * 26}]").decide()
    assert done.notification(MAX).text == "Fertig.\n#close"


def test_authenticated_mail_of_staff_needs_no_confirmation() -> None:
    assert writes(MAX, "#close").tagged(ticket()).proven().decide().outcome == "command"


def test_confirmed_mail_is_executed() -> None:
    done = unproven("#close").with_facts(confirmed="confirmed by Max").decide()
    assert done.ticket().status is Status.CLOSED
    assert "confirmed by Max" in done.decision.because


def test_only_the_registered_address_confirms() -> None:
    def confirmed_by(writer: str) -> Outcome:
        case = writes(writer, "#bestätigen").answering(
            ticket(), to=MAX, kind=NotificationKind.CONFIRM, held=7
        )
        return (case.proven() if writer == EVE else case).decide()

    assert confirmed_by(MAX).effects == (ReleaseMail(7, shown=frozenset({"GYM-1"})),)
    assert [confirmed_by(other).outcome for other in (EVE, ERIKA)] == ["refused", "held"]


def test_late_confirmation_is_refused() -> None:
    late = writes(MAX, "#confirm").answering(ticket(), kind=NotificationKind.CONFIRM, held=None)
    assert (late.decide().outcome, late.decide().changes) == ("refused", ())


def test_commands_of_a_requester_need_no_authentication() -> None:
    done = writes(LENA, "#close").tagged(ticket()).decide()
    assert done.ticket().status is Status.CLOSED


# -- limits


def crowded(case: MailScenario, hour: int = 0, day: int = 0) -> MailScenario:
    """Set the number of automatic replies that the sender already got."""
    return case.with_facts(recent_activity=RecentActivity({Cause.PROVEN: hour}, {Cause.PROVEN: day}))


def test_automatic_replies_to_people_outside_the_teams_are_limited(subtests: pytest.Subtests) -> None:
    for hour, day, answered in [(4, 4, True), (5, 5, False), (0, 20, False)]:
        with subtests.test(hour=hour):
            for text in ("Problem", "#help", "#list", "#close 9", "#clsoe"):
                done = crowded(writes(LENA, text).proven(), hour, day).decide()
                assert any(to == LENA for to, _ in done.notified) == answered, text
                assert (done.notified >= TEAM) == (text == "Problem"), text


def test_several_queries_of_one_mail_count_towards_the_limit() -> None:
    text = "\n".join(["#help", *(f"#list {scope}" for scope in ("open", "closed", "mine", "all"))])
    assert len(crowded(writes(LENA, text), 2).decide().notifications) == 3


def test_limits_of_people_outside_the_teams_do_not_apply_to_staff() -> None:
    assert crowded(answers(MAX, ticket(), "#help"), 50, 500).decide().notified == {(MAX, "help")}
    assert crowded(writes(HANNA, "#help").proven(), 50, 500).decide().notified == {(HANNA, "help")}


def test_confirmation_requests_are_limited() -> None:
    done = crowded(unproven("#close"), 5).decide()
    assert (done.outcome, done.notified) == ("held", set())


def test_limits_of_the_policy_apply() -> None:
    case = replace(writes(LENA, "#help"), policy=replace(POLICY, limits=Limits(hourly_automatic=0)))
    assert case.decide().notified == set()


def test_command_within_an_unauthenticated_new_mail_of_a_member_opens_a_ticket() -> None:
    for text in ("Der Beamer geht nicht, bitte nicht mit #close schließen", "Läuft nicht. #notiz"):
        done = writes(MAX, text).decide()
        assert done.outcome == "opened", text
        assert (ERIKA, "new_ticket") in done.notified, text


def test_command_within_an_unauthenticated_answer_of_a_requesting_member_is_text() -> None:
    own = ticket(requester=Address(MAX), school="HBG", cc=())
    done = writes(MAX, "Geht immer noch nicht, #close war zu früh.").tagged(own).decide()
    assert done.outcome == "reply"


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
