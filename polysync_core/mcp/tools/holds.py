"""Defines the MCP tools that list, create and release holds on run starts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonObject
from polysync_core.mcp.answers import compact, items_of, untrusted
from polysync_core.mcp.arguments import Arguments, Confirm, Name
from polysync_core.mcp.in_process_api import InProcessApi
from polysync_core.mcp.tool import Tool


class HoldScope(StrEnum):
    """The kind of object whose starts are held."""

    TASK = "Task"
    PLATFORM = "Platform"
    EVERYTHING = "Everything"


_COLLECTIONS = {HoldScope.TASK: "tasks", HoldScope.PLATFORM: "platforms"}


class ListHolds(Arguments):
    """The arguments of `list_holds`: none."""


class ReleaseHold(Arguments):
    """The arguments of `release_hold`."""

    scope: Annotated[HoldScope, Field(description="The kind of object; Everything has no name.")]
    name: Annotated[Name | None, Field(description="The name of the Task or Platform.")] = None
    confirm: Confirm = False

    @property
    def path(self) -> list[str]:
        """The path of the scope in the API; raises `Invalid` if the name does not fit."""
        if self.scope is HoldScope.EVERYTHING:
            if self.name is not None:
                raise Invalid.at("name", "must be left out: the scope Everything has no name")
            return []
        if self.name is None:
            raise Invalid.at("name", f"is required: the name of the {self.scope}")
        return [_COLLECTIONS[self.scope], self.name]

    @property
    def words(self) -> str:
        """The scope in words."""
        return "everything" if self.name is None else f"{self.scope} {self.name}"

    def is_of(self, hold: JsonObject) -> bool:
        """Return whether a hold in an answer of the API has this scope."""
        task = self.name if self.scope is HoldScope.TASK else None
        platform = self.name if self.scope is HoldScope.PLATFORM else None
        return (hold["task"], hold["platform"]) == (task, platform)


class HoldStarts(ReleaseHold):
    """The arguments of `hold_starts`."""

    reason: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=500)],
        Field(description="The reason, which every waiting run shows."),
    ]


async def _list_holds(api: InProcessApi, _: ListHolds) -> JsonObject:
    holds = items_of(await api.get("holds"), "items")
    return {"holds": [*map(_view, holds)]}


async def _hold_starts(api: InProcessApi, given: HoldStarts) -> JsonObject:
    path = given.path
    if given.confirm:
        hold = await api.send("POST", *path, "hold", body={"reason": given.reason})
        return {"done": f"{given.words} is held", "hold": _view(hold)}
    if path:
        await api.get(*path)
    former = await _former(api, given)
    return compact(
        {
            "would": f"let no run of {given.words} start until the release; queued runs and "
            "retries wait, and attempts that run go on",
            "replaces": None if former is None else _view(former),
            "toDoIt": "confirm: true",
        }
    )


async def _release_hold(api: InProcessApi, given: ReleaseHold) -> JsonObject:
    path = given.path
    if given.confirm:
        await api.send("POST", *path, "release", body=None)
        return {"done": f"{given.words} is released; its runs start as their limits allow"}
    former = await _former(api, given)
    if former is None:
        return {"would": f"nothing: there is no hold of {given.words}"}
    return {
        "would": f"release {given.words}; its waiting runs start as their limits allow",
        "hold": _view(former),
        "toDoIt": "confirm: true",
    }


async def _former(api: InProcessApi, given: ReleaseHold) -> JsonObject | None:
    """Return the active hold of the same scope."""
    holds = items_of(await api.get("holds"), "items")
    return next((hold for hold in holds if given.is_of(hold)), None)


def _view(hold: JsonObject) -> JsonObject:
    return compact(
        {
            "task": hold["task"],
            "platform": hold["platform"],
            "everything": (hold["task"] is None and hold["platform"] is None) or None,
            "reason": untrusted(hold["reason"]),
            "by": untrusted(hold["by"]),
            "since": hold["at"],
        }
    )


LIST_HOLDS = Tool(
    name="list_holds",
    description="Lists the active holds: the Tasks and Platforms whose runs must not start, each "
    "with its reason. Reads only.",
    arguments=ListHolds,
    run=_list_holds,
    route=("GET", "/holds"),
)
HOLD_STARTS = Tool(
    name="hold_starts",
    description="Holds all starts of a Task, of a Platform or of everything until release_hold: "
    "queued runs and retries wait. Without confirm it only describes the change.",
    arguments=HoldStarts,
    run=_hold_starts,
    route=("POST", "/hold"),
)
RELEASE_HOLD = Tool(
    name="release_hold",
    description="Releases the hold on a Task, on a Platform or on everything: the waiting runs "
    "start as their limits allow. Without confirm it only describes the change.",
    arguments=ReleaseHold,
    run=_release_hold,
    route=("POST", "/release"),
)
