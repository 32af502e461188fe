"""Tests of the slots that keep a slow receiver from delaying the others."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from polysync_core.application.events.slots import MOST_AT_ONCE, DeliverySlots
from polysync_core.domain.errors import Unavailable


class Time:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def fill(slots: DeliverySlots, receiver: str, stack: ExitStack) -> None:
    for _ in range(MOST_AT_ONCE):
        assert stack.enter_context(slots.taken(receiver)) is None


def test_a_receiver_without_a_free_slot_waits_and_another_receiver_does_not() -> None:
    slots = DeliverySlots(monotonic=Time())
    with ExitStack() as stack:
        fill(slots, "slow", stack)
        with slots.taken("slow") as wait, slots.taken("quick") as none:
            assert wait is not None
            assert wait >= 1
            assert none is None
    with slots.taken("slow") as wait:
        assert wait is None


def test_a_failed_delivery_frees_its_slot() -> None:
    slots = DeliverySlots(monotonic=Time())
    for _ in range(3 * MOST_AT_ONCE):
        with pytest.raises(Unavailable), slots.taken("broken") as wait:
            assert wait is None
            raise Unavailable


def test_waiting_deliveries_get_turns_as_fast_as_the_receiver_answers() -> None:
    time = Time()
    slots = DeliverySlots(monotonic=time)
    with ExitStack() as stack:
        fill(slots, "slow", stack)
        time.seconds = 10.0
        waits: list[int | None] = []
        for _ in range(400):
            with slots.taken("slow") as wait:
                waits.append(wait)
    # Four deliveries of ten seconds each at once: a turn each 2.5 seconds, and ten minutes at most.
    assert waits[:4] == [3, 5, 8, 10]
    assert waits[-1] == 600


def test_the_turns_end_when_their_time_has_passed() -> None:
    time = Time()
    slots = DeliverySlots(monotonic=time)
    with ExitStack() as stack:
        fill(slots, "slow", stack)
        for _ in range(100):
            with slots.taken("slow") as wait:
                assert wait is not None
    time.seconds = 1_000.0
    with ExitStack() as stack:
        fill(slots, "slow", stack)
        with slots.taken("slow") as wait:
            assert wait == 1
