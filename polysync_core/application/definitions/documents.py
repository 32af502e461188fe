"""Plans, applies and exports documents that hold many definitions."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence

from polysync_core.application.definitions.overlay import Overlay
from polysync_core.application.definitions.planning.document_planner import DocumentPlanner
from polysync_core.application.definitions.plans import (
    ApplyPlan,
    ChangeAction,
    PlannedChange,
)
from polysync_core.application.definitions.writer import DefinitionEdit, DefinitionWriter
from polysync_core.application.ports import Engine
from polysync_core.domain.bundles.selection import EVERYTHING, ExportSelection
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.changes.versions import Author
from polysync_core.domain.definitions.document import (
    Document,
)
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.stored import (
    DefinitionSource,
    StoredDefinition,
    exported,
)
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.validation.checks import Checks, Rules
from polysync_core.domain.errors import (
    Conflict,
    PolysyncError,
    Problem,
    Refused,
    StaleETag,
    Unavailable,
    Uncertain,
)
from polysync_core.domain.json_types import JsonObject

_log = logging.getLogger(__name__)


class Documents:
    """The use cases of whole documents."""

    def __init__(self, source: DefinitionSource, writer: DefinitionWriter, rules: Rules) -> None:
        self._source = source
        self._writer = writer
        self._rules = rules
        self._planner = DocumentPlanner(source, rules)

    def plan(
        self, document: Document, *, prune: bool = False, bundle: str | None = None
    ) -> ApplyPlan:
        """Return the changes of an apply, or raise `Invalid` with every problem and its path."""
        return self._planner.plan(document, prune=prune, bundle=bundle)

    def apply(
        self,
        document: Document,
        *,
        engine: Engine | None,
        prune: bool = False,
        plan_token: str | None = None,
        author: Author | None = None,
    ) -> ApplyPlan:
        """Plan a document and execute the plan.

        With `plan_token`, only the plan of that token is executed. If the document or the stored
        definitions have changed since, the function raises `StaleETag`.

        Each write replaces only the version that the plan has seen. If a write fails, the rest is
        not executed and the error names the completed changes. A second apply completes the plan.
        """
        bundle = None if author is None else author.bundle
        plan = self.plan(document, prune=prune, bundle=bundle)
        if plan_token not in {None, plan.token}:
            raise StaleETag("The document or the stored definitions have changed: plan it again.")
        done: list[PlannedChange] = []
        with self._writer.edit(engine, author) as edit:
            for step in plan.steps:
                try:
                    _execute(step, edit)
                except PolysyncError as error:
                    raise _interrupted(error, step, done, plan) from error
                if step.action is not ChangeAction.UNCHANGED:
                    done.append(step)
        self._refuse_new_cycles(done)
        _log.info(
            "Definitions applied.",
            extra={"action": "definitions_applied", "changes": len(done)},
        )
        return plan

    def export(self, selection: ExportSelection = EVERYTHING) -> JsonObject:
        """Return the selected definitions as one document; applying it changes nothing.

        A broken definition keeps its stored values, and its field `broken` names the fault.
        """
        lists = {kind: [*self._selected(kind, selection)] for kind in SPECS}
        return {kind.value: list(found) for kind, found in lists.items() if found}

    def _selected(self, kind: Kind, selection: ExportSelection) -> Iterator[JsonObject]:
        if not selection.includes(kind):
            return
        names = selection.exact_names
        candidates = (
            self._source.all(kind)
            if names is None
            else (self._source.get(kind, name) for name in sorted(names))
        )
        for stored in candidates:
            if stored is not None and selection.accepts(stored.definition):
                yield exported(stored)

    def _refuse_new_cycles(self, done: Iterable[PlannedChange]) -> None:
        """Raise `Conflict` if a concurrent writer has closed a cycle with this document."""
        checks = Checks(Overlay(self._source), self._rules)
        tasks = [step.definition for step in done if isinstance(step.definition, Task)]
        problems = [problem for task in tasks for problem in checks.cycle(task)]
        if problems:
            raise Conflict(
                "Another change was made at the same time: read the definitions again.", problems
            )


def _execute(step: PlannedChange, edit: DefinitionEdit) -> None:
    match step:
        case PlannedChange(action=ChangeAction.UNCHANGED):
            return
        case PlannedChange(definition=Definition() as definition):
            edit.put(definition, replacing=step.before)
        case PlannedChange(before=StoredDefinition() as before):
            edit.delete(before)
        case _:
            raise AssertionError(step)


def _interrupted(
    error: PolysyncError, step: PlannedChange, done: Sequence[PlannedChange], plan: ApplyPlan
) -> PolysyncError:
    """Return an error of the same class that names the completed changes."""
    changes = sum(each.action is not ChangeAction.UNCHANGED for each in plan.steps)
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
