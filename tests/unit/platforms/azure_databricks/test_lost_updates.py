"""A lost answer to the start of an update, among other updates of the pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.platforms.connector import OutcomeUnknown, SubmitRequest
from tests.unit.platforms.azure_databricks.workspace import Workspace

PIPELINE = "2f1e5c4a-0000-0000-0000-000000000000"


def update(update_id: str, state: str, seconds: int) -> dict[str, Any]:
    return {"update_id": update_id, "state": state, "cause": "API_CALL", "seconds": seconds}


def resend(*updates: dict[str, Any], **settings: Any) -> str:
    workspace = Workspace()
    begun_at = workspace.time.now()
    for each in updates:
        each["creation_time"] = int((begun_at.timestamp() + each.pop("seconds")) * 1000)
    calls = iter([{"updates": list(updates)}, {"update_id": "NEW"}])
    workspace.routes["updates"] = lambda _: next(calls)
    job = Job(
        name="p",
        platform="lakehouse",
        job_type="DatabricksPipeline",
        external_id=PIPELINE,
        settings=settings,
    )
    request = SubmitRequest(
        job=job, token="t", run_name="n", parameters={}, begun_at=begun_at, is_resend=True
    )
    submitted = workspace.connect().job("DatabricksPipeline").submit(request)
    return submitted.external_run_id.partition(":")[2]


OLD = ("OLD", "COMPLETED", -600)


@pytest.mark.parametrize("settings", [{}, {"resubmit": "WhenIdempotent"}])
def test_the_only_update_since_the_attempt_began_is_adopted(settings: dict[str, Any]) -> None:
    assert resend(update("U1", "COMPLETED", 5), update(*OLD), **settings) == "U1"
    assert resend(update(*OLD), update("U1", "RUNNING", 5), **settings) == "U1"
    assert resend(update(*OLD), **settings) == "NEW"


def test_of_several_updates_none_is_chosen() -> None:
    with pytest.raises(OutcomeUnknown, match="resubmit: WhenIdempotent"):
        resend(update("U2", "RUNNING", 9), update("U1", "COMPLETED", 5))


def test_of_several_updates_of_an_idempotent_job_the_active_one_is_adopted() -> None:
    settings = {"resubmit": "WhenIdempotent"}
    updates = [update("U2", "RUNNING", 9), update("U1", "COMPLETED", 5)]
    assert resend(*updates, **settings) == "U2"
    ended = [update("U1", "COMPLETED", 5), update("U2", "FAILED", 9)]
    assert resend(*ended, **settings) == "NEW"
