"""Defines the JSON response models of the routes for job runs and job keys."""

from __future__ import annotations

from polysync_core.api.models import Json, RunIdText, View
from polysync_core.api.run_views import TaskRunView
from polysync_core.appkit.parameters import TaskType
from polysync_core.domain.runs.status import RunStatus


class StartedJobRun(View):
    """A run of a stored Job that was accepted."""

    run_id: RunIdText
    """The id of the run."""
    status_url: str
    """The path of the run, as in the header `Location`."""


class JobRunsView(View):
    """Runs of a stored Job without a Task, newest first."""

    runs: list[TaskRunView]
    """The runs of the page."""
    continuation_token: str | None
    """Continues the list as the query parameter `continuationToken`; null on the last page."""


class JobStatusView(View):
    """The newest run of a stored Job."""

    status: RunStatus | None
    """The status of the run; null before the first run."""
    run: TaskRunView | None
    """The run; null before the first run."""


class StartedDatabricksRun(View):
    """A run of a Databricks job of the environment that Databricks accepted."""

    run_id: int | str | None = None
    """The id that Databricks gave the run; absent if its answer was empty."""


class TaskOutputView(View):
    """The output of one task of a run."""

    task_key: str | None
    """The name of the task; null for a run without named tasks."""
    run_id: int | str
    """The id of the task's run, or of the whole run."""
    status: str | None
    """The life-cycle state in Databricks, or the status of a stored Job's run."""
    result: str | None
    """The result state in Databricks; null before the end and for a stored Job."""
    output: dict[str, Json] | None
    """The output as Databricks describes it, or the outputs of a stored Job's run by name."""
    refusal: str | None
    """The status with which Databricks refused the output; null if it did not."""


class RunOutputsView(View):
    """The outputs of a run of a job."""

    tasks: list[TaskOutputView]
    """The outputs of the tasks, at most 25."""


class JobKeyView(View):
    """A job key of the environment."""

    task_type: TaskType | None
    """The type of the job's task, which decides the field of the parameters; null if not set."""
    params: dict[str, Json] | None
    """The JSON Schema of the parameters; null without a schema."""
    platform: str | None
    """The stored Platform that has the job; null for the workspace of the environment."""
    has_job_id: bool
    """The variable of the key holds a job id; without one, every call answers 404."""


class JobKeysView(View):
    """The job keys of the environment. A stored Job of the same name wins over a key."""

    jobs: dict[str, JobKeyView]
    """The keys with their options, as AppKit's own configuration for clients shows them."""


class DatabricksRunsView(View):
    """Runs of a Databricks job of the environment, newest first."""

    runs: list[dict[str, Json]]
    """The runs as Databricks describes them."""


class DatabricksStatusView(View):
    """The newest run of a Databricks job of the environment."""

    status: str | None
    """The life-cycle state of the run; null before the first run."""
    run: dict[str, Json] | None
    """The run as Databricks describes it; null before the first run."""
