"""Pipelines and their updates, seen by the official client."""

from __future__ import annotations

import time

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound, ResourceConflict
from databricks.sdk.service.pipelines import UpdateInfo, UpdateInfoState

ENDED = {UpdateInfoState.COMPLETED, UpdateInfoState.FAILED, UpdateInfoState.CANCELED}


def define(databricks: WorkspaceClient, name: str, **configuration: str) -> str:
    settings = {f"simulator.{key}": value for key, value in configuration.items()}
    created = databricks.pipelines.create(name=name, configuration=settings)
    assert created.pipeline_id is not None
    return created.pipeline_id


def polled(databricks: WorkspaceClient, pipeline_id: str, update_id: str) -> list[UpdateInfo]:
    """Poll an update until its end; return all answers."""
    seen: list[UpdateInfo] = []
    deadline = time.monotonic() + 30
    while not seen or seen[-1].state not in ENDED:
        assert time.monotonic() < deadline
        update = databricks.pipelines.get_update(pipeline_id, update_id).update
        assert update is not None
        seen.append(update)
        time.sleep(0.01)
    return seen


def test_an_update_runs_to_its_end(databricks: WorkspaceClient) -> None:
    pipeline_id = define(databricks, "runs")

    update_id = databricks.pipelines.start_update(pipeline_id, full_refresh=True).update_id
    seen = polled(databricks, pipeline_id, update_id or "")

    assert seen[-1].state is UpdateInfoState.COMPLETED
    assert seen[-1].full_refresh
    assert {each.state for each in seen} <= set(UpdateInfoState)
    listed = databricks.pipelines.list_updates(pipeline_id).updates or []
    assert [each.update_id for each in listed] == [update_id]


def test_a_pipeline_has_one_update_at_a_time_and_can_be_stopped(
    databricks: WorkspaceClient,
) -> None:
    pipeline_id = define(databricks, "stops", runSeconds="120")
    update_id = databricks.pipelines.start_update(pipeline_id).update_id

    with pytest.raises(ResourceConflict, match="An active update"):
        databricks.pipelines.start_update(pipeline_id)
    databricks.pipelines.stop_and_wait(pipeline_id)

    assert polled(databricks, pipeline_id, update_id or "")[-1].state is UpdateInfoState.CANCELED


def test_a_failure_is_explained_in_the_event_log(databricks: WorkspaceClient) -> None:
    pipeline_id = define(databricks, "fails", outcome="FAILED")
    update_id = databricks.pipelines.start_update(pipeline_id).update_id
    polled(databricks, pipeline_id, update_id or "")

    events = databricks.pipelines.list_pipeline_events(pipeline_id, filter="level='ERROR'")

    event = next(iter(events))
    assert event.origin is not None
    assert event.origin.update_id == update_id
    assert "FAILED" in (event.message or "")
    assert event.error is not None
    (exception,) = event.error.exceptions or []
    assert exception.message == "[DIVIDE_BY_ZERO] Division by zero."
    assert [frame.line_number for frame in exception.stack or []] == [203]


def test_pipelines_are_listed_page_by_page_and_described(databricks: WorkspaceClient) -> None:
    ids = {define(databricks, f"page {n}") for n in range(5)}

    listed = list(databricks.pipelines.list_pipelines(max_results=2))
    found = databricks.pipelines.get(next(iter(ids)))

    assert ids <= {each.pipeline_id for each in listed}
    assert found.spec is not None


def test_unknown_pipelines_and_updates_are_not_found(databricks: WorkspaceClient) -> None:
    with pytest.raises(NotFound):
        databricks.pipelines.get("00000000-0000-0000-0000-000000000000")
    with pytest.raises(NotFound):
        databricks.pipelines.get_update(define(databricks, "empty"), "nothing")
