"""Measures the Dispatcher, which starts queued runs: cost per round and use of limits."""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from bench import load
from bench.host import measured_host
from bench.report import row, spread, title
from polysync_core.domain.dispatch.codec import decode_state, encode_state
from polysync_core.domain.dispatch.decisions import decide, release
from polysync_core.domain.dispatch.policies import (
    ConcurrencyRule,
    PlatformPolicy,
    ProfilePolicy,
    StartRateRule,
    TaskPolicy,
)
from polysync_core.domain.dispatch.state import DispatcherState, WaitingRun, waiting_entry
from polysync_core.domain.runs.identity import derived_run_id

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_TASKS = 50
_SLOTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundCost:
    """The cost of one dispatch round, including the read and the write of the state."""

    cpu_milliseconds: float
    state_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotUse:
    """The use of a concurrency limit while more runs wait than it allows."""

    mean: float
    peak: int
    lags: Sequence[float]
    """Seconds from each freed slot to the submit that used it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateUse:
    """The use of a rate limit while more runs wait than it allows to start."""

    most_starts: int
    """The maximum number of starts by the Dispatcher in any window."""
    most_submits: int
    """The maximum number of submits to the platform in any window; a submit follows its start."""
    achieved: float
    """The share of the permitted rate."""


def dispatch(_: argparse.Namespace) -> None:
    """Measure one dispatch round with few and with many waiting runs."""
    title("One dispatch round (a release and the start after it)")
    for waiting in (10, 1_000, 10_000):
        cost = measure_round(waiting)
        row(
            f"{waiting} waiting",
            f"{cost.cpu_milliseconds:.2f} ms CPU, {1000 / cost.cpu_milliseconds:.0f} rounds/s, "
            f"{cost.state_bytes} bytes of state",
        )


def cap(options: argparse.Namespace) -> None:
    """Measure a concurrency limit with more runs than slots."""
    with measured_host() as host:
        asyncio.run(load.run_all(host.url, load.WARM_UP, seconds=0.1))
        use = measure_cap(host.url, options.contended, options.slots, seconds=options.nap)
    title(f"{options.contended} runs of {options.nap:g} s with {options.slots} slots")
    row("occupancy", f"mean {use.mean:.1%}, never more than {use.peak} of {options.slots}")
    row("freed slot → next submit", spread(use.lags))


def rate(options: argparse.Namespace) -> None:
    """Measure a rate limit with more runs than it allows to start."""
    with measured_host() as host:
        asyncio.run(load.run_all(host.url, load.WARM_UP, seconds=0.1))
        count = min(options.contended, 8 * options.limit + 1)
        use = measure_rate(host.url, count, options.limit, options.window)
    title(f"{count} runs with a token bucket of {options.limit} starts in {options.window} s")
    row("most starts in any window", f"{use.most_starts} of {options.limit}")
    row("most submits in any window", f"{use.most_submits} (each follows its start a little later)")
    row("share of permitted rate", f"{use.achieved:.1%}")


def measure_round(waiting: int) -> RoundCost:
    """Measure rounds with waiting runs under two limits and a queue time-out."""
    stored = json.dumps(encode_state(_state(waiting)))
    at, times = _NOW + timedelta(minutes=2), max(20, 20_000 // max(waiting, 100))
    began = time.process_time()
    for _ in range(times):
        state = decode_state(json.loads(stored))
        outcome = release(state, next(iter(state.leases)), 1, now=at)
        assert len(outcome.starts) == 1
        json.dumps(encode_state(state))
    spent = (time.process_time() - began) / times
    return RoundCost(cpu_milliseconds=spent * 1000, state_bytes=len(stored))


def measure_cap(url: str, count: int, slots: int, *, seconds: float) -> SlotUse:
    """Run naps under a concurrency limit; the times come from the rows of the runs."""
    settings = {"maxConcurrentTasks": slots}
    _limit(url, {"name": "bench", "type": "Concurrency", "settings": settings})
    runs = asyncio.run(load.run_all(url, count, seconds=seconds)).runs
    spans = sorted((_time(run["startedAt"]), _time(run["finishedAt"])) for run in runs)
    changes = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    last_start = spans[-1][0]
    busy, level, peak, before = 0.0, 0, 0, spans[0][0]
    for at, change in changes:
        if before < last_start:
            busy += level * (min(at, last_start) - before)
        level, before = level + change, at
        peak = max(peak, level)
    ends = sorted(end for _, end in spans)
    submits = sorted(_time(run["attempts"][-1]["submittedAt"]) for run in runs)
    lags = [submit - ends[number] for number, submit in enumerate(submits[slots:])]
    return SlotUse(mean=busy / (last_start - spans[0][0]) / slots, peak=peak, lags=lags)


def measure_rate(url: str, count: int, limit: int, window: int) -> RateUse:
    """Run short naps under a rate limit, and record the time of each start."""
    settings = {"limit": limit, "windowSeconds": window}
    _limit(
        url,
        {"name": "bench", "type": "RateLimit", "settings": settings},
        {"name": "seen", "type": "Concurrency", "settings": {"maxConcurrentTasks": 1_000_000}},
    )
    granted: dict[str, float] = {}
    done = threading.Event()
    watching = threading.Thread(target=_watch, args=(url, granted, done))
    watching.start()
    runs = asyncio.run(load.run_all(url, count, seconds=1.0)).runs
    done.set()
    watching.join()
    assert len(granted) == count, "a lease was granted and released between two reads"
    starts = sorted(granted.values())
    # The first `limit` runs start at once; each further run waits for its share of a window.
    permitted = (count - 1) // limit * window
    return RateUse(
        most_starts=_peak_within(starts, window),
        most_submits=_peak_within(sorted(_time(run["startedAt"]) for run in runs), window),
        achieved=permitted / (starts[-1] - starts[0]),
    )


def _watch(url: str, granted: dict[str, float], done: threading.Event) -> None:
    """Record the time of each lease; a nap is longer than the pause between reads."""
    with httpx.Client(base_url=url, timeout=30) as client:
        while not done.wait(0.2):
            usage = client.get("/contention-profiles/seen/usage").raise_for_status().json()
            for counter in usage["counters"]:
                for lease in counter["holders"]:
                    granted[lease["runId"]] = _time(lease["since"])


def _peak_within(times: Sequence[float], window: float) -> int:
    """Return the largest number of times in any window of this length."""
    return max(number - bisect_right(times, at - window) + 1 for number, at in enumerate(times))


def _state(waiting: int) -> DispatcherState:
    state = DispatcherState()
    state.policies.add(
        PlatformPolicy(name="lakehouse", profiles=("cap", "rate")),
        ProfilePolicy(name="cap", rule=ConcurrencyRule(slots=_SLOTS), queue_timeout=86_400_000),
        ProfilePolicy(name="rate", rule=StartRateRule(limit=300, window=60_000)),
        *(TaskPolicy(name=f"task-{number}") for number in range(_TASKS)),
    )
    entries = [
        waiting_entry(
            WaitingRun(
                run_id=derived_run_id("bench", str(number)),
                attempt=1,
                task=f"task-{number % _TASKS}",
                platform="lakehouse",
                priority=number * 7919 % 200,
                queued_at=_NOW + timedelta(milliseconds=number),
            )
        )
        for number in range(waiting + _SLOTS)
    ]
    state.waiting = {each.run_id: each for each in sorted(entries, key=lambda each: each.rank)}
    decide(state, now=_NOW + timedelta(minutes=1))
    return state


def _limit(url: str, *profiles: dict[str, object]) -> None:
    """Set the contention profiles of the benchmark's platforms."""
    with httpx.Client(base_url=url, timeout=30) as client:
        document = client.get("/definitions", headers={"Accept": "application/json"}).json()
        document["contentionProfiles"] = profiles
        for platform in document["platforms"]:
            platform["contentionProfiles"] = [profile["name"] for profile in profiles]
        client.put("/definitions", json=document).raise_for_status()


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
