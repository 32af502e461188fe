"""Defines the MCP tools that list, read, explain, start and cancel runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.dispatch.explain import WaitReasonKind
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.security.secrets import references_in
from polysync_core.mcp.answers import MAX_TEXT, compact, items_of, untrusted
from polysync_core.mcp.arguments import (
    Arguments,
    BackfillIdText,
    Confirm,
    Limit,
    Name,
    PageToken,
    RunIdText,
    Values,
)
from polysync_core.mcp.in_process_api import InProcessApi
from polysync_core.mcp.tool import Tool

_SUMMARY_FIELDS = (
    "runId",
    "task",
    "job",
    "platform",
    "status",
    "triggerType",
    "scheduledTime",
    "queuedAt",
)
_MAX_HOLDERS = 10
"""The maximum number of holders of a limit in an answer; the API lists more."""
_NEEDS_CONFIRMATION = (
    "must not be a secret, because this run is not confirmed: add the reference to the Task "
    "with create_task_from_job or apply_definitions"
)
_DETAIL_FIELDS = (
    "startedAt",
    "finishedAt",
    "nextAttemptAt",
    "graphRunId",
    "rerunOf",
    "timeZone",
    "parents",
    "mappedInputs",
)


class OneRun(Arguments):
    """The arguments of tools that read one run."""

    run_id: Annotated[
        RunIdText, Field(description="The id of the run, as the other tools return it.")
    ]


class CancelRun(OneRun):
    """The arguments of `cancel_run`."""

    confirm: Confirm = False


class RunLogs(OneRun):
    """The arguments of `get_run_logs`."""

    attempt: Annotated[
        int | None, Field(ge=1, description="The number of the attempt; by default the last.")
    ] = None


class ListRuns(Arguments):
    """The arguments of `list_runs`."""

    task: Annotated[Name | None, Field(description="Only runs of this Task.")] = None
    status: Annotated[RunStatus | None, Field(description="Only runs with this status.")] = None
    platform: Annotated[Name | None, Field(description="Only runs on this Platform.")] = None
    cause: Annotated[
        FailureCause | None, Field(description="Only failed runs with this cause.")
    ] = None
    since: Annotated[
        Annotated[str, StringConstraints(max_length=40)] | None,
        Field(description="Only runs accepted since this time or within this age, such as 24h."),
    ] = None
    graph_run_id: Annotated[
        RunIdText | None, Field(description="Only runs of the graph run with this id.")
    ] = None
    backfill_id: Annotated[
        BackfillIdText | None, Field(description="Only runs of the backfill with this id.")
    ] = None
    late: Annotated[bool, Field(description="True: only runs that were late, missing or slow.")] = (
        False
    )
    limit: Limit = 20
    continuation_token: PageToken = None


class RunTaskOnce(Arguments):
    """The arguments of `run_task_once`."""

    task: Annotated[Name, Field(description="The name of the Task.")]
    parameters: Annotated[
        Values,
        Field(description="Values for this run only, without vault://…; the Task stays unchanged."),
    ] = Field(default_factory=dict)
    idempotency_key: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[!-~]{1,255}$")] | None,
        Field(description="A text of your choice; the same text never starts a second run."),
    ] = None


def run_view(run: JsonObject) -> JsonObject:
    """Return a run with the platform's texts marked as untrusted."""
    attempts = [_attempt(each) for each in items_of(run, "attempts")]
    return compact(
        {
            **{name: run[name] for name in (*_SUMMARY_FIELDS, *_DETAIL_FIELDS)},
            "cancelRequested": run["cancelRequested"] or None,
            "missedDeadlines": run.get("missedDeadlines"),
            "reason": untrusted(run["reason"]),
            "problem": None if run["problem"] is None else untrusted(run["problem"]),
            "parameters": untrusted(run["parameters"]),
            "outputs": untrusted(run["outputs"]),
            "outputsNotKept": untrusted(run["outputsNotKept"]),
            "attempts": [*attempts],
            "links": _links(run["runId"]),
        }
    )


def _attempt(attempt: JsonObject) -> JsonObject:
    """Return an attempt; its external id, monitor page and error are untrusted."""
    shown = ("number", "status", "submittedAt", "startedAt", "finishedAt", "cause")
    foreign = ("externalRunId", "monitorUrl", "providerStatus", "error")
    return compact(
        {
            **{name: attempt[name] for name in shown},
            "parameters": untrusted(attempt["parameters"]),
            "parametersNotKept": attempt["parametersNotKept"],
            "platform": untrusted(compact({name: attempt[name] for name in foreign})),
        }
    )


def _links(run_id: JsonValue) -> JsonObject:
    address = f"/api/task-runs/{run_id}"
    return {
        "run": address,
        "history": f"{address}/history",
        "explain": f"{address}/explain",
        "logs": f"{address}/logs",
    }


async def _list_runs(api: InProcessApi, given: ListRuns) -> JsonObject:
    page = await api.get(
        "task-runs",
        task=given.task,
        status=given.status,
        platform=given.platform,
        cause=given.cause,
        since=given.since,
        graphRunId=given.graph_run_id,
        backfillId=given.backfill_id,
        late="true" if given.late else None,
        limit=given.limit,
        continuationToken=given.continuation_token,
    )
    runs: list[JsonValue] = [brief_run(each) for each in items_of(page, "items")]
    if not runs and given.task is not None:
        # The list is also empty for an unknown Task, so check that the Task exists.
        await api.get("tasks", given.task)
    return {"runs": runs, "continuationToken": page["continuationToken"]}


def brief_run(run: JsonObject) -> JsonObject:
    """Return a run in short, with the platform's texts marked as untrusted."""
    return compact(
        {
            **{name: run[name] for name in (*_SUMMARY_FIELDS, "finishedAt")},
            "missedDeadlines": run.get("missedDeadlines"),
            "reason": untrusted(run["reason"]),
            "link": f"/api/task-runs/{run['runId']}",
        }
    )


