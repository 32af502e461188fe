"""Supplies every definition editor with the use cases that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

from fastapi import Depends

from polysync_core.api.definitions.routes import CurrentDefinitionEditing
from polysync_core.api.engine import PossibleEngine
from polysync_core.api.operations.connection_tests import CurrentConnectionTests
from polysync_core.api.security.audit_record import CurrentRecord, changes_nothing
from polysync_core.api.security.authors import EditAuthor
from polysync_core.api.use_cases import use_case
from polysync_core.application.definitions.consequences.consequences import Consequences
from polysync_core.application.definitions.editing import DefinitionEditing
from polysync_core.application.platforms.connection_tests import ConnectionTests
from polysync_core.application.ports import Engine
from polysync_core.console.forms.definitions.definition_form import FormContext, definition_form
from polysync_core.console.forms.fields import Group
from polysync_core.console.forms.filling import fill
from polysync_core.console.forms.raw import RawObject
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.changes.versions import Author
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.stored import StoredDefinition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.types.catalogue import TypeCatalogue
from polysync_core.domain.errors import NotFound
from polysync_core.domain.json_types import JsonObject

MOST_OPTIONS = 200
"""The maximum number of names that a list to choose from shows; above, the name is typed."""

CurrentTypes = Annotated[TypeCatalogue, Depends(use_case(TypeCatalogue))]


@dataclass(frozen=True, kw_only=True)
class EditorServices:
    """The use cases of one request for an editor."""

    editing: DefinitionEditing
    types: TypeCatalogue
    tests: ConnectionTests
    consequences: Consequences
    engine: Engine | None
    author: Author
    record: CurrentRecord
    _found: dict[tuple[Kind, str], Definition | None] = field(default_factory=dict[Any, Any])
    """The definitions that the request has read."""
    _names: dict[Kind, Sequence[str]] = field(default_factory=dict[Any, Any])

    def stored(self, kind: Kind, name: str) -> StoredDefinition[Definition]:
        """Return a stored definition, or raise `NotFound`."""
        return self.editing.get(kind, name)

    def names(self, kind: Kind) -> Sequence[str] | None:
        """Return the names of a kind to choose from; None if there are too many."""
        if kind not in self._names:
            self._names[kind] = self.editing.names(kind, limit=MOST_OPTIONS + 1)
        names = self._names[kind]
        return names if len(names) <= MOST_OPTIONS else None

    def group(self, kind: Kind, document: RawObject | JsonObject, *, is_new: bool) -> Group:
        """Return the fields of a definition with the types that a document names."""
        context = FormContext(
            types=self.types,
            platform_type=self._platform_type,
            job=self.job,
            is_new=is_new,
        )
        return definition_form(kind, cast("JsonObject", document), context)

    def filled(self, kind: Kind, document: JsonObject | None, *, is_new: bool) -> RawObject | None:
        """Return the raw values of a document."""
        if document is None:
            return None
        return fill(self.group(kind, document, is_new=is_new), document)

    def unchanged(self) -> None:
        """Record that the request changes nothing."""
        changes_nothing(self.record)

    def changed(self) -> None:
        """Record that the request has changed something."""
        if self.record is not None:
            self.record.changes = True

    def job(self, name: str) -> Job | None:
        """Return a Job; None for an unknown name."""
        return self._find(Job, Kind.JOB, name)

    def job_of_task(self, name: str) -> Job | None:
        """Return the Job of a Task; None for an unknown name."""
        task = self._find(Task, Kind.TASK, name)
        return None if task is None else self.job(task.job)

    def platform(self, name: str) -> Platform | None:
        """Return a Platform; None for an unknown name."""
        return self._find(Platform, Kind.PLATFORM, name)

    def _platform_type(self, name: str) -> str | None:
        platform = self.platform(name)
        return None if platform is None else platform.type

    def _find[D: Definition](self, model: type[D], kind: Kind, name: str) -> D | None:
        if (kind, name) not in self._found:
            self._found[kind, name] = self._read(kind, name)
        found = self._found[kind, name]
        return found if isinstance(found, model) else None

    def _read(self, kind: Kind, name: str) -> Definition | None:
        try:
            return self.editing.get(kind, name).definition if name else None
        except NotFound:
            return None


@dataclass(frozen=True, slots=True)
class _Write:
    """The engine, the author and the audit record of a request."""

    engine: PossibleEngine
    author: EditAuthor
    record: CurrentRecord


def _services(
    editing: CurrentDefinitionEditing,
    types: CurrentTypes,
    tests: CurrentConnectionTests,
    consequences: Annotated[Consequences, Depends(use_case(Consequences))],
    write: Annotated[_Write, Depends()],
) -> EditorServices:
    return EditorServices(
        editing=editing,
        types=types,
        tests=tests,
        consequences=consequences,
        engine=write.engine,
        author=write.author,
        record=write.record,
    )


CurrentEditorServices = Annotated[EditorServices, Depends(_services)]
