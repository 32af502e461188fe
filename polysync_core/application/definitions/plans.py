"""Defines the plan of `apply`: the planned changes of definitions and the warnings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.changes.differences import FieldDifference, differences
from polysync_core.domain.definitions.document import (
    Reference,
    canonical,
    reference_to,
    same,
)
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.validation.checks import Catalogue
from polysync_core.domain.definitions.validation.limit_warnings import limit_warnings
from polysync_core.domain.definitions.validation.task_warnings import task_warnings
from polysync_core.domain.errors import Problem

BUNDLE_FIELD = "bundle"
"""The name of the owner in the differences of a plan; no document has the field."""


class ChangeAction(StrEnum):
    """The action of an apply on one definition."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """A planned change of one definition."""

    action: ChangeAction
    reference: Reference
    definition: Definition | None = None
    """The definition to store; None for a delete."""
    before: StoredDefinition[Definition] | None = None
    differences: tuple[FieldDifference, ...] = ()
    warnings: tuple[Problem, ...] = ()
    """Warnings about the definition, with their paths; they prevent nothing."""

    @property
    def token(self) -> str:
        """A digest of the planned write and the version that it replaces."""
        return _digest([self])


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyPlan:
    """The planned changes of an apply, in their order."""

    steps: tuple[PlannedChange, ...]
    bundle: str | None = None
    """The bundle that owns the definitions after the apply; None leaves their owners."""

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The warnings about all definitions."""
        return tuple(warning for step in self.steps for warning in step.warnings)

    def with_action(self, action: ChangeAction) -> tuple[PlannedChange, ...]:
        """Return the changes with one action."""
        return tuple(step for step in self.steps if step.action is action)

    @property
    def token(self) -> str:
        """A digest of the planned writes and the versions that they replace."""
        return _digest(self.steps, self.bundle)


def _digest(steps: Iterable[PlannedChange], bundle: str | None = None) -> str:
    content: list[object] = [
        (
            step.action,
            str(step.reference),
            step.before.etag if step.before is not None else None,
            canonical(step.definition) if step.definition is not None else None,
        )
        for step in steps
    ]
    content += [] if bundle is None else [bundle]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]


def with_warnings(step: PlannedChange, catalogue: Catalogue, *, path: str = "") -> PlannedChange:
    """Return a change with the warnings about its definition; their paths begin with `path`."""
    warnings = [replace(each, path=f"{path}{each.path}") for each in _warnings(step, catalogue)]
    return replace(step, warnings=tuple(warnings))


def _warnings(step: PlannedChange, catalogue: Catalogue) -> Iterator[Problem]:
    if isinstance(step.definition, Task):
        yield from task_warnings(step.definition, catalogue.find)
    elif step.definition is not None and step.action is not ChangeAction.UNCHANGED:
        before = None if step.before is None else step.before.definition
        yield from limit_warnings(step.definition, before, catalogue)


def planned_write(
    definition: Definition, before: StoredDefinition[Definition] | None
) -> PlannedChange:
    """Return the change that stores a definition in place of the present version."""
    step = PlannedChange(
        action=ChangeAction.CREATE,
        reference=reference_to(definition),
        definition=definition,
        before=before,
    )
    if before is None:
        return step
    if before.broken is not None:
        return replace(step, action=ChangeAction.UPDATE)
    if same(before.definition, definition):
        return replace(step, action=ChangeAction.UNCHANGED)
    changed = differences(before.definition, definition)
    return replace(step, action=ChangeAction.UPDATE, differences=changed)


def owned_by(step: PlannedChange, bundle: str) -> PlannedChange:
    """Return a change after which a bundle owns the definition."""
    before = step.before
    if before is None or before.bundle == bundle:
        return step
    difference = FieldDifference(BUNDLE_FIELD, before.bundle, bundle)
    warnings = step.warnings
    if before.bundle is not None:
        message = f"bundle '{before.bundle}' owns it: this apply makes '{bundle}' the owner"
        warnings = (Problem("", message), *warnings)
    return replace(
        step,
        action=ChangeAction.UPDATE,
        differences=(*step.differences, difference),
        warnings=warnings,
    )


def planned_delete(stored: StoredDefinition[Definition]) -> PlannedChange:
    """Return the change that deletes a definition."""
    return PlannedChange(
        action=ChangeAction.DELETE, reference=reference_to(stored.definition), before=stored
    )
