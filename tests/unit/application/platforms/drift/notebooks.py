"""A workspace of notebooks with an app, for tests of drift."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import Artefact, ArtefactNotFound, ArtefactSchema
from tests.fakes.app import FakeApp
from tests.fakes.definitions import lakehouse
from tests.fakes.platform import FakePlatform

NOTEBOOK = "DatabricksNotebook"
GONE = ArtefactNotFound("It is absent.", cause=FailureCause.SUBMIT, status=404)
REFUSED = PlatformRefused("No permission.", cause=FailureCause.SECRET, status=403)
AWAY = Unavailable("The workspace does not answer.")


class Workspace(FakePlatform):
    """A platform of notebooks; an unlisted path raises `GONE`."""

    def __init__(self) -> None:
        super().__init__()
        self.notebooks: dict[str, ArtefactSchema | Exception] = {}
        self.problems: dict[str, str] = {}
        self.list_error: Exception | None = None
        self.described: list[str] = []

    def put(self, path: str, *parameters: Parameter, **facts: Any) -> None:
        self.notebooks[path] = ArtefactSchema(parameters=parameters, **facts)

    def artefacts(
        self, *, job_type: str | None = None, search: str | None = None
    ) -> Iterator[Artefact]:
        if self.list_error is not None:
            raise self.list_error
        for path in self.notebooks:
            name = path.rpartition("/")[2]
            problem = self.problems.get(path)
            if (search or "").casefold() in name.casefold():
                yield Artefact(external_id=path, job_type=NOTEBOOK, name=name, problem=problem)

    def describe(self, external_id: str) -> ArtefactSchema:
        self.described.append(external_id)
        schema = self.notebooks.get(external_id, GONE)
        if isinstance(schema, Exception):
            raise schema
        return schema


class World:
    """An app whose Platform `lakehouse` is a workspace."""

    def __init__(self) -> None:
        self.workspace = Workspace()
        self.app = FakeApp(open_connector=lambda platform, *, secrets: self.workspace)
        document = lakehouse(jobs=[], tasks=[])
        assert self.app.http.put("/definitions", json=document).is_success

    def job(self, name: str, *parameters: Any, **fields: Any) -> None:
        body = {
            "platform": "lakehouse",
            "jobType": NOTEBOOK,
            "externalId": f"/etl/{name}",
            "parameters": [{"name": p} if isinstance(p, str) else p for p in parameters],
            **fields,
        }
        self.put(f"/jobs/{name}", body)

    def task(self, name: str, job: str, **fields: Any) -> None:
        self.put(f"/tasks/{name}", {"job": job, **fields})

    def put(self, path: str, body: Any) -> None:
        answer = self.app.http.put(path, json=body)
        assert answer.is_success, answer.text

    def get(self, path: str, **query: Any) -> Any:
        answer = self.app.http.get(path, params=query)
        assert answer.is_success, answer.text
        return answer.json()
