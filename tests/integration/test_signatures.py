"""The signature of a requester belongs to their message: the staff sees it, and it is erased with it."""

import pytest

from mailbot.core.model.notification_kind import NotificationKind
from mailbot.privacy.requests import PersonErasure
from mailbot.store.database import read_only
from mailbot.store.disclosure import collect
from mailbot.store.tables import MessageRow
from tests.support.desk_harness import DeskHarness, reply_to
from tests.support.mail_builder import mail
from tests.support.scenario import ERIKA, LENA, MAX, NOW, TONI

NUMBER = "Tel. 0123 4567"


@pytest.fixture
def signed(desk: DeskHarness) -> DeskHarness:
    """A desk with a ticket of Lena, who signed her mail with a telephone number."""
    assert desk.outcome(mail().text(f"Der Beamer bleibt dunkel.\n\n-- \nLena Lehrerin\n{NUMBER}")) == "opened"
    return desk


def test_second_level_gets_the_number_with_the_history(signed: DeskHarness) -> None:
    signed.reply(MAX, "Ich komme nicht weiter.\n#escalate")
    escalated = signed.outbox_of(TONI, NotificationKind.ESCALATED_SECOND_LEVEL)[-1]
    assert f"> Der Beamer bleibt dunkel.\n>\n> Lena Lehrerin\n> {NUMBER}\n" in escalated.text
    assert escalated.html.count(NUMBER) == 1
    assert NUMBER not in "".join(sent.text + sent.html for sent in signed.outbox_of(LENA))


def test_only_the_staff_sees_it_in_the_details_of_a_ticket(signed: DeskHarness) -> None:
    signed.reply(MAX, "#show 1")
    assert NUMBER in signed.outbox_of(MAX, NotificationKind.TICKET_DETAILS)[-1].text
    signed.reply(LENA, "#show 1")
    assert NUMBER not in signed.outbox_of(LENA, NotificationKind.TICKET_DETAILS)[-1].text


def test_it_is_shown_once(signed: DeskHarness) -> None:
    again = f"Noch immer.\n\n-- \nLena Lehrerin\n{NUMBER}\nRaum 204"
    signed.outcome(reply_to(signed.outbox_of(LENA)[0], LENA, again))
    assert signed.outbox_of(MAX, NotificationKind.REQUESTER_REPLY)[-1].text.count(NUMBER) == 1
    signed.reply(MAX, "#show 1")
    details = signed.outbox_of(MAX, NotificationKind.TICKET_DETAILS)[-1].text
    assert (details.count(NUMBER), details.count("> Raum 204")) == (1, 1)


def test_it_moves_with_its_message(signed: DeskHarness) -> None:
    again = f"Der Drucker ist leer.\n\n-- \nLena Lehrerin\n{NUMBER}, Apparat 3"
    signed.outcome(reply_to(signed.outbox_of(LENA)[0], LENA, again))
    signed.outcome(reply_to(signed.outbox_of(ERIKA)[-1], ERIKA, "#split"))
    assert [m["signature"] for m in signed.ticket("GYM-2")["messages"]] == [
        f"Lena Lehrerin\n{NUMBER}, Apparat 3"
    ]
    merge = mail().sender(ERIKA).message_id("<m@support.example>").subject("[#GYM-2] x").text("#merge 1")
    assert signed.outcome(merge.proven()) == "command"
    assert len([m for m in signed.ticket("GYM-1")["messages"] if m["signature"]]) == 2


def test_it_is_disclosed_and_erased(signed: DeskHarness) -> None:
    with read_only(signed.engine) as session:
        assert NUMBER in repr(collect(session, LENA)["tickets"])
    list(PersonErasure(signed.desk, LENA, NOW).steps())
    assert [row.signature for row in signed.rows(MessageRow)] == [""]


def test_a_signature_of_the_staff_is_not_stored(signed: DeskHarness) -> None:
    signed.reply(MAX, f"Ich komme.\n\n-- \nMax Muster\n{NUMBER}")
    assert [row.signature for row in signed.rows(MessageRow)] == [f"Lena Lehrerin\n{NUMBER}", ""]
