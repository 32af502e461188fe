"""What a decision of the Dispatcher costs, and how well limits are used by the whole stack."""

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
from bench.host import LocalHost
from bench.printing import row, spread, title
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
class Cost:
    """What one decision costs: reading the state, a release with a start, writing the state."""

    cpu_milliseconds: float
    state_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CapUse:
    """How a cap was used while more waited than it lets run."""

    mean: float
    most: int
    lags: Sequence[float]
    """Seconds from each freed slot to the submit that took it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateUse:
    """How a rate was used while more waited than it lets start."""

    most_starts: int
    """The most in any window that the Dispatcher let start."""
    most_submits: int
    """The most in any window that were handed to the platform, which follows a little later."""
    achieved: float
    """Of the permitted rate."""


def dispatch(_: argparse.Namespace) -> None:
    """One decision, the reading and writing of the state included."""
    title("One decision of a Dispatcher (a release and the start that follows)")
    for waiting in (10, 1_000, 10_000):
        cost = decision(waiting)
        row(
            f"{waiting} waiting",
            f"{cost.cpu_milliseconds:.2f} ms CPU, {1000 / cost.cpu_milliseconds:.0f} decisions/s, "
            f"{cost.state_bytes} bytes of state",
        )


def cap(told: argparse.Namespace) -> None:
    """More runs than slots."""
    with LocalHost() as host:
        asyncio.run(load.run_all(host.url, load.WARM_UP, seconds=0.1))
        use = under_cap(host.url, told.contended, told.slots, seconds=told.nap)
    title(f"{told.contended} runs of {told.nap:g} s against {told.slots} slots")
    row("occupancy", f"mean {use.mean:.1%}, never more than {use.most} of {told.slots}")
    row("freed slot → next submit", spread(use.lags))


def rate(told: argparse.Namespace) -> None:
    """More runs than a token bucket lets start."""
    with LocalHost() as host:
        asyncio.run(load.run_all(host.url, load.WARM_UP, seconds=0.1))
        count = min(told.contended, 8 * told.limit + 1)
        use = under_rate(host.url, count, told.limit, told.window)
    title(f"{count} runs against a token bucket of {told.limit} starts in {told.window} s")
    row("most starts in any window", f"{use.most_starts} of {told.limit}")
    row("most submits in any window", f"{use.most_submits} (each follows its start a little later)")
    row("achieved of permitted rate", f"{use.achieved:.1%}")


def decision(waiting: int) -> Cost:
    """Measure decisions with so many runs waiting under a cap, a rate and a queue time-out."""
    stored = json.dumps(encode_state(_state(waiting)))
    at, times = _NOW + timedelta(minutes=2), max(20, 20_000 // max(waiting, 100))
    began = time.process_time()
    for _ in range(times):
        state = decode_state(json.loads(stored))
        decided = release(state, next(iter(state.leases)), 1, now=at)
        assert len(decided.starts) == 1
        json.dumps(encode_state(state))
    spent = (time.process_time() - began) / times
    return Cost(cpu_milliseconds=spent * 1000, state_bytes=len(stored))


def under_cap(url: str, count: int, slots: int, *, seconds: float) -> CapUse:
    """Run naps against a cap; times are those of the runs' own rows."""
    settings = {"maxConcurrentTasks": slots}
    _limit(url, {"name": "bench", "type": "Concurrency", "settings": settings})
    runs = asyncio.run(load.run_all(url, count, seconds=seconds)).runs
    spans = sorted((_time(run["startedAt"]), _time(run["finishedAt"])) for run in runs)
    changes = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    last_start = spans[-1][0]
    busy, level, most, before = 0.0, 0, 0, spans[0][0]
    for at, change in changes:
        if before < last_start:
            busy += level * (min(at, last_start) - before)
        level, before = level + change, at
        most = max(most, level)
    ends = sorted(end for _, end in spans)
    submits = sorted(_time(run["attempts"][-1]["submittedAt"]) for run in runs)
    lags = [submit - ends[number] for number, submit in enumerate(submits[slots:])]
    return CapUse(mean=busy / (last_start - spans[0][0]) / slots, most=most, lags=lags)


def under_rate(url: str, count: int, limit: int, window: int) -> RateUse:
    """Run short naps against a token bucket, and watch when the Dispatcher lets them start."""
    settings = {"limit": limit, "windowSeconds": window}
    _limit(
        url,
        {"name": "bench", "type": "RateLimit", "settings": settings},
        {"name": "seen", "type": "Concurrency", "settings": {"maxConcurrentTasks": 1_000_000}},
    )
    granted: dict[str, float] = {}
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(url, granted, over))
    watching.start()
    runs = asyncio.run(load.run_all(url, count, seconds=1.0)).runs
    over.set()
    watching.join()
    assert len(granted) == count, "a lease came and went unseen"
    starts = sorted(granted.values())
    # The first `limit` come at once; each further one waits for its share of a window.
    permitted = (count - 1) // limit * window
    return RateUse(
        most_starts=_most_within(starts, window),
        most_submits=_most_within(sorted(_time(run["startedAt"]) for run in runs), window),
        achieved=permitted / (starts[-1] - starts[0]),
    )


def _watch(url: str, granted: dict[str, float], over: threading.Event) -> None:
    """Note when each lease was granted; a nap is long enough to be seen."""
    with httpx.Client(base_url=url, timeout=30) as client:
        while not over.wait(0.2):
            usage = client.get("/contention-profiles/seen/usage").raise_for_status().json()
            for counter in usage["counters"]:
                for lease in counter["holders"]:
                    granted[lease["runId"]] = _time(lease["since"])


def _most_within(times: Sequence[float], window: float) -> int:
    """Return the most that lie in any window of this many seconds."""
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
    """Put the benchmark's platform under some profiles."""
    with httpx.Client(base_url=url, timeout=30) as client:
        document = client.get("/definitions", headers={"Accept": "application/json"}).json()
        document["contentionProfiles"] = profiles
        for platform in document["platforms"]:
            platform["contentionProfiles"] = [profile["name"] for profile in profiles]
        client.put("/definitions", json=document).raise_for_status()


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
