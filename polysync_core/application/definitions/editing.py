"""Reading, writing and deleting single definitions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, replace
from typing import cast

from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.definitions.overlay import Overlay
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.checks import Checks, Rules
from polysync_core.domain.definitions.document import (
    Reference,
    read_definition,
    reference_to,
    same,
    write_definition,
)
from polysync_core.domain.definitions.jobs import Job, has_outputs
from polysync_core.domain.definitions.stored import DefinitionPage, DefinitionStore, Stored
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Conflict, Invalid, NotFound, Problem, StaleETag
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.merge_patch import merge_patch

_log = logging.getLogger(__name__)

_TRIES = 5
ANY = "*"

type _Change = Callable[[Definition | None], Definition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What a caller expects to find: an ETag, anything (`*`), nothing, or whatever it is."""

    if_match: str | None = None
    if_absent: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the write is meant whatever somebody else writes meanwhile."""
        return self.if_match in {None, ANY} and not self.if_absent

    def check(self, stored: Stored[Definition] | None) -> None:
        """Raise `StaleETag` where the expectation is not met."""
        if self.if_absent and stored is not None:
            raise StaleETag("It exists already.")
        if self.if_match is not None and stored is None:
            raise StaleETag("It does not exist (any more).")
        if stored is not None and self.if_match not in {None, ANY, stored.etag}:
            raise StaleETag


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The outcome of a write."""

    stored: Stored[Definition]
    created: bool = False


class Definitions(DefinitionLookup):
    """The use cases of single definitions."""

    def __init__(self, store: DefinitionStore, rules: Rules) -> None:
        super().__init__(store)
        self._rules = rules

    def page(self, kind: Kind, *, limit: int, token: str | None = None) -> DefinitionPage:
        """Return definitions of a kind by name."""
        return self._store.page(kind, limit=limit, token=token)

    def put(self, definition: Definition, condition: Condition | None = None) -> Saved:
        """Create or replace a definition; what says the same already is not written again.

        Raises `Invalid` with every problem, or `StaleETag` where `condition` is not met.
        """
        return self._save(reference_to(definition), condition or Condition(), lambda _: definition)

    def patch(self, reference: Reference, patch: JsonValue, condition: Condition) -> Saved:
        """Change some fields by a JSON merge patch (RFC 7396)."""
        if not isinstance(patch, dict):
            raise Invalid.at("", "a merge patch is an object of the fields to change")

        def patched(before: Definition | None) -> Definition:
            if before is None:
                raise NotFound(f"There is no {reference}.")
            content = cast("JsonObject", merge_patch(write_definition(before), patch))
            if content.get("name") != reference.name:
                raise Invalid.at("name", "cannot be changed: define it anew under another name")
            return read_definition(reference.kind, content)

        return self._save(reference, condition, patched)

    def delete(self, reference: Reference, condition: Condition | None = None) -> None:
        """Delete a definition that nothing refers to.

        Raises `NotFound`, `StaleETag`, or `Conflict` naming what refers to it.
        """
        condition = condition or Condition()
        for attempt in range(_TRIES):
            stored = self.get(reference.kind, reference.name)
            condition.check(stored)
            try:
                self._store.delete(stored)
            except StaleETag:
                if not condition.is_open or attempt == _TRIES - 1:
                    raise
            else:
                _logged("Definition deleted.", "definition_deleted", reference)
                return

    def _save(self, reference: Reference, condition: Condition, change: _Change) -> Saved:
        for attempt in range(_TRIES):
            before = self._store.get(reference.kind, reference.name)
            condition.check(before)
            definition = change(before.definition if before is not None else None)
            if before is not None and same(before.definition, definition):
                return Saved(stored=before)
            try:
                stored = self._write(definition, before)
            except StaleETag:
                if not condition.is_open or attempt == _TRIES - 1:
                    raise
            else:
                _logged("Definition saved.", "definition_saved", reference)
                return Saved(stored=stored, created=before is None)
        raise AssertionError("unreachable")

    def _write(
        self, definition: Definition, before: Stored[Definition] | None
    ) -> Stored[Definition]:
        catalogue = Overlay(self._store, [definition])
        checks = Checks(catalogue, self._rules)
        problems = checks.problems(definition, before.definition if before is not None else None)
        if before is not None:
            problems += task_breakage(checks, catalogue, definition)
        if problems:
            raise Invalid(problems)
        stored = write_announced(self._store, definition, before)
        self._undo_cycle(stored, before)
        return stored

    def _undo_cycle(self, stored: Stored[Definition], before: Stored[Definition] | None) -> None:
        """Two writers may close a cycle together that neither of them could see beforehand."""
        if not isinstance(stored.definition, Task) or not stored.definition.dependencies:
            return
        checks = Checks(Overlay(self._store), self._rules)
        problems = list(checks.cycle(stored.definition))
        if not problems:
            return
        if before is None:
            self._store.delete(stored)
        else:
            self._store.announce(before.definition)
            self._store.put(before.definition, replacing=stored)
        raise Conflict("Another change was made at the same time.", problems)


def write_announced(
    store: DefinitionStore, definition: Definition, before: Stored[Definition] | None
) -> Stored[Definition]:
    """Write a checked definition so that nothing it refers to can vanish meanwhile."""
    store.announce(definition)
    dangling = list(Checks(Overlay(store, [definition]), Rules()).dangling(definition))
    if dangling:
        raise Invalid(dangling)
    return store.put(definition, replacing=before)


def task_breakage(
    checks: Checks,
    catalogue: Overlay,
    changed: Definition,
    apart_from: Container[Reference] = (),
) -> list[Problem]:
    """Return what a changed Job would break in Tasks that stay as they are."""
    if not isinstance(changed, Job):
        return []
    return [
        replace(problem, path=f"tasks/{task.name}.{problem.path}")
        for task in _built_on(changed, catalogue)
        if reference_to(task) not in apart_from
        for problem in checks.problems(task, task)
    ]


def _built_on(job: Job, catalogue: Overlay) -> Iterable[Definition]:
    """Return the Tasks of a Job and, where they cannot have all outputs, those that take some."""
    found = {task.name: task for task in catalogue.referrers(reference_to(job))}
    if not has_outputs(job) or any(parameter.is_secret for parameter in job.parameters):
        for task in list(found.values()):
            found |= {each.name: each for each in catalogue.referrers(reference_to(task))}
    return found.values()


def _logged(sentence: str, action: str, reference: Reference) -> None:
    _log.info(
        sentence,
        extra={"action": action, "kind": reference.kind.value, "definition": reference.name},
    )
