"""Jobs by their keys, as a program uses them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from polysync_core.appkit.errors import (
    KeyUnknown,
    KeyWithoutId,
    NoUserToken,
    ParametersRefused,
    PollFailed,
    RunIdMissing,
    TriggerFailed,
    WaitedTooLong,
)
from polysync_core.appkit.jobs import LakeflowJob, LakeflowJobs
from polysync_core.appkit.keys import JobOptions
from polysync_core.appkit.mapping import TaskType
from polysync_core.appkit.outcome import Done, Failed
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
def jobs(workspace: FakeWorkspace) -> LakeflowJobs:
    return jobs_in(workspace, NOTEBOOK)


@pytest.fixture
def etl(jobs: LakeflowJobs) -> LakeflowJob:
    return jobs("etl")


def started(job: LakeflowJob) -> int:
    result = job.run_now()
    assert isinstance(result, Done)
    return result.data["run_id"]


def test_an_unknown_key_tells_which_there_are(jobs: LakeflowJobs) -> None:
    with pytest.raises(KeyUnknown, match="broken, etl, other"):
        jobs("no<p>e")


def test_a_key_without_an_id_tells_its_variable(jobs: LakeflowJobs) -> None:
    with pytest.raises(KeyWithoutId, match="DATABRICKS_JOB_BROKEN"):
        jobs("broken")


def test_a_run_is_started_with_its_parameters(etl: LakeflowJob, workspace: FakeWorkspace) -> None:
    assert etl.run_now({"n": 1.0}) == Done(data={"run_id": 101, "number_in_job": 1})
    [asked] = workspace.calls("run-now")
    assert (asked.body["job_id"], asked.body["notebook_params"]) == (10, {"n": "1"})
    assert asked.token == TOKEN


def test_each_run_has_a_token_of_its_own_unless_a_key_is_given(etl: LakeflowJob) -> None:
    assert len({started(etl), started(etl)}) == 2
    keyed = [etl.run_now(idempotency_key=key) for key in ("a", "a", "b")]
    assert keyed[0] == keyed[1] != keyed[2]


def test_a_start_whose_answer_is_lost_starts_no_second_run(
    etl: LakeflowJob, workspace: FakeWorkspace
) -> None:
    workspace.faults += [("run-now", Reply(content=b"{"))]
    started(etl)
    tokens = {asked.body["idempotency_token"] for asked in workspace.calls("run-now")}
    assert (len(workspace.calls("run-now")), len(tokens), len(workspace.runs)) == (2, 1, 1)


def test_parameters_that_do_not_fit_start_nothing(workspace: FakeWorkspace) -> None:
    job = jobs_in(workspace, {"etl": JobOptions(params=Window)})("etl")
    assert job.run_now({"day": 5}) == Failed(status=400, message="Invalid job parameters")
    with pytest.raises(ParametersRefused):
        job.run_and_wait({"day": 5})
    assert workspace.asked == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 499, 500, 503, 504])
def test_what_databricks_refuses_is_told_by_its_status_alone(
    etl: LakeflowJob, workspace: FakeWorkspace, status: int
) -> None:
    workspace.fail("run-now", status, times=3)
    result = etl.run_now()
    assert isinstance(result, Failed)
    assert (result.ok, result.status) == (False, status)
    words = {418: "I'm a Teapot", 422: "Unprocessable Entity", 499: "Unknown Error"}
    assert result.message == words.get(status, result.message)
    assert "canary" not in repr(result).lower()


@pytest.mark.parametrize(
    "reply",
    [Reply(content=b"no json"), Reply(content=b"[]"), Reply(302, headers={"Location": "/x"})],
)
def test_an_answer_that_says_nothing_is_an_internal_error(
    etl: LakeflowJob, workspace: FakeWorkspace, reply: Reply
) -> None:
    workspace.faults += [("run-now", reply)] * 3
    assert etl.run_now() == Failed(status=500, message="Internal Server Error")


def test_a_busy_workspace_is_asked_again_and_then_says_when_to_come_back(
    etl: LakeflowJob, workspace: FakeWorkspace
) -> None:
    workspace.fail("runs/list", 429)
    assert etl.list_runs() == Done(data=[])
    workspace.fail("runs/list", 429, headers={"Retry-After": "60"})
    assert etl.list_runs() == Failed(status=429, message="Too Many Requests", retry_after=60)


def test_an_empty_answer_is_an_empty_object(etl: LakeflowJob, workspace: FakeWorkspace) -> None:
    workspace.faults += [("run-now", Reply(content=b""))]
    assert etl.run_now() == Done(data={})


def test_a_run_of_another_job_is_not_there(jobs: LakeflowJobs, workspace: FakeWorkspace) -> None:
    run_id = started(jobs("other"))
    etl = jobs("etl")
    missing = Failed(status=404, message="Not Found")
    assert [etl.get_run(run_id), etl.get_run_output(run_id), etl.cancel_run(run_id)] == [
        missing
    ] * 3
    assert len(workspace.calls("runs/get")) == 1
    assert workspace.calls("runs/cancel") + workspace.calls("runs/get-output") == []


def test_reads_are_remembered(etl: LakeflowJob, workspace: FakeWorkspace) -> None:
    run_id = started(etl)
    for _ in range(2):
        assert etl.get_run(run_id).ok
        assert etl.get_run_output(run_id).ok
        assert etl.get_job().ok
        assert etl.list_runs().ok
        assert etl.last_run().ok
    names = [asked.call for asked in workspace.asked]
    assert sorted(names) == ["get", "run-now", "runs/get", "runs/get-output", *["runs/list"] * 2]


def test_a_cancelled_run_is_read_anew(etl: LakeflowJob, workspace: FakeWorkspace) -> None:
    workspace.states = ["RUNNING", "TERMINATING"]
    run_id = started(etl)
    assert etl.get_run(run_id).ok
    assert etl.cancel_run(run_id) == Done(data=None)
    run = etl.get_run(run_id)
    assert isinstance(run, Done)
    assert run.data["state"]["life_cycle_state"] == "TERMINATING"
    assert len(workspace.calls("runs/get")) == 2


def test_that_there_is_no_run_yet_is_not_remembered(
    jobs: LakeflowJobs, workspace: FakeWorkspace
) -> None:
    etl = jobs("etl")
    assert etl.last_run() == Done(data=None)
    jobs("other").run_now()
    assert etl.last_run() == Done(data=None)
    run_id = started(etl)
    assert etl.last_run() == Done(data={"run_id": run_id, "job_id": 10})


def test_a_new_run_is_in_the_lists_at_once(etl: LakeflowJob) -> None:
    first = started(etl)
    assert etl.last_run() == Done(data={"run_id": first, "job_id": 10})
    second = started(etl)
    assert etl.last_run() == Done(data={"run_id": second, "job_id": 10})


def test_more_runs_than_a_page_holds_are_listed(etl: LakeflowJob, workspace: FakeWorkspace) -> None:
    for _ in range(60):
        started(etl)
    listed = etl.list_runs()
    assert isinstance(listed, Done)
    assert [run["run_id"] for run in listed.data] == list(range(160, 100, -1))
    pages = [asked.query for asked in workspace.calls("runs/list")]
    assert [(page["limit"], page.get("page_token")) for page in pages] == [
        ("25", None),
        ("25", "25"),
        ("25", "50"),
    ]
    fewer = etl.list_runs(limit=30)
    assert isinstance(fewer, Done)
    assert len(fewer.data) == 30


def test_a_run_is_followed_to_its_end(etl: LakeflowJob, workspace: FakeWorkspace) -> None:
    workspace.states = ["PENDING", "RUNNING", "DREAMING", "TERMINATED"]
    looks = list(etl.run_and_wait({"day": "x"}))
    words = ["PENDING", "RUNNING", "DREAMING", "TERMINATED"]
    assert [look.status for look in looks] == words
    assert [look.sequence for look in looks] == [1, 2, 3, 4]
    assert looks[-1].run["run_id"] == 101
    assert len(workspace.calls("run-now")) == 1


def test_a_run_is_followed_by_an_event_loop_as_well(
    etl: LakeflowJob, workspace: FakeWorkspace
) -> None:
    workspace.states = ["RUNNING", "INTERNAL_ERROR"]

    async def words() -> list[str | None]:
        return [look.status async for look in etl.run_and_wait()]

    assert asyncio.run(words()) == ["RUNNING", "INTERNAL_ERROR"]


def test_a_run_that_cannot_be_started_or_read_is_told_by_raising(
    etl: LakeflowJob, workspace: FakeWorkspace
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


def test_a_look_that_fails_for_a_moment_is_repeated(
    etl: LakeflowJob, workspace: FakeWorkspace
) -> None:
    workspace.fail("runs/get", 503, times=2)
    assert [look.status for look in etl.run_and_wait()] == ["TERMINATED"]


def test_a_run_is_waited_for_no_longer_than_configured(workspace: FakeWorkspace) -> None:
    workspace.states = ["RUNNING"] * 1000
    options = {"etl": JobOptions(wait_timeout=timedelta(milliseconds=20))}
    job = jobs_in(workspace, options)("etl")
    with pytest.raises(WaitedTooLong, match=r"^Job run 101 polling timeout after 20ms$"):
        list(job.run_and_wait())
    assert workspace.calls("runs/cancel") == []


DATABRICKS_APP = {"DATABRICKS_APP_NAME": "shop"}
APP_SERVICE = {"WEBSITE_AUTH_ENABLED": "True"}


def test_in_a_databricks_app_the_users_own_token_is_passed_on(workspace: FakeWorkspace) -> None:
    job = jobs_in(workspace, variables=DATABRICKS_APP)("etl")
    run_id = started(job.as_user(Request(X_Forwarded_Access_Token="dapi-user")))
    assert workspace.calls("run-now")[0].token == "dapi-user"
    job.as_user(Request(x_forwarded_access_token="dapi-user")).get_run(run_id)
    job.as_user(Request(x_forwarded_access_token="dapi-other")).get_run(run_id)
    job.get_run(run_id)
    tokens = [asked.token for asked in workspace.calls("runs/get")]
    assert tokens == ["dapi-user", "dapi-other", TOKEN]


@pytest.mark.parametrize(
    ("variables", "headers", "error"),
    [
        pytest.param({}, {"x_forwarded_access_token": "t"}, NoUserToken, id="no hosting"),
        pytest.param(DATABRICKS_APP, {}, Unauthenticated, id="no token"),
        pytest.param(
            DATABRICKS_APP, {"x_forwarded_access_token": "a b"}, Unauthenticated, id="no such token"
        ),
        pytest.param(
            DATABRICKS_APP,
            {"x_ms_token_aad_access_token": "t"},
            Unauthenticated,
            id="a header that nobody there sets",
        ),
        pytest.param(
            APP_SERVICE,
            {"x_ms_token_aad_access_token": "t"},
            NoUserToken,
            id="App Service without an app registration to exchange by",
        ),
    ],
)
def test_nothing_is_done_for_a_user_who_is_not_vouched_for(
    workspace: FakeWorkspace, variables: dict[str, str], headers: dict[str, str], error: Any
) -> None:
    job = jobs_in(workspace, variables=variables)("etl")
    with pytest.raises(error):
        job.as_user(Request(**headers))
    assert workspace.asked == []


def test_no_token_is_told_by_what_is_printed(workspace: FakeWorkspace) -> None:
    jobs = jobs_in(workspace, variables=DATABRICKS_APP)
    job = jobs("etl").as_user(Request(x_forwarded_access_token="dapi-user"))
    assert "dapi-" not in repr(job)
    assert "dapi-" not in repr(jobs.configuration)
