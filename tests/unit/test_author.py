"""The author of a mail from a web form or a list is in Reply-To; all other mails are by their From."""

import pytest

from mailbot.core.classify.trust import Evidence, trust
from mailbot.core.decide.understanding import understand
from mailbot.core.model.mail import Address, MailKind
from mailbot.parse import parse
from tests.support.mail_builder import MailBuilder, mail
from tests.support.scenario import GYM, KARL, LENA, MAX, POLICY, writes

_LIST = {"List-Post": "<mailto:hilfe@schule.example>", "Precedence": "list"}
_FORM = "Kontaktformular <webformular@homepage.example>"
_AT_LIST = "Lena L. via Hilfe <hilfe@schule.example>"


def _sent(sender: str, reply_to: str, fields: dict[str, str] | None = None) -> MailBuilder:
    sent = mail().sender(sender).header("Reply-To", reply_to).text("Der Beamer ist kaputt.")
    for name, value in (fields or {}).items():
        sent = sent.header(name, value)
    return sent


def test_author_behind_a_form_or_a_list_is_human_and_proves_nothing(subtests: pytest.Subtests) -> None:
    for sent, author in [
        (_sent(_FORM, f"Lena <{LENA}>"), Address(LENA, "Lena")),
        (_sent("no-reply@schule.example", LENA), Address(LENA)),
        (_sent("WordPress <wordpress@schule.example>", LENA, {"Precedence": "bulk"}), Address(LENA)),
        (_sent("Schulformular <schul-formular@schule.example>", LENA), Address(LENA)),
        (_sent("Moodle <moodle@schule.example>", LENA), Address(LENA)),
        (_sent("Lena via Chor <chor-bounces@listen.example>", LENA), Address(LENA)),
        (_sent(_FORM, LENA, {"Auto-Submitted": "auto-generated"}), Address(LENA)),
        (_sent(f"Webseite <{GYM.address}>", f"Lena <{LENA}>"), Address(LENA, "Lena")),
        (_sent(_AT_LIST, f"hilfe@schule.example, Lena <{LENA}>", _LIST), Address(LENA, "Lena")),
        (
            _sent("Lena L. via Hilfe <hilfe@schule.example>", "hilfe@schule.example", _LIST).cc(
                f"Karl <{KARL}>", f"Lena L. <{LENA}>"
            ),
            Address(LENA, "Lena L."),
        ),
        (
            _sent(_AT_LIST, "hilfe@schule.example", {**_LIST, "X-Original-From": f"Lena <{LENA}>"}),
            Address(LENA, "Lena"),
        ),
    ]:
        with subtests.test(sent=sent):
            proven = sent.proven().header("Authentication-Results", "mx.schule.example; dmarc=pass")
            understood = understand(parse(proven.build()), GYM, POLICY)
            assert understood.mail.sender == author
            assert understood.classification.kind is MailKind.HUMAN
            assert not trust(Evidence(understood.mail, "mx.schule.example", None, None)).trusted


def test_reply_to_changes_no_other_identity(subtests: pytest.Subtests) -> None:
    for sender, reply_to in [
        (KARL, LENA),  # a person with another reply address
        ("scanner@schule.example", LENA),
        (_FORM, "eve@anderswo.example"),
        (_FORM, f"{LENA}, {KARL}"),
        (_FORM, GYM.address),
    ]:
        with subtests.test(sender=sender):
            found = parse(_sent(sender, reply_to).build())
            assert understand(found, GYM, POLICY).mail.sender == found.sender


def test_mail_from_the_support_address_is_human_if_it_belongs_to_no_ticket() -> None:
    for fields, kind in (
        ({}, MailKind.HUMAN),
        ({"Auto-Submitted": "auto-generated"}, MailKind.LOOP),
        ({"In-Reply-To": "<1@x>"}, MailKind.LOOP),
        ({"Subject": "[#GYM-1] Beamer"}, MailKind.LOOP),
    ):
        found = parse(_sent(GYM.address, "", fields).build())
        assert understand(found, GYM, POLICY).classification.kind is kind, fields


def test_programs_get_no_receipt(subtests: pytest.Subtests) -> None:
    for sender in [GYM.address, "noreply@schule.example", "www-data@schule.example"]:
        with subtests.test(sender=sender):
            done = writes(sender, "Ein Formular ohne Absender").decide()
            assert (done.outcome, {to for to, _ in done.notified}) == (
                "opened",
                {MAX, "erika@support.example"},
            )
