"""Applying whole documents of definitions, and writing what is stored as one."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from polysync_core.application.definitions.editing import task_breakage, write_announced
from polysync_core.application.definitions.overlay import Overlay
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.checks import Checks, Rules
from polysync_core.domain.definitions.differences import Difference, differences
from polysync_core.domain.definitions.document import (
    ORDER,
    Document,
    Reference,
    canonical,
    kind_of,
    reference_to,
    same,
    write_document,
)
from polysync_core.domain.definitions.graph import upstream_first
from polysync_core.domain.definitions.references import references_of
from polysync_core.domain.definitions.stored import DefinitionStore, Stored
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import (
    Conflict,
    Invalid,
    PolysyncError,
    Problem,
    Refused,
    StaleETag,
    Unavailable,
    Uncertain,
)
from polysync_core.domain.json_types import JsonObject

_log = logging.getLogger(__name__)


class Action(StrEnum):
    """What an apply does with a definition."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What an apply does with one definition."""

    action: Action
    reference: Reference
    definition: Definition | None = None
    """What is to be stored; None for a delete."""
    before: Stored[Definition] | None = None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps of an apply, in the order in which they are carried out."""

    steps: tuple[Step, ...]

    def of(self, action: Action) -> tuple[Step, ...]:
        """Return the steps of one kind."""
        return tuple(step for step in self.steps if step.action is action)

    @property
    def token(self) -> str:
        """What it would write over what it has seen, in one word: any other plan has another."""
        told = [
            (
                step.action,
                str(step.reference),
                step.before.etag if step.before is not None else None,
                canonical(step.definition) if step.definition is not None else None,
            )
            for step in self.steps
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


class Documents:
    """The use cases of whole documents."""

    def __init__(self, store: DefinitionStore, rules: Rules) -> None:
        self._store = store
        self._rules = rules

    def plan(self, document: Document, *, prune: bool = False) -> Plan:
        """Return what an apply would do, or raise `Invalid` with every problem and its path.

        With `prune`, what is stored but not in the document is deleted, in those lists that the
        document has.
        """
        steps = [self._step(definition) for definition in _in_order(document.items)]
        steps += self._deletes(document) if prune else []
        problems = list(self._problems(document, steps))
        if problems:
            raise Invalid(problems)
        return Plan(steps=tuple(steps))

    def apply(
        self, document: Document, *, prune: bool = False, plan_token: str | None = None
    ) -> Plan:
        """Carry out the plan of a document.

        With `plan_token`, only the very plan of that token is carried out; raises `StaleETag` where
        the document or what is stored has changed since.

        Each step is written only over what the plan has seen. Where one fails, the rest is left
        undone and the error names what is done; applying the document again completes it.
        """
        plan = self.plan(document, prune=prune)
        if plan_token not in {None, plan.token}:
            raise StaleETag(
                "The document, or what is stored, is not what was planned: plan it again."
            )
        done: list[Step] = []
        for step in plan.steps:
            try:
                self._carry_out(step)
            except PolysyncError as error:
                raise _interrupted(error, step, done, plan) from error
            if step.action is not Action.UNCHANGED:
                done.append(step)
        self._refuse_new_cycles(done)
        _log.info(
            "Definitions applied.",
            extra={"action": "definitions_applied", "changes": len(done)},
        )
        return plan

    def export(self) -> JsonObject:
        """Return all that is stored as one document, which applied changes nothing."""
        return write_document(
            stored.definition for kind in ORDER for stored in self._store.all(kind)
        )

    def _step(self, definition: Definition) -> Step:
        reference = reference_to(definition)
        before = self._store.get(reference.kind, reference.name)
        step = Step(action=Action.CREATE, reference=reference, definition=definition, before=before)
        if before is None:
            return step
        if same(before.definition, definition):
            return replace(step, action=Action.UNCHANGED)
        changed = differences(before.definition, definition)
        return replace(step, action=Action.UPDATE, differences=changed)

    def _deletes(self, document: Document) -> list[Step]:
        """Plan the deletes, dependents before what they depend on."""
        kept = set(document.paths)
        gone: dict[Reference, Stored[Definition]] = {}
        for kind in document.kinds:
            for stored in self._store.all(kind):
                reference = reference_to(stored.definition)
                if reference not in kept:
                    gone[reference] = stored
        ordered = _in_order([stored.definition for stored in gone.values()])
        return [
            Step(action=Action.DELETE, reference=reference, before=gone[reference])
            for reference in map(reference_to, reversed(ordered))
        ]

    def _problems(self, document: Document, steps: Sequence[Step]) -> Iterator[Problem]:
        deleted = [step.reference for step in steps if step.action is Action.DELETE]
        catalogue = Overlay(self._store, document.items, deleted)
        checks = Checks(catalogue, self._rules)
        planned = {step.reference: step for step in steps}
        for definition in document.items:
            step = planned[reference_to(definition)]
            before = step.before.definition if step.before is not None else None
            for problem in checks.problems(definition, before):
                path = f"{document.paths[step.reference]}.{problem.path}"
                yield replace(problem, path=path)
            if step.action is Action.UPDATE:
                # Tasks of the document are checked at their own places.
                yield from task_breakage(checks, catalogue, definition, document.paths)
        for reference in deleted:
            yield from _still_needed(reference, catalogue)

    def _carry_out(self, step: Step) -> None:
        match step:
            case Step(action=Action.UNCHANGED):
                return
            case Step(definition=Definition() as definition):
                write_announced(self._store, definition, step.before)
            case Step(before=Stored() as before):
                self._store.delete(before)
            case _:
                raise AssertionError(step)

    def _refuse_new_cycles(self, done: Iterable[Step]) -> None:
        """Tell of a cycle that another writer has closed together with this document."""
        checks = Checks(Overlay(self._store), self._rules)
        tasks = [step.definition for step in done if isinstance(step.definition, Task)]
        problems = [problem for task in tasks for problem in checks.cycle(task)]
        if problems:
            raise Conflict("Another change was made at the same time.", problems)


def _in_order(definitions: Iterable[Definition]) -> list[Definition]:
    """Return definitions so that what one refers to comes before it."""
    by_kind: dict[Kind, dict[str, Definition]] = {kind: {} for kind in ORDER}
    for definition in definitions:
        by_kind[kind_of(definition)][definition.name] = definition
    return [
        named[name]
        for kind, named in by_kind.items()
        for name in upstream_first({key: _own_kind(each, kind) for key, each in named.items()})
    ]


def _own_kind(definition: Definition, kind: Kind) -> list[str]:
    return [each.name for _, each in references_of(definition) if each.kind is kind]


def _still_needed(reference: Reference, catalogue: Overlay) -> Iterator[Problem]:
    for referrer in catalogue.referrers(reference):
        yield Problem(
            f"{reference.kind.value}/{reference.name}",
            f"cannot be pruned: {reference_to(referrer)} refers to it",
        )


def _interrupted(
    error: PolysyncError, step: Step, done: Sequence[Step], plan: Plan
) -> PolysyncError:
    """Return an error of the same family that says how far the apply has come."""
    changes = sum(each.action is not Action.UNCHANGED for each in plan.steps)
    message = (
        f"Stopped at {step.reference} ({error}). {len(done)} of {changes} changes are applied; "
        "apply the document again to complete it."
    )
    applied = [
        Problem(f"{each.reference.kind.value}/{each.reference.name}", f"{each.action}: applied")
        for each in done
    ]
    match error:
        case Unavailable():
            return Unavailable(message, retry_after=error.retry_after)
        case Uncertain():
            return Uncertain(message)
        case Refused():
            return Conflict(message, applied)
        case _:
            return error
