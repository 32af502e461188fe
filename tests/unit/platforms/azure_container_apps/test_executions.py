"""Executions of Container Apps jobs: lost answers, containers of a start, and states."""

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
from polysync_core.platforms.azure_container_apps.container_apps_job import (
    LIST_LAG,
    execution_template,
    schema_of,
)
from polysync_core.platforms.azure_container_apps.states import failed_containers, report_of
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import (
    JobConnector,
    ProviderStatus,
    SubmitRequest,
    Wait,
)
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import check_platform, platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

CONTAINER: dict[str, Any] = {
    "name": "main",
    "image": "registry.example/load:1",
    "args": ["--all"],
    "env": [{"name": "rows", "value": "1"}, {"name": "KEY", "secretRef": "key"}],
    "resources": {"cpu": 0.5, "memory": "1Gi", "ephemeralStorage": "2Gi"},
    "probes": [],
    "volumeMounts": [{"volumeName": "data"}],
}
JOB_JSON: dict[str, Any] = {
    "name": "load",
    "properties": {
        "template": {
            "containers": [CONTAINER, {"name": "aside", "image": "a"}],
            "initContainers": [{"name": "first", "image": "i", "env": []}],
            "volumes": [],
        }
    },
}
JOB = Job(name="j", platform="p", job_type=JobType.CONTAINER_APPS_JOB, external_id="load")
NAMED = Reply.json({"name": "load-x1", "id": "/x"})
ACCEPTED = Reply(202, b"", {"Location": "https://management.azure.com/operations/1"})


def a_platform(**attributes: Any) -> Platform:
    given = {
        "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
        "resourceGroupName": "rg-data",
        "endpoint": "http://127.0.0.1:1",
        **attributes,
    }
    raw = {"name": "p", "type": "AzureContainerApps", "attributes": given}
    return Platform.model_validate(raw)


def executions(*tokens: str) -> Reply:
    found: list[Any] = []
    for at, token in enumerate(tokens):
        container = {"name": "main", "env": [{"name": "POLYSYNC_ATTEMPT", "value": token}]}
        template = {"containers": [container]}
        found.append({"name": f"load-x{at}", "properties": {"template": template}})
    return Reply.json({"value": found})


class Scripted:
    """A connector with scripted answers, in virtual time."""

    def __init__(self, *replies: Reply | Exception) -> None:
        self.time = VirtualTime()
        self.transport = ScriptedTransport(replies)
        http = HttpOptions(transport=self.transport, timer=self.time.timer)
        context = PluginContext(secrets=NoSecrets(), allow_loopback=True, http=http)
        live = platform_plugin("AzureContainerApps").open(a_platform(), context)
        self.job: JobConnector = live.job(JobType.CONTAINER_APPS_JOB)

    def request(self, **facts: Any) -> SubmitRequest:
        base = SubmitRequest(
            job=JOB, token="t1", run_name="r", parameters={}, begun_at=self.time.now()
        )
        return replace(base, **facts)

    @property
    def calls(self) -> list[str]:
        paths = [str(each.url).partition("/jobs/")[2] for each in self.transport.requests]
        return [path.partition("?")[0] for path in paths]


class NoSecrets:
    def resolve(self, reference: str) -> Secret:
        raise AssertionError

    def forget(self, reference: str) -> None: ...


def test_a_start_sends_the_containers_of_the_job_with_the_token() -> None:
    scripted = Scripted(Reply.json(JOB_JSON), NAMED)

    submitted = scripted.job.submit(scripted.request())

    assert submitted.external_run_id == "load-x1"
    assert scripted.calls == ["load", "load/start"]
    body = json.loads(scripted.transport.requests[1].body or b"")
    assert body["containers"][0]["env"][0] == {"name": "POLYSYNC_ATTEMPT", "value": "t1"}


def test_an_accepted_start_without_a_name_is_found_by_its_token() -> None:
    scripted = Scripted(Reply.json(JOB_JSON), ACCEPTED, executions("t0", "t1"))
    assert scripted.job.submit(scripted.request()).external_run_id == "load-x1"


def test_an_accepted_start_that_is_not_listed_yet_is_uncertain() -> None:
    scripted = Scripted(Reply.json(JOB_JSON), ACCEPTED, executions("t0"))
    with pytest.raises(Uncertain):
        scripted.job.submit(scripted.request())


@pytest.mark.parametrize("reply", [Reply.json({}), Reply.json({"name": "../x"}), Reply(202, b"")])
def test_an_answer_without_a_usable_name_is_uncertain(reply: Reply) -> None:
    scripted = Scripted(Reply.json(JOB_JSON), reply)
    with pytest.raises(Uncertain):
        scripted.job.submit(scripted.request())


def test_a_resend_adopts_the_execution_of_the_attempt() -> None:
    scripted = Scripted(executions("t0", "t1"))
    found = scripted.job.submit(scripted.request(is_resend=True))
    assert (found.external_run_id, scripted.calls) == ("load-x1", ["load/executions"])


def test_a_resend_sends_nothing_while_the_list_may_lag() -> None:
    scripted = Scripted(executions("t0"))
    with pytest.raises(Uncertain):
        scripted.job.submit(scripted.request(is_resend=True))
    assert scripted.calls == ["load/executions"]


