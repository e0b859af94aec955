"""A flood of one sender delays nobody else."""

import random

from hypothesis import given
from hypothesis import strategies as st

from mailbot.runtime.round_robin import QUANTUM, next_batch, round_robin

FLOOD = dict.fromkeys(range(1, 10001), "a@flood.example")


def test_a_mail_behind_ten_thousand_of_one_sender_is_taken_after_a_share_of_them() -> None:
    order = round_robin(FLOOD | {10_001: "b@schule.example"})
    assert order.index(10_001) == QUANTUM
    assert order[:QUANTUM] == list(range(1, QUANTUM + 1))


def test_no_mail_gets_lost_and_those_of_one_sender_stay_in_their_order() -> None:
    chance = random.Random(1)
    senders = {uid: f"{chance.randrange(9) ** 2}@schule.example" for uid in range(1, 500)}
    order = round_robin(senders)
    assert sorted(order) == sorted(senders)
    for sender in set(senders.values()):
        own = [uid for uid in order if senders[uid] == sender]
        assert own == sorted(own)


def test_ordinary_mail_is_taken_as_it_came() -> None:
    senders = {uid: f"{uid % 10}@schule.example" for uid in range(1, 10 * QUANTUM + 1)}
    assert round_robin(senders) == sorted(senders)


@given(st.sets(st.integers(1, 40), min_size=1), st.sets(st.integers(1, 40)), st.integers(1, 10))
def test_a_mail_that_is_tried_alone_keeps_its_place(uids: set[int], alone: set[int], most: int) -> None:
    ordered, batches = sorted(uids), list[list[int]]()
    while ordered:
        batches.append(next_batch(ordered, alone, most))
        ordered = ordered[len(batches[-1]) :]
    assert [uid for batch in batches for uid in batch] == sorted(uids)
    assert all(len(batch) <= most for batch in batches)
    assert all(batch == [uid] for batch in batches for uid in batch if uid in alone)
