"""Notifications show the earlier messages that their readers need, and each picture at its message."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot import samples
from mailbot.core.model.mail import Address
from mailbot.core.model.notification import Notification
from mailbot.core.model.notification_kind import NotificationKind
from mailbot.core.model.ticket import Direction, Message, Role, Visibility
from mailbot.parse import parse
from mailbot.preview import sample
from mailbot.samples import scene
from tests.support.mail_builder import mail
from tests.support.packaged_templates import TEMPLATES
from tests.support.rendered_samples import rendered
from tests.support.scenario import EARLIER, LENA, MAX, TONI, answers, assigned, closed, writes

pytestmark = pytest.mark.xdist_group("templates")  # one process compiles them for all tests

SAID = tuple(
    Message(direction, visibility, Address(author), text, EARLIER + timedelta(minutes=number))
    for number, (direction, visibility, author, text) in enumerate(
        (
            (Direction.IN, Visibility.PUBLIC, LENA, "Der Ton fehlt."),
            (Direction.OUT, Visibility.PUBLIC, MAX, "Bitte den Stecker prüfen."),
            (Direction.OUT, Visibility.INTERNAL, MAX, "Ersatz liegt bereit."),
            (Direction.IN, Visibility.SYSTEM, LENA, "Ich bin im Urlaub."),
        )
    )
)


def test_reply_of_the_requester_comes_with_the_last_two_messages() -> None:
    case = answers(LENA, assigned(MAX), "Geht immer noch nicht.").with_facts(histories={"GYM-1": SAID})
    shown = case.decide().notification(MAX, NotificationKind.REQUESTER_REPLY)
    assert [message.text for message in shown.history] == [
        "Bitte den Stecker prüfen.",
        "Ersatz liegt bereit.",
    ]


def test_reopening_shows_the_staff_the_problem_and_the_last_two_messages(subtests: pytest.Subtests) -> None:
    second = replace(SAID[0], text="Und das Bild.")
    for level, reader in [(1, MAX), (2, TONI)]:
        for said, shown, left_out in [
            (SAID[:1], ["Der Ton fehlt."], 0),
            (SAID, ["Der Ton fehlt.", "Bitte den Stecker prüfen.", "Ersatz liegt bereit."], 0),
            ((SAID[0], second, *SAID[1:]), ["Der Ton fehlt.", *(m.text for m in SAID[1:3])], 1),
        ]:
            with subtests.test(level=level, messages=len(said)):
                before = replace(closed(), level=level)
                case = answers(LENA, before, "Geht wieder nicht.").with_facts(histories={"GYM-1": said})
                notification = case.decide().notification(reader, NotificationKind.REOPENED)
                assert [message.text for message in notification.history] == shown
                assert notification.left_out == left_out


def test_reopening_shows_the_requester_their_first_message() -> None:
    case = answers(MAX, closed(), "#reopen").with_facts(histories={"GYM-1": SAID})
    shown = case.decide().notification(LENA, NotificationKind.REOPENED)
    assert ([message.text for message in shown.history], shown.left_out) == (["Der Ton fehlt."], 0)


def test_history_says_how_many_messages_are_left_out_behind_the_first() -> None:
    notification = replace(samples.notifications("de")["reopened"], left_out=1)
    text = sample(notification, "de", TEMPLATES).text
    places = [
        text.index(part) for part in ("zeigt seit", "(Hier ausgelassene Nachrichten: 1)", "Ersatzlampe")
    ]
    assert places == sorted(places)


def test_answer_to_the_requester_comes_with_their_first_message(subtests: pytest.Subtests) -> None:
    for command in ["", "\n#close", "\n#escalate", "\n#wait"]:
        with subtests.test(command=command):
            case = answers(MAX, assigned(MAX), f"Ist getauscht.{command}").with_facts(
                histories={"GYM-1": SAID}
            )
            assert [message.text for message in case.decide().notification(LENA).history] == [
                "Der Ton fehlt."
            ]
            assert "Ihre Meldung\n\n--- Lena Lehrerin" in rendered("answer").text


def two_pictures() -> Notification:
    first, second = (replace(scene.PHOTO, path=path, filename=f"{path}.png") for path in ("2", "3"))
    earlier = replace(scene.HISTORY[0], text="ERSTE", attachments=(first,))
    return replace(
        samples.notifications("de")["escalated_second_level"],
        text="ZWEITE",
        history=(earlier, replace(scene.HISTORY[1], text="DRITTE")),
        attachments=(first, second),
    )


def test_pictures_are_shown_at_their_message() -> None:
    html = sample(two_pictures(), "de", TEMPLATES).html
    places = [html.rindex(part) for part in ("ZWEITE", "Bild: 3.png", "ERSTE", "Bild: 2.png", "DRITTE")]
    assert places == sorted(places)
    assert html.count("<img") == 2


LOGO = """<p>Der Scanner zieht kein Papier.</p><p><img src="cid:foto@x"></p><p>Mit freundlichen Grüßen</p>
<p>Petra Kurz<br>Sekretariat, Raum 12<br><img width="90" src="cid:logo@x"></p>"""
PLAIN = "Der Scanner zieht kein Papier.\n\n-- \nPetra Kurz\nSekretariat, Raum 12\n"


def signed(html: str) -> dict[str, bool]:
    """Return the pictures of a mail, and whether each is a logo."""
    png = b"\x89PNG\r\n\x1a\n" + bytes(40)
    made = mail().text(PLAIN).html(html)
    for name in ("foto", "logo"):
        made = made.attach(f"{name}.png", png, "image/png", cid=f"{name}@x")
    return {part.filename: part.logo for part in parse(made.build()).parts}


def test_small_picture_within_the_signature_is_a_logo_and_no_picture_of_the_problem() -> None:
    assert signed(LOGO) == {"foto.png": False, "logo.png": True}
    assert signed("<p>Der Scanner zieht kein Papier.</p>") == {"foto.png": False, "logo.png": False}


def test_logo_is_not_sent_on() -> None:
    case = writes(LENA, "Der Scanner zieht kein Papier.")
    parts = parse(mail().text("x").attach("logo.png", b"png", "image/png").build()).parts
    marked = tuple(replace(part, logo=True) for part in parts)
    for files, expected in ((parts, 1), (marked, 0)):
        assert len(case.with_mail(parts=files).decide().notification(MAX).attachments) == expected


def test_role_of_cc_reads_no_internal_note_in_the_history() -> None:
    notification = replace(two_pictures(), role=Role.CC, history=scene.HISTORY)
    assert "Ersatzlampe" not in sample(notification, "de", TEMPLATES).text
