"""The promises of the product about the effects of a mail, with a database."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.store.tables import LedgerRow, OutboxRow, RawRow, TicketRow
from tests.support.desk_harness import GERMAN_POLICY, DeskHarness, open_harness, reply_to
from tests.support.scenario import ERIKA, GYM, HBG, KARL, LENA, MAX, NOW
from tests.support.school import problem

PROMISES = (
    "A requester's reply goes to the assignee, or to the team if there is none or they are absent.",
    "A reply to a closed ticket within 14 days reopens it,",
    "later it opens a new one that points to the old;",
    'a mere "Danke!" is filed without reopening.',
    "A supporter's reply goes to the requester as a public answer in the supporter's name, "
    "from the school's address;",
    'the first line of the notification contains this ("Ihre Antwort geht an …").',
    "A reply to an internal mail stays internal.",
    "The first who answers or takes a ticket becomes its assignee; the others get one line.",
    "If two answer within minutes, the second is held and its author gets the first; "
    "one tap sends it anyway.",
    "A new mail by a supporter for somebody else (a forwarded mail) opens the ticket in the original "
    "sender's name if it says `#for ADDRESS`.",
    "Several addresses in To/Cc: people of the school's domains become cc if the mail is trusted "
    "and are shown in every mail;",
    "others only by `#cc ADDRESS`.",
    "One mail to several support mailboxes, or delivered twice to one: processed once per ticket "
    "it belongs to, never twice.",
    "Too large, encrypted (S/MIME, PGP) or unreadable: the sender gets advice; the mail is kept.",
)
"""Each is the docstring of a test or of several; a sentence without one fails."""

OUTSIDE = "firma@anderswo.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DeskHarness]:
    """A desk with Lena's ticket GYM-1."""
    with open_harness(tmp_path) as harness:
        harness.receive(problem("Beamer").text("Der Beamer ist dunkel."))
        yield harness


def kinds(desk: DeskHarness, to: str) -> list[str]:
    """Return the kinds of a person's mails in their order."""
    return [row.kind for row in desk.outbox_of(to)]


def later(desk: DeskHarness, person: str, text: str, **time: float) -> str:
    """Let a person reply to their last mail after a while; return the outcome."""
    decision = desk.receive(reply_to(desk.outbox_of(person)[-1], person, text), at=NOW + timedelta(**time))
    assert decision is not None
    return decision.outcome


def first_line(row: OutboxRow) -> str:
    """Return the first line of a mail's text."""
    return next(line for line in row.text.splitlines() if line.strip())


def test_every_promise_has_a_test() -> None:
    told = {" ".join((made.__doc__ or "").split()) for made in globals().values() if callable(made)}
    assert [promise for promise in PROMISES if promise not in told] == []


def test_a_reply_to_an_unassigned_ticket_reaches_the_team(desk: DeskHarness) -> None:
    """A requester's reply goes to the assignee, or to the team if there is none or they are absent."""
    desk.reply(LENA, "Der Ton geht auch nicht.")
    assert kinds(desk, MAX)[-1] == kinds(desk, ERIKA)[-1] == "requester_reply"


def test_reply_to_an_assigned_ticket_reaches_its_assignee(desk: DeskHarness) -> None:
    """A requester's reply goes to the assignee, or to the team if there is none or they are absent."""
    desk.reply(MAX, "#take")
    desk.reply(LENA, "Der Ton geht auch nicht.")
    assert kinds(desk, MAX)[-1] == "requester_reply"
    assert "requester_reply" not in kinds(desk, ERIKA)


def test_a_reply_reaches_the_team_while_the_assignee_is_away(desk: DeskHarness) -> None:
    """A requester's reply goes to the assignee, or to the team if there is none or they are absent."""
    desk.reply(MAX, "#take")
    desk.reply(MAX, "#away in 3 days")
    before = len(desk.outbox_of(MAX))
    desk.reply(LENA, "Der Ton geht auch nicht.")
    assert kinds(desk, ERIKA)[-1] == "requester_reply"
    assert len(desk.outbox_of(MAX)) == before


def test_a_reply_reaches_the_deputy_alone_where_there_is_one(desk: DeskHarness) -> None:
    """A requester's reply goes to the assignee, or to the team if there is none or they are absent."""
    desk.reply(MAX, "#take")
    desk.reply(MAX, "#abwesend in 3 Tagen Erika")
    desk.reply(LENA, "Der Ton geht auch nicht.")
    assert kinds(desk, ERIKA)[-1] == "requester_reply"
    assert "requester_reply" not in kinds(desk, MAX)


