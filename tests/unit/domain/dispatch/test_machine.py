"""The Dispatcher under repeated, late, lost and reordered messages and clock changes."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.codec import decode_state, encode_state
from polysync_core.domain.dispatch.decisions import Decision
from polysync_core.domain.dispatch.holds import ALL, Hold, hold_name, platform_hold_name
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.state import DispatcherState, WaitingRun, millis, moment
from polysync_core.domain.runs.identity import BackfillId, RunId
from tests.unit.domain.dispatch.referee import Referee
from tests.unit.domain.dispatch.worlds import World, cap, platform, rate, task

pytestmark = pytest.mark.slow

TASKS, PLATFORMS = "xyz", "pq"
ACTIONS = st.sampled_from(ExceedAction)
SOME = st.none() | st.integers(1, 3)
BACKFILLS = [
    (None, None),
    (None, None),
    (BackfillId("one"), 1),
    (BackfillId("two"), 2),
    (BackfillId("any"), None),
]
"""Backfills and their limits."""
SCOPES = [ALL, hold_name("x"), platform_hold_name("q")]
SUBSETS = st.sets(st.sampled_from(["cap", "all", "rate", "beat", "bursts"]), max_size=3)


class DispatcherMachine(RuleBasedStateMachine):
    """A Dispatcher with random messages; the referee sees only its decisions."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.referee = Referee(self.world)
        self.known: dict[str, WaitingRun] = {}
        """The newest attempt of every run that has not ended."""
        self.failed: set[tuple[str, int]] = set()
        self.timers: list[datetime] = []
        self.former: list[PolicySet] = []
        self.count = 0

    @initialize(links=SUBSETS, others=SUBSETS)
    def begin(self, links: set[str], others: set[str]) -> None:
        self.update(
            cap(2),
            cap(3, "all", is_global=True),
            rate(3, 20_000),
            rate(4, 10_000, "beat", leaky=True, is_global=True),
            rate(4, 10_000, "bursts", burst=2),
            platform(*sorted(links)),
            platform(*sorted(others), name="q"),
            *(task(name) for name in TASKS),
        )

    # Messages

    @rule(
        name=st.sampled_from(TASKS),
        where=st.sampled_from(PLATFORMS),
        priority=st.integers(-5, 5),
        backfill=st.sampled_from(BACKFILLS),
        times=st.integers(0, 2),
    )
    def enqueue_new(
        self,
        name: str,
        where: str,
        priority: int,
        backfill: tuple[BackfillId | None, int | None],
        times: int,
    ) -> None:
        """Enqueue a new run; its message may arrive twice, or not at all."""
        self.count += 1
        run = f"run{self.count}"
        self.known[run] = WaitingRun(
            run_id=RunId(run),
            attempt=1,
            task=name,
            platform=where,
            priority=priority,
            queued_at=self.world.now,
            backfill_id=backfill[0],
            backfill_limit=backfill[1],
        )
        for _ in range(times):
            self.enqueue(run)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def enqueue_again(self, data: Any) -> None:
        """Repeat a message, as the reconciler does."""
        self.enqueue(self.some_run(data))

    @precondition(lambda self: self.world.state.leases)
    @rule(data=st.data(), times=st.integers(1, 2))
    def release(self, data: Any, times: int) -> None:
        run = data.draw(st.sampled_from(sorted(self.world.state.leases)))
        attempt = self.known.pop(run).attempt
        for _ in range(times):
            self.do(decisions.release, RunId(run), attempt)

    @precondition(lambda self: self.world.state.leases)
    @rule(data=st.data(), seconds=st.integers(0, 60), late=st.booleans())
    def retry(self, data: Any, seconds: int, late: bool) -> None:
        """Start the next attempt after a back-off; the earlier release may arrive late."""
        run = data.draw(st.sampled_from(sorted(self.world.state.leases)))
        former = self.known[run]
        not_before = self.world.now + timedelta(seconds=seconds)
        self.known[run] = replace(former, attempt=former.attempt + 1, not_before=not_before)
        if not late:
            self.do(decisions.release, RunId(run), former.attempt)
        self.enqueue(run)
        self.do(decisions.release, RunId(run), former.attempt)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        run = self.some_run(data)
        self.do(decisions.release, RunId(run), self.known.pop(run).attempt)

    # Edits

    @rule(name=st.sampled_from(TASKS), most=SOME, weight=st.integers(1, 4), profiles=SUBSETS)
    def edit_task(self, name: str, most: int | None, weight: int, profiles: set[str]) -> None:
        self.update(
            task(name, max_concurrent_runs=most, weight=weight, profiles=tuple(sorted(profiles)))
        )

    @rule(name=st.sampled_from(PLATFORMS), profiles=SUBSETS)
    def edit_platform(self, name: str, profiles: set[str]) -> None:
        self.update(platform(*sorted(profiles), name=name))

    @rule(
        slots=st.integers(1, 4),
        enabled=st.booleans(),
        action=ACTIONS,
        size=st.none() | st.integers(0, 3),
        timeout=st.none() | st.sampled_from([1_000, 30_000]),
    )
    def edit_cap(
        self, slots: int, enabled: bool, action: ExceedAction, size: int | None, timeout: int | None
    ) -> None:
        self.update(
            cap(
                slots,
                enabled=enabled,
                exceed_action=action,
                queue_size=size,
                queue_timeout=timeout,
                window=60_000,
            )
        )

    @rule(limit=st.integers(1, 5), action=ACTIONS, timeout=SOME)
    def edit_rate(self, limit: int, action: ExceedAction, timeout: int | None) -> None:
        timeout = None if timeout is None else timeout * 10_000
        self.update(rate(limit, 20_000, exceed_action=action, queue_timeout=timeout))

    @rule(scope=st.sampled_from(SCOPES), is_active=st.booleans())
    def hold_or_release(self, scope: str, is_active: bool) -> None:
        at = moment(millis(self.world.now))
        self.update(Hold(name=scope, version=0, reason="x", by="ann", at=at, is_active=is_active))

    @precondition(lambda self: self.former)
    @rule(data=st.data())
    def receive_an_old_edit(self, data: Any) -> None:
        self.do(decisions.update_policies, data.draw(st.sampled_from(self.former)))

    # Time

    @rule(seconds=st.floats(0, 120))
    def time_passes(self, seconds: float) -> None:
        self.set_clock(self.world.now + timedelta(seconds=seconds))

    @rule(seconds=st.integers(-3600, 3600))
    def clock_is_set(self, seconds: int) -> None:
        self.set_clock(self.world.now + timedelta(seconds=seconds))

    @precondition(lambda self: self.timers)
    @rule(early=st.booleans(), again=st.booleans())
    def timer_fires(self, early: bool, again: bool) -> None:
        """Fire a timer at its time, slightly early, or twice."""
        at = self.timers.pop(0)
        if not early:
            self.set_clock(max(self.world.now, at))
        for _ in range(1 + again):
            self.do(decisions.on_timer, at)

    @precondition(lambda self: self.timers)
    @rule()
    def timer_is_lost(self) -> None:
        self.timers.pop(0)

    @rule()
    def state_is_stored_and_read(self) -> None:
        stored = json.dumps(encode_state(self.world.state))
        assert decode_state(json.loads(stored)) == self.world.state

    # Invariants

    @invariant()
    def nothing_is_lost(self) -> None:
        held = {**self.world.state.waiting, **self.world.state.leases}
        assert set(held) <= set(self.known), "something is held for a run that has ended"
        for run, each in held.items():
            assert (run, each.attempt) not in self.failed

    @invariant()
    def waiting_runs_are_sorted(self) -> None:
        ranks = [each.rank for each in self.world.state.waiting.values()]
        assert ranks == sorted(ranks)

    def teardown(self) -> None:
        """End all runs and check that the state is empty."""
        for scope in SCOPES:
            self.hold_or_release(scope, is_active=False)
        for run in sorted(self.known):
            self.enqueue(run)
        for _ in range(len(self.known) + 5):
            if not self.known:
                break
            for run in sorted(self.world.state.leases):
                self.do(decisions.release, RunId(run), self.known.pop(run).attempt)
            self.set_clock(self.world.now + timedelta(hours=1))
        assert not self.known, "a run has never started"
        self.set_clock(self.world.now + timedelta(hours=1))
        assert self.world.state.is_empty
        # The release of everything stays until the state is removed.
        self.world.state.policies.holds.pop(ALL)
        assert self.world.state == DispatcherState()

    # Helpers

    def some_run(self, data: Any) -> str:
        return data.draw(st.sampled_from(sorted(self.known)))

    def enqueue(self, run: str) -> None:
        waiting = self.known.get(run)
        if waiting is not None and (run, waiting.attempt) not in self.failed:
            self.do(decisions.enqueue, waiting, policies=self.world.known)

    def update(self, *policies: Any) -> None:
        self.former.append(self.copy_of_known())
        self.world.version += 1
        for policy in policies:
            self.world.known.add(replace(policy, version=self.world.version))
        self.do(decisions.update_policies, self.copy_of_known())

    def copy_of_known(self) -> PolicySet:
        copy = PolicySet()
        copy.merge(self.world.known)
        return copy

    def set_clock(self, now: datetime) -> None:
        self.world.now = now
        self.referee.clock_was_changed()
        self.do(decisions.decide)

    def do(self, operation: Any, *facts: Any, **more: Any) -> None:
        """Execute an operation on the Dispatcher and let the referee check it."""
        before: dict[str, Any] = dict(self.world.state.waiting)
        expected = self.by_a_round(operation, *facts, **more)
        decision: Decision = operation(self.world.state, *facts, **more, now=self.world.now)
        assert (decision, without_unused(self.world.state)) == expected
        for run, waiting in self.known.items():
            before.setdefault(run, decisions.waiting_entry(waiting))
        self.referee.check(decision, before)
        for failure in decision.failures:
            self.failed.add((failure.run_id, failure.attempt))
            self.known.pop(failure.run_id)
        if decision.wake_at is not None:
            self.timers.append(decision.wake_at)

    def by_a_round(
        self, operation: Any, *facts: Any, **more: Any
    ) -> tuple[Decision, DispatcherState]:
        """Return the decision and the state of an operation that always makes a dispatch round."""
        state = deepcopy(self.world.state)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(decisions, "_needs_no_round", lambda *_: False)
            decision = operation(state, *facts, **more, now=self.world.now)
        return decision, without_unused(state)


def without_unused(state: DispatcherState) -> DispatcherState:
    """Return a state without the policies that none of its runs needs."""
    policies, held = state.policies.copy(), [*state.waiting.values(), *state.leases.values()]
    policies.retain((each.task for each in held if each.task), (each.platform for each in held))
    return replace(state, policies=policies)


def test_the_referee_notices_an_exceeded_limit() -> None:
    """A referee that accepts everything would make the state machine worthless."""
    machine = DispatcherMachine()
    machine.update(cap(1), platform("cap"), task("x"))
    blind = PolicySet()
    blind.add(task("x", version=99), platform(version=99))
    for run in "ab":
        machine.known[run] = WaitingRun(
            run_id=RunId(run),
            attempt=1,
            task="x",
            platform="p",
            priority=0,
            queued_at=machine.world.now,
        )
    machine.do(decisions.enqueue, machine.known["a"], policies=blind)
    with pytest.raises(AssertionError):
        machine.do(decisions.enqueue, machine.known["b"], policies=blind)


TestDispatcherMachine = DispatcherMachine.TestCase
