"""Whose trouble a refusal is: the letter's or the account's."""

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


def test_a_reply_about_the_account_pauses_it() -> None:
    found = Refusals().rule(refusal(1, "5.4.5 limit", About.ACCOUNT))
    assert found == (Ruling.ACCOUNT, ACCOUNT + "5.4.5 limit")


def test_an_unclear_refusal_is_tried_again_and_is_final_the_second_time() -> None:
    refusals = Refusals()
    assert refusals.rule(refusal(1))[0] is Ruling.AGAIN
    assert refusals.rule(refusal(1, attempts=2))[0] is Ruling.LETTER


def test_the_same_unclear_reply_to_a_second_recipient_pauses_the_account() -> None:
    refusals = Refusals()
    refusals.rule(refusal(1))
    assert refusals.rule(refusal(2, "5.7.0 refused, id 4712")) == (
        Ruling.ACCOUNT,
        ALIKE + "5.7.0 refused, id 4712",
    )


def test_the_same_reply_to_the_same_recipient_does_not_pause_the_account() -> None:
    refusals = Refusals()
    refusals.rule(refusal(1, to="lena@schule.example"))
    assert refusals.rule(refusal(2, to="lena@schule.example"))[0] is Ruling.AGAIN


def test_another_reply_or_a_letter_taken_in_between_does_not_pause_the_account() -> None:
    refusals = Refusals()
    refusals.rule(refusal(1))
    assert refusals.rule(refusal(2, "5.7.0 no thanks"))[0] is Ruling.AGAIN
    refusals.taken()
    assert refusals.rule(refusal(3, "5.7.0 no thanks"))[0] is Ruling.AGAIN


def test_while_the_account_is_paused_the_same_reply_keeps_the_first_letter_too() -> None:
    refusals = Refusals()
    refusals.rule(refusal(1))
    refusals.rule(refusal(2))
    assert refusals.rule(refusal(1, attempts=2))[0] is Ruling.ACCOUNT
    assert refusals.rule(refusal(1, attempts=2))[0] is Ruling.ACCOUNT


def test_a_new_process_knows_for_which_reply_the_account_was_paused() -> None:
    refusals = Refusals()
    refusals.remember(ALIKE + BLOCKED)
    assert refusals.rule(refusal(1, attempts=2))[0] is Ruling.ACCOUNT
    refusals = Refusals()
    refusals.remember("the login is refused")
    assert refusals.rule(refusal(1, attempts=2))[0] is Ruling.LETTER


def test_unknown_recipients_and_spam_never_count_as_the_same_reply() -> None:
    refusals = Refusals()
    for letter in range(20):
        assert refusals.rule(refusal(letter, "5.1.1 unknown", About.RECIPIENT))[0] is Ruling.LETTER
    for letter in range(MAX_CONSECUTIVE_REFUSALS):
        assert refusals.rule(refusal(letter, "5.7.1 spam", About.MAIL))[0] is Ruling.LETTER


def test_a_server_that_takes_no_letter_for_whatever_reason_pauses_the_account() -> None:
    refusals = Refusals()
    for letter in range(MAX_CONSECUTIVE_REFUSALS):
        temporary = refusal(letter, "4.3.0 busy " + "x" * letter, permanent=False)
        assert refusals.rule(temporary)[0] is Ruling.LETTER
    assert refusals.rule(refusal(9, "4.3.0 disk", permanent=False)) == (Ruling.ACCOUNT, EVERY + "4.3.0 disk")


def test_a_letter_that_is_refused_again_while_others_are_taken_is_alone_to_blame() -> None:
    refusals = Refusals()
    assert refusals.rule(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is Ruling.ACCOUNT
    assert refusals.rule(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is Ruling.ACCOUNT
    refusals.taken()
    assert refusals.rule(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is Ruling.LETTER
    assert refusals.rule(refusal(2, "5.7.1 limit", About.ACCOUNT))[0] is Ruling.ACCOUNT


def test_two_letters_of_one_refused_text_pause_the_account_once() -> None:
    refusals = Refusals()
    rulings = [refusals.rule(refusal(letter))[0] for letter in (1, 2)]
    refusals.taken()  # the alert
    rulings += [refusals.rule(refusal(letter, attempts=n))[0] for letter, n in ((2, 1), (1, 2), (2, 2))]
    assert rulings == [Ruling.AGAIN, Ruling.ACCOUNT, Ruling.AGAIN, Ruling.LETTER, Ruling.LETTER]
