"""A referee that checks the decisions of a Dispatcher against the limits.

It counts all starts by brute force, so it shares no rule with the code under test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from polysync_core.domain.definitions.contention import ExceedAction
from polysync_core.domain.dispatch.decisions import Decision
from polysync_core.domain.dispatch.dispatch_round import RESERVATION_DELAY
from polysync_core.domain.dispatch.policies import ConcurrencyRule, ProfilePolicy, StartRateRule
from polysync_core.domain.dispatch.state import Lease, WaitingEntry, millis
from polysync_core.domain.runs.identity import BackfillId
from tests.unit.domain.dispatch.worlds import World

_RESERVATION_DELAY = RESERVATION_DELAY // timedelta(milliseconds=1)


@dataclass(slots=True)
class Referee:
    """The starts so far, and the checks of every decision."""

    world: World
    starts: list[tuple[str, int]] = field(default_factory=list)
    grants: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """The times of starts under each rate, for a Platform or for all together."""
    set_back_at: int = 0

    def check(self, decision: Decision, before: dict[str, WaitingEntry]) -> None:
        """Check a decision, given the queue before it."""
        for lease in decision.starts:
            assert (lease.run_id, lease.attempt) not in self.starts, "started twice"
            self.starts.append((lease.run_id, lease.attempt))
            for profile, scope in self._subject(lease.task, lease.platform):
                if isinstance(profile.rule, StartRateRule):
                    self._count(profile, profile.rule, scope)
        for lease in decision.starts:
            assert not self._is_held(lease), "started although it is held"
            self._check_slots(lease)
            self._check_order(lease, before)
        for failure in decision.failures:
            assert failure.run_id not in self.world.state.waiting
            assert not self._is_held(before[failure.run_id]), "ended although it is held"
            self._check_failure(before[failure.run_id], failure.cause.value)
        self.check_waiting()

    def clock_was_changed(self) -> None:
        """Move later starts to now; a start that has left its window never returns to it."""
        now = self._now
        for (name, _), times in self.grants.items():
            window = self.world.known.profiles[name].rule.window or 0
            if any(at > now for at in times):
                self.set_back_at = now
            times[:] = [min(at, now) for at in times if at + window > now]

    def check_waiting(self) -> None:
        """Check that no startable run waits, and that a timer is set for the others."""
        queues: dict[tuple[str, str], int] = {}
        for waiting in self.world.state.waiting.values():
            if waiting.not_before > self._now:
                self._has_timer(waiting.not_before)
                continue
            if self._is_held(waiting):
                continue
            blocking = list(self._blocked_by(waiting))
            assert blocking or self._has_other_reason(waiting), f"{waiting} could start"
            for profile, scope in blocking:
                if profile is None:
                    continue
                assert profile.exceed_action is not ExceedAction.REJECT
                if isinstance(profile.rule, StartRateRule):
                    self._has_timer(None)
                if profile.queue_timeout is not None:
                    self._has_timer(self._since(waiting) + profile.queue_timeout)
                if profile.queue_size is not None:
                    queues[profile.name, scope] = queues.get((profile.name, scope), 0) + 1
                    assert queues[profile.name, scope] <= profile.queue_size

    @property
    def _now(self) -> int:
        return millis(self.world.now)

    def _is_held(self, run: WaitingEntry | Lease) -> bool:
        scopes = ("all", f"task~{run.task}", f"platform~{run.platform}")
        holds = (self.world.known.holds.get(scope) for scope in scopes)
        return any(hold is not None and hold.is_active for hold in holds)

    def _since(self, waiting: WaitingEntry) -> int:
        """Return the time from which a queue time-out counts."""
        scopes = ("all", f"task~{waiting.task}", f"platform~{waiting.platform}")
        holds = (self.world.known.holds.get(scope) for scope in scopes)
        return max([waiting.waiting_since, *(millis(hold.at) for hold in holds if hold)])

    def _has_timer(self, by: int | None) -> None:
        timer = self.world.state.timer_at
        assert timer is not None
        assert timer > self._now
        assert by is None or timer <= by

    def _subject(self, task: str, platform: str) -> Iterator[tuple[ProfilePolicy, str]]:
        known = self.world.known
        names = {*known.tasks[task].profiles, *known.platforms[platform].profiles}
        for name in sorted(names):
            profile = known.profiles[name]
            if profile.enabled:
                yield profile, "" if profile.is_global else platform

    def _count(self, profile: ProfilePolicy, rule: StartRateRule, scope: str) -> None:
        times = self.grants.setdefault((profile.name, scope), [])
        times.append(self._now)
        within = sum(at > self._now - rule.window for at in times)
        assert within <= rule.limit, f"{within} starts in a window of {rule.limit}"

    def _used(self, profile: ProfilePolicy, rule: ConcurrencyRule, scope: str) -> int:
        return sum(
            min(lease.weight, rule.slots)
            for lease in self.world.state.leases.values()
            if (profile, scope) in list(self._subject(lease.task, lease.platform))
        )

    def _runs_of_task(self, task: str) -> int:
        return sum(lease.task == task for lease in self.world.state.leases.values())

    def _of_backfill(self, backfill_id: BackfillId | None) -> int:
        return sum(lease.backfill_id == backfill_id for lease in self.world.state.leases.values())

    def _check_slots(self, lease: Lease) -> None:
        most = self.world.known.tasks[lease.task].max_concurrent_runs
        assert most is None or self._runs_of_task(lease.task) <= most
        assert (
            not lease.backfill_limit or self._of_backfill(lease.backfill_id) <= lease.backfill_limit
        )
        for profile, scope in self._subject(lease.task, lease.platform):
            if isinstance(profile.rule, ConcurrencyRule):
                assert self._used(profile, profile.rule, scope) <= profile.rule.slots

    def _check_order(self, lease: Lease, before: dict[str, WaitingEntry]) -> None:
        """Check that of two runs with the same limits, the better rank starts first."""
        started = before.get(lease.run_id)
        for other in self.world.state.waiting.values():
            alike = (other.task, other.platform, other.backfill_id) == (
                lease.task,
                lease.platform,
                lease.backfill_id,
            )
            if started is not None and alike and other.rank < started.rank:
                assert max(other.not_before, other.deferred_until) > self._now

    def _blocked_by(self, waiting: WaitingEntry) -> Iterator[tuple[ProfilePolicy | None, str]]:
        task = self.world.known.tasks[waiting.task]
        most = task.max_concurrent_runs
        if most is not None and self._runs_of_task(waiting.task) >= most:
            yield None, waiting.task
        if (
            waiting.backfill_limit
            and self._of_backfill(waiting.backfill_id) >= waiting.backfill_limit
        ):
            yield None, str(waiting.backfill_id)
        for profile, scope in self._subject(waiting.task, waiting.platform):
            rule = profile.rule
            if isinstance(rule, ConcurrencyRule):
                need = min(task.weight, rule.slots)
                blocking = self._used(profile, rule, scope) + need > rule.slots
            else:
                blocking = self._rate_blocks(rule, self.grants.get((profile.name, scope), []))
            if blocking:
                yield profile, scope

    def _rate_blocks(self, rule: StartRateRule, times: list[int]) -> bool:
        if sum(at > self._now - rule.window for at in times) >= rule.limit:
            return True
        return rule.leaky and bool(times) and self._now < times[-1] + rule.window / rule.limit / 2

    def _has_other_reason(self, waiting: WaitingEntry) -> bool:
        """Return whether a run waits for a deferral, a pace or a reservation."""
        if waiting.deferred_until > self._now:
            return True
        paced = any(
            isinstance(profile.rule, StartRateRule) and (profile.rule.leaky or profile.rule.burst)
            for profile, _ in self._subject(waiting.task, waiting.platform)
        )
        windows = [each.rule.window or 0 for each in self.world.known.profiles.values()]
        unsure = self.set_back_at and self._now < self.set_back_at + 2 * max(windows)
        return bool(paced or unsure) or self._slots_are_reserved(waiting)

    def _slots_are_reserved(self, waiting: WaitingEntry) -> bool:
        tasks = self.world.known.tasks
        return any(
            other.rank < waiting.rank
            and tasks[other.task].weight > 1
            and self._now - other.waiting_since >= _RESERVATION_DELAY
            for other in self.world.state.waiting.values()
        )

    def _check_failure(self, waiting: WaitingEntry, cause: str) -> None:
        profiles = [profile for profile, _ in self._subject(waiting.task, waiting.platform)]
        waited = self._now - self._since(waiting)
        match cause:
            case "QueueTimeout":
                assert any((each.queue_timeout or waited + 1) <= waited for each in profiles)
            case "ContentionRejected":
                assert any(
                    each.exceed_action is ExceedAction.REJECT or each.queue_size is not None
                    for each in profiles
                )
            case _:
                raise AssertionError(cause)