def test_a_resend_starts_the_job_when_the_list_is_complete() -> None:
    scripted = Scripted(executions("t0"), Reply.json(JOB_JSON), NAMED)
    request = scripted.request(is_resend=True)
    scripted.time.seconds = LIST_LAG.total_seconds() + 1
    assert scripted.job.submit(request).external_run_id == "load-x1"


def test_a_start_is_never_repeated_by_itself() -> None:
    scripted = Scripted(Reply.json(JOB_JSON), Reply(503), NAMED)
    with pytest.raises(Uncertain):
        scripted.job.submit(scripted.request())
    assert scripted.calls == ["load", "load/start"]


def template(**facts: Any) -> Any:
    values = facts.pop("parameters", {})
    parameters = tuple(Parameter(name=name) for name in values)
    job = JOB.model_copy(update={"parameters": parameters, "settings": facts.pop("settings", {})})
    request = Scripted(NAMED).request(job=job, parameters=values)
    return execution_template(JOB_JSON, request)


def test_only_properties_of_an_execution_are_sent() -> None:
    sent = template(parameters={"rows": 7, "KEY": Secret("s3")})

    assert sent == {
        "containers": [
            {
                "name": "main",
                "image": "registry.example/load:1",
                "args": ["--all"],
                "env": [
                    {"name": "POLYSYNC_ATTEMPT", "value": "t1"},
                    {"name": "rows", "value": "7"},
                    {"name": "KEY", "value": "s3"},
                ],
                "resources": {"cpu": 0.5, "memory": "1Gi"},
            },
            {"name": "aside", "image": "a"},
        ],
        "initContainers": [{"name": "first", "image": "i"}],
    }


def test_another_container_may_get_the_values() -> None:
    sent = template(settings={"containerName": "aside"}, parameters={"rows": "7"})
    assert sent["containers"][0]["env"] == CONTAINER["env"]
    assert {"name": "rows", "value": "7"} in sent["containers"][1]["env"]


def test_a_job_without_the_container_is_refused() -> None:
    with pytest.raises(PlatformRefused, match="only: main, aside") as caught:
        template(settings={"containerName": "other"})
    assert caught.value.cause is FailureCause.SUBMIT


def test_variables_of_the_first_container_are_the_parameters() -> None:
    schema = schema_of(JOB_JSON)
    found = [(each.name, each.default) for each in schema.parameters]
    assert found == [("rows", "1"), ("KEY", None)]
    # A start cannot name volumes.
    assert "volumes" in schema.notes[0]
    assert schema.is_complete
    assert not schema_of({"properties": {"template": {"containers": [{"name": "a"}]}}}).notes


def execution(status: Any, **facts: Any) -> dict[str, Any]:
    return {"name": "load-x1", "properties": {"status": status, **facts}}


@pytest.mark.parametrize(
    ("word", "status", "wait"),
    [
        ("Processing", ProviderStatus.STARTING, Wait.COMPUTE),
        ("Running", ProviderStatus.RUNNING, None),
        ("Degraded", ProviderStatus.RUNNING, Wait.RETRY),
        ("succeeded", ProviderStatus.SUCCESS, None),
        ("Failed", ProviderStatus.FAILED, None),
        ("Stopped", ProviderStatus.CANCELLED, None),
        ("Unknown", ProviderStatus.UNKNOWN, None),
        ("Dreaming", ProviderStatus.UNKNOWN, None),
    ],
)
def test_each_state_has_a_status(word: str, status: ProviderStatus, wait: Wait | None) -> None:
    report = report_of(execution(word), "page")
    assert (report.status, report.wait, report.provider_state) == (status, wait, word)


def test_an_execution_without_a_state_is_unexpected() -> None:
    with pytest.raises(UnexpectedAnswer):
        report_of(execution(None), "")


def replica(name: str, *containers: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "containers": list(containers)}


def test_the_failed_container_of_each_replica_is_named_with_its_exit_code() -> None:
    replicas = [
        replica("r1", {"name": "main", "code": 137, "additionalInformation": "OOMKilled"}),
        replica("r2", {"name": "main", "code": 0}, {"name": "aside", "status": "Failed"}),
    ]
    failed = execution("Failed", detailedStatus={"replicas": replicas}, reason="Backoff")

    parts = [(each.part, each.error) for each in failed_containers(failed).parts]

    assert parts == [
        ("main (replica 1)", "exit code 137: OOMKilled"),
        ("aside (replica 2)", "no exit code"),
    ]
    message = "Backoff; Container main (replica 1): exit code 137: OOMKilled"
    assert report_of(failed, "").message == message


def test_a_failure_without_containers_has_the_reason_of_the_execution() -> None:
    parts = failed_containers(execution("Failed", reason="Timeout", message="took 60 s")).parts
    assert [(each.part, each.error) for each in parts] == [("", "Timeout: took 60 s")]
    assert not failed_containers(execution("Running")).parts


def test_a_simulator_is_refused_outside_development() -> None:
    with pytest.raises(Exception, match="allowed in development only"):
        check_platform(a_platform(), allow_loopback=False)
