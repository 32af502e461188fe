"""A platform with artefacts, and an app that imports them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from polysync_core.application.platforms.import_report import (
    ArtefactSelection,
    ImportReport,
)
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from tests.fakes.app import FakeApp
from tests.fakes.definitions import FakeDefinitions, lakehouse

NOTEBOOK = "DatabricksNotebook"


class FakePlatform:
    """A platform with artefacts, which records the described ones."""

    def __init__(self) -> None:
        self.schemas: dict[str, ArtefactSchema | Exception] = {}
        self.listed: dict[str, ArtefactSchema] = {}
        self.described: list[str] = []

    def put(self, path: str, *parameters: Parameter, notes: tuple[str, ...] = ()) -> None:
        self.schemas[path] = ArtefactSchema(parameters=parameters, notes=notes)

    def artefacts(
        self, *, job_type: str | None = None, search: str | None = None
    ) -> Iterator[Artefact]:
        for path in self.schemas:
            name = path.rpartition("/")[2]
            if search is None or search in name:
                listed = self.listed.get(path)
                yield Artefact(external_id=path, job_type=NOTEBOOK, name=name, schema=listed)

    def job(self, job_type: str) -> Any:
        return self

    def describe(self, external_id: str) -> ArtefactSchema:
        self.described.append(external_id)
        schema = self.schemas[external_id]
        if isinstance(schema, Exception):
            raise schema
        return schema


class World:
    def __init__(self) -> None:
        self.store, self.platform = FakeDefinitions(), FakePlatform()
        self.seconds = 0.0
        self.app = FakeApp(
            definitions=self.store, open_connector=lambda platform, *, secrets: self.platform
        )
        services = self.app.services
        self.definitions, self.editing = services.definitions, services.definition_editing
        self.importing = replace(services.artefact_import, monotonic=lambda: self.seconds)
        for kind in (Kind.VAULT, Kind.CONTENTION_PROFILE, Kind.CALENDAR, Kind.PLATFORM):
            for raw in lakehouse()[kind.value]:
                self.editing.put(read_definition(kind, raw), engine=None)

    def run(self, **selection: Any) -> ImportReport:
        return self.importing.import_artefacts(
            "lakehouse", ArtefactSelection(**selection), engine=None
        )

    def task(self, name: str, job: str, **parameters: Any) -> None:
        raw = {"name": name, "job": job, "parameters": parameters}
        self.editing.put(read_definition(Kind.TASK, raw), engine=None)


def results(report: ImportReport) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in report.items:
        found.setdefault(each.result.value, []).append(each.job or each.external_id)
    return found
