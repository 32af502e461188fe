"""Jobs by their keys: `jobs("etl").run_now({"day": "2026-01-01"})`.

Methods give an `ExecutionResult`: what Databricks refuses is a result, not an exception. What the
program itself gets wrong is raised: an unknown key, a key without an id, no user token.
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from polysync_core.appkit.configuration import Lakeflow
from polysync_core.appkit.errors import (
    KeyUnknown,
    KeyWithoutId,
    ParametersRefused,
    RunIdMissing,
    TriggerFailed,
)
from polysync_core.appkit.following import Following
from polysync_core.appkit.keys import JobKey
from polysync_core.appkit.mapping import run_now_fields
from polysync_core.appkit.outcome import (
    INTERNAL,
    Done,
    ExecutionResult,
    Failed,
    failed,
    phrase,
)
from polysync_core.appkit.schema import accepted
from polysync_core.appkit.shapes import Job, Run, RunOutput, RunStarted
from polysync_core.appkit.tiers import Read, ReadCache, ReadKey, What
from polysync_core.appkit.users import HasHeaders, UserToken
from polysync_core.appkit.watching import Pace, Watches
from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable, Uncertain
from polysync_core.domain.json_types import JsonObject

if TYPE_CHECKING:
    # Only who calls a workspace pays for what knows it.
    from polysync_core.appkit.client import JobsApi
    from polysync_core.appkit.workspaces import Workspaces

MOST_LISTED = 100

_NOT_FOUND = 404
_BAD_REQUEST = 400

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class LakeflowJobs:
    """The jobs that there are; `jobs("etl")` is one of them. Safe for threads."""

    configuration: Lakeflow
    workspaces: Callable[[], Workspaces]
    """Returns the connections, which are made when the first is wanted."""
    reads: ReadCache = field(default_factory=ReadCache)
    watches: Watches = field(init=False)

    def __post_init__(self) -> None:
        interval = self.configuration.poll_interval.total_seconds()
        self.watches = Watches(Pace(interval=interval))

    def __contains__(self, key: object) -> bool:
        return key in self.configuration.keys

    def __call__(self, key: str) -> LakeflowJob:
        """Return a job; raises `KeyUnknown` or `KeyWithoutId`."""
        known = self.configuration.keys.get(key)
        if known is None:
            raise KeyUnknown(key, self.configuration.keys)
        if known.job_id is None:
            raise KeyWithoutId(key, known.variable)
        return LakeflowJob(key=known, job_id=known.job_id, shared=self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeflowJob:
    """A job of a workspace, as the app or one of its users sees it."""

    key: JobKey
    job_id: int
    shared: LakeflowJobs
    user: UserToken | None = None

    def as_user(self, request: HasHeaders) -> LakeflowJob:
        """Return the job as the sender of a request sees it.

        Raises `NoUserToken` or `Unauthenticated`.
        """
        return replace(self, user=self.shared.configuration.hosting.user_of(request))

    def run_now(
        self, params: Mapping[str, object] | None = None, *, idempotency_key: str | None = None
    ) -> ExecutionResult[RunStarted]:
        """Start a run, once for an idempotency key."""
        try:
            fields = self.fields_of(params)
        except ParametersRefused as error:
            return Failed(status=_BAD_REQUEST, message=error.text)
        return self.start(fields, idempotency_key)

    def run_and_wait(
        self, params: Mapping[str, object] | None = None, *, idempotency_key: str | None = None
    ) -> Following:
        """Return what starts a run and follows it, in a `for` or an `async for`.

        Raises `ParametersRefused`, at once.
        """
        fields = self.fields_of(params)
        return self.following(lambda: self._started(fields, idempotency_key))

    def last_run(self) -> ExecutionResult[Run | None]:
        """Return the newest run, None before the first."""
        found = self.list_runs(limit=1)
        if isinstance(found, Failed):
            return found
        return Done(data=found.data[0] if found.data else None)

    def list_runs(self, limit: int = MOST_LISTED) -> ExecutionResult[list[Run]]:
        """Return the newest runs, without their tasks; at most 100."""
        most = min(max(limit, 1), MOST_LISTED)
        read = Read(What.RUNS, self.job_id, most)
        # What says that there is none yet is soon untrue.
        runs = self._read(read, lambda api: api.runs(self.job_id, most), keep=bool)
        return cast("ExecutionResult[list[Run]]", runs)

    def get_run(self, run_id: int) -> ExecutionResult[Run]:
        """Return a run; one of another job is not found."""
        run = self._read(Read(What.RUN, run_id), lambda api: api.run(run_id))
        if isinstance(run, Done) and run.data.get("job_id") != self.job_id:
            return Failed(status=_NOT_FOUND, message=phrase(_NOT_FOUND))
        return cast("ExecutionResult[Run]", run)

    def get_run_output(self, run_id: int) -> ExecutionResult[RunOutput]:
        """Return what a run has brought; for a run that failed, its error."""
        run = self.get_run(run_id)
        if isinstance(run, Failed):
            return run
        output = self._read(Read(What.OUTPUT, run_id), lambda api: api.output(run_id))
        return cast("ExecutionResult[RunOutput]", output)

    def cancel_run(self, run_id: int) -> ExecutionResult[None]:
        """Ask for a run's end; one that has ended stays as it is."""
        run = self.get_run(run_id)
        if isinstance(run, Failed):
            return run
        result = self._call(lambda api: api.cancel(run_id))
        self._forget(run_id)
        return result

    def get_job(self) -> ExecutionResult[Job]:
        """Return the job as the workspace has it."""
        job = self._read(Read(What.JOB, self.job_id), lambda api: api.job(self.job_id))
        return cast("ExecutionResult[Job]", job)

    # For those who answer requests

    def fields_of(self, params: Mapping[str, object] | None) -> JsonObject:
        """Return what parameters become in the request to Databricks.

        Raises `ParametersRefused`.
        """
        given = cast("JsonObject | None", None if params is None else dict(params))
        schema = self.key.options.params
        if schema is not None:
            given = accepted(schema, given)
        return run_now_fields(self.key.options.task_type, given)

    def start(
        self, fields: JsonObject, idempotency_key: str | None = None, *, asked_by: str | None = None
    ) -> ExecutionResult[RunStarted]:
        """Start a run with fields from `fields_of`.

        An idempotency key counts for whoever asks: by name, where it is known, and otherwise by the
        user's token.
        """
        token = self._token(idempotency_key, asked_by)
        result = self._call(lambda api: api.run_now(self.job_id, fields, token))
        self._forget(None)
        return cast("ExecutionResult[RunStarted]", result)

    def following(self, start: Callable[[], int], *, after: int = 0) -> Following:
        """Return what follows a run from behind the `after`-th look at it."""
        return Following(
            start=start,
            look=lambda run_id: self._open().run(run_id),
            viewer=(self._caller, self.key.options.platform),
            watches=self.shared.watches,
            wait_timeout=self.key.options.wait_timeout,
            after=after,
        )

    def _started(self, fields: JsonObject, idempotency_key: str | None) -> int:
        return started_run(self.start(fields, idempotency_key))

    def _token(self, idempotency_key: str | None, asked_by: str | None) -> str:
        if idempotency_key is None:
            return uuid.uuid4().hex
        # A token of the user is renewed every hour; whose it is does not change.
        caller = self._caller if asked_by is None else asked_by
        told = json.dumps([caller, self.user is not None, self.job_id, idempotency_key])
        return hashlib.sha256(told.encode()).hexdigest()

    @property
    def _caller(self) -> str:
        return "" if self.user is None else self.user.fingerprint

    def _open(self) -> JobsApi:
        return self.shared.workspaces().open(self.key.options.platform, self.user)

    def _call[T](self, call: Callable[[JobsApi], T]) -> ExecutionResult[T]:
        try:
            api = self._open()
        except PolysyncError as error:
            return self._unusable(error)
        try:
            return Done(data=call(api))
        except (PlatformRefused, Unavailable, Uncertain) as error:
            self._note(error)
            return failed(error)

    def _read[T](
        self,
        read: Read,
        call: Callable[[JobsApi], T],
        *,
        keep: Callable[[T], bool] = lambda _: True,
    ) -> ExecutionResult[T]:
        def remembered(api: JobsApi) -> T:
            key = ReadKey(self._caller, api.workspace, read)
            return self.shared.reads.read(key, lambda: call(api), keep)

        return self._call(remembered)

    def _forget(self, run_id: int | None) -> None:
        """Forget what a new run, or the end of a run, has made untrue."""

        def stale(read: Read) -> bool:
            match read.what:
                case What.JOB:
                    return False
                case What.RUNS:
                    return read.id == self.job_id
                case What.RUN | What.OUTPUT:
                    return read.id == run_id

        self.shared.reads.forget(stale)

    def _unusable(self, error: PolysyncError) -> Failed:
        _log.error(
            "The workspace of a job cannot be used: %s",
            error,
            extra={"action": "lakeflow_workspace_unusable", "job": self.key.name},
        )
        return Failed(status=INTERNAL, message=phrase(INTERNAL))

    def _note(self, error: PolysyncError) -> None:
        _log.warning(
            "A call to Databricks was not carried out: %s",
            error,
            extra={"action": "lakeflow_call_failed", "job": self.key.name},
        )


def started_run(result: ExecutionResult[RunStarted]) -> int:
    """Return the id of a run that was started, or raise `RunStreamEnded`."""
    if isinstance(result, Failed):
        raise TriggerFailed
    run_id = result.data.get("run_id")
    if not isinstance(run_id, int) or isinstance(run_id, bool):
        raise RunIdMissing
    return run_id
