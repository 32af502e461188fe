"""Defines and checks the settings and the dbt job id of DbtCloudJob Jobs."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.definitions.jobs import Job, RetryFrom, SubmitSettings
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.attributes import settings_problems

OUTPUTS_FROM_RUN_RESULTS = "outputsFromRunResults"
STEPS_OVERRIDE = "stepsOverride"
_JOB_ID = re.compile(r"[1-9][0-9]{0,18}")

type _DbtText = Annotated[str, StringConstraints(min_length=1, max_length=500)]
type _DbtCommand = Annotated[str, StringConstraints(pattern=r"^\s*dbt\s", max_length=4000)]
type _Positive = Annotated[int, Field(ge=1, le=2**31 - 1)]


class DbtJobSettings(SubmitSettings):
    """`settings` of a Job that runs a job of dbt Cloud."""

    steps_override: Annotated[list[_DbtCommand], Field(min_length=1, max_length=50)] | None = None
    """The commands that replace those of the job, such as `dbt build --select sales`."""
    git_branch: _DbtText | None = None
    """The branch that is checked out instead of that of the environment."""
    git_sha: _DbtText | None = None
    """The commit that is checked out."""
    schema_override: _DbtText | None = None
    """The schema into which dbt writes."""
    target_name_override: _DbtText | None = None
    """The value of `target.name` in the project."""
    threads_override: _Positive | None = None
    """The number of threads of dbt."""
    dbt_version_override: _DbtText | None = None
    """The version of dbt."""
    generate_docs_override: bool | None = None
    """True if the run generates the documentation."""
    timeout_seconds_override: _Positive | None = None
    """The seconds after which dbt Cloud stops the run."""
    outputs_from_run_results: bool = False
    """True if the counts in `run_results.json` become the outputs."""
    retry_from: RetryFrom = RetryFrom.START
    """The place from which a retry continues; `Failure` runs the failed step and the nodes that
    failed or were skipped."""


_OVERRIDES = {
    "gitBranch": "git_branch",
    "gitSha": "git_sha",
    "schemaOverride": "schema_override",
    "targetNameOverride": "target_name_override",
    "threadsOverride": "threads_override",
    "dbtVersionOverride": "dbt_version_override",
    "generateDocsOverride": "generate_docs_override",
    "timeoutSecondsOverride": "timeout_seconds_override",
}
"""The fields of a start by the names of settings, which are also names of parameters."""


def split_values(job: Job, values: JsonObject) -> tuple[JsonObject, JsonObject]:
    """Return the fields of a start, and the values of dbt variables.

    A parameter with the name of an override sets the override of one run.
    """
    given = {**job.settings, **values}
    fields = {
        field: given[name] for name, field in _OVERRIDES.items() if given.get(name) is not None
    }
    return fields, {name: value for name, value in values.items() if name not in _OVERRIDES}


def check_dbt_job(job: Job) -> list[Problem]:
    """Return the problems of a Job that runs a job of dbt Cloud."""
    problems: list[Problem] = []
    if job_id_problem(job.external_id) is not None:
        problems.append(Problem("externalId", str(job_id_problem(job.external_id))))
    return problems + settings_problems(DbtJobSettings, job.settings)


def job_id_problem(text: str) -> str | None:
    """Return the problem of the id of a job, or None."""
    if _JOB_ID.fullmatch(text) is None:
        return "must be the number of the job in dbt Cloud, such as 70403"
    return None
