"""Calls the Databricks Jobs API to read, cancel, repair and list runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.urls import QueryValue
from polysync_core.platforms.azure_databricks.answers import (
    checked_page,
    moment_of,
    next_token_of,
    number_of,
    objects_in,
    page_query,
)
from polysync_core.platforms.azure_databricks.refusals import (
    NOTEBOOK_MISSING,
    needing,
    refused_for_repair,
    refused_for_run,
)
from polysync_core.platforms.azure_databricks.repairs import (
    RunReference,
    repair_of_attempt,
    repairs_in,
    state_of_repair,
)
from polysync_core.platforms.azure_databricks.states import RunState
from polysync_core.platforms.calls import RefusalMapping, UnexpectedAnswer
from polysync_core.platforms.connector import (
    ExternalRun,
    ProviderStatus,
    Report,
    Wait,
    check_repairable,
)
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.text import shortened_line

JOBS_API = ("api", "2.2", "jobs")

LONG_START = timedelta(minutes=10)
"""The usual maximum start time of a cluster."""

CAN_VIEW = "Can View on the job of the run"
"""The permission that a call needs to read a run."""
_CAN_MANAGE_RUN = "Can Manage Run on the job of the run"
_PAGE_SIZE = 25
_MAY_BE_REPAIRED = frozenset({400, 409})
"""Statuses that may mean that an earlier request has started the repair."""
_PATH_IS_WRONG = re.compile(
    r"RESOURCE_DOES_NOT_EXIST|(?:notebook|path).{0,200}does(?:n't| not) exist"
    r"|unable to access the notebook",
    re.IGNORECASE | re.DOTALL,
)
_CLUSTER_IS_GONE = re.compile(r"cluster.{0,80}does not exist", re.IGNORECASE | re.DOTALL)
_REMEDIES_BY_CODE = {
    # An exception may quote parameters, secrets included, so its text stays on the platform.
    "RUN_EXECUTION_ERROR": (
        "The error of the notebook is on the run's page in Databricks, and in the failure details"
        " of the run."
    ),
    "UNAUTHORIZED_ERROR": "Grant the identity the notebook (Can Run) and the compute it needs.",
    "INVALID_CLUSTER_REQUEST": "Check the compute attributes of the platform.",
    "INVALID_RUN_CONFIGURATION": "Check the compute attributes of the platform.",
    "FEATURE_DISABLED": "Choose another computeType, or enable the feature in the workspace.",
    "CLUSTER_REQUEST_LIMIT_EXCEEDED": (
        "Limit the starts with a rate-limit profile, or use a pool or Serverless."
    ),
    "WORKSPACE_RUN_LIMIT_EXCEEDED": "Limit the runs of this platform with a concurrency profile.",
    "MAX_SPARK_CONTEXTS_EXCEEDED": "Limit the runs on this cluster with a concurrency profile.",
    "CLUSTER_TERMINATED_BY_USER": "A person stopped the cluster: use a job cluster instead.",
}


@dataclass(frozen=True, slots=True)
class RunClient:
    """Reads, cancels and lists the runs of one workspace."""

    client: PlatformClient
    now: Clock

    def read(self, run_id: str) -> Report:
        """Return the state of a run; raise `RunNotFound` if it is missing."""
        return self.read_with_task(run_id)[0]

    def read_with_task(self, run_id: str) -> tuple[Report, int | None]:
        """Return the state of a run or repair, and the run id of its task; None for several."""
        reference = RunReference.parse(run_id)
        with_history = reference.repair is not None
        run = self._get(reference, with_history, needing(CAN_VIEW, refused_for_run(run_id)))
        return self._report(run), _task_run_id(run, reference.run)

    def repair(self, failed_run: str, *, begun_at: datetime, is_resend: bool) -> str:
        """Repair the failed tasks of a run, and return the external id of the repair.

        The request names the latest repair, so Databricks refuses it after another repair. A
        repair that an earlier request of the attempt has started is adopted.
        """
        failed = RunReference.parse(failed_run)
        earlier = self._repair_since(failed, begun_at) if is_resend else None
        if earlier is not None:
            return str(earlier)
        refusal: PlatformRefused | None = None
        try:
            return str(RunReference(run=failed.run, repair=self._start_repair(failed)))
        except PlatformRefused as error:
            refusal = error
        if refusal.status in _MAY_BE_REPAIRED and is_resend:
            earlier = self._repair_since(failed, begun_at)
        if earlier is None:
            raise refusal
        return str(earlier)

    def _start_repair(self, failed: RunReference) -> int:
        whole = RunReference(run=failed.run)
        run = self._get(whole, True, refused_for_repair)
        check_repairable(self._report(run), "Databricks")
        latest = [each.id for each in repairs_in(run)][-1:]
        return self.client.post(
            *JOBS_API,
            "runs",
            "repair",
            body={
                "run_id": failed.run,
                "rerun_all_failed_tasks": True,
                **({"latest_repair_id": latest[0]} if latest else {}),
            },
            repeatable=False,
            read=_repair_id_of,
            refused=needing(_CAN_MANAGE_RUN, refused_for_repair),
        )

    def _repair_since(self, failed: RunReference, begun_at: datetime) -> RunReference | None:
        run = self._get(RunReference(run=failed.run), True, refused_for_repair)
        found = repair_of_attempt(repairs_in(run), failed, begun_at)
        return None if found is None else RunReference(run=failed.run, repair=found.id)

    def _get(
        self, reference: RunReference, with_history: bool, refused: RefusalMapping
    ) -> JsonObject:
        """Return a run, with the state of the repair that the reference names."""

        def read(run: JsonObject) -> JsonObject:
            found = run if reference.repair is None else state_of_repair(run, reference)
            if RunState.of(found) is None:
                raise UnexpectedAnswer
            return found

        history = {"include_history": True} if with_history else {}
        return self.client.get(
            *JOBS_API,
            "runs",
            "get",
            query={"run_id": reference.run, **history},
            read=read,
            refused=refused,
        )

    def tasks(self, run_id: str) -> Iterator[JsonObject]:
        """Yield the tasks of a run, page by page; a run without tasks yields itself."""
        number = RunReference.parse(run_id).run

        def fetch(token: str | None) -> Page[JsonObject]:
            query = page_query(token, run_id=number)
            return self.client.get(
                *JOBS_API,
                "runs",
                "get",
                query=query,
                read=lambda run: Page(objects_in(run, "tasks") or [run], next_token_of(run)),
                refused=needing(CAN_VIEW, refused_for_run(run_id)),
            )

        return paged(fetch)

    def cancel(self, run_id: str) -> None:
        """Request the cancellation of a run; Databricks ignores it for an ended run.

        A later repair by another caller has the same run id, so an ended repair is left alone.
        """
        reference = RunReference.parse(run_id)
        if reference.repair is not None and self.read(run_id).status.is_final:
            return
        self.client.post(
            *JOBS_API,
            "runs",
            "cancel",
            body={"run_id": reference.run},
            repeatable=True,
            read=_nothing,
            refused=needing(_CAN_MANAGE_RUN, refused_for_run(run_id)),
        )

    def listed(self, **wanted: QueryValue) -> Iterator[JsonObject]:
        """Yield the runs in the workspace's list, newest first, with their tasks."""

        def fetch(token: str | None) -> Page[JsonObject]:
            query = page_query(token, expand_tasks=True, limit=_PAGE_SIZE, **wanted)
            return self.client.get(*JOBS_API, "runs", "list", query=query, read=_page_of_runs)

        return paged(fetch)

    def external(self, run: JsonObject) -> ExternalRun | None:
        """Return a run of a list, or None if the entry cannot be read."""
        number = number_of(run, "run_id")
        if number is None or RunState.of(run) is None:
            return None
        return ExternalRun(external_run_id=str(number), report=self._report(run))

    def _report(self, run: JsonObject) -> Report:
        state = RunState.of(run)
        if state is None:
            raise UnexpectedAnswer
        started = moment_of(run, "start_time")
        status = state.status
        return Report(
            status=status,
            provider_state=state.display_text,
            message=_message(state, self._has_waited_long(state, started)),
            wait=state.wait,
            cause=state.cause,
            monitor_url=checked_page(run.get("run_page_url"), self.client.base),
            started_at=started,
            finished_at=moment_of(run, "end_time") if status.is_final else None,
        )

    def _has_waited_long(self, state: RunState, started: datetime | None) -> bool:
        if state.wait is not Wait.COMPUTE or started is None:
            return False
        return self.now() - started > LONG_START


