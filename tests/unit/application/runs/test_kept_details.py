"""A Job with `keepErrors` keeps the details of each failure."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from polysync_core.domain.errors import PlatformRefused, TooLarge, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import (
    KEPT_BYTES,
    MAX_KEPT_BYTES,
    FailureDetail,
    FailureDetails,
)
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.runs.stored import StoredRun
from polysync_core.domain.security.redaction import MARKER
from polysync_core.platforms.connector import OutcomeUnknown, ProviderStatus, Report, RunNotFound
from tests.fakes.platform import CANCELLED, FAILED, SUCCESS
from tests.fakes.runs import FakeRunTable
from tests.unit.api.failed_runs import KEY, TOKEN, FailedRuns

# Each test builds the whole app.
pytestmark = pytest.mark.slow


@pytest.fixture
def world() -> FailedRuns:
    return FailedRuns(keep_errors=True)


def stored(world: FailedRuns) -> str:
    return str(world.app.tables.tables)


def test_kept_details_are_shown_without_the_platform(world: FailedRuns) -> None:
    run_id = world.failed()
    world.platform.details = Unavailable()
    logs = world.logs(run_id)
    assert (logs["state"], logs["parts"][0]["error"]) == ("Found", f"ValueError: bad key {MARKER}")
    assert "kept it when the attempt ended" in logs["message"]
    assert world.platform.details_asked == ["1"]


def test_kept_details_hold_no_secret(world: FailedRuns) -> None:
    world.failed()
    assert "Traceback" in stored(world)
    assert KEY not in stored(world)
    assert TOKEN not in stored(world)


def test_kept_details_are_shown_without_the_vault(world: FailedRuns) -> None:
    run_id = world.failed()
    world.app.vaults.values.clear()
    world.app.restart()
    assert world.logs(run_id)["state"] == "Found"


def test_each_attempt_keeps_its_own_details(world: FailedRuns) -> None:
    run_id = world.failed()
    world.platform.details = FailureDetails(parts=(FailureDetail(error="second"),))
    world.attempt(run_id, 2)
    assert world.logs(run_id, "?attempt=2")["parts"][0]["error"] == "second"
    assert world.logs(run_id, "?attempt=1")["parts"][0]["part"] == "load"


def test_only_a_failure_on_the_platform_is_asked_for(world: FailedRuns) -> None:
    for report in (SUCCESS, CANCELLED):
        world.attempt(world.start(), report=report)
    world.platform.submit_answers = [PlatformRefused("no", cause=FailureCause.SUBMIT)]
    world.failed()
    assert world.platform.details_asked == []


@pytest.mark.parametrize(
    "refusal",
    [PlatformRefused("refused", cause=FailureCause.SUBMIT), OutcomeUnknown("called once")],
)
def test_the_answer_to_a_failed_submit_is_kept(world: FailedRuns, refusal: Any) -> None:
    """A function that answers at once has no run to ask for later."""
    refusal.platform_answer = f'{{"error": "no sales for {KEY}"}}'
    world.platform.submit_answers = [refusal]
    logs = world.logs(world.failed())
    assert (logs["state"], logs["attempt"]) == ("Found", 1)
    assert logs["parts"][0]["error"] == f'{{"error": "no sales for {MARKER}"}}'
    assert KEY not in stored(world)
    assert world.platform.details_asked == []


def test_the_answer_to_a_failed_submit_is_not_stored_without_the_setting() -> None:
    world = FailedRuns()
    refusal = PlatformRefused("refused", cause=FailureCause.SUBMIT)
    refusal.platform_answer = "no sales today"
    world.platform.submit_answers = [refusal]
    assert world.logs(world.failed())["state"] == "NoExternalRun"
    assert "no sales" not in stored(world)


def test_a_failure_in_the_answer_to_the_submit_is_kept(world: FailedRuns) -> None:
    world.platform.at_once = Report(status=ProviderStatus.FAILED, message="no")
    run_id = world.failed()
    assert world.platform.details_asked == ["1"]
    assert world.logs(run_id)["parts"][0]["part"] == "load"


def test_without_the_setting_nothing_is_asked_and_kept() -> None:
    world = FailedRuns()
    world.failed()
    assert world.platform.details_asked == []
    assert "Traceback" not in stored(world)


@pytest.mark.parametrize(
    "answer",
    [
        Unavailable("the workspace does not answer"),
        RunNotFound(),
        PlatformRefused("no permission", cause=FailureCause.SUBMIT),
        RuntimeError("a defect of a package"),
        FailureDetails(),
    ],
)
def test_a_failure_to_read_the_details_does_not_hinder_the_end(
    world: FailedRuns, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    world.platform.details = answer
    run_id = world.failed()
    world.attempt(run_id, 2)
    run = world.app.http.get(f"/task-runs/{run_id}").json()
    assert (run["status"], run["attempts"][0]["cause"]) == ("Failed", "Artefact")
    actions = [getattr(each, "action", "") for each in caplog.records]
    assert actions.count("failure_details_unread") == 2


def test_a_missing_secret_keeps_nothing_and_does_not_hinder_the_end(world: FailedRuns) -> None:
    run_id = world.start()
    world.platform.reports = [FAILED]
    world.submit(run_id)
    del world.app.vaults.values["v/token"]
    world.app.restart()
    world.poll(run_id)
    assert world.app.http.get(f"/task-runs/{run_id}").json()["attempts"][0]["status"] == "Failed"
    assert "Traceback" not in stored(world)


def test_the_kept_details_of_all_attempts_are_limited() -> None:
    world = FailedRuns(keep_errors=True, retries=9)
    long = FailureDetail(error="e", trace="ä" * KEPT_BYTES)
    world.platform.details = FailureDetails(parts=(long,))
    run_id = world.failed()
    for attempt in range(2, 11):
        world.attempt(run_id, attempt)
    sizes = [
        len((logs["parts"][0]["error"] + logs["parts"][0]["trace"]).encode())
        for number in range(1, 5)
        if (logs := world.logs(run_id, f"?attempt={number}"))
    ]
    assert max(sizes) <= KEPT_BYTES
    assert 3 * KEPT_BYTES < sum(sizes) <= MAX_KEPT_BYTES
    assert world.app.http.get(f"/task-runs/{run_id}").json()["status"] == "Failed"


class FullTable(FakeRunTable):
    """A table whose rows have no room for failure details."""

    def save(self, stored: StoredRun, run: TaskRun) -> StoredRun:
        if any(each.failure_details for each in run.attempts):
            raise TooLarge
        return super().save(stored, run)


def test_a_row_without_room_for_the_details_does_not_hinder_the_end() -> None:
    world = FailedRuns(keep_errors=True, runs=FullTable())
    run_id = world.failed()
    attempt = world.app.http.get(f"/task-runs/{run_id}").json()["attempts"][0]
    assert (attempt["status"], attempt["error"]) == ("Failed", "Division by zero.")
