"""Executes, repairs, cancels and lists runs; repeated idempotency tokens start no second run."""

from __future__ import annotations

import asyncio
import base64
import binascii
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from simulators.databricks.errors import ApiError, invalid_parameter, invalid_state, no_such_run
from simulators.databricks.notebooks.driver import Driver, DriverLost, NotebookProcess
from simulators.databricks.run_log import RunLog
from simulators.databricks.run_requests import MAX_PAGE, RepairRequest, RunFilter, RunPage
from simulators.databricks.runs import (
    BLOCKED,
    CANCELED,
    FAILED,
    PENDING,
    RUNNING,
    SUCCEEDED,
    TERMINATING,
    TIMED_OUT,
    Part,
    Result,
    Run,
    State,
    TaskRun,
    internal_error,
    notebook_missing,
    state_after,
    unmet_state,
)
from simulators.databricks.submission import Submission
from simulators.databricks.task_kinds import CHILD, LOOP, iterations

log = logging.getLogger(__name__)


@dataclass(slots=True)
class RunExecution:
    """The execution of one run: its coroutine and the future that stops it."""

    stop: asyncio.Future[State]
    work: asyncio.Task[None] | None = None
    ended: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])


type Child = Callable[[Mapping[str, Any]], Submission]
"""Returns the submission for the settings of a task that runs another job."""
type FindNotebook = Callable[[str], Path | None]


