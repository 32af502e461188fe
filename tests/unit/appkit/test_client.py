"""Tests for the time-outs of the Jobs API client."""

from __future__ import annotations

from datetime import timedelta

from polysync_core.appkit.client import Timeouts


def test_a_configured_time_out_replaces_both_defaults() -> None:
    default, configured = Timeouts.of(None), Timeouts.of(timedelta(seconds=5))
    assert (default.read.total, default.write.total) == (30, 120)
    assert (default.read.attempts, default.read.first_delay) == (3, 1)
    assert (configured.read.total, configured.write.total) == (5, 5)
