"""Batch jobs of runs: their tasks, repeated submits, refused tasks and states."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.azure.environment_variables import copy_name
from polysync_core.platforms.azure_batch.batch_job import parts_of
from polysync_core.platforms.azure_batch.job_template import JobTemplate
from polysync_core.platforms.connector import (
    JobConnector,
    SubmitRequest,
    Submitted,
)
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

NAME = copy_name("load", "t1", limit=64)
TEMPLATE: dict[str, Any] = {
    "id": "load",
    "state": "disabled",
    "poolInfo": {"poolId": "small"},
    "priority": 5,
    "constraints": {"maxTaskRetryCount": 2, "maxWallClockTime": "PT1H"},
    "commonEnvironmentSettings": [{"name": "REGION", "value": "eu"}],
    "metadata": [{"name": "team", "value": "sales"}, {"name": "polysync.attempt", "value": "x"}],
    "onAllTasksComplete": "terminatejob",
    "executionInfo": {"startTime": "2030-01-01T00:00:00Z"},
}
TASK: dict[str, Any] = {
    "id": "only",
    "commandLine": "/bin/load",
    "environmentSettings": [{"name": "ROWS", "value": "1"}, {"name": "API_KEY", "value": "k"}],
    "constraints": {"maxTaskRetryCount": 3},
    "state": "active",
    "url": "https://x",
    "eTag": "1",
}
SECOND = {**TASK, "id": "second", "environmentSettings": [{"name": "ROWS", "value": "2"}]}
JOB = Job(name="j", platform="p", job_type=JobType.AZURE_BATCH_JOB, external_id="load")
READ = (Reply.json(TEMPLATE), Reply.json({"value": [TASK]}))
CREATED, CHANGED = Reply(201, b""), Reply(200, b"")
ADDED = Reply.json({"value": [{"status": "success", "taskId": "only"}]})


def a_platform(**attributes: Any) -> Platform:
    given = {
        "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
        "resourceGroupName": "rg-data",
        "batchAccountUrl": "https://analytics.westeurope.batch.azure.com",
        **attributes,
    }
    return Platform.model_validate({"name": "p", "type": "AzureBatch", "attributes": given})


def refusal(status: int, code: str) -> Reply:
    body = {"code": code, "message": {"lang": "en-US", "value": "refused"}}
    return Reply.json(body, status=status)


def task_result(code: str, status: str = "clienterror", task: str = "only") -> dict[str, Any]:
    error = {"code": code, "message": {"lang": "en-US", "value": f"the task: {code}"}}
    return {"status": status, "taskId": task, "error": error}


class NoSecrets:
    def resolve(self, reference: str) -> Secret:
        raise AssertionError

    def forget(self, reference: str) -> None: ...


class Scripted:
    """A connector with scripted answers, in virtual time."""

    def __init__(self, *replies: Reply) -> None:
        self.time = VirtualTime()
        self.transport = ScriptedTransport(replies)
        http = HttpOptions(transport=self.transport, timer=self.time.timer)
        context = PluginContext(secrets=NoSecrets(), allow_loopback=True, http=http)
        platform = a_platform(endpoint="http://127.0.0.1:1")
        live = platform_plugin("AzureBatch").open(platform, context)
        self.job: JobConnector = live.job(JobType.AZURE_BATCH_JOB)

    def submit(self, **facts: Any) -> Submitted:
        return self.job.submit(a_request(**facts))

    @property
    def calls(self) -> list[str]:
        return [
            f"{each.method} {str(each.url).partition(':1/')[2].partition('?')[0]}"
            for each in self.transport.requests
        ]

    def body(self, at: int) -> Any:
        return json.loads(self.transport.requests[at].body or b"")


def a_request(**facts: Any) -> SubmitRequest:
    values = facts.pop("parameters", {})
    parameters = tuple(Parameter(name=name) for name in values)
    job = JOB.model_copy(update={"parameters": parameters})
    now = VirtualTime().now()
    request = SubmitRequest(
        job=job, token="t1", run_name="nightly", parameters=values, begun_at=now
    )
    return replace(request, **facts)


def test_a_job_is_created_then_filled_and_then_ends_by_itself() -> None:
    scripted = Scripted(*READ, CREATED, ADDED, CHANGED)

    submitted = scripted.submit(parameters={"ROWS": 7, "REGION": "us", "NEW": Secret("s")})

    assert submitted.external_run_id == NAME
    assert scripted.calls == [
        "GET jobs/load",
        "GET jobs/load/tasks",
        "POST jobs",
        f"POST jobs/{NAME}/addtaskcollection",
        f"PATCH jobs/{NAME}",
    ]
    assert scripted.body(2) == {
        "id": NAME,
        "displayName": "nightly",
        "poolInfo": {"poolId": "small"},
        "priority": 5,
        "constraints": TEMPLATE["constraints"],
        "commonEnvironmentSettings": [{"name": "REGION", "value": "us"}],
        "metadata": [
            {"name": "team", "value": "sales"},
            {"name": "polysync.source", "value": "load"},
            {"name": "polysync.attempt", "value": "t1"},
        ],
        "onAllTasksComplete": "noaction",
    }
    (task,) = scripted.body(3)["value"]
    assert set(task) == {"id", "commandLine", "environmentSettings", "constraints"}
    assert {each["name"]: each["value"] for each in task["environmentSettings"]} == {
        "ROWS": "7",
        "REGION": "us",
        "NEW": "s",
        "API_KEY": "k",
    }
    assert scripted.body(4) == {"onAllTasksComplete": "terminatejob"}
    for request in scripted.transport.requests[2:]:
        kind = request.headers["Content-Type"]
        assert kind == "application/json; odata=minimalmetadata"


def known(**facts: Any) -> Reply:
    metadata = [{"name": "polysync.attempt", "value": "t1"}]
    return Reply.json({"id": NAME, "state": "active", "metadata": metadata, **facts})


EXISTS = refusal(409, "JobExists")
AGAIN = Reply.json({"value": [task_result("TaskExists")]})


def test_a_repeated_submit_completes_the_job_of_the_first() -> None:
    scripted = Scripted(*READ, EXISTS, known(), AGAIN, CHANGED)
    assert scripted.submit(is_resend=True).external_run_id == NAME
    assert scripted.calls[-1] == f"PATCH jobs/{NAME}"


@pytest.mark.parametrize("facts", [{"onAllTasksComplete": "terminatejob"}, {"state": "completed"}])
def test_a_repeated_submit_leaves_a_whole_job_as_it_is(facts: dict[str, Any]) -> None:
    scripted = Scripted(*READ, EXISTS, known(**facts))
    assert scripted.submit().external_run_id == NAME
    assert scripted.calls[-1] == f"GET jobs/{NAME}"


def test_the_job_of_another_attempt_is_never_adopted() -> None:
    other = [{"name": "polysync.attempt", "value": "t2"}]
    scripted = Scripted(*READ, EXISTS, known(metadata=other))
    with pytest.raises(PlatformRefused, match="JobExists"):
        scripted.submit()


def test_a_refused_task_ends_the_job_and_is_named() -> None:
    refused = Reply.json({"value": [task_result("InvalidPropertyValue")]})
    scripted = Scripted(*READ, CREATED, refused, Reply(202, b""))

    with pytest.raises(PlatformRefused, match="the task 'only'") as caught:
        scripted.submit()

    assert caught.value.cause is FailureCause.SUBMIT
    assert caught.value.platform_message == "the task: InvalidPropertyValue"
    assert scripted.calls[-1] == f"POST jobs/{NAME}/terminate"


def test_a_task_that_batch_could_not_store_is_added_again() -> None:
    busy = Reply.json({"value": [task_result("ServerBusy", "servererror")]})
    scripted = Scripted(*READ, CREATED, busy, ADDED, CHANGED)
    assert scripted.submit().external_run_id == NAME


def test_tasks_that_batch_does_not_store_leave_the_submit_open() -> None:
    busy = Reply.json({"value": [task_result("ServerBusy", "servererror")]})
    scripted = Scripted(*READ, CREATED, busy, busy, busy)
    with pytest.raises(Uncertain):
        scripted.submit()
    assert not [call for call in scripted.calls if "terminate" in call]


def test_a_used_up_quota_is_a_contention() -> None:
    scripted = Scripted(*READ, refusal(409, "ActiveJobAndScheduleQuotaReached"))
    with pytest.raises(PlatformRefused, match="quota of active jobs") as caught:
        scripted.submit()
    assert caught.value.cause is FailureCause.CONTENTION_REJECTED


def test_a_job_without_tasks_is_refused_before_a_copy_exists() -> None:
    scripted = Scripted(Reply.json(TEMPLATE), Reply.json({"value": []}))
    with pytest.raises(PlatformRefused, match="has no task"):
        scripted.submit()
    assert len(scripted.calls) == 2


def test_the_job_manager_of_a_schedule_gets_the_values() -> None:
    manager = {"id": "m", "commandLine": "run", "environmentSettings": []}
    specification = {"poolInfo": {"poolId": "small"}, "jobManagerTask": manager}
    schedule = Reply.json({"id": "nightly", "jobSpecification": specification})
    scripted = Scripted(schedule, CREATED, CHANGED)
    job = JOB.model_copy(
        update={"external_id": "jobschedules/nightly", "parameters": (Parameter(name="ROWS"),)}
    )

    scripted.job.submit(replace(a_request(), job=job, parameters={"ROWS": 7}))

    assert scripted.calls[0] == "GET jobschedules/nightly"
    sent = scripted.body(1)
    assert sent["jobManagerTask"]["environmentSettings"] == [{"name": "ROWS", "value": "7"}]
    assert sent["id"] == copy_name("nightly", "t1", limit=64)
    assert len(scripted.calls) == 3


def test_tasks_of_a_job_manager_are_not_copied() -> None:
    manager = {"jobManagerTask": {"id": "m", "commandLine": "run"}}
    scripted = Scripted(Reply.json({**TEMPLATE, **manager}), CREATED, CHANGED)
    scripted.submit()
    assert scripted.calls == ["GET jobs/load", "POST jobs", f"PATCH jobs/{NAME}"]


def test_batch_does_not_retry_the_only_try_of_a_run() -> None:
    template = JobTemplate(TEMPLATE, [TASK])
    request = a_request(is_only_try=True)
    job, (task,) = template.copy(request, "x", {}), template.task_copies(request, {})
    assert job["constraints"] == {"maxTaskRetryCount": 0, "maxWallClockTime": "PT1H"}
    assert task["constraints"] == {"maxTaskRetryCount": 0}


def test_variables_of_all_tasks_become_parameters() -> None:
    found = JobTemplate(TEMPLATE, [TASK, SECOND]).schema().parameters
    # The tasks differ in ROWS, and API_KEY looks like a credential.
    assert [(each.name, each.default) for each in found] == [
        ("REGION", "eu"),
        ("ROWS", None),
        ("API_KEY", None),
    ]


def test_many_or_large_tasks_are_sent_in_several_calls() -> None:
    many = [{"id": str(at), "commandLine": "x"} for at in range(250)]
    assert [len(part) for part in parts_of([*many])] == [100, 100, 50]
    large = [{"id": str(at), "commandLine": "x" * 300_000} for at in range(3)]
    assert [len(part) for part in parts_of([*large])] == [1, 1, 1]
    assert not [*parts_of([])]