async def _get_run(api: InProcessApi, given: OneRun) -> JsonObject:
    return run_view(await api.get("task-runs", given.run_id))


async def _get_run_logs(api: InProcessApi, given: RunLogs) -> JsonObject:
    attempt = None if given.attempt is None else str(given.attempt)
    logs = await api.get("task-runs", given.run_id, "logs", attempt=attempt)
    shown = ("runId", "attempt", "status", "cause", "state")
    return compact(
        {
            **{name: logs[name] for name in shown},
            "message": untrusted(logs["message"]),
            "error": untrusted(logs["error"]),
            "parts": [*map(_failed_part, items_of(logs, "parts"))],
            "note": untrusted(logs["note"]),
            "links": _links(given.run_id),
        }
    )


def _failed_part(part: JsonObject) -> JsonValue:
    """Return a failed part; of a long trace only the end, which names the failure."""
    trace = str(part["trace"])
    return untrusted(compact({**part, "trace": trace[-MAX_TEXT:]}))


async def _explain_run(api: InProcessApi, given: OneRun) -> JsonObject:
    explained = await api.get("task-runs", given.run_id, "explain")
    reasons = items_of(explained, "waitingFor")
    waits = explained["status"] == RunStatus.QUEUED
    # The sentences of a finished run repeat its reason, which may be a platform's text.
    is_own = waits and not any(map(_is_hold, reasons))
    sentences = explained["sentences"]
    return compact(
        {
            **{name: explained[name] for name in ("runId", "status", "position")},
            "nextPossibleTime": explained["nextPossibleTime"],
            "waitingFor": [*map(_wait_reason, reasons)],
            "sentences": sentences if is_own else untrusted(sentences),
            "links": _links(given.run_id),
        }
    )


def _is_hold(reason: JsonObject) -> bool:
    """Return whether a reason to wait repeats the words of the person who holds."""
    return reason["kind"] == WaitReasonKind.HELD


def _wait_reason(reason: JsonObject) -> JsonObject:
    sentence = untrusted(reason["sentence"]) if _is_hold(reason) else reason["sentence"]
    holders = items_of(reason, "heldBy")[:_MAX_HOLDERS]
    return compact({**reason, "sentence": sentence, "heldBy": [*holders]})


async def _run_task_once(api: InProcessApi, given: RunTaskOnce) -> JsonObject:
    _refuse_secrets(given.parameters)
    key = given.idempotency_key
    headers = {} if key is None else {"idempotency-key": key}
    body: JsonObject = {"parameters": given.parameters}
    accepted = await api.send("POST", "tasks", given.task, "run", body=body, headers=headers)
    return {
        "runId": accepted["runId"],
        "graphRunId": accepted["graphRunId"],
        "links": _links(accepted["runId"]),
        "next": "get_run shows its progress, explain_run the reason why it waits.",
    }


def _refuse_secrets(parameters: JsonObject) -> None:
    """Refuse secret references: a manipulated model could read any secret unconfirmed."""
    problems = [
        Problem(f"parameters.{name}", _NEEDS_CONFIRMATION)
        for name, value in parameters.items()
        if next(references_in(value), None) is not None
    ]
    if problems:
        raise Invalid(problems)


async def _cancel_run(api: InProcessApi, given: CancelRun) -> JsonObject:
    if not given.confirm:
        run = await api.get("task-runs", given.run_id)
        ended = run["finishedAt"] is not None
        would = "nothing: the run has ended" if ended else "cancel this run, on its platform too"
        return {
            "would": would,
            "run": brief_run(run),
            **({} if ended else {"toDoIt": "confirm: true"}),
        }
    run = await api.send("POST", "task-runs", given.run_id, "cancel", body=None)
    ended = run["finishedAt"] is not None
    done = f"the run has ended as {run['status']}" if ended else "the cancellation was requested"
    return {"done": done, "run": run_view(run)}


LIST_RUNS = Tool(
    name="list_runs",
    description="Lists runs, newest first, each with its status and reason. Reads only.",
    arguments=ListRuns,
    run=_list_runs,
    route=("GET", "/task-runs"),
)
GET_RUN = Tool(
    name="get_run",
    description="Shows a run: status, problem, attempts, errors, parameters and outputs. "
    "Reads only.",
    arguments=OneRun,
    run=_get_run,
    route=("GET", "/task-runs/{run_id}"),
)
GET_RUN_LOGS = Tool(
    name="get_run_logs",
    description="Shows the failure of a run in the platform's words: the error and the end of the "
    "trace of each failed part, without secrets. Reads only.",
    arguments=RunLogs,
    run=_get_run_logs,
    route=("GET", "/task-runs/{run_id}/logs"),
)
EXPLAIN_RUN = Tool(
    name="explain_run",
    description="Explains why a run waits, which limits block it and when it may start, or how it "
    "ended. Reads only.",
    arguments=OneRun,
    run=_explain_run,
    route=("GET", "/task-runs/{run_id}/explain"),
)
RUN_TASK_ONCE = Tool(
    name="run_task_once",
    description="Starts a run of a Task now and returns the id of the new run. This changes "
    "something: the platform runs the Task's artefact. Only the name of the Task is required.",
    arguments=RunTaskOnce,
    run=_run_task_once,
    route=("POST", "/tasks/{name}/run"),
)
CANCEL_RUN = Tool(
    name="cancel_run",
    description="Cancels a queued or active run. Without confirm it only describes the change.",
    arguments=CancelRun,
    run=_cancel_run,
    route=("POST", "/task-runs/{run_id}/cancel"),
)
