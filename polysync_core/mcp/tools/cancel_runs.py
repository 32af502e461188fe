"""Defines the MCP tool that cancels every run that matches filters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.run import RunStatus
from polysync_core.mcp.answers import items_of
from polysync_core.mcp.arguments import (
    Arguments,
    BackfillIdText,
    Confirm,
    Limit,
    Name,
    PageToken,
    RunIdText,
)
from polysync_core.mcp.in_process_api import InProcessApi
from polysync_core.mcp.tool import Tool
from polysync_core.mcp.tools.runs import brief_run


class CancelRuns(Arguments):
    """The arguments of `cancel_runs`."""

    task: Annotated[Name | None, Field(description="Only runs of this Task.")] = None
    job: Annotated[Name | None, Field(description="Only runs of this Job.")] = None
    platform: Annotated[Name | None, Field(description="Only runs on this Platform.")] = None
    status: Annotated[
        Literal["Queued", "Running"] | None,
        Field(description="Only runs with this status; both if absent and another filter is set."),
    ] = None
    until: Annotated[
        Annotated[str, StringConstraints(max_length=40)] | None,
        Field(description="Only runs accepted before this time, or this age ago, such as 2h."),
    ] = None
    graph_run_id: Annotated[
        RunIdText | None, Field(description="Only runs of the graph run with this id.")
    ] = None
    backfill_id: Annotated[
        BackfillIdText | None, Field(description="Only runs of the backfill with this id.")
    ] = None
    limit: Limit = 20
    continuation_token: PageToken = None
    confirm: Confirm = False

    def query(self) -> dict[str, str | int | list[str] | None]:
        """Return the parameters of the list of runs."""
        return {
            "task": self.task,
            "job": self.job,
            "platform": self.platform,
            "status": self.status,
            "until": self.until,
            "graphRunId": self.graph_run_id,
            "backfillId": self.backfill_id,
            "limit": str(self.limit),
            "continuationToken": self.continuation_token,
        }


async def _cancel_runs(api: InProcessApi, given: CancelRuns) -> JsonObject:
    query = given.query()
    if given.confirm:
        page = await api.send("POST", "task-runs", "cancel", body=None, query=query)
        done = "the runs were cancelled, or their platforms were asked to stop them"
        return {"done": done, **_page(page)}
    query["status"] = given.status or [RunStatus.QUEUED.value, RunStatus.RUNNING.value]
    page = await api.get("task-runs", **query)
    runs = items_of(page, "items")
    if not runs and page["continuationToken"] is None:
        return {"would": "nothing: no queued or running run matches", **_page(page)}
    return {
        "would": "cancel the runs of this page, on their platforms too",
        **_page(page),
        "toDoIt": "confirm: true",
    }


def _page(page: JsonObject) -> JsonObject:
    runs: list[JsonValue] = [brief_run(each) for each in items_of(page, "items")]
    return {"runs": runs, "continuationToken": page["continuationToken"]}


CANCEL_RUNS = Tool(
    name="cancel_runs",
    description="Cancels the queued and running runs of one page that match the filters; one "
    "filter is required. Without confirm it only lists them.",
    arguments=CancelRuns,
    run=_cancel_runs,
    route=("POST", "/task-runs/cancel"),
)
