"""Tests for the time-outs of the Jobs API client."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.appkit.client import Timeouts
from polysync_core.outbound.call_budget import RetryTimer


def test_a_configured_time_out_replaces_both_defaults() -> None:
    default, configured = Timeouts.of(None), Timeouts.of(timedelta(seconds=5))
    assert (default.read.total, default.write.total) == (30, 120)
    assert default.read.attempts == 3
    assert (configured.read.total, configured.write.total) == (5, 5)


@pytest.mark.parametrize(
    ("repetition", "least", "most"), [(1, 1.0, 1.25), (2, 2.0, 2.5)], ids=["second", "third"]
)
def test_a_pause_lasts_at_least_as_long_as_documented(
    repetition: int, least: float, most: float
) -> None:
    bounds: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        bounds.append((low, high))
        return low

    timer = RetryTimer(monotonic=lambda: 0.0, uniform=uniform)
    for budget in (Timeouts.of(None).read, Timeouts.of(None).write):
        assert timer.next_pause(budget, repetition, None, deadline=30) == least
        assert timer.next_pause(budget, 3, None, deadline=30) is None
    assert bounds == [(least, most)] * 2
