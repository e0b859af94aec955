"""An answer to a bundle reaches each requester in their own ticket, without data of the others."""

from dataclasses import replace

import pytest

from mailbot.core.model.effects import AddMessage
from mailbot.core.model.mail import Address, Part
from mailbot.core.model.notification import shown_tickets
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.saved_answer import SavedAnswer
from mailbot.core.model.ticket import (
    Attachment,
    Direction,
    Message,
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
    received,
    texts_to,
    to_outside,
)
from tests.support.scenario import (
    EARLIER,
    ERIKA,
    LENA,
    MAX,
    NOW,
    answers,
    photo,
)


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


def test_text_beside_bundle_goes_to_the_requesters_of_all() -> None:
    done = answers(MAX, FIRST, "Wir wissen davon.\n#bundle 2 4").with_facts(SECOND, THIRD).proven().decide()
    assert set(to_outside(done)) == {LENA, OLGA, PAUL, KIRA}


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


def test_assignee_of_a_ticket_that_follows_sees_the_answer() -> None:
    mine = replace(OF_OLGA, assignee=Address(ERIKA))
    done = about_bundle("Der Router ist tot.", MAX, LEADING, LEADING, mine, OF_PAUL).decide()
    assert NotificationKind.ANSWER_COPY in [n.kind for n in done.notifications if n.to.email == ERIKA]


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


def test_saved_answer_beside_bundle_goes_to_the_tickets_of_its_line(
    subtests: pytest.Subtests,
) -> None:
    saved = SavedAnswer("GYM", "stoerung", "Störung", "Eine Störung.", Address(ERIKA), EARLIER)
    for line, expected in (("#use Störung #1", {LENA}), ("#use Störung", {LENA, OLGA, PAUL, KIRA})):
        with subtests.test(line=line):
            case = answers(MAX, FIRST, f"{line}\n#bundle 2 4").with_facts(SECOND, THIRD)
            done = case.with_facts(saved_answers=(saved,)).proven().decide()
            assert texts_to(done) == expected
