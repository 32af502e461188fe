"""Reads the usage of contention profiles: running runs, waiting runs and rate windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from polysync_core.application.definitions.policies import policy_of
from polysync_core.application.definitions.suggestions import unknown
from polysync_core.application.ports import Engine, RunReader
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.contention import ContentionProfile
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.stored import DefinitionSource, StoredDefinition
from polysync_core.domain.dispatch.explain import ProfileUsage, usage
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.runs.stored import Page

type StoredProfile = StoredDefinition[Definition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A contention profile with its usage."""

    profile: ContentionProfile
    counters: Sequence[ProfileUsage]
    """One counter for each Platform in use, or one for all; empty for a disabled profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUsage:
    """Reads the usage of contention profiles; changes nothing."""

    store: DefinitionSource
    runs: RunReader
    clock: Clock

    def of(self, name: str, engine: Engine) -> Usage:
        """Return the usage of a profile in every shard; raises `NotFound`."""
        stored = self.store.get(Kind.CONTENTION_PROFILE, name)
        if stored is None:
            raise unknown(Reference(Kind.CONTENTION_PROFILE, name), self.store)
        return self._usages([stored], engine)[0]

    def of_several(self, names: Iterable[str], engine: Engine) -> list[Usage]:
        """Return the usage of the profiles that exist; one read of each Dispatcher serves all."""
        found = [self.store.get(Kind.CONTENTION_PROFILE, name) for name in names]
        return self._usages([stored for stored in found if stored is not None], engine)

    def page(self, engine: Engine, *, limit: int, token: str | None = None) -> Page[Usage]:
        """Return the usage of profiles by name; one read of each Dispatcher serves all of them."""
        page = self.store.page(Kind.CONTENTION_PROFILE, limit=limit, token=token)
        return Page(items=self._usages(page.items, engine), continuation_token=page.token)

    def _usages(self, profiles: Sequence[StoredProfile], engine: Engine) -> list[Usage]:
        found = [cast("ContentionProfile", stored.definition) for stored in profiles]
        enabled = {profile.name for profile in found if profile.enabled}
        counters: dict[str, list[ProfileUsage]] = {name: [] for name in enabled}
        for shard in self.runs.shards() if enabled else ():
            state = engine.dispatcher(shard)
            for counter in usage(state, enabled, _policies(profiles), now=self.clock()):
                counters[counter.profile].append(counter)
        return [Usage(profile=each, counters=counters.get(each.name, ())) for each in found]


def _policies(profiles: Iterable[StoredProfile]) -> PolicySet:
    policies = PolicySet()
    for stored in profiles:
        policy = policy_of(stored.definition, stored.version)
        if policy is not None:
            policies.add(policy)
    return policies