@pytest.mark.parametrize("days", [0.1, 13.9])
def test_a_reply_reopens_a_closed_ticket(desk: DeskHarness, days: float) -> None:
    """A reply to a closed ticket within 14 days reopens it,"""
    desk.reply(MAX, "Geht wieder.\n#close")
    assert later(desk, LENA, "Leider ist er wieder dunkel.", days=days) == "reply"
    assert desk.ticket("GYM-1")["status"] == "open"
    assert kinds(desk, MAX)[-1] == "reopened"


def test_a_late_reply_opens_a_new_ticket(desk: DeskHarness) -> None:
    """later it opens a new one that points to the old;"""
    desk.reply(MAX, "Geht wieder.\n#close")
    assert later(desk, LENA, "Jetzt ist er wieder dunkel.", days=14.1) == "opened"
    assert desk.ticket("GYM-1")["status"] == "closed"
    assert "GYM-1" in desk.outbox_of(LENA)[-1].text
    assert "GYM-1" in desk.outbox_of(ERIKA)[-1].text
    assert kinds(desk, ERIKA)[-1] == "new_ticket"


@pytest.mark.parametrize("text", ["Danke!", "Thank you very much!", "Vielen Dank, jetzt geht es."])
def test_thanks_do_not_reopen_a_ticket(desk: DeskHarness, text: str) -> None:
    """a mere "Danke!" is filed without reopening."""
    desk.reply(MAX, "Geht wieder.\n#close")
    before = len(desk.rows(OutboxRow))
    assert desk.reply(LENA, text) == "filed"
    ticket = desk.ticket("GYM-1")
    assert (ticket["status"], ticket["messages"][-1]["text"]) == ("closed", text)
    assert len(desk.rows(OutboxRow)) == before


def test_an_answer_is_the_supporter_s_from_the_school_s_address(desk: DeskHarness) -> None:
    """A supporter's reply goes to the requester as a public answer in the supporter's name,
    from the school's address;
    """
    desk.reply(MAX, "Ist das Kabel eingesteckt?")
    mail = desk.outbox_of(LENA)[-1]
    assert (mail.kind, mail.school) == ("answer", "GYM")
    assert mail.message_id.endswith("@schule.example>")
    assert "Max Mustermann" in mail.sender_name
    assert "Ist das Kabel eingesteckt?" in mail.text
    assert desk.ticket("GYM-1")["messages"][-1]["visibility"] == "public"


@pytest.mark.parametrize(
    "kind",
    [NotificationKind.NEW_TICKET, NotificationKind.REQUESTER_REPLY, NotificationKind.REOPENED],
    ids=str,
)
def test_a_notification_says_where_an_answer_goes(desk: DeskHarness, kind: NotificationKind) -> None:
    """the first line of the notification contains this ("Ihre Antwort geht an …")."""
    desk.reply(LENA, "Und der Ton fehlt.")
    desk.reply(ERIKA, "Geht wieder.\n#close")
    desk.reply(LENA, "Nein, leider nicht.")
    row = (desk.outbox_of(ERIKA, kind) or desk.outbox_of(MAX, kind))[-1]
    assert first_line(row) == "Ihre Antwort geht an Lena Lehrerin."


def test_a_reply_to_a_note_stays_internal(desk: DeskHarness) -> None:
    """A reply to an internal mail stays internal."""
    desk.reply(MAX, "Die Lampe liegt im Keller.\n#note")
    note = desk.outbox_of(ERIKA, NotificationKind.NOTE)[-1]
    before = kinds(desk, LENA)
    assert "intern" in first_line(note)
    desk.outcome(reply_to(note, ERIKA, "Ich hole sie."))
    assert desk.ticket("GYM-1")["messages"][-1]["visibility"] == "internal"
    assert kinds(desk, LENA) == before


@pytest.mark.parametrize("text", ["Ist das Kabel eingesteckt?", "#take", "#übernehmen"])
def test_the_first_member_who_answers_or_takes_a_ticket_is_its_assignee(desk: DeskHarness, text: str) -> None:
    """The first who answers or takes a ticket becomes its assignee; the others get one line."""
    desk.reply(MAX, text)
    assert desk.ticket("GYM-1")["assignee"] == MAX
    assert kinds(desk, ERIKA) == ["new_ticket", "assigned_info"]
    later(desk, ERIKA, "Ich habe noch eines in Reserve.", hours=1)
    assert desk.ticket("GYM-1")["assignee"] == MAX


def test_the_second_of_two_answers_waits_for_a_tap(desk: DeskHarness) -> None:
    """If two answer within minutes, the second is held and its author gets the first;
    one tap sends it anyway.
    """
    last_mail = desk.outbox_of(ERIKA)[-1]
    desk.reply(MAX, "Ist das Kabel eingesteckt?")
    assert desk.outcome(reply_to(last_mail, ERIKA, "Ich komme vorbei.")) == "held"
    held = desk.outbox_of(ERIKA, NotificationKind.HELD_ANSWER)[-1]
    assert "Ist das Kabel eingesteckt?" in held.text
    assert "Ich komme vorbei." not in desk.outbox_of(LENA)[-1].text
    assert desk.reply(ERIKA, "#bestätigen") == "reply"
    assert "Ich komme vorbei." in desk.outbox_of(LENA)[-1].text