class RunService:
    """All runs of the workspace."""

    def __init__(
        self,
        *,
        data: Path,
        driver: Driver,
        ledger: RunLog,
        find_notebook: FindNotebook,
        child: Child,
    ) -> None:
        self._data = data
        self._driver = driver
        self._ledger = ledger
        self._find_notebook = find_notebook
        self._child = child
        # Microseconds, so that ids are unique even after a restart with other data.
        self._ids = itertools.count(time.time_ns() // 1000)
        self._runs = {run.run_id: run for run in ledger.load(at=_now())}
        self._owners = {
            task.run_id: run for run in self._runs.values() for task in run.tasks.values()
        }
        self._by_token = {
            run.submission.token: run for run in self._runs.values() if run.submission.token
        }
        self._executions: dict[int, RunExecution] = {}
        self.has_own_retries: Callable[[], bool] = lambda: False
        """Returns whether the service retries failed tasks on serverless compute."""

    def submit(self, submission: Submission, *, creator: str) -> Run:
        """Start a run, or return the run of an earlier submit with the same token."""
        known = self._by_token.get(submission.token) if submission.token else None
        run = known or self._create(submission, creator)
        self._ledger.record_submission(run, at=_now(), repeat=known is not None)
        if known is None:
            self._begin(run)
        return run

    def _create(self, submission: Submission, creator: str) -> Run:
        run_id, now = next(self._ids), _now()
        tasks: dict[str, TaskRun] = {}
        for spec in submission.tasks:
            tasks[spec.key] = TaskRun(
                # In the single-task form, the run and its task have one id.
                run_id=run_id if submission.single_task else next(self._ids),
                spec=spec,
                state=BLOCKED if spec.depends_on else PENDING,
                submitted_at=now,
            )
        return Run(
            run_id=run_id,
            job_id=submission.job_id or next(self._ids),
            submission=submission,
            submitted_at=now,
            creator=creator,
            tasks=tasks,
        )

    def _begin(self, run: Run) -> None:
        self._runs[run.run_id] = run
        self._owners |= {task.run_id: run for task in run.tasks.values()}
        if run.submission.token:
            self._by_token[run.submission.token] = run
        self._execute(run, frozenset(run.tasks))

    def _execute(self, run: Run, keys: Set[str]) -> None:
        """Execute some tasks of a run; the other ones have ended."""
        self._ledger.save(run)
        execution = RunExecution(stop=asyncio.get_running_loop().create_future())
        execution.ended = {key: asyncio.Event() for key in run.tasks}
        for key in run.tasks.keys() - keys:
            execution.ended[key].set()
        execution.work = asyncio.create_task(self._run(run, execution, keys))
        self._executions[run.run_id] = execution

    def repair(self, wanted: RepairRequest) -> int:
        """Run tasks of an ended run again, and return the id of the repair."""
        run = self.get(wanted.run_id)
        if run.submission.run_type != "JOB_RUN":
            raise invalid_parameter("Only runs of jobs can be repaired.")
        if not run.state.is_final:
            raise invalid_state(f"Run {run.run_id} is in progress and cannot be repaired.")
        if wanted.latest_repair_id != run.latest_repair:
            raise invalid_parameter(
                "latest_repair_id must be the ID of the latest repair of the run."
            )
        keys = wanted.keys_of(run)
        if not keys:
            raise invalid_parameter(f"Run {run.run_id} has no failed tasks to repair.")
        now, repair_id = _now(), next(self._ids)
        # Before the tasks change, the original execution becomes the first part.
        run.parts = run.history
        for key in keys:
            self._restart(run, key, now)
        ids = tuple(run.tasks[key].run_id for key in keys)
        run.parts.append(Part(repair_id=repair_id, started_at=now, task_run_ids=ids))
        self._execute(run, keys)
        return repair_id

    def _restart(self, run: Run, key: str, now: int) -> None:
        former = run.tasks[key]
        run.replaced.append(former)
        run.tasks[key] = TaskRun(
            run_id=next(self._ids),
            spec=former.spec,
            state=BLOCKED if former.spec.depends_on else PENDING,
            submitted_at=now,
            attempt_number=former.attempt_number + 1,
        )
        self._owners[run.tasks[key].run_id] = run

    def get(self, run_id: int) -> Run:
        """Return a run by its own id or the id of one of its tasks."""
        run = self._runs.get(run_id) or self._owners.get(run_id)
        if run is None:
            raise no_such_run(run_id)
        return run

    def get_task(self, run_id: int) -> tuple[Run, TaskRun]:
        """Return a task by its run id; refuse the id of a run in the multi-task form."""
        run = self.get(run_id)
        task = run.task_by_id(run_id)
        if task is None:
            raise invalid_parameter(
                "Retrieving the output of runs with multiple tasks is not supported. "
                "Please retrieve the output of each individual task run instead."
            )
        return run, task

    def cancel(self, run_id: int) -> None:
        """Request the cancellation of a run; an ended run stays as it is."""
        run = self.get(run_id)
        execution = self._executions.get(run.run_id)
        if execution is not None and not execution.stop.done():
            execution.stop.set_result(CANCELED)

    def list(self, wanted: RunFilter) -> RunPage:
        """Return one page of runs, newest first."""
        below = _decode(wanted.page_token) if wanted.page_token else 2**63
        limit = min(wanted.limit or MAX_PAGE, MAX_PAGE)
        matching = (
            run
            for run in reversed(self._runs.values())
            if run.run_id < below and wanted.admits(run)
        )
        runs = tuple(itertools.islice(matching, limit + 1))
        more = len(runs) > limit
        runs = runs[:limit]
        return RunPage(runs=runs, next_token=_encode(runs[-1].run_id) if more else None)

    def all(self) -> tuple[Run, ...]:
        """Return every run, oldest first."""
        return tuple(self._runs.values())

    async def close(self) -> None:
        """Abandon the active runs; the next start marks them as lost."""
        work = [
            execution.work for execution in self._executions.values() if execution.work is not None
        ]
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)

    async def _run(self, run: Run, execution: RunExecution, keys: Set[str]) -> None:
        timer = None
        if run.submission.timeout_seconds:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(run.submission.timeout_seconds, _time_out, execution)
        async with asyncio.TaskGroup() as group:
            for key in keys:
                group.create_task(self._run_task(run, key, execution))
        if timer is not None:
            timer.cancel()
        run.end_part()
        self._ledger.save(run)
        del self._executions[run.run_id]
        log.info(
            "Run ended.",
            extra={"action": "run_ended", "run_id": run.run_id, "result": run.state.result},
        )

    async def _run_task(self, run: Run, key: str, execution: RunExecution) -> None:
        try:
            state = await self._execute_task(run, key, execution)
            if state.result is Result.FAILED and self._retries_itself(run.tasks[key]):
                self._enter(run, key, state)
                self._restart(run, key, _now())
                state = await self._execute_task(run, key, execution)
        except DriverLost:
            state = internal_error("The driver was lost.", "DRIVER_ERROR")
        self._enter(run, key, state)
        execution.ended[key].set()

    def _retries_itself(self, task: TaskRun) -> bool:
        """Return whether the service tries a failed task again: serverless, and once."""
        is_serverless = not task.spec.compute.fields
        is_possible = is_serverless and task.spec.is_optimized and task.attempt_number == 0
        return is_possible and self.has_own_retries()

    async def _execute_task(self, run: Run, key: str, execution: RunExecution) -> State:
        spec = run.tasks[key].spec
        upstream = [execution.ended[name].wait() for name in spec.depends_on]
        if stopped := await _unless_stopped(asyncio.gather(*upstream), execution, None):
            return stopped
        results = [run.tasks[name].state.result for name in spec.depends_on]
        if unmet := unmet_state(spec.run_if, results):
            return unmet
        self._enter(run, key, PENDING)
        deadline = spec.timeout_seconds or None
        waiting = asyncio.sleep(spec.compute.start_seconds)
        if stopped := await _unless_stopped(waiting, execution, deadline):
            return stopped
        return await self._run_kind(run, key, execution)

    async def _run_kind(self, run: Run, key: str, execution: RunExecution) -> State:
        spec = run.tasks[key].spec
        if spec.kind == CHILD:
            return await self._run_child(run, key, execution)
        if not spec.notebook_path:
            return SUCCEEDED
        if spec.kind != LOOP:
            return await self._run_notebook(run, key, spec.parameters, execution)
        try:
            several = iterations(spec.settings)
        except ValueError as error:
            return internal_error(f"The inputs of the loop: {error}", "RUN_EXECUTION_ERROR")
        state = SUCCEEDED
        for parameters in several:
            state = await self._run_notebook(run, key, parameters, execution)
            if state is not SUCCEEDED:
                break
        return state

    async def _run_child(self, run: Run, key: str, execution: RunExecution) -> State:
        """Run the job of a task, and end as its run ends."""
        settings = run.tasks[key].spec.settings
        try:
            submission = self._child(settings)
        except ApiError as error:
            return internal_error(error.message, "RESOURCE_NOT_FOUND")
        child = self.submit(submission, creator=run.creator)
        self._enter(run, key, RUNNING)
        work = self._executions[child.run_id].work
        ended = asyncio.sleep(0) if work is None else asyncio.shield(work)
        if stopped := await _unless_stopped(ended, execution, None):
            self.cancel(child.run_id)
            return stopped
        return SUCCEEDED if child.state.result is Result.SUCCESS else FAILED

    async def _run_notebook(
        self, run: Run, key: str, parameters: Mapping[str, str], execution: RunExecution
    ) -> State:
        spec = run.tasks[key].spec
        file = self._find_notebook(spec.notebook_path)
        if file is None:
            return notebook_missing(spec.notebook_path)
        process = await self._driver.start(
            run.tasks[key].run_id, file=file, parameters=parameters, data_folder=self._data
        )
        run.tasks[key] = replace(run.tasks[key], pid=await process.started())
        self._enter(run, key, RUNNING)
        return await self._watch(run, key, process, execution)

    async def _watch(
        self, run: Run, key: str, process: NotebookProcess, execution: RunExecution
    ) -> State:
        deadline = run.tasks[key].spec.timeout_seconds or None
        stopped = await _unless_stopped(process.ended(), execution, deadline)
        if stopped is not None:
            self._enter(run, key, TERMINATING)
            await process.stop()
        ended = await process.ended()
        run.tasks[key] = run.tasks[key].finish(ended)
        # A notebook that ended before the stop signal keeps its own result.
        return stopped if stopped is not None and ended.outcome is None else state_after(ended)

    def _enter(self, run: Run, key: str, state: State) -> None:
        run.tasks[key] = run.tasks[key].enter(state, at=_now())


async def _unless_stopped(
    work: Awaitable[object], execution: RunExecution, within: float | None
) -> State | None:
    """Await the work; return the final state if a stop or the time-out comes first."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task, execution.stop}, timeout=within, return_when="FIRST_COMPLETED")
        if task.done():
            task.result()
            return None
        return execution.stop.result() if execution.stop.done() else TIMED_OUT
    finally:
        task.cancel()


def _time_out(execution: RunExecution) -> None:
    if not execution.stop.done():
        execution.stop.set_result(TIMED_OUT)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _encode(run_id: int) -> str:
    return base64.urlsafe_b64encode(str(run_id).encode()).decode()


def _decode(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error):
        raise invalid_parameter("Invalid page token.") from None
