"""A refusal concerns the mail or the whole account."""

from mailbot.smtp.refusals import (
    ACCOUNT,
    DOMAIN,
    EVERY_MAIL,
    MAX_CONSECUTIVE_REFUSALS,
    SAME_REPLY,
    Refusal,
    RefusalScope,
    RefusalTracker,
)
from mailbot.smtp.reply import About

BLOCKED = "5.7.0 refused, id 4711"


def refusal(
    mail: int,
    reply: str = BLOCKED,
    about: About = About.UNCLEAR,
    *,
    to: str = "",
    attempts: int = 1,
    permanent: bool = True,
) -> Refusal:
    return Refusal(mail, to or f"p{mail}@schule.example", about, reply, permanent, attempts)


def test_reply_about_the_account_pauses_it() -> None:
    found = RefusalTracker().scope_of(refusal(1, "5.4.5 limit", About.ACCOUNT))
    assert found == (RefusalScope.ACCOUNT, ACCOUNT + "5.4.5 limit")


def test_reply_about_the_domain_pauses_the_account_until_other_servers_accept_mails() -> None:
    refusals = RefusalTracker()
    refused = [refusal(mail, "5.7.509 no DMARC", About.DOMAIN) for mail in (1, 2, 3)]
    assert refusals.scope_of(refused[0]) == (RefusalScope.ACCOUNT, DOMAIN + "5.7.509 no DMARC")
    assert refusals.scope_of(refused[1])[0] is RefusalScope.ACCOUNT
    refusals.record_accepted()
    assert [refusals.scope_of(one)[0] for one in refused] == [RefusalScope.MAIL] * 3


def test_new_process_knows_that_the_domain_was_refused() -> None:
    refusals = RefusalTracker()
    refusals.restore(DOMAIN + "5.7.509 no DMARC")
    refusals.record_accepted()
    assert refusals.scope_of(refusal(1, "5.7.509 no DMARC", About.DOMAIN))[0] is RefusalScope.MAIL


def test_unclear_refusal_is_retried_and_final_the_second_time() -> None:
    refusals = RefusalTracker()
    assert refusals.scope_of(refusal(1))[0] is RefusalScope.UNDECIDED
    assert refusals.scope_of(refusal(1, attempts=2))[0] is RefusalScope.MAIL


def test_same_unclear_reply_for_a_second_recipient_pauses_the_account() -> None:
    refusals = RefusalTracker()
    refusals.scope_of(refusal(1))
    assert refusals.scope_of(refusal(2, "5.7.0 refused, id 4712")) == (
        RefusalScope.ACCOUNT,
        SAME_REPLY + "5.7.0 refused, id 4712",
    )


def test_same_reply_for_the_same_recipient_does_not_pause_the_account() -> None:
    refusals = RefusalTracker()
    refusals.scope_of(refusal(1, to="lena@schule.example"))
    assert refusals.scope_of(refusal(2, to="lena@schule.example"))[0] is RefusalScope.UNDECIDED


def test_another_reply_or_an_accepted_mail_in_between_does_not_pause_the_account() -> None:
    refusals = RefusalTracker()
    refusals.scope_of(refusal(1))
    assert refusals.scope_of(refusal(2, "5.7.0 no thanks"))[0] is RefusalScope.UNDECIDED
    refusals.record_accepted()
    assert refusals.scope_of(refusal(3, "5.7.0 no thanks"))[0] is RefusalScope.UNDECIDED


def test_paused_account_keeps_the_first_mail_with_the_same_reply() -> None:
    refusals = RefusalTracker()
    refusals.scope_of(refusal(1))
    refusals.scope_of(refusal(2))
    assert refusals.scope_of(refusal(1, attempts=2))[0] is RefusalScope.ACCOUNT
    assert refusals.scope_of(refusal(1, attempts=2))[0] is RefusalScope.ACCOUNT


def test_new_process_knows_the_reply_that_paused_the_account() -> None:
    refusals = RefusalTracker()
    refusals.restore(SAME_REPLY + BLOCKED)
    assert refusals.scope_of(refusal(1, attempts=2))[0] is RefusalScope.ACCOUNT
    refusals = RefusalTracker()
    refusals.restore("the login is refused")
    assert refusals.scope_of(refusal(1, attempts=2))[0] is RefusalScope.MAIL


def test_new_process_knows_the_reply_that_paused_the_account_before_an_upgrade() -> None:
    refusals = RefusalTracker()
    refusals.restore("refuses mails to different people alike: " + BLOCKED)
    assert refusals.scope_of(refusal(1, attempts=2))[0] is RefusalScope.ACCOUNT


def test_replies_about_recipients_and_spam_do_not_pause_the_account() -> None:
    refusals = RefusalTracker()
    for mail in range(20):
        assert refusals.scope_of(refusal(mail, "5.1.1 unknown", About.RECIPIENT))[0] is RefusalScope.MAIL
    for mail in range(MAX_CONSECUTIVE_REFUSALS):
        assert refusals.scope_of(refusal(mail, "5.7.1 spam", About.MAIL))[0] is RefusalScope.MAIL


def test_consecutive_refusals_pause_the_account() -> None:
    refusals = RefusalTracker()
    for mail in range(MAX_CONSECUTIVE_REFUSALS):
        temporary = refusal(mail, "4.3.0 busy " + "x" * mail, permanent=False)
        assert refusals.scope_of(temporary)[0] is RefusalScope.MAIL
    assert refusals.scope_of(refusal(9, "4.3.0 disk", permanent=False)) == (
        RefusalScope.ACCOUNT,
        EVERY_MAIL + "4.3.0 disk",
    )


def test_mail_refused_again_while_others_are_accepted_fails_alone() -> None:
    refusals = RefusalTracker()
    assert refusals.scope_of(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is RefusalScope.ACCOUNT
    assert refusals.scope_of(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is RefusalScope.ACCOUNT
    refusals.record_accepted()
    assert refusals.scope_of(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is RefusalScope.MAIL
    assert refusals.scope_of(refusal(2, "5.7.1 limit", About.ACCOUNT))[0] is RefusalScope.ACCOUNT


def test_two_mails_with_one_refused_text_pause_the_account_once() -> None:
    refusals = RefusalTracker()
    rulings = [refusals.scope_of(refusal(mail))[0] for mail in (1, 2)]
    refusals.record_accepted()  # the alert
    rulings += [refusals.scope_of(refusal(mail, attempts=n))[0] for mail, n in ((2, 1), (1, 2), (2, 2))]
    assert rulings == [
        RefusalScope.UNDECIDED,
        RefusalScope.ACCOUNT,
        RefusalScope.UNDECIDED,
        RefusalScope.MAIL,
        RefusalScope.MAIL,
    ]
