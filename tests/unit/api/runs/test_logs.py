"""The details of a failure: over HTTP, on the command line, and for copilots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetails
from polysync_core.domain.security.redaction import MARKER
from polysync_core.platforms.connector import RunNotFound
from tests.fakes.platform import CANCELLED, RUNNING, SUCCESS
from tests.unit.api.failed_runs import JOB, PLATFORM, TRACE, FailedRuns

# Each test builds the whole app.
pytestmark = pytest.mark.slow


@pytest.fixture
def world() -> FailedRuns:
    return FailedRuns()


def test_the_details_are_shown_without_secrets_and_escapes(world: FailedRuns) -> None:
    logs = world.logs(world.failed())
    assert (logs["state"], logs["attempt"], logs["cause"]) == ("Found", 1, "Artefact")
    assert logs["error"] == "Division by zero."
    assert logs["parts"] == [
        {
            "part": "load",
            "error": f"ValueError: bad key {MARKER}",
            "trace": f"Traceback\n  connect('{MARKER}')\nValueError",
        }
    ]
    assert logs["monitorUrl"] == "https://p/1"


def test_nothing_is_stored_and_the_platform_is_asked_each_time(world: FailedRuns) -> None:
    run_id = world.failed()
    before = world.app.http.get(f"/task-runs/{run_id}").json()
    world.logs(run_id)
    world.logs(run_id)
    assert world.platform.details_asked == ["1", "1"]
    assert world.app.http.get(f"/task-runs/{run_id}").json() == before
    assert "ValueError" not in str(world.app.tables.tables)


def test_each_attempt_has_its_own_details(world: FailedRuns) -> None:
    run_id = world.failed()
    world.attempt(run_id, 2)
    assert world.logs(run_id)["attempt"] == 2
    assert world.logs(run_id, "?attempt=1")["attempt"] == 1
    assert world.platform.details_asked == ["2", "1"]


def test_an_unknown_attempt_is_not_found(world: FailedRuns) -> None:
    run_id = world.failed()
    assert "1 to 1" in world.logs(run_id, "?attempt=2", status=404)["detail"]
    assert "none yet" in world.logs(world.start(), "?attempt=1", status=404)["detail"]


@pytest.mark.parametrize("query", ["?attempt=0", "?attempt=-1", "?attempt=x"])
def test_an_invalid_attempt_is_refused(world: FailedRuns, query: str) -> None:
    assert world.logs(world.failed(), query, status=422)["errors"][0]["path"] == "attempt"


def test_a_run_is_found_by_the_first_characters_of_its_id(world: FailedRuns) -> None:
    run_id = world.failed()
    assert world.logs(run_id[:10])["runId"] == run_id


def test_an_unknown_run_is_not_found(world: FailedRuns) -> None:
    world.logs("nonsense", status=404)
    world.logs(world.start()[:-1] + "a", status=404)


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (SUCCESS, "attempt 1 is Succeeded"),
        (CANCELLED, "attempt 1 is Cancelled"),
        (RUNNING, "attempt 1 is under way"),
    ],
)
def test_an_attempt_that_has_not_failed_has_no_details(
    world: FailedRuns, report: Any, sentence: str
) -> None:
    run_id = world.start()
    world.attempt(run_id, report=report)
    logs = world.logs(run_id)
    assert (logs["state"], logs["parts"]) == ("NotFailed", [])
    assert "no failure details" in logs["message"]
    assert sentence in logs["message"]
    assert world.platform.details_asked == []


def test_a_queued_run_has_no_details(world: FailedRuns) -> None:
    logs = world.logs(world.start())
    assert (logs["state"], logs["attempt"], logs["status"]) == ("NotFailed", None, "Queued")


def test_a_success_after_a_failure_names_the_attempt_that_failed(world: FailedRuns) -> None:
    run_id = world.failed()
    world.attempt(run_id, 2, SUCCESS)
    assert "ask for attempt 1" in world.logs(run_id)["message"]
    assert world.logs(run_id, "?attempt=1")["state"] == "Found"


def test_a_failure_without_an_external_run_says_so(world: FailedRuns) -> None:
    world.platform.submit_answers = [PlatformRefused("no cluster", cause=FailureCause.SUBMIT)]
    logs = world.logs(world.failed())
    assert (logs["state"], logs["error"]) == ("NoExternalRun", "no cluster")
    assert "no run on its platform that is known" in logs["message"]


@pytest.mark.parametrize(
    ("answer", "state", "sentence"),
    [
        (Unavailable("adb-1 does not answer"), "Unavailable", "adb-1 does not answer"),
        (Uncertain("adb-1 may have"), "Unavailable", "adb-1 may have"),
        (
            PlatformRefused("the token has expired", cause=FailureCause.SECRET),
            "Unavailable",
            "the token has expired",
        ),
        (RunNotFound(), "NoDetails", "no longer knows the run"),
        (FailureDetails(), "NoDetails", "gives no details"),
        (FailureDetails(note="The log is gone."), "NoDetails", "The log is gone."),
    ],
)
def test_a_platform_without_an_answer_is_a_sentence_and_no_error(
    world: FailedRuns, answer: Any, state: str, sentence: str
) -> None:
    world.platform.details = answer
    logs = world.logs(world.failed())
    assert (logs["state"], logs["parts"]) == (state, [])
    assert sentence in logs["message"]


@pytest.mark.parametrize("secret", ["v/key", "v/token"])
def test_details_that_cannot_be_compared_with_a_secret_are_not_shown(
    world: FailedRuns, secret: str
) -> None:
    run_id = world.failed()
    del world.app.vaults.values[secret]
    world.app.restart()
    logs = world.logs(run_id)
    assert (logs["state"], logs["parts"]) == ("Unavailable", [])
    assert "cannot be read" in logs["message"]
    assert world.platform.details_asked == []


def test_the_details_of_a_deleted_platform_are_unavailable(world: FailedRuns) -> None:
    run_id = world.failed()
    for path in ("tasks/daily", f"jobs/{JOB.name}", f"platforms/{PLATFORM.name}"):
        assert world.app.http.delete(f"/{path}").status_code == 204
    world.app.restart()
    assert world.logs(run_id)["state"] == "Unavailable"


def test_long_details_are_cut_and_the_answer_says_so(world: FailedRuns) -> None:
    world.platform.details = FailureDetails(parts=(replace(TRACE, trace="x" * 100_000),))
    logs = world.logs(world.failed())
    assert len(logs["parts"][0]["trace"]) < 64 * 1024
    assert "bytes were cut" in logs["note"]


def test_a_job_run_shows_its_failure_alike(world: FailedRuns) -> None:
    body = {"params": {"key": "vault://v/key"}}
    run_id = world.app.http.post(f"/jobs/{JOB.name}/run", json=body).json()["runId"]
    world.attempt(run_id)
    assert world.logs(run_id)["parts"][0]["error"] == f"ValueError: bad key {MARKER}"
