"""Computes the effects of a changed contention profile on the runs that it limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.application.definitions.consequences.consequence import (
    Consequence,
    ConsequenceKind,
    counted,
)
from polysync_core.application.dispatch.limit_usage import LimitUsage
from polysync_core.application.ports import Engine
from polysync_core.domain.definitions.contention import ConcurrencyProfile, ContentionProfile
from polysync_core.domain.dispatch.explain import ProfileUsage

_MANY = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitConsequences:
    """Computes the effect of a changed profile on holders and waiting runs."""

    usage: LimitUsage

    def of(
        self, before: ContentionProfile | None, after: ContentionProfile | None, engine: Engine
    ) -> Iterator[Consequence]:
        """Yield a sentence about each Platform, or about all Platforms together."""
        if before is None:
            return
        for counter in self.usage.of(before.name, engine).counters:
            if counter.used or counter.queue:
                text = f"{_now(counter)} {_then(counter, after)}".strip()
                yield Consequence(kind=ConsequenceKind.LIMITS, text=text)


def _now(counter: ProfileUsage) -> str:
    scope = f"On Platform {counter.scope}" if counter.scope else "On all Platforms together"
    waiting = counted(len(counter.queue), "run", most=_MANY)
    verb = "waits" if len(counter.queue) == 1 else "wait"
    return f"{scope}, {counter.used} of {counter.limit} are in use and {waiting} {verb}."


def _then(counter: ProfileUsage, after: ContentionProfile | None) -> str:
    if after is None or not after.enabled:
        return "The profile does not hold these runs any more." if counter.queue else ""
    if not isinstance(after, ConcurrencyProfile):
        return ""
    slots = after.settings.max_concurrent_tasks
    excess = counter.used - slots
    if excess > 0:
        return f"No run starts until {counted(excess + 1, 'slot', most=_MANY)} of these are free."
    if counter.queue and slots > counter.limit:
        free = counted(slots - counter.used, "slot", most=_MANY)
        return f"With the change, {free} can be taken at once."
    return ""
