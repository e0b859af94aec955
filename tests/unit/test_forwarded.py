"""A member forwards a mail without `#for`: the answers can be addressed to its author."""

import pytest

from mailbot.core.model.mail import Address
from mailbot.core.text.header_block import forwarded_sender
from tests.support.rendered_samples import rendered
from tests.support.scenario import ERIKA, EVE, LENA, MAX, writes

pytestmark = pytest.mark.xdist_group("templates")  # one process compiles them for all tests

PETRA = "petra@schule.example"


def test_author_of_a_forwarded_mail_is_in_its_header_block(subtests: pytest.Subtests) -> None:
    for quoted, name in [
        (
            "-------- Weitergeleitete Nachricht --------\nBetreff: WLAN\nVon: Petra Kurz <%s>\nAn: x",
            "Petra Kurz",
        ),
        ("> Von: Petra Kurz [mailto:%s]\n> Gesendet: Montag, 23. November", "Petra Kurz"),
        ('*Von:* "Kurz, Petra" <%s>\n*Gesendet:* Montag', "Kurz, Petra"),
        ("Von: Petra Kurz\n <%s>\nAn: x", "Petra Kurz"),
        ("---------- Forwarded message ---------\nFrom: %s\nDate: Monday", ""),
    ]:
        with subtests.test(quoted=quoted):
            assert forwarded_sender(quoted % PETRA) == Address(PETRA, name)


def test_forwarded_mail_without_an_address_of_its_author_has_none(subtests: pytest.Subtests) -> None:
    for quoted in ["", "Von: Petra Kurz\nAn: x@schule.example", "Geht nicht. x@schule.example"]:
        with subtests.test(quoted=quoted):
            assert forwarded_sender(quoted) is None


def test_answers_to_a_forwarded_mail_can_be_addressed_to_its_author() -> None:
    def forwards(writer: str, author: str, text: str = "") -> dict[str, Address | None]:
        marker = "-------- Weitergeleitete Nachricht --------"
        block = f"{marker}\nVon: Petra Kurz <{author}>\nAn: x\n\nWLAN geht nicht."
        mail = writes(writer, text, subject="WG: WLAN").with_mail(quoted=block, forwarded=True)
        done = mail.proven().decide()
        return {n.kind.value: n.forwarded_from for n in done.notifications}

    petra = Address(PETRA, "Petra Kurz")
    assert forwards(MAX, PETRA) == {"receipt": petra, "new_ticket": petra}
    assert set(forwards(MAX, PETRA, f"#für {PETRA}").values()) == {None}
    for writer, author in ((LENA, PETRA), (EVE, PETRA), (MAX, ERIKA), (MAX, "support-gym@schule.example")):
        assert set(forwards(writer, author).values()) == {None}, (writer, author)


def test_receipt_of_the_forwarder_has_a_button_for_the_author() -> None:
    for name in ("receipt_of_forwarder", "new_ticket_of_forwarder"):
        mail = rendered(name)
        assert "Antworten an Lena Lehrerin richten: #für lena.lehrerin@schule.example" in mail.text
        assert ">Antworten an Lena Lehrerin richten<" in mail.html
