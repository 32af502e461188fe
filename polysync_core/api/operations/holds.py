"""Serves the API routes that block run starts (holds), and release these holds."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.models import Time, View
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.api.use_cases import use_case
from polysync_core.application.dispatch.holds import Holds
from polysync_core.domain.definitions.base import Kind, Line
from polysync_core.domain.dispatch.holds import Hold


class HoldBody(BaseModel):
    """The request body of a hold."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[
        Line,
        StringConstraints(min_length=1, max_length=500),
        Field(description="The reason; every run that waits for the release shows it."),
    ]


class HoldView(View):
    """A hold on starts."""

    task: str | None
    """The Task that is held."""
    platform: str | None
    """The platform that is held; without a Task and a platform everything is held."""
    active: bool
    """False in the answer to a release."""
    reason: str
    """The reason of the hold."""
    by: str
    """The caller who made the hold or released it."""
    at: Time
    """The time of the hold or of its release."""


class HoldsView(View):
    """The active holds."""

    items: list[HoldView]
    """The holds by name."""


CurrentHolds = Annotated[Holds, Depends(use_case(Holds))]


def hold_routes() -> APIRouter:
    """Return the routes of holds."""
    routes = APIRouter(tags=["Limits"])

    @routes.get("/holds")
    def list_holds(holds: CurrentHolds) -> HoldsView:
        """List the active holds."""
        return HoldsView(items=[_view(each) for each in holds.active()])

    @routes.post("/hold")
    def hold_everything(
        body: HoldBody, holds: CurrentHolds, engine: CurrentEngine, caller: CurrentCaller
    ) -> HoldView:
        """Hold all starts: queued runs and retries stay queued until the release."""
        hold = holds.hold(None, "", reason=body.reason, by=caller.name, engine=engine)
        return _view(hold)

    @routes.post("/release")
    def release_everything(
        holds: CurrentHolds, engine: CurrentEngine, caller: CurrentCaller
    ) -> HoldView:
        """Release the hold on all starts; holds on Tasks and platforms stay."""
        return _view(holds.release(None, "", by=caller.name, engine=engine))

    for kind in (Kind.TASK, Kind.PLATFORM):
        _add_routes_of(routes, kind)
    return routes


def _add_routes_of(routes: APIRouter, kind: Kind) -> None:
    singular = kind.value.removesuffix("s")

    @routes.post(f"/{kind.value}/{{name}}/hold", name=f"hold {singular}")
    def hold(
        name: str,
        body: HoldBody,
        holds: CurrentHolds,
        engine: CurrentEngine,
        caller: CurrentCaller,
    ) -> HoldView:
        """Hold the starts of one Task or platform: queued runs and retries stay queued."""
        hold = holds.hold(kind, name, reason=body.reason, by=caller.name, engine=engine)
        return _view(hold)

    @routes.post(f"/{kind.value}/{{name}}/release", name=f"release {singular}")
    def release(
        name: str, holds: CurrentHolds, engine: CurrentEngine, caller: CurrentCaller
    ) -> HoldView:
        """Release the hold on one Task or platform."""
        return _view(holds.release(kind, name, by=caller.name, engine=engine))


def _view(hold: Hold) -> HoldView:
    return HoldView(
        task=hold.task,
        platform=hold.platform,
        active=hold.is_active,
        reason=hold.reason,
        by=hold.by,
        at=hold.at,
    )
