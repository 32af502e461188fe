"""Tests of the start of batches against a plain model that looks at every second."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.arrivals.batches import BatchStart, Collected, CollectedEvent, decide
from polysync_core.domain.arrivals.definition import Arrival
from polysync_core.domain.arrivals.event import Event
from polysync_core.domain.arrivals.run_arrival import ReceivedEvent
from tests.fakes.builders import NOON

ARRIVALS = st.builds(
    lambda quiet, minimum, extra, wait: Arrival(
        name="new",
        source="lake",
        quiet_seconds=quiet,
        minimum_count=minimum,
        maximum_count=minimum + extra,
        maximum_wait_seconds=None if wait is None else quiet + wait,
    ),
    st.integers(1, 8),
    st.integers(1, 4),
    st.integers(0, 3),
    st.none() | st.integers(0, 15),
)


def at(second: int) -> datetime:
    return NOON + timedelta(seconds=second)


def collected(seconds: list[int]) -> Collected:
    event = Event(id="1", source="lake", type="t")
    return Collected(
        events=[
            CollectedEvent(key=str(n), received=ReceivedEvent(event=event, received_at=at(second)))
            for n, second in enumerate(seconds)
        ]
    )


def model(arrival: Arrival, arrivals: list[int], end: int) -> list[tuple[int, int]]:
    """Return the seconds at which runs start, with the numbers of their events."""
    waiting: list[int] = []
    starts: list[tuple[int, int]] = []
    for second in range(end):
        waiting += [each for each in arrivals if each == second]
        while waiting and _is_due(arrival, waiting, second):
            count = min(len(waiting), arrival.maximum_count)
            starts.append((second, count))
            del waiting[:count]
    return starts


def _is_due(arrival: Arrival, waiting: list[int], now: int) -> bool:
    is_full = len(waiting) >= arrival.maximum_count
    wait = arrival.maximum_wait_seconds
    has_waited = wait is not None and now - waiting[0] >= wait
    is_quiet = now - waiting[-1] >= arrival.quiet_seconds
    return is_full or has_waited or (is_quiet and len(waiting) >= arrival.minimum_count)


@given(ARRIVALS, st.lists(st.integers(0, 30), max_size=12))
def test_a_batch_starts_when_the_model_says(arrival: Arrival, seconds: list[int]) -> None:
    """Check only at the times that the decisions name and at new events."""
    seconds.sort()
    starts: list[tuple[int, int]] = []
    waiting: list[int] = []
    check: datetime | None = None
    for second in range(80):
        new = [each for each in seconds if each == second]
        waiting += new
        wanted = at(second + arrival.quiet_seconds)
        if new:
            # A full batch is seen at once here; the collector looks at it at the next check.
            check = (
                at(second)
                if len(waiting) >= arrival.maximum_count
                else min(check or wanted, wanted)
            )
        while check is not None and check <= at(second):
            decision: Any = decide(arrival, collected(waiting), now=at(second))
            if isinstance(decision, BatchStart):
                starts.append((second, decision.count))
                del waiting[: decision.count]
                continue
            check = decision.until

    assert starts == model(arrival, seconds, 80)
