"""A refusal concerns the mail or the whole account."""

from mailbot.smtp.refusals import ACCOUNT, ALIKE, EVERY, MAX_CONSECUTIVE_REFUSALS, Refusal, Refusals, Ruling
from mailbot.smtp.reply import About

BLOCKED = "5.7.0 refused, id 4711"


def refusal(
    letter: int,
    reply: str = BLOCKED,
    about: About = About.UNCLEAR,
    *,
    to: str = "",
    attempts: int = 1,
    permanent: bool = True,
) -> Refusal:
    return Refusal(letter, to or f"p{letter}@schule.example", about, reply, permanent, attempts)


def test_reply_about_the_account_pauses_it() -> None:
    found = Refusals().rule(refusal(1, "5.4.5 limit", About.ACCOUNT))
    assert found == (Ruling.ACCOUNT, ACCOUNT + "5.4.5 limit")


def test_unclear_refusal_is_retried_and_final_the_second_time() -> None:
    refusals = Refusals()
    assert refusals.rule(refusal(1))[0] is Ruling.AGAIN
    assert refusals.rule(refusal(1, attempts=2))[0] is Ruling.LETTER


def test_same_unclear_reply_for_a_second_recipient_pauses_the_account() -> None:
    refusals = Refusals()
    refusals.rule(refusal(1))
    assert refusals.rule(refusal(2, "5.7.0 refused, id 4712")) == (
        Ruling.ACCOUNT,
        ALIKE + "5.7.0 refused, id 4712",
    )


def test_same_reply_for_the_same_recipient_does_not_pause_the_account() -> None:
    refusals = Refusals()
    refusals.rule(refusal(1, to="lena@schule.example"))
    assert refusals.rule(refusal(2, to="lena@schule.example"))[0] is Ruling.AGAIN


def test_another_reply_or_an_accepted_mail_in_between_does_not_pause_the_account() -> None:
    refusals = Refusals()
    refusals.rule(refusal(1))
    assert refusals.rule(refusal(2, "5.7.0 no thanks"))[0] is Ruling.AGAIN
    refusals.taken()
    assert refusals.rule(refusal(3, "5.7.0 no thanks"))[0] is Ruling.AGAIN


def test_paused_account_keeps_the_first_mail_with_the_same_reply() -> None:
    refusals = Refusals()
    refusals.rule(refusal(1))
    refusals.rule(refusal(2))
    assert refusals.rule(refusal(1, attempts=2))[0] is Ruling.ACCOUNT
    assert refusals.rule(refusal(1, attempts=2))[0] is Ruling.ACCOUNT


def test_new_process_knows_the_reply_that_paused_the_account() -> None:
    refusals = Refusals()
    refusals.remember(ALIKE + BLOCKED)
    assert refusals.rule(refusal(1, attempts=2))[0] is Ruling.ACCOUNT
    refusals = Refusals()
    refusals.remember("the login is refused")
    assert refusals.rule(refusal(1, attempts=2))[0] is Ruling.LETTER


def test_replies_about_recipients_and_spam_do_not_pause_the_account() -> None:
    refusals = Refusals()
    for letter in range(20):
        assert refusals.rule(refusal(letter, "5.1.1 unknown", About.RECIPIENT))[0] is Ruling.LETTER
    for letter in range(MAX_CONSECUTIVE_REFUSALS):
        assert refusals.rule(refusal(letter, "5.7.1 spam", About.MAIL))[0] is Ruling.LETTER


def test_consecutive_refusals_pause_the_account() -> None:
    refusals = Refusals()
    for letter in range(MAX_CONSECUTIVE_REFUSALS):
        temporary = refusal(letter, "4.3.0 busy " + "x" * letter, permanent=False)
        assert refusals.rule(temporary)[0] is Ruling.LETTER
    assert refusals.rule(refusal(9, "4.3.0 disk", permanent=False)) == (Ruling.ACCOUNT, EVERY + "4.3.0 disk")


def test_mail_refused_again_while_others_are_accepted_fails_alone() -> None:
    refusals = Refusals()
    assert refusals.rule(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is Ruling.ACCOUNT
    assert refusals.rule(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is Ruling.ACCOUNT
    refusals.taken()
    assert refusals.rule(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is Ruling.LETTER
    assert refusals.rule(refusal(2, "5.7.1 limit", About.ACCOUNT))[0] is Ruling.ACCOUNT


def test_two_mails_with_one_refused_text_pause_the_account_once() -> None:
    refusals = Refusals()
    rulings = [refusals.rule(refusal(letter))[0] for letter in (1, 2)]
    refusals.taken()  # the alert
    rulings += [refusals.rule(refusal(letter, attempts=n))[0] for letter, n in ((2, 1), (1, 2), (2, 2))]
    assert rulings == [Ruling.AGAIN, Ruling.ACCOUNT, Ruling.AGAIN, Ruling.LETTER, Ruling.LETTER]
