"""Serves the API route that explains why a run is waiting."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.models import RunIdText, Time, View
from polysync_core.api.runs.limits import MAX_SHOWN, LeaseView, lease_view
from polysync_core.api.use_cases import use_case
from polysync_core.application.runs.explaining import Explained, Explanations
from polysync_core.application.runs.run_lookup import find_run_id
from polysync_core.domain.dispatch.explain import WaitReason, WaitReasonKind
from polysync_core.domain.runs.status import RunStatus


class WaitReasonView(View):
    """One reason why a run waits."""

    kind: WaitReasonKind
    """The kind of the reason."""
    profile: str | None
    """The contention profile; null for another limit."""
    scope: str | None
    """The Platform, Task or backfill that is limited or held; null if all of them are."""
    used: int | None
    """The used part of the limit."""
    limit: int | None
    """The limit."""
    needs: int
    """The number of slots that the run needs."""
    held_by: list[LeaseView]
    """The first 100 holders of the limit."""
    kept_for: RunIdText | None
    """The run for which the free slots are kept."""
    until: Time | None
    """The end of the reason, if it is known."""
    sentence: str
    """The reason as a sentence."""


class ExplanationView(View):
    """The reasons why a run waits."""

    run_id: RunIdText
    """The run."""
    status: RunStatus
    """The status of the run."""
    waiting_for: list[WaitReasonView]
    """The reasons; empty if the run does not wait."""
    position: int | None
    """The position among the runs with the same limits; 1 is next."""
    next_possible_time: Time | None
    """The earliest start; null if it depends on the end of other runs."""
    sentences: list[str]
    """The explanation in sentences."""


CurrentExplanations = Annotated[Explanations, Depends(use_case(Explanations))]


def explanation_routes() -> APIRouter:
    """Return the route of explanations."""
    routes = APIRouter()

    @routes.get("/task-runs/{run_id}/explain", tags=["Task runs"])
    def explain_run(
        run_id: str, explanations: CurrentExplanations, engine: CurrentEngine
    ) -> ExplanationView:
        """Explain why a run waits, as data and as sentences."""
        found = find_run_id(explanations.runs, run_id)
        return _explained_view(explanations.run(found, engine))

    return routes


def _explained_view(explained: Explained) -> ExplanationView:
    why = explained.explanation
    return ExplanationView(
        run_id=explained.run.run_id,
        status=explained.run.status,
        waiting_for=[] if why is None else [_reason_view(reason) for reason in why.reasons],
        position=None if why is None else why.position,
        next_possible_time=None if why is None else why.next_possible,
        sentences=list(explained.sentences),
    )


def _reason_view(reason: WaitReason) -> WaitReasonView:
    return WaitReasonView(
        kind=reason.kind,
        profile=reason.profile,
        scope=reason.scope,
        used=reason.used,
        limit=reason.limit,
        needs=reason.needs,
        held_by=[lease_view(lease) for lease in reason.holders[:MAX_SHOWN]],
        kept_for=reason.reserved_for,
        until=reason.until,
        sentence=reason.sentence,
    )
