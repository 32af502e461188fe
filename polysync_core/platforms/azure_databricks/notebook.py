"""Submits, polls and cancels runs of the job type DatabricksNotebook.

A submit uses the task form of Jobs API 2.2 (`tasks` with one entry). The older form with
`notebook_task` at the top level is no longer documented. The idempotency token makes a submit safe
to repeat: Databricks starts exactly one run per token.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure_databricks.answers import objects_in
from polysync_core.platforms.azure_databricks.client import JOBS_API, RunClient, run_id_of
from polysync_core.platforms.azure_databricks.notebook_discovery import NotebookDiscovery
from polysync_core.platforms.azure_databricks.notebook_source.paths import (
    normalised_path,
    path_problem,
)
from polysync_core.platforms.azure_databricks.notebook_source.widgets import widgets_of
from polysync_core.platforms.azure_databricks.outputs import (
    OutputSettings,
    failed_tasks,
    read_with_outputs,
)
from polysync_core.platforms.azure_databricks.refusals import (
    NOTEBOOK_MISSING,
    refused,
    run_of_token_is_gone,
    unless_temporary,
)
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import (
    ArtefactSchema,
    ExternalRun,
    Report,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.paging import filter_bounded
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.values import as_texts

MAX_PARAMETERS_BYTES = 1024 * 1024
"""The limit of the Jobs API for `base_parameters` as JSON, in bytes."""


@dataclass(frozen=True, slots=True)
class NotebookConnector:
    """Runs notebooks on the compute of one platform; implements `JobConnector`."""

    client: PlatformClient
    all_runs: RunClient
    workspace: NotebookDiscovery
    compute: JsonObject

    def submit(self, request: SubmitRequest) -> Submitted:
        """Start the notebook; a repeated token returns the run of the first submit."""
        problems = check_notebook(request.job)
        if problems:
            raise Invalid(problems)
        run_id = self.client.post(
            *JOBS_API,
            "runs",
            "submit",
            body=self._body(request),
            repeatable=True,
            read=run_id_of,
            refused=_submit_refused,
        )
        # The first poll gives the address of the run's page.
        return Submitted(external_run_id=run_id)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run, with the outputs that the Job requests."""
        return read_with_outputs(job, external_run_id, self.all_runs, self.client)

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the error and the trace of each failed task."""
        return failed_tasks(external_run_id, self.all_runs, self.client)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Request the cancellation of a run."""
        self.all_runs.cancel(external_run_id)

    def describe(self, external_id: str) -> ArtefactSchema:
        """Read the widgets of a notebook."""
        return widgets_of(
            self.workspace.export(external_id),
            lambda path: self.workspace.include(external_id, path),
        )

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield the one-time runs of the notebook in the workspace's list."""
        listed = self.all_runs.listed(run_type="SUBMIT_RUN")
        for run in filter_bounded(listed, lambda run: _runs_notebook(run, job)):
            found = self.all_runs.external(run)
            if found is not None:
                yield found

    def _body(self, request: SubmitRequest) -> JsonObject:
        return {
            "run_name": request.run_name,
            "idempotency_token": request.token,
            "tasks": [
                {
                    "task_key": "notebook",
                    "notebook_task": {
                        "notebook_path": request.job.external_id,
                        "base_parameters": _base_parameters(request),
                    },
                    **self.compute,
                    **self._own_retries(request),
                }
            ],
        }

    def _own_retries(self, request: SubmitRequest) -> JsonObject:
        """Return the fields that switch off Databricks' own retries of an only try.

        Serverless compute retries a failed task by itself; other compute does not.
        """
        is_serverless = not self.compute
        if not (is_serverless and request.is_only_try):
            return {}
        return {"max_retries": 0, "disable_auto_optimization": True}


def check_notebook(job: Job) -> list[Problem]:
    """Return the problems of a notebook's Job."""
    problem = path_problem(job.external_id)
    problems = [Problem("externalId", problem)] if problem else []
    return problems + settings_problems(OutputSettings, job.settings)


def _runs_notebook(run: JsonObject, job: Job) -> bool:
    wanted = normalised_path(job.external_id)
    return any(
        isinstance(notebook := task.get("notebook_task"), dict)
        and isinstance(path := notebook.get("notebook_path"), str)
        and normalised_path(path) == wanted
        for task in objects_in(run, "tasks")
    )


def _base_parameters(request: SubmitRequest) -> dict[str, JsonValue]:
    texts: dict[str, JsonValue] = {**as_texts(request.parameters, request.job.parameters)}
    if len(json.dumps(texts)) > MAX_PARAMETERS_BYTES:
        raise PlatformRefused(
            "the parameters of a notebook exceed 1 MiB in total: pass a path to the data instead",
            cause=FailureCause.PARAMETERS,
        )
    return texts


@unless_temporary
def _submit_refused(refusal: Refusal) -> PolysyncError:
    lost = run_of_token_is_gone(refusal)
    if lost is not None:
        return lost
    if refusal.status == 404:
        return PlatformRefused(
            f"Databricks refused the run: {NOTEBOOK_MISSING}",
            cause=FailureCause.SUBMIT,
            status=refusal.status,
        )
    return refused(refusal)