def _message(state: RunState, has_waited_long: bool) -> str | None:
    message = shortened_line(state.message)
    remedy = _remedy(state)
    if has_waited_long:
        remedy = (
            "The run waits unusually long for its compute. An existing cluster, an instance pool"
            " or Serverless starts sooner than a new job cluster."
        )
    if message and remedy and message[-1].isalnum():
        message += "."
    return " ".join(filter(None, (message, remedy))) or None


def _remedy(state: RunState) -> str | None:
    if state.status is not ProviderStatus.FAILED:
        return None
    if _CLUSTER_IS_GONE.search(state.message):
        return "Check existingClusterId: the cluster was deleted or belongs to another workspace."
    if _PATH_IS_WRONG.search(state.message):
        return f"{NOTEBOOK_MISSING[0].upper()}{NOTEBOOK_MISSING[1:]}."
    return _REMEDIES_BY_CODE.get(state.code)


def run_id_of(answer: JsonObject) -> str:
    """Return the `run_id` of a submit's answer."""
    number = number_of(answer, "run_id")
    if number is None:
        raise UnexpectedAnswer
    return str(number)


def _page_of_runs(answer: JsonObject) -> Page[JsonObject]:
    return Page(objects_in(answer, "runs"), next_token_of(answer))


def _task_run_id(run: JsonObject, run_id: int) -> int | None:
    """Return the run id of the last attempt of the run's only task; None for several tasks.

    The list has an entry for each attempt of a task, in no promised order. A run without tasks has
    one id.
    """
    tasks = [task for task in objects_in(run, "tasks") if number_of(task, "run_id")]
    if not tasks:
        return run_id
    if len({str(task.get("task_key")) for task in tasks}) > 1:
        return None
    # Of equal attempt numbers, the last entry counts.
    last = max(
        enumerate(tasks), key=lambda each: (number_of(each[1], "attempt_number") or 0, each[0])
    )
    return number_of(last[1], "run_id")


def _repair_id_of(answer: JsonObject) -> int:
    number = number_of(answer, "repair_id")
    if number is None:
        raise UnexpectedAnswer
    return number


def _nothing(_: JsonObject) -> None:
    return None
