"""Computes all effects of a planned definition change, by the kind of definition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

from polysync_core.application.definitions.consequences.calendars import CalendarConsequences
from polysync_core.application.definitions.consequences.consequence import (
    Consequence,
    ConsequenceKind,
    counted,
)
from polysync_core.application.definitions.consequences.limits import LimitConsequences
from polysync_core.application.definitions.consequences.tasks import TaskConsequences
from polysync_core.application.definitions.plans import ChangeAction, PlannedChange
from polysync_core.application.ports import Engine
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.contention import ContentionProfile
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.schedules import Calendar
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task

_MAX_REFERRERS = 100
_COUNTED = frozenset({Kind.VAULT, Kind.PLATFORM, Kind.CONTENTION_PROFILE, Kind.JOB})
"""The kinds whose changes affect the definitions that refer to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """Computes the consequences of a planned change; changes nothing."""

    store: DefinitionSource
    tasks: TaskConsequences
    calendars: CalendarConsequences
    limits: LimitConsequences

    def of(self, change: PlannedChange, engine: Engine | None) -> list[Consequence]:
        """Return the consequences of a change; without an engine those of limits are left out."""
        if change.action is ChangeAction.UNCHANGED:
            return []
        before = None if change.before is None else change.before.definition
        return list(self._of(change.reference, before, change.definition, engine))

    def _of(
        self,
        reference: Reference,
        before: Definition | None,
        after: Definition | None,
        engine: Engine | None,
    ) -> Iterator[Consequence]:
        match reference.kind:
            case Kind.TASK:
                yield from self.tasks.of(cast("Task | None", before), cast("Task | None", after))
            case Kind.CALENDAR:
                versions = cast("Calendar | None", before), cast("Calendar | None", after)
                yield from self.calendars.of(*versions)
            case Kind.CONTENTION_PROFILE if engine is not None:
                old, new = (cast("ContentionProfile | None", each) for each in (before, after))
                yield from self.limits.of(old, new, engine)
            case _:
                pass
        if before is not None and reference.kind in _COUNTED:
            yield from self._referrers(reference)

    def _referrers(self, reference: Reference) -> Iterator[Consequence]:
        found = islice(self.store.referrers(reference), _MAX_REFERRERS + 1)
        count = sum(1 for _ in found)
        if count:
            users = counted(count, "definition", most=_MAX_REFERRERS)
            verb = "refers" if count == 1 else "refer"
            text = f"{users} {verb} to this {SPECS[reference.kind].singular}."
            yield Consequence(kind=ConsequenceKind.REFERRERS, text=text[0].upper() + text[1:])
