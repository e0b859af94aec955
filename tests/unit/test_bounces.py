"""Bounces name the failed recipient, whether the failure is permanent, and our mail."""

import re

import pytest

from mailbot.core.classify.classify import classify
from mailbot.core.classify.failure_cause import failure_cause
from mailbot.core.model.mail import Action, DeliveryStatus, MailKind
from mailbot.explain import reasons
from mailbot.parse import parse
from mailbot.preview import LANGUAGES
from tests.support.mail_builder import mail
from tests.support.packaged_templates import TEMPLATES
from tests.support.rendered_samples import rendered

_REPORT = """Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x
Content-Type: {kind}

{text}
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Original-Recipient: rfc822;lena@schule.example
Final-Recipient: rfc822; l.lehrerin@intern.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {status} nein,
 leider nicht
--x
Content-Type: message/rfc822

Message-ID: <unsere@support.example>
Subject: Beamer

#close
--x--
"""


def _reported(
    action: str,
    status: str,
    kind: str = "text/plain",
    text: str = "Ihre Nachricht konnte nicht zugestellt werden.",
) -> bytes:
    report = _REPORT.format(action=action, status=status, kind=kind, text=text)
    return f"From: MAILER-DAEMON@mail.example\n{report}".replace("\n", "\r\n").encode()


def test_report_names_the_original_recipient_and_our_mail() -> None:
    assert parse(_reported("failed", "5.1.1")).delivery == (
        DeliveryStatus(
            "lena@schule.example",
            Action.FAILED,
            "5.1.1",
            "smtp; 5.1.1 nein, leider nicht",
            "<unsere@support.example>",
        ),
    )


def test_delay_is_not_a_failure() -> None:
    assert [status.action for status in parse(_reported("delayed", "4.4.7")).delivery] == [Action.DELAYED]


def test_report_without_a_known_action_is_classified_by_its_status() -> None:
    assert [status.action for status in parse(_reported("verzögert", "4.4.7")).delivery] == [Action.DELAYED]
    assert [status.action for status in parse(_reported("", "5.4.7")).delivery] == [Action.FAILED]


def test_text_of_a_bounce_excludes_the_returned_mail() -> None:
    got = parse(_reported("failed", "5.1.1"))
    assert "#close" not in f"{got.text}{got.signature}{got.quoted}"


def test_text_of_a_report_is_whole(subtests: pytest.Subtests) -> None:
    plain = (
        "This report relates to a message you sent with the following header fields:\n\n"
        "  Message-id: <1@schule.example>\n  Date: Mon, 23 Nov 2026 10:15:00 +0100\n"
        "  From: Support <support-gym@schule.example>\n  To: kim@hgs.example\n  Subject: Beamer\n\n"
        "Your message cannot be delivered to the following recipients:\n\n  kim@hgs.example: over quota\n"
    )
    page = "<p>Nicht zugestellt an</p><blockquote><p>kim@hgs.example</p></blockquote><p>-- <br>Exchange</p>"
    for kind, text, words in [
        ("plain", plain, ["header fields", "cannot be delivered", "over quota"]),
        ("html", page, ["Nicht zugestellt", "kim@hgs.example", "Exchange"]),
    ]:
        with subtests.test(kind=kind):
            got = parse(_reported("failed", "5.2.2", f"text/{kind}; charset=utf-8", text))
            assert [word for word in words if word not in got.text] == []
            assert (got.signature, got.quoted) == ("", "")
            assert not re.search("[\ue000-\uf8ff]", got.text)


def test_text_by_a_mail_server_is_whole_also_without_a_report() -> None:
    returned = (
        "Von: Hilfe <hilfe@schule.example>\nGesendet: Montag, 2. März 2026 10:15\nBetreff: Beamer\n\nHallo"
    )
    text = f"Unzustellbar:\n\n-----Ursprüngliche Nachricht-----\n{returned}\n\nlena@schule.example: unbekannt"
    by_person = mail().subject("Unzustellbar: Beamer").text(text)
    assert "Gesendet:" in parse(by_person.build()).quoted
    by_server = parse(by_person.sender("MAILER-DAEMON@mail.example").build())
    assert (by_server.text, by_server.quoted) == (text, "")


def test_report_of_amazon_ses_names_its_recipients(subtests: pytest.Subtests) -> None:
    sent = r"""\"mail\":{\"source\":\"hilfe@schule.example\",\"destination\":[\"lena@schule.example\"]}"""
    recipient = r"""[{\"emailAddress\": \"lena@schule.example\",\"status\":\"5.1.1\"}]"""
    for kind, about, action in (
        ("Bounce", rf"""\"bounce\":{{\"bouncedRecipients\":{recipient}}}""", Action.FAILED),
        ("Delivery", r"""\"delivery\":{\"recipients\":[\"lena@schule.example\"]}""", Action.DELIVERED),
    ):
        inner = rf"""{{\"notificationType\":\"{kind}\",{about},{sent}}}"""
        for form in (f'{{"Type": "Notification", "Message": "{inner}"}}', inner.replace('\\"', '"')):
            with subtests.test(kind, form=form[:20]):
                report = mail().sender("no-reply@sns.amazonaws.com").subject("AWS Notification").text(form)
                found = parse(report.build()).delivery
                assert [(status.recipient, status.action) for status in found] == [
                    ("lena@schule.example", action)
                ]