def test_a_forwarded_mail_is_the_original_sender_s(desk: DeskHarness) -> None:
    """A new mail by a supporter for somebody else (a forwarded mail) opens the ticket in the original
    sender's name if it says `#for ADDRESS`.
    """
    desk.outcome(problem("WG: Drucker", sender=MAX).text(f"#for {KARL}\nDer Drucker ist leer."))
    assert desk.reply(MAX, "#confirm", NotificationKind.CONFIRM) == "opened"
    assert desk.ticket("GYM-2")["requester"] == KARL
    assert kinds(desk, KARL) == ["receipt"]
    assert kinds(desk, MAX)[-1] == "command_receipt"


def test_colleagues_in_to_and_cc_are_added_to_cc(desk: DeskHarness) -> None:
    """Several addresses in To/Cc: people of the school's domains become cc if the mail is trusted
    and are shown in every mail;
    """
    desk.receive(problem("Drucker").cc(KARL).to(GYM.address, "olga@schule.example").proven().text("Leer."))
    desk.reply(MAX, "Ich bringe Papier.")
    assert kinds(desk, KARL) == kinds(desk, "olga@schule.example") == ["answer"]
    for person in (MAX, ERIKA, LENA, KARL):
        mails = [
            row for row in desk.outbox_of(person) if "GYM-2" in row.subject and row.kind != "assigned_info"
        ]
        assert mails
        others = {KARL, "olga@schule.example"} - {person}
        assert all(other in row.text for row in mails for other in others), person


def test_outsiders_are_added_to_cc_by_command_only(desk: DeskHarness) -> None:
    """others only by `#cc ADDRESS`."""
    desk.receive(problem("Drucker").cc(OUTSIDE).proven().text("Leer."))
    last_mail = desk.outbox_of(MAX)[-1]
    desk.outcome(reply_to(last_mail, MAX, "Ich bringe Papier."))
    assert desk.outbox_of(OUTSIDE) == []
    desk.outcome(reply_to(last_mail, MAX, f"#cc {OUTSIDE}"))
    desk.outcome(reply_to(last_mail, MAX, "Das Papier ist da."))
    assert kinds(desk, OUTSIDE) == ["added_to_cc", "answer"]


def test_a_mail_to_two_schools_opens_a_ticket_in_each(desk: DeskHarness) -> None:
    """One mail to several support mailboxes, or delivered twice to one: processed once per ticket
    it belongs to, never twice.
    """
    both = problem("WLAN").to(GYM.address, HBG.address).text("Überall langsam.")
    assert [desk.outcome(both, school) for school in ("GYM", "HBG", "GYM", "HBG")] == [
        "opened",
        "opened",
        "duplicate",
        "duplicate",
    ]
    assert [(row.school, row.number) for row in desk.rows(TicketRow)] == [
        ("GYM", 1),
        ("GYM", 2),
        ("HBG", 1),
    ]


def test_an_answer_that_went_to_two_schools_is_filed_once(desk: DeskHarness) -> None:
    """One mail to several support mailboxes, or delivered twice to one: processed once per ticket
    it belongs to, never twice.
    """
    reply = reply_to(desk.outbox_of(LENA)[-1], LENA, "Raum 204.").to(GYM.address, HBG.address)
    assert [desk.outcome(reply, school) for school in ("HBG", "GYM", "GYM")] == [
        "reply",
        "duplicate",
        "duplicate",
    ]
    assert len(desk.ticket("GYM-1")["messages"]) == 2
    assert kinds(desk, MAX).count("requester_reply") == 1


PGP = "-----BEGIN PGP MESSAGE-----\n\nhQEMA5\n-----END PGP MESSAGE-----\n"


@pytest.mark.parametrize("how", ["pgp", "smime", "too large"])
def test_the_sender_of_unreadable_mail_is_answered_with_advice(desk: DeskHarness, how: str) -> None:
    """Too large, encrypted (S/MIME, PGP) or unreadable: the sender gets advice; the mail is kept."""
    raw = problem("Geheim").text(PGP if how == "pgp" else "").build()
    if how == "smime":
        raw = raw.replace(b"text/plain; charset=utf-8", b"application/pkcs7-mime; smime-type=enveloped-data")
    desk.receive(raw, size=GERMAN_POLICY.limits.mail + 1 if how == "too large" else None)
    assert kinds(desk, LENA)[-1] == "unreadable"
    assert kinds(desk, MAX) == ["new_ticket"]
    assert desk.rows(LedgerRow)[-1].raw_id == desk.rows(RawRow)[-1].id
