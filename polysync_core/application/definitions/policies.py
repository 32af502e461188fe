"""The limits that a Dispatcher must know, taken from the definitions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from polysync_core.application.ports import Engine
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.contention import (
    Algorithm,
    ConcurrencyProfile,
    RateLimitProfile,
    RateLimitSettings,
    Scope,
)
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.stored import Stored
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dispatch.policies import (
    Cap,
    PlatformPolicy,
    PolicySet,
    ProfilePolicy,
    Rate,
    TaskPolicy,
)
from polysync_core.domain.dispatch.state import DispatcherState, Lease
from polysync_core.domain.errors import Unavailable

TRUSTED_SECONDS = 15.0
"""How long another instance of the app may go by what it has read before an edit."""
_GATES = frozenset({Kind.TASK, Kind.PLATFORM, Kind.CONTENTION_PROFILE})
_AT_ONCE = 200
"""Policies a message, so that none grows beyond what a queue takes."""

_log = logging.getLogger(__name__)

type Policy = TaskPolicy | PlatformPolicy | ProfilePolicy


@dataclass(frozen=True, slots=True)
class _Read:
    policy: Policy | None
    read_at: float


class Policies:
    """Policies by the definitions they come from, shared by all threads of the process."""

    def __init__(
        self,
        read: Callable[[Kind, str], Stored[Definition] | None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._monotonic = monotonic
        self._known: dict[Reference, _Read] = {}
        self._lock = threading.Lock()

    def of(self, task: str, platform: str) -> PolicySet:
        """Return all that a run of a Task on a Platform is subject to.

        It is as it was at most `TRUSTED_SECONDS` ago; what this process changed is as it is. A
        definition that is gone restricts nothing.
        """
        owners: list[Policy] = []
        if task:
            owners.append(self._policy(Reference(Kind.TASK, task)) or TaskPolicy(name=task))
        if platform:
            known = self._policy(Reference(Kind.PLATFORM, platform))
            owners.append(known or PlatformPolicy(name=platform))
        return self._with_profiles(owners)

    def in_use(self, state: DispatcherState, adopted: Iterable[Lease] = ()) -> PolicySet:
        """Return, freshly read, all that the runs in a Dispatcher are subject to."""
        holders = [*state.waiting.values(), *state.leases.values(), *adopted]
        pairs = {(each.task, each.platform) for each in holders}
        self.forget(Reference(Kind.TASK, task) for task, _ in pairs)
        self.forget(Reference(Kind.PLATFORM, platform) for _, platform in pairs)
        self.forget(Reference(Kind.CONTENTION_PROFILE, name) for name in state.policies.profiles)
        found = PolicySet()
        for task, platform in pairs:
            found.merge(self.of(task, platform))
        return found

    def named(self, references: Iterable[Reference]) -> PolicySet:
        """Return the policies of some definitions, and of the profiles that they link to."""
        found = [self._policy(each) for each in references if each.kind in _GATES]
        return self._with_profiles([each for each in found if each is not None])

    def forget(self, references: Iterable[Reference]) -> None:
        """Read these definitions anew when they are needed next."""
        with self._lock:
            for reference in references:
                self._known.pop(reference, None)

    def _with_profiles(self, owners: Iterable[Policy]) -> PolicySet:
        found = PolicySet()
        found.add(*owners)
        linked = [*found.tasks.values(), *found.platforms.values()]
        for name in {name for owner in linked for name in owner.profiles}:
            profile = self._policy(Reference(Kind.CONTENTION_PROFILE, name))
            if profile is not None:
                found.add(profile)
        return found

    def _policy(self, reference: Reference) -> Policy | None:
        if not reference.name:
            return None
        now = self._monotonic()
        known = self._known.get(reference)
        if known is not None and now - known.read_at < TRUSTED_SECONDS:
            return known.policy
        stored = self._read(reference.kind, reference.name)
        policy = None if stored is None else policy_of(stored.definition, stored.updated_at)
        with self._lock:
            self._known[reference] = _Read(policy, now)
        return policy


class PolicyUpdates:
    """Tells the Dispatchers of edits, so that they apply at once to what waits already."""

    def __init__(self, policies: Policies, shards: Callable[[], Iterable[str]]) -> None:
        self._policies = policies
        self._shards = shards

    def publish(self, changed: Iterable[Reference], engine: Engine | None) -> None:
        """Pass on definitions that were written; what is lost, the minute's tick makes good."""
        changed = [each for each in changed if each.kind in _GATES]
        self._policies.forget(changed)
        if not changed or engine is None:
            return
        try:
            shards = list(self._shards())
            for start in range(0, len(changed), _AT_ONCE):
                policies = self._policies.named(changed[start : start + _AT_ONCE])
                for shard in shards:
                    engine.renew(shard, policies)
        except Unavailable as error:
            _log.warning(
                "The Dispatchers could not be told of an edit; the next tick will tell them.",
                extra={"action": "policy_update_lost", "error": str(error)},
            )


def policy_of(definition: Definition, updated_at: datetime) -> Policy | None:
    """Return what a definition demands of a start; None where it demands nothing."""
    version = round(updated_at.timestamp() * 1_000_000)
    match definition:
        case Task():
            return TaskPolicy(
                name=definition.name,
                version=version,
                max_concurrent_runs=definition.max_concurrent_runs,
                weight=definition.weight,
                profiles=definition.contention_profiles,
            )
        case Platform():
            return PlatformPolicy(
                name=definition.name, version=version, profiles=definition.contention_profiles
            )
        case ConcurrencyProfile() | RateLimitProfile():
            return _profile_policy(definition, version)
        case _:
            return None


def _profile_policy(profile: ConcurrencyProfile | RateLimitProfile, version: int) -> ProfilePolicy:
    settings = profile.settings
    if isinstance(settings, RateLimitSettings):
        gate: Cap | Rate = _rate(settings)
    else:
        window = settings.window_seconds
        gate = Cap(
            slots=settings.max_concurrent_tasks,
            window=None if window is None else window * 1000,
        )
    timeout = settings.queue_timeout_seconds
    return ProfilePolicy(
        name=profile.name,
        version=version,
        enabled=profile.enabled,
        shared=profile.scope is Scope.GLOBAL,
        action=settings.exceed_action,
        queue_size=settings.queue_size_limit,
        queue_timeout=None if timeout is None else timeout * 1000,
        gate=gate,
    )


def _rate(settings: RateLimitSettings) -> Rate:
    step = settings.refill_interval_seconds
    return Rate(
        limit=settings.limit,
        window=settings.window_seconds * 1000,
        leaky=settings.algorithm is Algorithm.LEAKY_BUCKET,
        burst=settings.burst,
        refill=None if step is None else max(1, round(step * 1000)),
    )
