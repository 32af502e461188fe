"""Tests for AppKit's jobs as a program uses them."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from polysync_core.appkit.errors import (
    InvalidParameters,
    JobWithoutId,
    NoUserToken,
    PollFailed,
    RunIdMissing,
    TriggerFailed,
    UnknownJob,
    WaitTimedOut,
)
from polysync_core.appkit.jobs import AppKitJob, AppKitJobs
from polysync_core.appkit.named_jobs import JobOptions
from polysync_core.appkit.parameters import TaskType
from polysync_core.appkit.results import Done, Failed
from polysync_core.domain.errors import Unauthenticated
from tests.fakes.appkit import TOKEN, FakeWorkspace, jobs_in
from tests.fakes.http import Reply

NOTEBOOK = {"etl": JobOptions(task_type=TaskType.NOTEBOOK)}


class Window(BaseModel):
    day: str


class Request:
    def __init__(self, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def workspace() -> FakeWorkspace:
    return FakeWorkspace()


@pytest.fixture
def jobs(workspace: FakeWorkspace) -> AppKitJobs:
    return jobs_in(workspace, NOTEBOOK)


@pytest.fixture
def etl(jobs: AppKitJobs) -> AppKitJob:
    return jobs("etl")


def started(job: AppKitJob) -> int:
    result = job.run_now()
    assert isinstance(result, Done)
    return result.data["run_id"]


def test_an_unknown_job_error_lists_the_available_jobs(jobs: AppKitJobs) -> None:
    with pytest.raises(UnknownJob, match="broken, etl, other"):
        jobs("no<p>e")


def test_a_job_without_an_id_names_its_variable(jobs: AppKitJobs) -> None:
    with pytest.raises(JobWithoutId, match="DATABRICKS_JOB_BROKEN"):
        jobs("broken")


def test_a_run_is_started_with_its_parameters(etl: AppKitJob, workspace: FakeWorkspace) -> None:
    assert etl.run_now({"n": 1.0}) == Done(data={"run_id": 101, "number_in_job": 1})
    [call] = workspace.calls("run-now")
    assert (call.body["job_id"], call.body["notebook_params"]) == (10, {"n": "1"})
    assert call.token == TOKEN


def test_each_run_has_its_own_idempotency_token_unless_a_key_is_given(etl: AppKitJob) -> None:
    assert len({started(etl), started(etl)}) == 2
    keyed = [etl.run_now(idempotency_key=key) for key in ("a", "a", "b")]
    assert keyed[0] == keyed[1] != keyed[2]


def test_a_start_with_a_lost_answer_starts_no_second_run(
    etl: AppKitJob, workspace: FakeWorkspace
) -> None:
    workspace.faults += [("run-now", Reply(content=b"{"))]
    started(etl)
    tokens = {call.body["idempotency_token"] for call in workspace.calls("run-now")}
    assert (len(workspace.calls("run-now")), len(tokens), len(workspace.runs)) == (2, 1, 1)


def test_invalid_parameters_start_no_run(workspace: FakeWorkspace) -> None:
    job = jobs_in(workspace, {"etl": JobOptions(params=Window)})("etl")
    result = job.run_now({"day": 5})
    assert isinstance(result, Failed)
    assert (result.status, [each.path for each in result.problems]) == (400, ["params.day"])
    with pytest.raises(InvalidParameters):
        job.run_and_wait({"day": 5})
    assert workspace.received == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 499, 500, 503, 504])
def test_a_refusal_by_databricks_shows_only_its_status(
    etl: AppKitJob, workspace: FakeWorkspace, status: int
) -> None:
    workspace.fail("run-now", status, times=3)
    result = etl.run_now()
    assert isinstance(result, Failed)
    assert (result.ok, result.status) == (False, status)
    phrases = {418: "I'm a Teapot", 422: "Unprocessable Entity", 499: "Unknown Error"}
    assert result.message == phrases.get(status, result.message)
    assert "canary" not in repr(result).lower()


@pytest.mark.parametrize(
    "reply",
    [Reply(content=b"no json"), Reply(content=b"[]"), Reply(302, headers={"Location": "/x"})],
)
def test_an_unusable_answer_is_an_internal_error(
    etl: AppKitJob, workspace: FakeWorkspace, reply: Reply
) -> None:
    workspace.faults += [("run-now", reply)] * 3
    assert etl.run_now() == Failed(status=500, message="Internal Server Error")


def test_calls_to_a_busy_workspace_are_retried_and_then_return_its_retry_after(
    etl: AppKitJob, workspace: FakeWorkspace
) -> None:
    workspace.fail("runs/list", 429)
    assert etl.list_runs() == Done(data=[])
    workspace.fail("runs/list", 429, headers={"Retry-After": "60"})
    assert etl.list_runs() == Failed(status=429, message="Too Many Requests", retry_after=60)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://adb-1.2.net/?o=7#job/1/run/2", "https://adb-1.2.net/?o=7#job/1/run/2"),
        ("https://adb-1.2.net/?o=7&token=abcdef", "https://adb-1.2.net/?o=7"),
        ("https://adb-1.2.net/?sig=abcdef&o=7#run/2", "https://adb-1.2.net/?o=7#run/2"),
        (f"https://adb-1.2.net/?o={TOKEN}", None),
        ("javascript:alert(1)", None),
    ],
)
def test_the_page_of_a_run_has_no_credential_in_its_address(
    etl: AppKitJob, workspace: FakeWorkspace, address: str, shown: str | None
) -> None:
    run_id = started(etl)
    workspace.runs[run_id] |= {"run_page_url": address, "tasks": [{"run_page_url": address}]}

    result = etl.get_run(run_id)

    assert isinstance(result, Done)
    assert result.data.get("run_page_url") == shown
    assert [each.get("run_page_url") for each in result.data.get("tasks", [])] == [shown]


def test_an_empty_answer_is_an_empty_object(etl: AppKitJob, workspace: FakeWorkspace) -> None:
    workspace.faults += [("run-now", Reply(content=b""))]
    assert etl.run_now() == Done(data={})


def test_a_run_of_another_job_is_not_found(jobs: AppKitJobs, workspace: FakeWorkspace) -> None:
    run_id = started(jobs("other"))
    etl = jobs("etl")
    missing = Failed(status=404, message="Not Found")
    assert [etl.get_run(run_id), etl.get_run_output(run_id), etl.cancel_run(run_id)] == [
        missing
    ] * 3
    assert len(workspace.calls("runs/get")) == 1
    assert workspace.calls("runs/cancel") + workspace.calls("runs/get-output") == []


def test_reads_are_cached(etl: AppKitJob, workspace: FakeWorkspace) -> None:
    run_id = started(etl)
    for _ in range(2):
        assert etl.get_run(run_id).ok
        assert etl.get_run_output(run_id).ok
        assert etl.get_job().ok
        assert etl.list_runs().ok
        assert etl.last_run().ok
    names = [call.name for call in workspace.received]
    assert sorted(names) == ["get", "run-now", "runs/get", "runs/get-output", *["runs/list"] * 2]


def test_a_cancelled_run_is_read_again(etl: AppKitJob, workspace: FakeWorkspace) -> None:
    workspace.states = ["RUNNING", "TERMINATING"]
    run_id = started(etl)
    assert etl.get_run(run_id).ok
    assert etl.cancel_run(run_id) == Done(data=None)
    run = etl.get_run(run_id)
    assert isinstance(run, Done)
    assert run.data["state"]["life_cycle_state"] == "TERMINATING"
    assert len(workspace.calls("runs/get")) == 2


def test_an_empty_list_of_runs_is_not_cached(jobs: AppKitJobs, workspace: FakeWorkspace) -> None:
    etl = jobs("etl")
    assert etl.last_run() == Done(data=None)
    jobs("other").run_now()
    assert etl.last_run() == Done(data=None)
    run_id = started(etl)
    assert etl.last_run() == Done(data={"run_id": run_id, "job_id": 10})


def test_a_new_run_appears_in_the_lists_at_once(etl: AppKitJob) -> None:
    first = started(etl)
    assert etl.last_run() == Done(data={"run_id": first, "job_id": 10})
    second = started(etl)
    assert etl.last_run() == Done(data={"run_id": second, "job_id": 10})


def test_runs_of_several_pages_are_listed(etl: AppKitJob, workspace: FakeWorkspace) -> None:
    for _ in range(60):
        started(etl)
    listed = etl.list_runs()
    assert isinstance(listed, Done)
    assert [run["run_id"] for run in listed.data] == list(range(160, 100, -1))
    pages = [call.query for call in workspace.calls("runs/list")]
    assert [(page["limit"], page.get("page_token")) for page in pages] == [
        ("25", None),
        ("25", "25"),
        ("25", "50"),
    ]
    fewer = etl.list_runs(limit=30)
    assert isinstance(fewer, Done)
    assert len(fewer.data) == 30


def test_a_run_is_streamed_to_its_end(etl: AppKitJob, workspace: FakeWorkspace) -> None:
    workspace.states = ["PENDING", "RUNNING", "DREAMING", "TERMINATED"]
    snapshots = list(etl.run_and_wait({"day": "x"}))
    states = ["PENDING", "RUNNING", "DREAMING", "TERMINATED"]
    assert [each.status for each in snapshots] == states
    assert [each.sequence for each in snapshots] == [1, 2, 3, 4]
    assert snapshots[-1].run["run_id"] == 101
    assert len(workspace.calls("run-now")) == 1


def test_a_run_is_streamed_in_an_event_loop(etl: AppKitJob, workspace: FakeWorkspace) -> None:
    workspace.states = ["RUNNING", "INTERNAL_ERROR"]

    async def states() -> list[str | None]:
        return [snapshot.status async for snapshot in etl.run_and_wait()]

    assert asyncio.run(states()) == ["RUNNING", "INTERNAL_ERROR"]


def test_a_run_that_cannot_be_started_or_read_raises(
    etl: AppKitJob, workspace: FakeWorkspace
) -> None:
    workspace.fail("run-now", 403)
    with pytest.raises(TriggerFailed, match=r"^Failed to trigger job run$"):
        list(etl.run_and_wait())
    workspace.faults += [("run-now", Reply())]
    with pytest.raises(RunIdMissing, match=r"^runNow did not return a run_id$"):
        list(etl.run_and_wait())
    workspace.fail("runs/get", 403)
    with pytest.raises(PollFailed, match=r"^Failed to poll run status for run 101$"):
        list(etl.run_and_wait())


def test_a_poll_that_fails_briefly_is_retried(etl: AppKitJob, workspace: FakeWorkspace) -> None:
    workspace.fail("runs/get", 503, times=2)
    assert [snapshot.status for snapshot in etl.run_and_wait()] == ["TERMINATED"]


def test_the_wait_for_a_run_ends_after_the_wait_timeout(workspace: FakeWorkspace) -> None:
    workspace.states = ["RUNNING"] * 1000
    options = {"etl": JobOptions(wait_timeout=timedelta(milliseconds=20))}
    job = jobs_in(workspace, options)("etl")
    with pytest.raises(WaitTimedOut, match=r"^Job run 101 polling timeout after 20ms$"):
        list(job.run_and_wait())
    assert workspace.calls("runs/cancel") == []


DATABRICKS_APP = {"DATABRICKS_APP_NAME": "shop"}
APP_SERVICE = {"WEBSITE_AUTH_ENABLED": "True"}


def test_in_a_databricks_app_the_users_own_token_is_used(workspace: FakeWorkspace) -> None:
    job = jobs_in(workspace, variables=DATABRICKS_APP)("etl")
    run_id = started(job.as_user(Request(X_Forwarded_Access_Token="dapi-user")))
    assert workspace.calls("run-now")[0].token == "dapi-user"
    job.as_user(Request(x_forwarded_access_token="dapi-user")).get_run(run_id)
    job.as_user(Request(x_forwarded_access_token="dapi-other")).get_run(run_id)
    job.get_run(run_id)
    tokens = [call.token for call in workspace.calls("runs/get")]
    assert tokens == ["dapi-user", "dapi-other", TOKEN]


@pytest.mark.parametrize(
    ("variables", "headers", "error"),
    [
        pytest.param({}, {"x_forwarded_access_token": "t"}, NoUserToken, id="no hosting"),
        pytest.param(DATABRICKS_APP, {}, Unauthenticated, id="no token"),
        pytest.param(
            DATABRICKS_APP,
            {"x_forwarded_access_token": "a b"},
            Unauthenticated,
            id="an unreadable token",
        ),
        pytest.param(
            DATABRICKS_APP,
            {"x_ms_token_aad_access_token": "t"},
            Unauthenticated,
            id="a header of another hosting",
        ),
        pytest.param(
            APP_SERVICE,
            {"x_ms_token_aad_access_token": "t"},
            NoUserToken,
            id="App Service without a delegation",
        ),
    ],
)
def test_a_request_without_a_user_is_refused(
    workspace: FakeWorkspace, variables: dict[str, str], headers: dict[str, str], error: Any
) -> None:
    job = jobs_in(workspace, variables=variables)("etl")
    with pytest.raises(error):
        job.as_user(Request(**headers))
    assert workspace.received == []


def test_no_token_is_printed(workspace: FakeWorkspace) -> None:
    jobs = jobs_in(workspace, variables=DATABRICKS_APP)
    job = jobs("etl").as_user(Request(x_forwarded_access_token="dapi-user"))
    assert "dapi-" not in repr(job)
    assert "dapi-" not in repr(jobs.configuration)


def test_a_refusal_of_parameters_names_each_field_and_rule(workspace: FakeWorkspace) -> None:
    schema = {
        "type": "object",
        "properties": {"day": {"type": "string"}, "n": {"type": "integer", "minimum": 1}},
        "required": ["day"],
    }
    job = jobs_in(workspace, {"etl": JobOptions(params=schema)})("etl")
    result = job.run_now({"n": 0})
    assert isinstance(result, Failed)
    assert result.message == (
        "Invalid job parameters: params.n: must be at least 1; params.day: is missing"
    )
    assert [problem.path for problem in result.problems] == ["params.n", "params.day"]


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ([1], "params"),
        ("a", "params"),
        ({1: "a"}, "params"),
        ({"a": object()}, "params.a"),
        ({"a": {"b": [date(2026, 1, 1)]}}, "params.a.b[0]"),
        ({"a": {1, 2}}, "params.a"),
        ({"a": float("nan")}, "params.a"),
    ],
)
@pytest.mark.parametrize(
    "options",
    [JobOptions(), JobOptions(task_type=TaskType.NOTEBOOK), JobOptions(params={"type": "object"})],
    ids=["neither", "a task type", "a schema"],
)
def test_a_value_that_json_cannot_hold_is_named(
    workspace: FakeWorkspace, options: JobOptions, params: Any, path: str
) -> None:
    result = jobs_in(workspace, {"etl": options})("etl").run_now(params)
    assert isinstance(result, Failed)
    assert (result.status, [each.path for each in result.problems]) == (400, [path])
    assert workspace.received == []


def test_a_model_converts_objects(workspace: FakeWorkspace) -> None:
    class Days(BaseModel):
        day: date

    options = JobOptions(params=Days, task_type=TaskType.NOTEBOOK)
    assert jobs_in(workspace, {"etl": options})("etl").run_now({"day": date(2026, 1, 1)}).ok
    assert workspace.calls("run-now")[0].body["notebook_params"] == {"day": "2026-01-01"}


def test_a_list_without_a_limit_has_the_default_limit(etl: AppKitJob) -> None:
    started(etl)
    assert etl.list_runs(None) == etl.list_runs()


def test_a_run_of_another_job_is_explained(jobs: AppKitJobs) -> None:
    result = jobs("etl").get_run(started(jobs("other")))
    assert isinstance(result, Failed)
    assert "belongs to another job" in result.detail
