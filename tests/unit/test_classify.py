"""Automatic mail is recognised by the first rule that matches."""

import pytest

from mailbot.core.classify.classify import classify
from mailbot.core.model.mail import MailKind
from mailbot.parse import parse
from tests.support.mail_builder import MailBuilder, mail

OWN = frozenset({"support-gym@schule.example"})


@pytest.mark.parametrize(
    ("letter", "kind"),
    [
        (mail().text("Der Beamer ist kaputt."), MailKind.HUMAN),
        (mail().subject("Automatische Antwort geht nicht").text("Bitte helfen."), MailKind.HUMAN),
        (mail().subject("Automatische Antwort: Beamer").text("Ich bin nicht da."), MailKind.AUTO_REPLY),
        (mail().subject("Réponse automatique : Beamer").text("Je suis en congés."), MailKind.AUTO_REPLY),
        (mail().subject("Message d’absence").text("De retour le 30 novembre."), MailKind.AUTO_REPLY),
        (mail().subject("Absente vendredi").text("Merci de prêter la clé de la salle 204."), MailKind.HUMAN),
        (
            mail()
            .subject("Re: Beamer")
            .reply_to("<1@x>")
            .text("Je suis actuellement absente. De retour le 30 novembre ; en cas d’urgence : x@y.example"),
            MailKind.AUTO_REPLY,
        ),
        (mail().header("Auto-Submitted", "auto-replied").text("Ich bin nicht da."), MailKind.AUTO_REPLY),
        (mail().sender("support-gym@schule.example").text("Neu"), MailKind.LOOP),
        (mail().sender("MAILER-DAEMON@mail.example").subject("Undelivered Mail").text("x"), MailKind.BOUNCE),
    ],
)
def test_mail_is_classified_by_its_first_matching_rule(letter: MailBuilder, kind: MailKind) -> None:
    assert classify(parse(letter.build()), OWN).kind is kind


def test_mail_through_our_own_list_address_is_human() -> None:
    fields = (
        mail().header("List-Id", "<gym.schule.example>").header("List-Post", "<mailto:gym@schule.example>")
    )
    letter = parse(fields.header("Precedence", "list").text("Der Beamer ist kaputt.").build())
    assert classify(letter, OWN).kind is MailKind.HUMAN
    assert classify(letter, frozenset({"x@y.example"})).kind is MailKind.BULK
