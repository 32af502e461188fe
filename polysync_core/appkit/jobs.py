"""Starts, reads, follows and cancels runs of Databricks jobs by job key (short name).

An example is `jobs("etl").run_now({"day": "2026-01-01"})`.

Methods return an `ExecutionResult`: a refusal by Databricks is a result and not an exception. The
program's own mistakes are raised: an unknown job, a job without an id, no user token.
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from polysync_core.appkit.configuration import AppKitConfiguration
from polysync_core.appkit.errors import (
    CallFailed,
    InvalidParameters,
    JobWithoutId,
    RunIdMissing,
    TriggerFailed,
    UnknownJob,
)
from polysync_core.appkit.named_jobs import NamedJob
from polysync_core.appkit.parameters import given_parameters, run_now_fields
from polysync_core.appkit.polling import PollBackoff, SharedPolls
from polysync_core.appkit.read_cache import CachedResource, CacheKey, Read, ReadCache
from polysync_core.appkit.results import (
    INTERNAL,
    Done,
    ExecutionResult,
    Failed,
    Run,
    RunOutput,
    RunStarted,
    TaskOutput,
    WorkspaceJob,
    failed,
    phrase,
    refused,
)
from polysync_core.appkit.run_stream import RunStream
from polysync_core.appkit.schema import validated
from polysync_core.appkit.user_tokens import HasHeaders, UserToken
from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable, Uncertain
from polysync_core.domain.json_types import JsonObject

if TYPE_CHECKING:
    # These imports cost start-up time, so they happen when a workspace is first called.
    from polysync_core.appkit.client import JobsApi
    from polysync_core.appkit.workspaces import Workspaces

MAX_LISTED = 100
MAX_TASKS = 25
"""The number of tasks whose outputs one call reads."""

_NOT_FOUND = 404
_FORBIDDEN = 403
_NO_SCOPE = (
    "The tokens that Databricks Apps forwards have no scope for jobs: start the job without"
    " as_user, as the service principal of the app."
)

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class AppKitJobs:
    """All configured jobs; `jobs("etl")` returns one of them. Safe for threads."""

    configuration: AppKitConfiguration
    workspaces: Callable[[], Workspaces]
    """Returns the connections, which are created on first use."""
    reads: ReadCache = field(default_factory=ReadCache)
    polls: SharedPolls = field(init=False)

    def __post_init__(self) -> None:
        interval = self.configuration.poll_interval.total_seconds()
        self.polls = SharedPolls(PollBackoff(interval=interval))

    def __contains__(self, name: object) -> bool:
        return name in self.configuration.jobs

    def __call__(self, name: str) -> AppKitJob:
        """Return a job; raises `UnknownJob` or `JobWithoutId`."""
        job = self.configuration.jobs.get(name)
        if job is None:
            raise UnknownJob(name, self.configuration.jobs)
        if job.job_id is None:
            raise JobWithoutId(name, job.variable)
        return AppKitJob(job=job, job_id=job.job_id, shared=self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppKitJob:
    """One job with the identity of the app or of one of its users."""

    job: NamedJob
    job_id: int
    shared: AppKitJobs
    user: UserToken | None = None

    def as_user(self, request: HasHeaders) -> AppKitJob:
        """Return the job with the identity of the request's user.

        Raises `NoUserToken` or `Unauthenticated`.
        """
        return replace(self, user=self.shared.configuration.hosting.user_token(request))

    def run_now(
        self, params: Mapping[str, object] | None = None, *, idempotency_key: str | None = None
    ) -> ExecutionResult[RunStarted]:
        """Start a run; one idempotency key starts one run."""
        try:
            fields = self.fields_of(params)
        except InvalidParameters as error:
            return refused(error)
        return self.start(fields, idempotency_key)

    def run_and_wait(
        self, params: Mapping[str, object] | None = None, *, idempotency_key: str | None = None
    ) -> RunStream:
        """Return a generator that starts one run and yields its snapshots.

        Raises `InvalidParameters` at once.
        """
        fields = self.fields_of(params)
        return self.stream(lambda: started_run(self.start(fields, idempotency_key)))

    def last_run(self) -> ExecutionResult[Run | None]:
        """Return the newest run; None if there is no run yet."""
        runs = self.list_runs(limit=1)
        if isinstance(runs, Failed):
            return runs
        return Done(data=runs.data[0] if runs.data else None)

    def list_runs(self, limit: int | None = None) -> ExecutionResult[list[Run]]:
        """Return the newest runs, without their tasks; at most 100."""
        limit = min(max(MAX_LISTED if limit is None else limit, 1), MAX_LISTED)
        read = Read(CachedResource.RUNS, self.job_id, limit)
        # An empty list is soon out of date, so it is not cached.
        runs = self._read(read, lambda api: api.runs(self.job_id, limit), cacheable=bool)
        return cast("ExecutionResult[list[Run]]", runs)

    def get_run(self, run_id: int) -> ExecutionResult[Run]:
        """Return a run; a run of another job is not found."""
        run = self._read(Read(CachedResource.RUN, run_id), lambda api: api.run(run_id))
        if isinstance(run, Done) and run.data.get("job_id") != self.job_id:
            detail = f"Job '{self.job.name}' has no run {run_id}: the run belongs to another job."
            return Failed(status=_NOT_FOUND, message=phrase(_NOT_FOUND), detail=detail)
        return cast("ExecutionResult[Run]", run)

    def get_run_output(self, run_id: int) -> ExecutionResult[RunOutput]:
        """Return the output of a run, or the error of a failed run."""
        run = self.get_run(run_id)
        if isinstance(run, Failed):
            return run
        output = self._read(Read(CachedResource.OUTPUT, run_id), lambda api: api.output(run_id))
        return cast("ExecutionResult[RunOutput]", output)

    def get_task_outputs(self, run_id: int) -> ExecutionResult[list[TaskOutput]]:
        """Return the output of each task of a run; a run without tasks counts as one."""
        run = self.get_run(run_id)
        if isinstance(run, Failed):
            return run
        tasks = run.data.get("tasks") or [{"run_id": run_id, "state": run.data.get("state")}]
        return Done(data=[self._task_output(each) for each in tasks[:MAX_TASKS]])

    def _task_output(self, task: Mapping[str, Any]) -> TaskOutput:
        task_run, state = task.get("run_id"), task.get("state")
        found: TaskOutput = {"task": task, "state": state if isinstance(state, dict) else {}}
        if not isinstance(task_run, int):
            return found
        result = self._read(Read(CachedResource.OUTPUT, task_run), lambda api: api.output(task_run))
        if isinstance(result, Done):
            return {**found, "output": cast("RunOutput", result.data)}
        return {**found, "refusal": f"{result.status} {result.message}"}

    def cancel_run(self, run_id: int) -> ExecutionResult[None]:
        """Request the cancellation of a run; a finished run stays as it is."""
        run = self.get_run(run_id)
        if isinstance(run, Failed):
            return run
        result = self._call(lambda api: api.cancel(run_id))
        self._invalidate(run_id)
        return result

    def get_job(self) -> ExecutionResult[WorkspaceJob]:
        """Return the job as the workspace describes it."""
        job = self._read(Read(CachedResource.JOB, self.job_id), lambda api: api.job(self.job_id))
        return cast("ExecutionResult[WorkspaceJob]", job)

    # For the HTTP routes

    def fields_of(self, params: Mapping[str, object] | None) -> JsonObject:
        """Return the request fields for the parameters, or raise `InvalidParameters`."""
        options = self.job.options
        given = given_parameters(params, allows_objects=isinstance(options.params, type))
        if options.params is not None:
            given = validated(options.params, given, options.unknown_fields)
        return run_now_fields(options.task_type, given)

    def start(
        self, fields: JsonObject, idempotency_key: str | None = None, *, actor: str | None = None
    ) -> ExecutionResult[RunStarted]:
        """Start a run with fields from `fields_of`.

        An idempotency key is valid per actor; without an actor, per user token.
        """
        token = self._idempotency_token(idempotency_key, actor)
        result = self._call(lambda api: api.run_now(self.job_id, fields, token))
        self._invalidate(None)
        return cast("ExecutionResult[RunStarted]", result)

    def stream(self, start: Callable[[], int], *, after: int = 0) -> RunStream:
        """Return a stream of a run that continues after snapshot number `after`."""
        return RunStream(
            start=start,
            read=lambda run_id: self._open().run(run_id),
            caller=(self._caller, self.job.options.platform),
            polls=self.shared.polls,
            wait_timeout=self.job.options.wait_timeout,
            after=after,
        )

    def _idempotency_token(self, idempotency_key: str | None, actor: str | None) -> str:
        if idempotency_key is None:
            return uuid.uuid4().hex
        # Users get a new token every hour, but the actor stays the same.
        caller = self._caller if actor is None else actor
        parts = json.dumps([caller, self.user is not None, self.job_id, idempotency_key])
        return hashlib.sha256(parts.encode()).hexdigest()

    @property
    def _caller(self) -> str | None:
        return None if self.user is None else self.user.fingerprint

    def _open(self) -> JobsApi:
        return self.shared.workspaces().open(self.job.options.platform, self.user)

    def _call[T](self, call: Callable[[JobsApi], T]) -> ExecutionResult[T]:
        try:
            api = self._open()
        except PolysyncError as error:
            return self._workspace_unusable(error)
        try:
            return Done(data=call(api))
        except (PlatformRefused, Unavailable, Uncertain) as error:
            self._log_failure(error)
            return self._explained(failed(error))

    def _explained(self, result: Failed) -> Failed:
        is_forwarded = self.user is not None and self.user.exchanged_by is None
        if is_forwarded and result.status == _FORBIDDEN:
            return replace(result, detail=_NO_SCOPE)
        return result

    def _read[T](
        self,
        read: Read,
        call: Callable[[JobsApi], T],
        *,
        cacheable: Callable[[T], bool] = lambda _: True,
    ) -> ExecutionResult[T]:
        def cached(api: JobsApi) -> T:
            key = CacheKey(self._caller, api.workspace, read)
            return self.shared.reads.read(key, lambda: call(api), cacheable)

        return self._call(cached)

    def _invalidate(self, run_id: int | None) -> None:
        """Discard the cached reads that a new run or a cancellation made stale."""

        def is_stale(read: Read) -> bool:
            match read.resource:
                case CachedResource.JOB:
                    return False
                case CachedResource.RUNS:
                    return read.id == self.job_id
                case CachedResource.RUN | CachedResource.OUTPUT:
                    return read.id == run_id

        self.shared.reads.invalidate(is_stale)

    def _workspace_unusable(self, error: PolysyncError) -> Failed:
        _log.error(
            "The workspace of a job cannot be used: %s",
            error,
            extra={"action": "appkit_workspace_unusable", "job": self.job.name},
        )
        return Failed(status=INTERNAL, message=phrase(INTERNAL), detail=str(error))

    def _log_failure(self, error: PolysyncError) -> None:
        _log.warning(
            "A call to Databricks failed: %s",
            error,
            extra={"action": "appkit_call_failed", "job": self.job.name},
        )


def failure_of(result: Failed) -> CallFailed:
    """Return the error of a call that Databricks did not execute."""
    # Only the sentence about a run of another job is meant for callers of the API.
    detail = result.detail if result.status == _NOT_FOUND else ""
    return CallFailed(result.status, result.message, result.retry_after, detail)


def started_run(result: ExecutionResult[RunStarted]) -> int:
    """Return the id of a started run, or raise `RunStreamFailed`."""
    if isinstance(result, Failed):
        # Clients expect the exact text of the error, so the reason is its cause.
        raise TriggerFailed from CallFailed(
            result.status, result.message, result.retry_after, result.detail
        )
    run_id = result.data.get("run_id")
    if not isinstance(run_id, int) or isinstance(run_id, bool):
        raise RunIdMissing
    return run_id
