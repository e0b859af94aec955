"""Whose trouble a refusal is: the letter's or the account's."""

from mailbot.smtp.refusals import (
    ACCOUNT,
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
    found = RefusalTracker().scope_of(refusal(1, "5.4.5 limit", About.ACCOUNT))
    assert found == (RefusalScope.ACCOUNT, ACCOUNT + "5.4.5 limit")


def test_an_unclear_refusal_is_tried_again_and_is_final_the_second_time() -> None:
    refusals = RefusalTracker()
    assert refusals.scope_of(refusal(1))[0] is RefusalScope.UNDECIDED
    assert refusals.scope_of(refusal(1, attempts=2))[0] is RefusalScope.MAIL


def test_the_same_unclear_reply_to_a_second_recipient_pauses_the_account() -> None:
    refusals = RefusalTracker()
    refusals.scope_of(refusal(1))
    assert refusals.scope_of(refusal(2, "5.7.0 refused, id 4712")) == (
        RefusalScope.ACCOUNT,
        SAME_REPLY + "5.7.0 refused, id 4712",
    )


def test_the_same_reply_to_the_same_recipient_does_not_pause_the_account() -> None:
    refusals = RefusalTracker()
    refusals.scope_of(refusal(1, to="lena@schule.example"))
    assert refusals.scope_of(refusal(2, to="lena@schule.example"))[0] is RefusalScope.UNDECIDED


def test_another_reply_or_a_letter_taken_in_between_does_not_pause_the_account() -> None:
    refusals = RefusalTracker()
    refusals.scope_of(refusal(1))
    assert refusals.scope_of(refusal(2, "5.7.0 no thanks"))[0] is RefusalScope.UNDECIDED
    refusals.record_accepted()
    assert refusals.scope_of(refusal(3, "5.7.0 no thanks"))[0] is RefusalScope.UNDECIDED


def test_while_the_account_is_paused_the_same_reply_keeps_the_first_letter_too() -> None:
    refusals = RefusalTracker()
    refusals.scope_of(refusal(1))
    refusals.scope_of(refusal(2))
    assert refusals.scope_of(refusal(1, attempts=2))[0] is RefusalScope.ACCOUNT
    assert refusals.scope_of(refusal(1, attempts=2))[0] is RefusalScope.ACCOUNT


def test_a_new_process_knows_for_which_reply_the_account_was_paused() -> None:
    refusals = RefusalTracker()
    refusals.restore(SAME_REPLY + BLOCKED)
    assert refusals.scope_of(refusal(1, attempts=2))[0] is RefusalScope.ACCOUNT
    refusals = RefusalTracker()
    refusals.restore("the login is refused")
    assert refusals.scope_of(refusal(1, attempts=2))[0] is RefusalScope.MAIL


def test_unknown_recipients_and_spam_never_count_as_the_same_reply() -> None:
    refusals = RefusalTracker()
    for letter in range(20):
        assert refusals.scope_of(refusal(letter, "5.1.1 unknown", About.RECIPIENT))[0] is RefusalScope.MAIL
    for letter in range(MAX_CONSECUTIVE_REFUSALS):
        assert refusals.scope_of(refusal(letter, "5.7.1 spam", About.MAIL))[0] is RefusalScope.MAIL


def test_a_server_that_takes_no_letter_for_whatever_reason_pauses_the_account() -> None:
    refusals = RefusalTracker()
    for letter in range(MAX_CONSECUTIVE_REFUSALS):
        temporary = refusal(letter, "4.3.0 busy " + "x" * letter, permanent=False)
        assert refusals.scope_of(temporary)[0] is RefusalScope.MAIL
    assert refusals.scope_of(refusal(9, "4.3.0 disk", permanent=False)) == (
        RefusalScope.ACCOUNT,
        EVERY_MAIL + "4.3.0 disk",
    )


def test_a_letter_that_is_refused_again_while_others_are_taken_is_alone_to_blame() -> None:
    refusals = RefusalTracker()
    assert refusals.scope_of(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is RefusalScope.ACCOUNT
    assert refusals.scope_of(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is RefusalScope.ACCOUNT
    refusals.record_accepted()
    assert refusals.scope_of(refusal(1, "5.7.1 limit", About.ACCOUNT))[0] is RefusalScope.MAIL
    assert refusals.scope_of(refusal(2, "5.7.1 limit", About.ACCOUNT))[0] is RefusalScope.ACCOUNT


def test_two_letters_of_one_refused_text_pause_the_account_once() -> None:
    refusals = RefusalTracker()
    rulings = [refusals.scope_of(refusal(letter))[0] for letter in (1, 2)]
    refusals.record_accepted()  # the alert
    rulings += [refusals.scope_of(refusal(letter, attempts=n))[0] for letter, n in ((2, 1), (1, 2), (2, 2))]
    assert rulings == [
        RefusalScope.UNDECIDED,
        RefusalScope.ACCOUNT,
        RefusalScope.UNDECIDED,
        RefusalScope.MAIL,
        RefusalScope.MAIL,
    ]
