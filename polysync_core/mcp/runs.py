"""The tools of runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from polysync_core.domain.json import JsonObject, JsonValue
from polysync_core.domain.runs.values import RunStatus
from polysync_core.mcp.answers import compact, untrusted
from polysync_core.mcp.arguments import Arguments, Limit, Name, PageToken, RunIdText
from polysync_core.mcp.asking import Api
from polysync_core.mcp.tool import Tool


class ListRuns(Arguments):
    """The arguments of `list_runs`."""

    task: Annotated[Name | None, Field(description="Only runs of this Task.")] = None
    status: Annotated[RunStatus | None, Field(description="Only runs of this status.")] = None
    graph_run_id: Annotated[
        RunIdText | None, Field(description="Only runs that came out of one first run.")
    ] = None
    limit: Limit = 20
    continuation_token: PageToken = None


async def _list_runs(api: Api, given: ListRuns) -> JsonObject:
    page = await api.get(
        "task-runs",
        task=given.task,
        status=given.status,
        graphRunId=given.graph_run_id,
        limit=given.limit,
        continuationToken=given.continuation_token,
    )
    items = page["items"] if isinstance(page["items"], list) else []
    listed: list[JsonValue] = [_brief(each) for each in items if isinstance(each, dict)]
    return {"runs": listed, "continuationToken": page["continuationToken"]}


def _brief(run: JsonObject) -> JsonObject:
    shown = ("runId", "task", "job", "status", "triggerType", "scheduledTime", "queuedAt")
    return compact(
        {
            **{name: run[name] for name in shown},
            "finishedAt": run["finishedAt"],
            "reason": untrusted(run["reason"]),
            "link": f"/api/task-runs/{run['runId']}",
        }
    )


LIST_RUNS = Tool(
    name="list_runs",
    description="Lists runs, newest first, each with its status and why it is in it. Reads only.",
    arguments=ListRuns,
    run=_list_runs,
    names={"task": "tasks"},
)
