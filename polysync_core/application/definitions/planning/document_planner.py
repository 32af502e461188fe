"""Plans the changes to apply a definition document, and validates the whole document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from polysync_core.application.definitions.editing import task_breakage
from polysync_core.application.definitions.overlay import Overlay
from polysync_core.application.definitions.plans import (
    ApplyPlan,
    ChangeAction,
    PlannedChange,
    owned_by,
    planned_delete,
    planned_write,
    with_warnings,
)
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import (
    Document,
    Reference,
    kind_of,
    reference_to,
)
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.name_graph import upstream_first
from polysync_core.domain.definitions.renames import with_identities
from polysync_core.domain.definitions.stored import (
    DefinitionSource,
    StoredDefinition,
    readable,
)
from polysync_core.domain.definitions.validation.checks import Checks, Rules
from polysync_core.domain.definitions.validation.drafts import ENOUGH_PROBLEMS
from polysync_core.domain.definitions.validation.references import references_of
from polysync_core.domain.errors import Invalid, Problem


class DocumentPlanner:
    """Plans documents against the definitions of a source; it writes nothing."""

    def __init__(self, source: DefinitionSource, rules: Rules) -> None:
        self._source = source
        self._rules = rules

    def plan(
        self, document: Document, *, prune: bool = False, bundle: str | None = None
    ) -> ApplyPlan:
        """Return the changes of an apply, or raise `Invalid` with every problem and its path.

        With `prune`, the plan deletes what the document omits: the definitions that the bundle
        owns, or without a bundle those that no bundle owns. Without a bundle, a kind whose list
        is not in the document is left alone.
        """
        if len(document.problems) + document.omitted >= ENOUGH_PROBLEMS:
            raise Invalid(document.problems, omitted=document.omitted)
        steps = [self._step(each, document) for each in _in_order(document.items)]
        steps += self._deletes(document, bundle) if prune else []
        deleted = [step.reference for step in steps if step.action is ChangeAction.DELETE]
        catalogue = Overlay(self._source, document.items, deleted)
        further = islice(self._problems(document, steps, catalogue), ENOUGH_PROBLEMS)
        if problems := [*document.problems, *further]:
            raise Invalid(problems, omitted=document.omitted)
        paths = document.paths
        warned = (
            with_warnings(step, catalogue, path=f"{paths.get(step.reference)}.") for step in steps
        )
        return ApplyPlan(
            steps=tuple(self._owned(step, bundle, paths) for step in warned), bundle=bundle
        )

    def _owned(
        self, step: PlannedChange, bundle: str | None, paths: Mapping[Reference, str]
    ) -> PlannedChange:
        """Return a change with its new owner."""
        if bundle is None or step.action is ChangeAction.DELETE:
            return step
        owned = owned_by(step, bundle)
        path = paths.get(step.reference, "")
        return replace(
            owned, warnings=tuple(replace(each, path=each.path or path) for each in owned.warnings)
        )

    def _step(self, definition: Definition, document: Document) -> PlannedChange:
        reference = reference_to(definition)
        if document.unread.fields_of(reference.kind, reference.name).includes("name"):
            return planned_write(definition, None)
        before = self._source.get(reference.kind, reference.name)
        return planned_write(with_identities(definition, readable(before)), before)

    def _deletes(self, document: Document, bundle: str | None) -> list[PlannedChange]:
        """Plan the deletes, so that a referrer is deleted before its target."""
        kept = set(document.paths)
        gone: dict[Reference, StoredDefinition[Definition]] = {}
        for kind in document.kinds if bundle is None else SPECS:
            for stored in self._source.all(kind):
                reference = reference_to(stored.definition)
                if (
                    stored.bundle == bundle
                    and reference not in kept
                    and not document.unread.may_define(kind, reference.name)
                ):
                    gone[reference] = stored
        ordered = _in_order([stored.definition for stored in gone.values()])
        return [
            planned_delete(gone[reference]) for reference in map(reference_to, reversed(ordered))
        ]

    def _problems(
        self, document: Document, steps: Sequence[PlannedChange], catalogue: Overlay
    ) -> Iterator[Problem]:
        checks = Checks(catalogue, self._rules, document.unread)
        planned = {step.reference: step for step in steps}
        for definition in document.items:
            step = planned[reference_to(definition)]
            for problem in checks.problems(definition, readable(step.before)):
                path = f"{document.paths[step.reference]}.{problem.path}"
                yield replace(problem, path=path)
            if step.action is ChangeAction.UPDATE:
                # The Tasks of the document are checked under their own paths.
                yield from task_breakage(checks, catalogue, definition, document.paths)
        for step in steps:
            if step.action is ChangeAction.DELETE:
                yield from _still_needed(step.reference, catalogue)


def _in_order(definitions: Iterable[Definition]) -> list[Definition]:
    """Return definitions so that every target comes before its referrers."""
    by_kind: dict[Kind, dict[str, Definition]] = {kind: {} for kind in SPECS}
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
