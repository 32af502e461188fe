"""Reads run limits from definitions, and sends edited limits to the Dispatchers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import batched

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
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dispatch.holds import ALL, Hold
from polysync_core.domain.dispatch.policies import (
    ConcurrencyRule,
    PlatformPolicy,
    PolicySet,
    ProfilePolicy,
    StartRateRule,
    TaskPolicy,
)
from polysync_core.domain.dispatch.state import DispatcherState, Lease
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.timed_cache import TimedCache

_LIMITING_KINDS = frozenset({Kind.TASK, Kind.PLATFORM, Kind.CONTENTION_PROFILE})
_POLICIES_PER_SIGNAL = 200
"""Bounds the size of a signal, which the engine sends as one queue message."""

_log = logging.getLogger(__name__)

type Policy = TaskPolicy | PlatformPolicy | ProfilePolicy


class Policies:
    """The limits of Tasks, Platforms and contention profiles, cached; safe for threads.

    An edit by another process is visible after at most `DEFINITION_TTL` seconds. An edit by this
    process is visible at once.
    """

    def __init__(
        self,
        read: Callable[[Kind, str], StoredDefinition[Definition] | None],
        *,
        holds: Callable[[], Iterable[Hold]] = tuple,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._holds = TimedCache[str, tuple[Hold, ...]](
            lambda _: tuple(holds()), monotonic=monotonic
        )
        self._cache = TimedCache(self._load, monotonic=monotonic)

    def for_run(self, task: str | None, platform: str) -> PolicySet:
        """Return every limit on a run of a Task on a Platform.

        The Task is None, or the Platform empty, if the run has none. A deleted definition limits
        nothing.
        """
        owners: list[Policy] = []
        if task is not None:
            owners.append(self._cached(Kind.TASK, task) or TaskPolicy(name=task))
        if platform:
            known = self._cached(Kind.PLATFORM, platform)
            owners.append(known or PlatformPolicy(name=platform))
        policies = self._with_profiles(owners)
        policies.add(*(hold for hold in self._holds.get(ALL) if hold.concerns(task, platform)))
        return policies

    def refreshed(self, state: DispatcherState, adopted: Iterable[Lease] = ()) -> PolicySet:
        """Read from the store, past the cache, every limit on the runs in a Dispatcher."""
        holders = [*state.waiting.values(), *state.leases.values(), *adopted]
        pairs = {(each.task, each.platform) for each in holders}
        self.invalidate(Reference(Kind.TASK, task) for task, _ in pairs if task is not None)
        self.invalidate(Reference(Kind.PLATFORM, platform) for _, platform in pairs)
        profiles = state.policies.profiles
        self.forget_holds()
        self.invalidate(Reference(Kind.CONTENTION_PROFILE, name) for name in profiles)
        policies = PolicySet()
        for task, platform in pairs:
            policies.merge(self.for_run(task, platform))
        known = state.policies.holds
        policies.add(*(hold for hold in self._holds.get(ALL) if hold.name in known))
        return policies

    def for_definitions(self, references: Iterable[Reference]) -> PolicySet:
        """Return the limits of some definitions and of the profiles that they name."""
        limiting = [each for each in references if each.kind in _LIMITING_KINDS]
        found = [self._cached(each.kind, each.name) for each in limiting]
        return self._with_profiles([each for each in found if each is not None])

    def invalidate(self, references: Iterable[Reference]) -> None:
        """Drop the cached limits of some definitions."""
        self._cache.invalidate(references)

    def forget_holds(self) -> None:
        """Drop the cached holds."""
        self._holds.invalidate()

    def _with_profiles(self, owners: Iterable[Policy]) -> PolicySet:
        policies = PolicySet()
        policies.add(*owners)
        linked = [*policies.tasks.values(), *policies.platforms.values()]
        for name in {name for owner in linked for name in owner.profiles}:
            profile = self._cached(Kind.CONTENTION_PROFILE, name)
            if profile is not None:
                policies.add(profile)
        return policies

    def _cached(self, kind: Kind, name: str) -> Policy | None:
        return self._cache.get(Reference(kind, name)) if name else None

    def _load(self, reference: Reference) -> Policy | None:
        stored = self._read(reference.kind, reference.name)
        # The Dispatchers keep the newest known limits of a broken definition.
        if stored is None or stored.broken is not None:
            return None
        return policy_of(stored.definition, stored.version)


class PolicyUpdates:
    """Sends edited limits to the Dispatchers, so that waiting runs see them at once."""

    def __init__(self, policies: Policies, shards: Callable[[], Iterable[str]]) -> None:
        self._policies = policies
        self._shards = shards

    def publish(self, changed: Iterable[Reference], engine: Engine | None) -> None:
        """Send the limits of changed definitions; the reconciler repeats a lost signal.

        Without an engine the function only drops the cached limits.
        """
        limiting = [each for each in changed if each.kind in _LIMITING_KINDS]
        self._policies.invalidate(limiting)
        if not limiting or engine is None:
            return
        try:
            self._signal(limiting, list(self._shards()), engine)
        except Unavailable as error:
            _log.warning(
                "Edited limits could not be sent to the Dispatchers; the next tick sends them.",
                extra={"action": "policy_update_lost", "error": str(error)},
            )

    def _signal(self, limiting: Iterable[Reference], shards: Sequence[str], engine: Engine) -> None:
        for references in batched(limiting, _POLICIES_PER_SIGNAL, strict=False):
            policies = self._policies.for_definitions(references)
            for shard in shards:
                engine.update_policies(shard, policies)


def policy_of(definition: Definition, version: int) -> Policy | None:
    """Return the limits that a version of a definition sets on a start; None if it sets none."""
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
        rule: ConcurrencyRule | StartRateRule = _start_rate_rule(settings)
    else:
        window = settings.window_seconds
        rule = ConcurrencyRule(
            slots=settings.max_concurrent_tasks,
            window=None if window is None else window * 1000,
        )
    timeout = settings.queue_timeout_seconds
    return ProfilePolicy(
        name=profile.name,
        version=version,
        enabled=profile.enabled,
        is_global=profile.scope is Scope.GLOBAL,
        exceed_action=settings.exceed_action,
        queue_size=settings.queue_size_limit,
        queue_timeout=None if timeout is None else timeout * 1000,
        rule=rule,
    )


def _start_rate_rule(settings: RateLimitSettings) -> StartRateRule:
    refill = settings.refill_interval_seconds
    return StartRateRule(
        limit=settings.limit,
        window=settings.window_seconds * 1000,
        leaky=settings.algorithm is Algorithm.LEAKY_BUCKET,
        burst=settings.burst,
        refill=None if refill is None else max(1, round(refill * 1000)),
    )