def test_returned_mail_names_no_cause() -> None:
    header = "Received: from [192.0.2.1] by mx.example\nX-Spam: undefined\n\nDas Postfach ist voll."
    text = "Your mail to lena@schule.example was not delivered.\n\n{}--- Original message ---\n\n" + header

    def cause(line: str) -> str:
        report = mail().sender("MAILER-DAEMON@mail.example").subject("failure notice").text(text.format(line))
        return parse(report.build()).delivery[0].diagnostic

    assert cause("") == ""
    assert cause("Reason: mailbox is full\n\n") == "Reason: mailbox is full"


def test_report_that_a_person_forwards_in_their_mail_is_human(subtests: pytest.Subtests) -> None:
    report = (
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mail.example\n\n"
        "Final-Recipient: rfc822; kim@hgs.example\nAction: failed\nStatus: 5.1.1\n"
    )
    for head, text, kind in [
        ("From: lena@schule.example\nSubject: Fwd: Undelivered Mail", "Was tun?\n-- \nLena", MailKind.HUMAN),
        ("From: lena@schule.example\nSubject: WG: Unzustellbar", "Was tun?\n-- \nLena", MailKind.HUMAN),
        ("From: lena@schule.example\nSubject: Fwd: Undelivered Mail", "", MailKind.BOUNCE),
        ("From: MAILER-DAEMON@mail.example\nSubject: Re: Beamer", "Nicht zugestellt.", MailKind.BOUNCE),
        ("From: x@mail.example\nReturn-Path: <>\nSubject: Re: Beamer", "Nicht zugestellt.", MailKind.BOUNCE),
        ("From: x@mail.example\nSubject: Unzustellbar: Beamer", "Nicht zugestellt.", MailKind.BOUNCE),
        ("From: x@mail.example\nSubject: Re: [#GYM-1] Beamer", "See below.", MailKind.BOUNCE),
        ("From: x@mail.example\nSubject: [#GYM-1] WG: Beamer", "See below.", MailKind.BOUNCE),
        ("From: x@mail.example\nSubject: WG: [#GYM-1] Beamer", "Nicht zugestellt.", MailKind.BOUNCE),
        (
            "From: x@mail.example\nAuto-Submitted: auto-generated\nSubject: Fwd: Beamer",
            "See below.",
            MailKind.BOUNCE,
        ),
    ]:
        with subtests.test(head=head, text=text):
            mixed = f"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n--m\n\n{text}\n"
            got = parse(f"{head}\n{mixed}--m\n{report}--m--\n".replace("\n", "\r\n").encode())
            found = classify(got, frozenset())
            assert found.kind is kind
            explained = " ".join(reasons(got, found))
            assert ("delivery failed" in explained) == (kind is MailKind.BOUNCE)
            if kind is MailKind.HUMAN:
                assert (got.text, got.signature) == ("Was tun?", "--\nLena")


def test_bounce_without_a_report_is_recognised_by_its_wording() -> None:
    sent = (
        mail()
        .sender("MAILER-DAEMON@mail.example")
        .subject("failure notice")
        .text(
            "Hi. This is the qmail-send program.\n\n<lena@schule.example>:\n550 5.1.1 user unknown\n\n"
            "--- Below this line is a copy of the message.\n\nMessage-ID: <unsere@support.example>\n"
        )
    )
    got = parse(sent.build())
    assert [(s.recipient, s.action, s.status, s.original_message_id) for s in got.delivery] == [
        ("lena@schule.example", Action.FAILED, "5.1.1", "<unsere@support.example>")
    ]
    assert classify(got, frozenset()).kind is MailKind.BOUNCE


def test_german_warning_of_a_delay_is_not_a_failure() -> None:
    sent = (
        mail()
        .sender("postmaster@mail.example")
        .subject("Verzögerung bei der Zustellung")
        .text(
            "Ihre Nachricht an lena@schule.example konnte noch nicht zugestellt werden.\n"
            "Es werden weitere Zustellversuche unternommen."
        )
    )
    assert [status.action for status in parse(sent.build()).delivery] == [Action.DELAYED]


def test_report_of_success_without_a_report_part_is_no_failure(subtests: pytest.Subtests) -> None:
    for text, action in (
        (
            "Die Nachricht wurde an folgende Empfänger zugestellt, vom Zielserver wurde jedoch keine "
            "Zustellungsbenachrichtigung gesendet:\nlena@schule.example",
            Action.DELIVERED,
        ),
        (
            "Your message was successfully delivered to the destination(s) listed below.\n"
            "<lena@schule.example>: delivery via mx: 250 2.0.0 Ok",
            Action.DELIVERED,
        ),
        ("Nachricht wurde an folgende Empfänger nicht zugestellt: lena@schule.example", Action.FAILED),
        ("Your mail was delivered to the following: lena@schule.example, mailbox is full", Action.FAILED),
        (
            "Your mail was delivered to the following: lena@schule.example. "
            "It is delayed for others; it will be retried.",
            Action.DELAYED,
        ),
        ("lena@schule.example: 250 2.0.0 Ok, then 451 4.3.0 queue file write error", Action.FAILED),
    ):
        with subtests.test(text=text):
            sent = mail().sender("postmaster@mail.example").subject("Delivery report").text(text)
            assert [status.action for status in parse(sent.build()).delivery] == [action]
    both = "Die Nachricht wurde an folgende Empfänger zugestellt: lena@schule.example\nAbgelehnt hat einer."
    sent = mail().sender("postmaster@mail.example").subject("Unzustellbar: Beamer").text(both)
    assert [status.action for status in parse(sent.build()).delivery] == [Action.FAILED]


