"""Execute Now: runs of a Job without a Task.

They are accepted, dispatched, carried out and recorded like runs of Tasks, and differ in what no
Task is there to say: nothing depends on them, nothing is tried again, and nothing limits them but
what their Platform is linked to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polysync_core.application.dependencies.dependent_runs import newest
from polysync_core.application.ports import Engine
from polysync_core.application.runs.accepting import RunFactory, Start, repeated
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.domain.errors import NotFound
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.identity import RunId, derived_run_id, new_run_id, request_digest
from polysync_core.domain.runs.run import TaskRun, TriggerType
from polysync_core.domain.runs.stored import Listing, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What a caller asks for by Execute Now."""

    job: str
    parameters: Mapping[str, JsonValue]
    """Values for this run alone, before the Job's defaults."""
    idempotency_key: str | None = None
    actor: str

    @property
    def digest(self) -> str:
        """What must be equal in two requests under one idempotency key."""
        return request_digest({"params": dict(self.parameters)})


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRuns:
    """The use cases around the runs of a Job; a run of a Task or of another Job is not found."""

    acceptance: RunFactory
    task_runs: TaskRuns

    def knows(self, job: str) -> bool:
        """Tell whether there is a Job of this name."""
        try:
            self.acceptance.job_named(job)
        except NotFound:
            return False
        return True

    def execute(self, request: JobRequest, engine: Engine) -> TaskRun:
        """Accept a run of a Job; when this returns, the run is stored and will start.

        Raises `NotFound`, `Conflict` (another request under the same idempotency key) and `Invalid`
        (parameters).
        """
        job = self.acceptance.job_named(request.job)
        run_id = new_run_id()
        if request.idempotency_key is not None:
            run_id = derived_run_id("execute-now", job.name, request.idempotency_key)
            known = self.acceptance.runs.get(run_id)
            if known is not None:
                return repeated(known.run, request.digest)
        start = Start(
            run_id=run_id,
            trigger_type=TriggerType.MANUAL,
            actor=request.actor,
            parameters=request.parameters,
            request_digest=request.digest,
            fan_out=False,
        )
        return self.acceptance.accept(self.acceptance.run_of_job(job, start, path="params"), engine)

    def get(self, job: str, run_id: RunId) -> TaskRun:
        """Return a run of a Job, or raise `NotFound`."""
        stored = self.acceptance.runs.get(run_id)
        if stored is None or stored.run.task or stored.run.job.name != job:
            raise NotFound(f"Job '{job}' has no run of this id.")
        return stored.run

    def page(self, job: str, *, limit: int, continuation_token: str | None) -> Page[TaskRun]:
        """Return the runs of a Job, newest first; raises `NotFound`."""
        listing = Listing(
            job=self.acceptance.job_named(job).name,
            limit=limit,
            continuation_token=continuation_token,
        )
        return self.acceptance.runs.page(listing)

    def newest(self, job: str) -> TaskRun | None:
        """Return the newest run of a Job, None before the first; raises `NotFound`."""
        listing = Listing(job=self.acceptance.job_named(job).name)
        return newest(self.acceptance.runs, listing)

    def cancel(self, job: str, run_id: RunId, *, actor: str, engine: Engine) -> TaskRun:
        """Stop a run of a Job as `TaskRuns.cancel` does; raises `NotFound`."""
        self.get(job, run_id)
        return self.task_runs.cancel(run_id, actor=actor, engine=engine)
