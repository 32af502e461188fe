"""HttpJob: the calls that settings describe, and what their answers mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from polysync_core.domain.definitions.jobs import DataType, Job, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import (
    CannotStop,
    JobConnector,
    OutcomeUnknown,
    ProviderStatus,
    RunNotFound,
    SubmitRequest,
)
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import check_job, check_platform, platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

PAGE = Path(__file__).parents[4] / "docs/howto/http-jobs.md"
EXAMPLES = [
    yaml.safe_load(part.partition("```")[0]) for part in PAGE.read_text().split("```yaml\n")[1:]
]
WORDS = {"succeeded": ["done"], "failed": ["broken"], "running": ["true"]}


class Vault:
    """A vault whose secrets are named like their references."""

    def resolve(self, reference: str) -> Secret:
        return Secret(f"secret-of-{reference.rpartition('/')[2]}")

    def forget(self, reference: str) -> None: ...


def a_platform(**auth: str) -> Platform:
    auth = auth or {"method": "Token", "token": "vault://v/t"}
    attributes = {"serviceUrl": "https://jobs.example.com"}
    return Platform.model_validate(
        {"name": "p", "type": "HttpService", "auth": auth, "attributes": attributes}
    )


def a_job(*parameters: Parameter, submit: Any = None, **settings: Any) -> Job:
    read = {"path": "/runs/{runId}", "status": ["$.state"], "words": WORDS}
    call = {"path": "/jobs/{externalId}/runs", "runId": "$.id", **(submit or {})}
    return Job(
        name="j",
        platform="p",
        job_type="HttpJob",
        external_id="a/b",
        parameters=parameters,
        settings={"submit": call, "read": read, **settings},
    )


class Service:
    """A connector with a scripted service."""

    def __init__(self, *answers: Any, platform: Platform | None = None) -> None:
        replies = [each if isinstance(each, Reply) else Reply.json(each) for each in answers]
        self.transport = ScriptedTransport(replies or [Reply()])
        http = HttpOptions(transport=self.transport, timer=VirtualTime().timer)
        context = PluginContext(secrets=Vault(), http=http)
        platform = platform or a_platform()
        check_platform(platform, allow_loopback=False)
        self.connector = platform_plugin("HttpService").open(platform, context)
        self.jobs: JobConnector = self.connector.job("HttpJob")

    def submit(self, job: Job, values: dict[str, JsonValue | Secret] | None = None, **more: Any):
        check_job(a_platform(), job)
        request = SubmitRequest(
            job=job,
            token="t0k",
            run_name="run 7",
            parameters=values or {},
            begun_at=datetime(2030, 1, 1, tzinfo=UTC),
            **more,
        )
        return self.jobs.submit(request)

    @property
    def sent(self) -> list[tuple[str | None, str | None]]:
        return [(each.method, each.url) for each in self.transport.requests]

    def body(self, index: int = -1) -> Any:
        return json.loads(self.transport.requests[index].body or b"null")


def test_values_are_parts_of_the_path_and_keep_their_types_in_the_body() -> None:
    service = Service({"id": 7})
    body = {
        "all": "{parameters}",
        "count": "{parameters.count}",
        "text": "n={parameters.count} {{x}}",
        "list": ["{parameters.missing}", "{token}"],
        "gone": "{parameters.missing}",
        "kept": None,
        "number": "{parameters.digits:number}",
    }
    job = a_job(
        Parameter(name="count", data_type=DataType.INT),
        Parameter(name="missing"),
        Parameter(name="digits"),
        submit={"body": body, "query": {"name": "{runName}"}, "path": "/{externalId}/x/"},
    )
    submitted = service.submit(job, {"count": 3, "missing": None, "digits": "12"})
    assert submitted.external_run_id == "7"
    assert service.sent == [("POST", "https://jobs.example.com/a%2Fb/x/?name=run%207")]
    assert service.body() == {
        "all": {"count": 3, "digits": "12"},
        "count": 3,
        "text": "n=3 {x}",
        "list": [None, "t0k"],
        "kept": None,
        "number": 12,
    }


@pytest.mark.parametrize("where", ["path", "query"])
def test_a_secret_is_never_sent_in_an_address(where: str) -> None:
    service = Service({"id": "1"})
    submit = {
        "path": {"path": "/x/{parameters.key}"},
        "query": {"query": {"k": "{parameters}"}},
    }[where]
    job = a_job(Parameter(name="key"), submit=submit)
    with pytest.raises(PlatformRefused, match="the parameter key is a secret"):
        service.submit(job, {"key": Secret("canary")})
    assert service.sent == []


def test_without_a_read_call_the_answer_is_the_result() -> None:
    service = Service({"answer": {"text": "yes"}})
    job = a_job(outputs={"text": "$.answer.text", "none": "$.missing"}, read=None)
    submitted = service.submit(job)
    assert submitted.external_run_id == "t0k"
    assert submitted.report is not None
    assert submitted.report.status is ProviderStatus.SUCCESS
    assert submitted.report.outputs == {"text": "yes"}
    with pytest.raises(RunNotFound):
        service.jobs.read(job, "t0k")


@pytest.mark.parametrize(
    ("state", "status", "word"),
    [
        ("done", ProviderStatus.SUCCESS, "done"),
        ("broken", ProviderStatus.FAILED, "broken"),
        (True, ProviderStatus.RUNNING, "true"),
        ("DONE", ProviderStatus.UNKNOWN, "DONE"),
        (10, ProviderStatus.UNKNOWN, "10"),
    ],
)
def test_the_words_of_the_service_decide_the_status(
    state: JsonValue, status: ProviderStatus, word: str
) -> None:
    report = Service({"state": state, "why": "no rows"}).jobs.read(a_job(), "1")
    assert (report.status, report.provider_state) == (status, word)


def test_a_failure_has_the_message_and_a_success_the_outputs() -> None:
    read = {
        "path": "/runs/{runId}",
        "status": ["$.result", "$.state"],
        "words": WORDS,
        "message": "$.why",
    }
    job = a_job(read=read, outputs={"rows": "$.rows[0]"})
    answer = {"result": None, "state": "broken", "why": "no rows", "rows": [3]}
    failed = Service(answer).jobs.read(job, "1")
    assert (failed.message, failed.outputs) == ("no rows", {})
    succeeded = Service({**answer, "result": "done"}).jobs.read(job, "1")
    assert (succeeded.message, succeeded.outputs) == (None, {"rows": 3})


def test_a_lost_answer_is_sent_again_only_with_one_run_for_each_token() -> None:
    plain = Service({"id": "1"})
    with pytest.raises(OutcomeUnknown, match="oneRunPerToken"):
        plain.submit(a_job(), is_resend=True)
    assert plain.sent == []
    keyed = Service(Reply(503), {"id": "1"})
    job = a_job(submit={"oneRunPerToken": True, "headers": {"Idempotency-Key": "{token}"}})
    assert keyed.submit(job, is_resend=True).external_run_id == "1"
    assert [each.headers["Idempotency-Key"] for each in keyed.transport.requests] == ["t0k"] * 2


def test_a_run_that_exists_under_the_chosen_id_is_the_run_of_the_token() -> None:
    submit = {
        "body": {"name": "job-{token}"},
        "runId": "job-{token}",
        "oneRunPerToken": True,
        "existsStatuses": [409],
    }
    service = Service(Reply(409))
    submitted = service.submit(a_job(submit=submit, monitorPath="/ui/{runId}"), is_resend=True)
    assert submitted.external_run_id == "job-t0k"
    assert submitted.monitor_url == "https://jobs.example.com/ui/job-t0k"
    with pytest.raises(PlatformRefused, match="status 422"):
        Service(Reply(422)).submit(a_job(submit=submit))


def test_a_refused_stop_counts_only_while_the_run_is_active() -> None:
    job = a_job(cancel={"method": "DELETE", "path": "/runs/{runId}"})
    Service(Reply(409), {"state": "done"}).jobs.cancel(job, "1")
    with pytest.raises(PlatformRefused):
        Service(Reply(409), {"state": True}).jobs.cancel(job, "1")
    with pytest.raises(RunNotFound):
        Service(Reply(404)).jobs.cancel(job, "1")
    with pytest.raises(CannotStop):
        Service().jobs.cancel(a_job(), "1")


@pytest.mark.parametrize("run_id", ["", ".", "..", "a\nb"])
def test_a_text_that_is_no_run_id_is_not_found_without_a_call(run_id: str) -> None:
    service = Service({"state": "done"})
    with pytest.raises(RunNotFound):
        service.jobs.read(a_job(), run_id)
    assert service.sent == []


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"method": "Token", "token": "vault://v/t"}, "Authorization", "Bearer secret-of-t"),
        (
            {"method": "Token", "token": "vault://v/t", "scheme": "Token"},
            "Authorization",
            "Token secret-of-t",
        ),
        (
            {"method": "Token", "token": "vault://v/t", "header": "X-API-Key"},
            "X-API-Key",
            "secret-of-t",
        ),
        (
            {"method": "UserPassword", "username": "me", "password": "vault://v/p"},
            "Authorization",
            "Basic bWU6c2VjcmV0LW9mLXA=",
        ),
        ({"method": "Anonymous"}, "Authorization", None),
    ],
)
def test_each_method_signs_in_as_documented(
    auth: dict[str, str], header: str, value: str | None
) -> None:
    service = Service({"id": "1"}, platform=a_platform(**auth))
    service.submit(a_job())
    assert service.transport.requests[0].headers.get(header) == value


def test_oauth_fetches_a_token_from_its_own_address_and_uses_it_again() -> None:
    auth = {
        "method": "OAuth",
        "tokenUrl": "https://login.example.com/oauth/token",
        "clientId": "me",
        "clientSecret": "vault://v/s",
        "scope": "jobs",
    }
    token = {"access_token": "abc", "expires_in": 3600}
    service = Service(token, {"id": "1"}, {"id": "2"}, platform=a_platform(**auth))
    service.submit(a_job())
    service.submit(a_job())
    assert [url for _, url in service.sent] == [
        "https://login.example.com/oauth/token",
        *["https://jobs.example.com/jobs/a%2Fb/runs"] * 2,
    ]
    form = service.transport.requests[0].body
    assert form == (
        b"grant_type=client_credentials&client_id=me&client_secret=secret-of-s&scope=jobs"
    )
    assert service.transport.requests[2].headers["Authorization"] == "Bearer abc"


@pytest.mark.parametrize("answer", [Reply(401), Reply(403), Reply(500)])
def test_a_connection_test_without_a_path_refuses_only_the_credential_and_a_broken_service(
    answer: Reply,
) -> None:
    with pytest.raises(Exception, match=r"jobs\.example\.com|credential"):
        Service(answer).connector.test()
    assert "set testPath" in Service(Reply(404)).connector.test()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each["platforms"][0]["name"])
def test_every_documented_service_is_a_valid_definition(example: dict[str, Any]) -> None:
    platform = Platform.model_validate(example["platforms"][0])
    check_platform(platform, allow_loopback=False)
    for each in example["jobs"]:
        check_job(platform, Job.model_validate(each))


STATES = {
    "azure-devops": [
        ({"id": 7, "state": "inProgress"}, ProviderStatus.RUNNING),
        ({"id": 7, "state": "canceling"}, ProviderStatus.RUNNING),
        ({"id": 7, "state": "completed", "result": "succeeded"}, ProviderStatus.SUCCESS),
        ({"id": 7, "state": "completed", "result": "failed"}, ProviderStatus.FAILED),
        ({"id": 7, "state": "completed", "result": "canceled"}, ProviderStatus.CANCELLED),
    ],
    "argo": [
        ({"metadata": {"name": "train-x", "namespace": "ml"}}, ProviderStatus.STARTING),
        ({"status": {"phase": "Pending"}}, ProviderStatus.STARTING),
        ({"status": {"phase": "Running"}}, ProviderStatus.RUNNING),
        ({"status": {"phase": "Succeeded"}}, ProviderStatus.SUCCESS),
        ({"status": {"phase": "Error", "message": "no node"}}, ProviderStatus.FAILED),
    ],
    "prefect": [
        ({"state_type": "SCHEDULED"}, ProviderStatus.STARTING),
        ({"state_type": "PAUSED"}, ProviderStatus.RUNNING),
        ({"state_type": "COMPLETED"}, ProviderStatus.SUCCESS),
        ({"state_type": "CRASHED", "state": {"message": "lost"}}, ProviderStatus.FAILED),
        ({"state_type": "CANCELLED"}, ProviderStatus.CANCELLED),
    ],
}
"""Answers of the documented services about a run, with their statuses."""
STARTS = {
    "azure-devops": ({"id": 7}, "7", {"templateParameters": {"environment": "a"}}),
    "argo": (
        {"metadata": {"name": "polysync-x"}},
        "polysync-x",
        {
            "resourceKind": "WorkflowTemplate",
            "resourceName": "train",
            "submitOptions": {"generateName": "polysync-", "parameters": ["day=a"]},
        },
    ),
    "prefect": (
        {"id": "f1"},
        "f1",
        {"name": "run 7", "parameters": {}, "idempotency_key": "t0k"},
    ),
}
"""Answers of the documented services to a start, with the id of the run and the body sent."""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: each["platforms"][0]["name"])
def test_every_documented_service_is_started_polled_and_stopped(example: dict[str, Any]) -> None:
    platform = Platform.model_validate(example["platforms"][0])
    job = Job.model_validate(example["jobs"][0])
    started, run_id, body = STARTS[platform.name]
    service = Service(started, platform=platform)
    values: dict[str, Any] = {
        each.name: "a" for each in job.parameters if each.direction == "Input"
    }
    assert service.submit(job, values).external_run_id == run_id
    assert service.body() == body
    for answer, status in STATES[platform.name]:
        report = Service(answer, platform=platform).jobs.read(job, run_id)
        assert (report.status, bool(report.message)) == (
            status,
            status is ProviderStatus.FAILED and platform.name != "azure-devops",
        )
    service.jobs.cancel(job, run_id)
    assert run_id in (service.sent[-1][1] or "")
