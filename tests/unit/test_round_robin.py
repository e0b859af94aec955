"""Many mails of one sender do not delay other senders."""

import random

from hypothesis import given
from hypothesis import strategies as st

from mailbot.runtime.round_robin import QUANTUM, next_batch, round_robin

FLOOD = dict.fromkeys(range(1, 10001), "a@flood.example")


def test_mail_after_ten_thousand_of_one_sender_is_processed_after_one_quantum() -> None:
    order = round_robin(FLOOD | {10_001: "b@schule.example"})
    assert order.index(10_001) == QUANTUM
    assert order[:QUANTUM] == list(range(1, QUANTUM + 1))


def test_no_mail_is_lost_and_mails_of_a_sender_keep_their_order() -> None:
    chance = random.Random(1)
    senders = {uid: f"{chance.randrange(9) ** 2}@schule.example" for uid in range(1, 500)}
    order = round_robin(senders)
    assert sorted(order) == sorted(senders)
    for sender in set(senders.values()):
        own = [uid for uid in order if senders[uid] == sender]
        assert own == sorted(own)


def test_ordinary_mails_are_processed_in_order_of_arrival() -> None:
    senders = {uid: f"{uid % 10}@schule.example" for uid in range(1, 10 * QUANTUM + 1)}
    assert round_robin(senders) == sorted(senders)


@given(st.sets(st.integers(1, 40), min_size=1), st.sets(st.integers(1, 40)), st.integers(1, 10))
def test_mail_that_is_retried_alone_keeps_its_position(uids: set[int], alone: set[int], most: int) -> None:
    ordered, batches = sorted(uids), list[list[int]]()
    while ordered:
        batches.append(next_batch(ordered, alone, most))
        ordered = ordered[len(batches[-1]) :]
    assert [uid for batch in batches for uid in batch] == sorted(uids)
    assert all(len(batch) <= most for batch in batches)
    assert all(batch == [uid] for batch in batches for uid in batch if uid in alone)
