"""Defines the MCP tools that list, show and cancel backfills."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.mcp.answers import compact, items_of, untrusted
from polysync_core.mcp.arguments import (
    Arguments,
    BackfillIdText,
    Confirm,
    Limit,
    Name,
    PageToken,
)
from polysync_core.mcp.in_process_api import InProcessApi
from polysync_core.mcp.tool import Tool

_FIELDS = (
    "backfillId",
    "task",
    "schedule",
    "from",
    "to",
    "requestedAt",
    "order",
    "maxConcurrentRuns",
    "count",
    "isDone",
    "cancelledAt",
)


class ListBackfills(Arguments):
    """The arguments of `list_backfills`."""

    task: Annotated[Name | None, Field(description="Only backfills of this Task.")] = None
    limit: Limit = 20
    continuation_token: PageToken = None


class OneBackfill(Arguments):
    """The arguments of tools that read one backfill."""

    backfill_id: Annotated[
        BackfillIdText, Field(description="The id of the backfill, as the other tools return it.")
    ]


class CancelBackfill(OneBackfill):
    """The arguments of `cancel_backfill`."""

    confirm: Confirm = False


async def _list_backfills(api: InProcessApi, given: ListBackfills) -> JsonObject:
    page = await api.get(
        "backfills",
        task=given.task,
        limit=given.limit,
        continuationToken=given.continuation_token,
    )
    found: list[JsonValue] = [_view(each) for each in items_of(page, "items")]
    if not found and given.task is not None:
        # The list is also empty for an unknown Task, so check that the Task exists.
        await api.get("tasks", given.task)
    return {"backfills": found, "continuationToken": page["continuationToken"]}


async def _get_backfill(api: InProcessApi, given: OneBackfill) -> JsonObject:
    return _view(await api.get("backfills", given.backfill_id))


async def _cancel_backfill(api: InProcessApi, given: CancelBackfill) -> JsonObject:
    if given.confirm:
        cancelled = await api.send("POST", "backfills", given.backfill_id, "cancel", body=None)
        return {"done": "the runs that had not ended are cancelled", "backfill": _view(cancelled)}
    found = await api.get("backfills", given.backfill_id)
    if found["isDone"]:
        return {"would": "nothing: every run has ended", "backfill": _view(found)}
    return {
        "would": "cancel every run of this backfill that has not ended, on its platform too",
        "backfill": _view(found),
        "toDoIt": "confirm: true",
    }


def _view(backfill: JsonObject) -> JsonObject:
    address, runs = f"/api/backfills/{backfill['backfillId']}", backfill["runs"]
    counts = runs if isinstance(runs, dict) else {}
    return compact(
        {
            **{name: backfill[name] for name in _FIELDS},
            "runs": {status: count for status, count in counts.items() if count},
            "requestedBy": untrusted(backfill["requestedBy"]),
            "cancelledBy": untrusted(backfill["cancelledBy"]),
            "link": address,
            "next": "list_runs with this backfillId lists its runs.",
        }
    )


LIST_BACKFILLS = Tool(
    name="list_backfills",
    description="Lists backfills, newest first, each with the numbers of its runs by status. "
    "Reads only.",
    arguments=ListBackfills,
    run=_list_backfills,
    route=("GET", "/backfills"),
)
GET_BACKFILL = Tool(
    name="get_backfill",
    description="Shows a backfill: its range, and the numbers of its runs by status. Reads only.",
    arguments=OneBackfill,
    run=_get_backfill,
    route=("GET", "/backfills/{backfill_id}"),
)
CANCEL_BACKFILL = Tool(
    name="cancel_backfill",
    description="Cancels every run of a backfill that has not ended. Without confirm it only "
    "describes the change.",
    arguments=CancelBackfill,
    run=_cancel_backfill,
    route=("POST", "/backfills/{backfill_id}/cancel"),
)
