"""Reads, plans, writes and deletes single definitions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import islice
from typing import cast

from polysync_core.application.definitions.lookup import found
from polysync_core.application.definitions.overlay import Overlay
from polysync_core.application.definitions.plans import (
    ChangeAction,
    PlannedChange,
    planned_delete,
    planned_write,
    with_warnings,
)
from polysync_core.application.definitions.suggestions import unknown
from polysync_core.application.definitions.writer import DefinitionEdit, DefinitionWriter
from polysync_core.application.ports import Engine
from polysync_core.domain.conflicts import MAX_TRIES, retry_on_conflict
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.changes.versions import Author
from polysync_core.domain.definitions.document import Reference, reference_to
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.renames import with_identities
from polysync_core.domain.definitions.stored import (
    DefinitionPage,
    DefinitionSource,
    StoredDefinition,
    readable,
    stored_document,
)
from polysync_core.domain.definitions.tasks import Take, Task
from polysync_core.domain.definitions.validation.checks import Checks, Rules
from polysync_core.domain.definitions.validation.drafts import Draft, read_draft
from polysync_core.domain.definitions.validation.unread import Unread, unread_part
from polysync_core.domain.errors import Conflict, Invalid, Problem, StaleETag
from polysync_core.domain.json_types import JsonObject, JsonValue, merge_patch

_log = logging.getLogger(__name__)

ANY = "*"

_MAX_SHOWN = 10
"""The maximum number of referrers that the plan of a delete names."""

type _Change = Callable[[StoredDefinition[Definition] | None], Definition]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteCondition:
    """The precondition of a write: an ETag, any version (`*`), absence, a plan, or none."""

    if_match: str | None = None
    if_absent: bool = False
    plan_token: str | None = None
    """The token of the plan that the caller has seen; only that plan is executed."""

    @property
    def max_tries(self) -> int:
        """Write attempts after conflicts: one attempt if the caller expects a certain version."""
        has_version = self.if_absent or self.plan_token is not None
        accepts_any_version = self.if_match in {None, ANY} and not has_version
        return MAX_TRIES if accepts_any_version else 1

    def check(self, stored: StoredDefinition[Definition] | None) -> None:
        """Raise `StaleETag` if the stored definition does not meet the precondition."""
        if self.if_absent and stored is not None:
            raise StaleETag(
                "The definition exists already: read it, and send its ETag to change it."
            )
        if self.if_match is not None and stored is None:
            raise StaleETag("The definition does not exist: it was deleted, or the name is wrong.")
        if stored is not None and self.if_match not in {None, ANY, stored.etag}:
            raise StaleETag

    def check_plan(self, change: PlannedChange) -> None:
        """Raise `StaleETag` if a change is not the planned one."""
        if self.plan_token not in {None, change.token}:
            raise StaleETag("The definition has changed since it was planned: plan it again.")


NO_CONDITION = WriteCondition()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDefinition:
    """The outcome of a write."""

    stored: StoredDefinition[Definition]
    created: bool = False


class DefinitionEditing:
    """The use cases of single definitions."""

    def __init__(self, source: DefinitionSource, writer: DefinitionWriter, rules: Rules) -> None:
        self._source = source
        self._writer = writer
        self._rules = rules

    def get(self, kind: Kind, name: str) -> StoredDefinition[Definition]:
        """Return a definition, or raise `NotFound`."""
        return found(self._source, Reference(kind, name))

    def exists(self, reference: Reference) -> bool:
        """Return whether a definition of this name is stored."""
        return self._source.get(reference.kind, reference.name) is not None

    def page(self, kind: Kind, *, limit: int, token: str | None = None) -> DefinitionPage:
        """Return definitions of a kind by name."""
        return self._source.page(kind, limit=limit, token=token)

    def names(self, kind: Kind, *, limit: int) -> Sequence[str]:
        """Return the first names of a kind; `limit` bounds the cost."""
        return self._source.names(kind, limit=limit)

    def complete(self, draft: Draft) -> Definition:
        """Return a definition that could be read completely.

        Otherwise raise `Invalid` with the wrong fields and every problem of the rest.
        """
        definition = draft.definition
        if definition is not None and not draft.problems:
            return definition
        further: list[Problem] = []
        if definition is not None:
            reference = Reference(draft.kind, definition.name)
            is_named = not draft.unread_fields.includes("name")
            before = self._source.get(reference.kind, reference.name) if is_named else None
            unread = unread_part(draft.kind, definition, draft.unread_fields)
            further = self._problems(definition, before, unread)
        raise Invalid([*draft.problems, *further], omitted=draft.omitted)

    def put(
        self,
        definition: Definition,
        condition: WriteCondition = NO_CONDITION,
        *,
        engine: Engine | None,
        author: Author | None = None,
    ) -> SavedDefinition:
        """Create or replace a definition; an equal definition is not written again.

        Raises `Invalid` with every problem, or `StaleETag` if `condition` is not met.
        """
        edit = self._writer.edit(engine, author)
        return self._save(reference_to(definition), condition, lambda _: definition, edit)

    def plan_put(
        self, definition: Definition, condition: WriteCondition = NO_CONDITION
    ) -> PlannedChange:
        """Return the change that `put` would make; raises as `put` does."""
        return self._plan(reference_to(definition), condition, lambda _: definition)

    def patch(
        self,
        reference: Reference,
        patch: JsonValue,
        condition: WriteCondition = NO_CONDITION,
        *,
        engine: Engine | None,
        author: Author | None = None,
    ) -> SavedDefinition:
        """Change some fields by a JSON merge patch (RFC 7396); raises as `put` does."""
        edit = self._writer.edit(engine, author)
        return self._save(reference, condition, self._patching(reference, patch), edit)

    def plan_patch(
        self,
        reference: Reference,
        patch: JsonValue,
        condition: WriteCondition = NO_CONDITION,
    ) -> PlannedChange:
        """Return the change that `patch` would make; raises as `patch` does."""
        return self._plan(reference, condition, self._patching(reference, patch))

    def delete(
        self,
        reference: Reference,
        condition: WriteCondition = NO_CONDITION,
        *,
        engine: Engine | None,
    ) -> None:
        """Delete a definition.

        Raises `NotFound`, `StaleETag`, or `Conflict` that names the referrers.
        """

        def attempt() -> None:
            stored = self.get(reference.kind, reference.name)
            condition.check(stored)
            condition.check_plan(planned_delete(stored))
            edit.delete(stored)

        with self._writer.edit(engine) as edit:
            retry_on_conflict(attempt, max_tries=condition.max_tries)
        _log_edit("Definition deleted.", "definition_deleted", reference)

    def plan_delete(
        self, reference: Reference, condition: WriteCondition = NO_CONDITION
    ) -> PlannedChange:
        """Return the change that `delete` would make; raises as `delete` does."""
        stored = self.get(reference.kind, reference.name)
        condition.check(stored)
        referrers = list(islice(self._source.referrers(reference), _MAX_SHOWN))
        if referrers:
            raise _in_use(reference, [reference_to(each.definition) for each in referrers])
        return planned_delete(stored)

    def _patching(self, reference: Reference, patch: JsonValue) -> _Change:
        """Return the change of a merge patch; raises `Invalid` unless it is an object."""
        if not isinstance(patch, dict):
            raise Invalid.at("", "a merge patch is an object of the fields to change")

        def patched(before: StoredDefinition[Definition] | None) -> Definition:
            if before is None:
                raise unknown(reference, self._source)
            content = cast("JsonObject", merge_patch(stored_document(before), patch))
            draft = read_draft(reference.kind, content | {"name": reference.name})
            if content.get("name") != reference.name:
                message = "cannot change: create a definition with the new name"
                draft = draft.with_problem(Problem("name", message))
            return self.complete(draft)

        return patched

    def _plan(
        self, reference: Reference, condition: WriteCondition, change: _Change
    ) -> PlannedChange:
        before = self._source.get(reference.kind, reference.name)
        condition.check(before)
        step = planned_write(with_identities(change(before), readable(before)), before)
        if step.definition is not None and step.action is not ChangeAction.UNCHANGED:
            self._check(step.definition, before)
        changed = () if step.definition is None else (step.definition,)
        return with_warnings(step, Overlay(self._source, changed))

    def _save(
        self,
        reference: Reference,
        condition: WriteCondition,
        change: _Change,
        editing: AbstractContextManager[DefinitionEdit],
    ) -> SavedDefinition:
        def attempt() -> SavedDefinition:
            before = self._source.get(reference.kind, reference.name)
            condition.check(before)
            definition = with_identities(change(before), readable(before))
            step = planned_write(definition, before)
            condition.check_plan(step)
            if before is not None and step.action is ChangeAction.UNCHANGED:
                return SavedDefinition(stored=before)
            stored = self._write(definition, before, edit)
            _log_edit("Definition saved.", "definition_saved", reference)
            return SavedDefinition(stored=stored, created=before is None)

        with editing as edit:
            return retry_on_conflict(attempt, max_tries=condition.max_tries)

    def _write(
        self,
        definition: Definition,
        before: StoredDefinition[Definition] | None,
        edit: DefinitionEdit,
    ) -> StoredDefinition[Definition]:
        self._check(definition, before)
        stored = edit.put(definition, replacing=before)
        self._undo_cycle(stored, before, edit)
        return stored

    def _check(self, definition: Definition, before: StoredDefinition[Definition] | None) -> None:
        """Raise `Invalid` with every problem that a write would cause."""
        if problems := self._problems(definition, before, Unread()):
            raise Invalid(problems)

    def _problems(
        self,
        definition: Definition,
        before: StoredDefinition[Definition] | None,
        unread: Unread,
    ) -> list[Problem]:
        catalogue = Overlay(self._source, [definition])
        checks = Checks(catalogue, self._rules, unread)
        problems = checks.problems(definition, readable(before))
        if before is not None:
            problems += task_breakage(checks, catalogue, definition)
        return problems

    def _undo_cycle(
        self,
        stored: StoredDefinition[Definition],
        before: StoredDefinition[Definition] | None,
        edit: DefinitionEdit,
    ) -> None:
        """Undo a write if two concurrent writers have closed a cycle together."""
        if not isinstance(stored.definition, Task) or not stored.definition.dependencies:
            return
        checks = Checks(Overlay(self._source), self._rules)
        problems = list(checks.cycle(stored.definition))
        if not problems:
            return
        if before is None:
            edit.delete(stored)
        else:
            edit.restore(before, replacing=stored)
        raise Conflict(
            "Another change was made at the same time: read the definitions again.", problems
        )


def _in_use(reference: Reference, referrers: Iterable[Reference]) -> Conflict:
    problems = [
        Problem(
            f"{each.kind.value}/{each.name}",
            "refers to it: change or delete this definition first",
        )
        for each in referrers
    ]
    return Conflict(f"{reference} is in use: {', '.join(each.path for each in problems)}", problems)


def task_breakage(
    checks: Checks,
    catalogue: Overlay,
    changed: Definition,
    except_for: Container[Reference] = (),
) -> list[Problem]:
    """Return the problems that a changed Job or Task would cause in unchanged Tasks."""
    if not isinstance(changed, Job | Task):
        return []
    return [
        replace(problem, path=f"tasks/{task.name}.{problem.path}")
        for task in _affected_by(changed, catalogue, checks)
        if reference_to(task) not in except_for
        for problem in checks.problems(task, task)
    ]


def _affected_by(changed: Job | Task, catalogue: Overlay, checks: Checks) -> Iterable[Definition]:
    if isinstance(changed, Job):
        return _affected_tasks(changed, catalogue, checks)
    dependents = catalogue.readable_referrers(reference_to(changed))
    return [each for each in dependents if isinstance(each, Task) and _takes_window(each, changed)]


def _takes_window(task: Task, upstream: Task) -> bool:
    edges = (each for each in task.dependencies if each.task == upstream.name)
    return any(each.take is Take.WINDOW for each in edges)


def _affected_tasks(job: Job, catalogue: Overlay, checks: Checks) -> Iterable[Definition]:
    """Return the Tasks of a Job, and their dependents if some output cannot be mapped."""
    tasks = {task.name: task for task in catalogue.readable_referrers(reference_to(job))}
    is_sensitive = any(parameter.is_secret for parameter in job.parameters)
    if is_sensitive or checks.outputs_problem(job) is not None:
        for task in list(tasks.values()):
            dependents = catalogue.readable_referrers(reference_to(task))
            tasks |= {each.name: each for each in dependents}
    return tasks.values()


def _log_edit(message: str, action: str, reference: Reference) -> None:
    _log.info(
        message,
        extra={"action": action, "kind": reference.kind.value, "definition": reference.name},
    )
