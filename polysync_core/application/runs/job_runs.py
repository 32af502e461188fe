"""Starts, lists, reads and cancels job runs, which are runs without a Task.

Such runs are accepted, dispatched, executed and recorded like runs of Tasks. They have no
dependents and no retries, and only the contention profiles of their Platform limit them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polysync_core.application.ports import Engine, RunReader
from polysync_core.application.runs.accepting import RunFactory, RunSpec, run_of_same_request
from polysync_core.application.runs.run_lookup import newest_run
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.domain.errors import NotFound
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.identity import RunId, derived_run_id, new_run_id, request_digest
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun, TriggerType
from polysync_core.domain.runs.stored import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A request for one run of a Job, by Execute Now."""

    job: str
    parameters: Mapping[str, JsonValue]
    """Values for this run alone; they override the Job's defaults."""
    idempotency_key: str | None = None
    actor: str
    may_name_secrets: bool = False
    """True if the caller may give secret references that the Job does not hold."""

    @property
    def digest(self) -> str:
        """The digest of the content; equal in all requests with one idempotency key."""
        return request_digest({"params": dict(self.parameters)})


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRuns:
    """Starts, reads, lists and cancels runs of a Job; runs of Tasks or other Jobs are not found."""

    runs: RunReader
    factory: RunFactory
    task_runs: TaskRuns

    def knows(self, job: str) -> bool:
        """Return whether a Job of this name exists."""
        return self.missing(job) is None

    def missing(self, job: str) -> NotFound | None:
        """Return the error of a Job that does not exist, with similar names; else None."""
        try:
            self.factory.definitions.job(job)
        except NotFound as error:
            return error
        return None

    def execute(self, request: JobRequest, engine: Engine) -> TaskRun:
        """Accept a run of a Job; when this returns, the run is stored and will start.

        Raises `NotFound`, `Conflict` (other content with the same idempotency key), `Invalid`
        (parameters) and `Forbidden` (secrets that the caller may not name).
        """
        job = self.factory.definitions.job(request.job)
        run_id = new_run_id()
        if request.idempotency_key is not None:
            run_id = derived_run_id("execute-now", job.identity, request.idempotency_key)
            existing = self.runs.get(run_id)
            if existing is not None:
                return run_of_same_request(existing.run, request.digest)
        spec = RunSpec(
            run_id=run_id,
            trigger_type=TriggerType.MANUAL,
            actor=request.actor,
            parameters=request.parameters,
            request_digest=request.digest,
            fan_out=False,
        )
        run = self.factory.queued_job_run(job, spec, path="params")
        self.factory.check_secrets(
            run,
            None,
            request.parameters,
            path="params",
            may_name_secrets=request.may_name_secrets,
        )
        return self.factory.accept(run, engine)

    def get(self, job: str, run_id: RunId) -> TaskRun:
        """Return a run of a Job, or raise `NotFound`."""
        stored = self.runs.get(run_id)
        if stored is None or stored.run.task is not None or stored.run.job.name != job:
            raise NotFound(f"Job '{job}' has no run of this id.")
        return stored.run

    def page(self, job: str, *, limit: int, continuation_token: str | None) -> Page[TaskRun]:
        """Return the runs of a Job, newest first; raises `NotFound`."""
        listing = Listing(
            job=self.factory.definitions.job(job).name,
            without_task=True,
            limit=limit,
            continuation_token=continuation_token,
        )
        return self.runs.page(listing)

    def newest(self, job: str) -> TaskRun | None:
        """Return the newest run of a Job, or None before the first; raises `NotFound`."""
        listing = Listing(job=self.factory.definitions.job(job).name, without_task=True)
        return newest_run(self.runs, listing)

    def cancel(self, job: str, run_id: RunId, *, actor: str, engine: Engine) -> TaskRun:
        """Cancel a run of a Job as `TaskRuns.cancel` does; raises `NotFound`."""
        self.get(job, run_id)
        return self.task_runs.cancel(run_id, actor=actor, engine=engine)