def test_mail_of_a_teacher_that_quotes_an_error_has_no_delivery_status() -> None:
    sent = mail().subject("Fehler").text("Da steht: <lena@schule.example>: 550 5.1.1 user unknown")
    assert parse(sent.build()).delivery == ()


def test_bounce_of_a_gateway_names_its_recipient_and_is_a_delay_or_a_failure() -> None:
    for text, action in (
        ("Die Mail an otto@schule.example konnte nicht zugestellt werden: Postfach voll.", Action.FAILED),
        ("Mail to otto@schule.example could not be delivered. We will try again.", Action.DELAYED),
    ):
        for sender in (
            "Mail System <mail-system@x.example>",
            "Mailzustellung <z@x.example>",
            "relay@x.example",
        ):
            sent = mail().sender(sender).subject("Mail delivery failed").text(text)
            found = [(s.recipient, s.action) for s in parse(sent.build()).delivery]
            assert found == [("otto@schule.example", action)], sender


def test_sender_and_identifiers_of_the_returned_mail_are_no_failed_recipients() -> None:
    report = "Delivery to tina@schule.example was rejected: 550 5.1.1 unknown user"
    header = (
        "Return-Path: <hilfe@support.example>\n"
        "Received: from mx (envelope-from hilfe@support.example)\n\tid 4711@mx.example; Mon, 2 Mar 2026\n"
        "Message-ID: <8b2@mx.example>\nFrom: hilfe@support.example\nX-Sender: x@support.example\n"
    )
    for text in (f"{report}\n\n{header}", f"Your mail from hilfe@support.example:\n{report}", report):
        sent = mail().sender("MAILER-DAEMON@mx.example").to("hilfe@support.example").subject("failure notice")
        found = [status.recipient for status in parse(sent.text(text).build()).delivery]
        assert found == ["tina@schule.example"], text
    both = "Delivery failed: tina@schule.example, otto@schule.example (550 5.1.1)\n"
    sent = mail().sender("MAILER-DAEMON@mx.example").to("hilfe@support.example").subject("failure notice")
    found = [status.recipient for status in parse(sent.text(both + header).build()).delivery]
    assert {"tina@schule.example", "otto@schule.example"} <= set(found)


REPLIES = [
    ("552 5.2.2 Mailbox full", "full"),
    ("smtp; 452 4.2.2 The account of tina@x.example is over quota", "full"),
    ("552 Aborted: exceeded storage allocation", "full"),
    ("Das Postfach von Frau Kurz ist leider voll.", "full"),
    ("La boîte aux lettres de ce destinataire est pleine", "full"),
    ("552 5.3.4 Message size exceeds fixed limit", "too_large"),
    ("554 Die Nachricht ist zu groß", "too_large"),
    ("550 5.1.1 <x@y.example>: Recipient address rejected: User unknown", "unknown_address"),
    ("550 5.4.1 Recipient address rejected: Access denied", "unknown_address"),
    ("550 Empfänger unbekannt", "unknown_address"),
    ("550 5.1.10 RESOLVER.ADR.RecipientNotFound", "unknown_address"),
    ("Utilisateur inconnu: l'adresse n’existe pas", "unknown_address"),
    ("Host or domain name not found. Name service error", "unknown_domain"),
    ("5.4.4 unable to route", "unknown_domain"),
    ("550 5.2.1 disabled, mailbox not accepting messages", "disabled"),
    ("554 5.7.1 Client host [192.0.2.7] blocked", "refused"),
    ("550 Ihre Nachricht wurde abgelehnt", "refused"),
    ("connect to mx.x.example[192.0.2.7]:25: Connection timed out", "unreachable"),
    ("transmitted 3 times without a reply, so it may have arrived; 451", "uncertain"),
    ("550 nope", ""),
]


def test_reply_of_a_server_names_the_cause(subtests: pytest.Subtests) -> None:
    for reply, cause in REPLIES:
        with subtests.test(reply=reply):
            assert failure_cause(reply) == cause


@pytest.mark.xdist_group("templates")  # one process compiles them for all tests
def test_every_cause_has_a_phrase_in_each_language() -> None:
    for language in LANGUAGES:
        assert set(TEMPLATES.words(language)["causes"]) == {cause for _, cause in REPLIES} - {""}  # type: ignore[call-overload]
    assert "Grund        Das Postfach ist voll. (552 5.2.2 Mailbox full)" in rendered("bounce").text
