"""Lists the jobs of a workspace and reads their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from polysync_core.domain.definitions.jobs import JobType, Parameter
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.azure_databricks.answers import (
    next_token_of,
    number_of,
    objects_in,
    page_query,
)
from polysync_core.platforms.azure_databricks.client import JOBS_API
from polysync_core.platforms.azure_databricks.refusals import refused_for_job
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.values import data_type_of

MAX_NAME_LENGTH = 255
_PAGE_SIZE = 100
_REFERENCE = "{{"
"""The prefix of a value that Databricks replaces, such as `{{job.start_time}}`."""


@dataclass(frozen=True, slots=True)
class JobDiscovery:
    """Finds and describes the jobs of one workspace."""

    client: PlatformClient

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the jobs: DatabricksJob with one task, DatabricksWorkflow with several."""
        wanted = (search or "").casefold()

        def fetch(token: str | None) -> Page[JsonObject]:
            query = page_query(token, expand_tasks=True, limit=_PAGE_SIZE)
            return self.client.get(*JOBS_API, "list", query=query, read=_page_of_jobs)

        for job in paged(fetch):
            artefact = _artefact(job)
            if artefact is not None and wanted in artefact.name.casefold():
                yield artefact

    def describe(self, job_id: str) -> ArtefactSchema:
        """Read the parameters of a job and of its notebook tasks."""
        findings = _JobParameters()
        token: str | None = None
        while True:
            query = page_query(token, job_id=int(job_id))
            token = self.client.get(
                *JOBS_API, "get", query=query, read=findings.read, refused=refused_for_job
            )
            if token is None:
                return findings.schema()


@dataclass(slots=True)
class _JobParameters:
    """Collects parameters over the pages of a job; job parameters override task parameters."""

    own: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    of_tasks: dict[str, Parameter] = field(default_factory=dict[str, Parameter])
    notes: list[str] = field(default_factory=list[str])

    def read(self, answer: JsonObject) -> str | None:
        """Add the parameters of one page; return the token of the next page."""
        settings = answer.get("settings")
        if not isinstance(settings, dict):
            raise UnexpectedAnswer
        for declared in (*objects_in(settings, "parameters"), *_of_older_apis(settings)):
            self._add(self.own, declared.get("name"), declared.get("default"))
        for task in objects_in(settings, "tasks"):
            notebook = task.get("notebook_task")
            base = notebook.get("base_parameters") if isinstance(notebook, dict) else None
            for name, value in (base if isinstance(base, dict) else {}).items():
                self._add(self.of_tasks, name, value)
        return next_token_of(answer)

    def schema(self) -> ArtefactSchema:
        """Return the schema with all found parameters."""
        loose = [name for name in self.of_tasks if name not in self.own]
        notes = [
            *self.notes,
            *(
                f"{name} is a parameter of a task only: declare it as a parameter of the job,"
                " so that a run can set it"
                for name in loose
            ),
        ]
        parameters = {**self.of_tasks, **self.own}
        return ArtefactSchema(
            parameters=tuple(parameters.values()), notes=tuple(dict.fromkeys(notes))
        )

    def _add(self, found: dict[str, Parameter], name: JsonValue, default: JsonValue) -> None:
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_LENGTH:
            self.notes.append("a parameter has a name that is too long or empty: it is left out")
            return
        if isinstance(default, str) and _REFERENCE in default:
            self.notes.append(
                f"{name} has a default that Databricks computes: the Job has no default for it"
            )
            default = None
        found.setdefault(
            name, Parameter(name=name, data_type=data_type_of(default), default=default)
        )


def _of_older_apis(settings: JsonObject) -> list[JsonObject]:
    found = objects_in(settings, "job_parameters")
    return [{**each, "default": each.get("default_value")} for each in found]


def _artefact(job: JsonObject) -> Artefact | None:
    job_id, settings = number_of(job, "job_id"), job.get("settings")
    if job_id is None:
        return None
    if not isinstance(settings, dict):
        return Artefact(
            external_id=str(job_id),
            job_type=JobType.DATABRICKS_JOB,
            name=str(job_id),
            problem="the list of the workspace has no definition of the job",
        )
    tasks = settings.get("tasks")
    single = isinstance(tasks, list) and len(tasks) == 1
    return Artefact(
        external_id=str(job_id),
        job_type=JobType.DATABRICKS_JOB if single else JobType.DATABRICKS_WORKFLOW,
        name=_text(settings, "name") or str(job_id),
        description=_text(settings, "description"),
    )


def _text(source: Mapping[str, JsonValue], name: str) -> str | None:
    value = source.get(name)
    return value if isinstance(value, str) and value else None


def _page_of_jobs(answer: JsonObject) -> Page[JsonObject]:
    return Page(objects_in(answer, "jobs"), next_token_of(answer))
