"""The pipeline connector with scripted answers of the services."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.secrets import Secret
from polysync_core.platforms.connector import (
    JobConnector,
    OutcomeUnknown,
    ProviderStatus,
    RunNotFound,
    SubmitRequest,
    Wait,
)
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

TOKEN = "t" * 40
SETTINGS = {"attemptTokenParameter": "attempt"}
RUN = {"runId": "run-1", "status": "Succeeded", "runStart": "2030-01-01T00:00:01.1234567Z"}
JOB = Job(
    name="load",
    platform="pipelines",
    job_type=JobType.ADF_PIPELINE,
    external_id="pl_load",
    parameters=(Parameter(name="attempt"), Parameter(name="rows", data_type=DataType.INT)),
    settings=SETTINGS,
)


class Stand:
    """A connector with scripted answers, in virtual time."""

    def __init__(self, *steps: Any, kind: str = "AzureDataFactory") -> None:
        self.time = VirtualTime()
        replies = [
            each if isinstance(each, Reply | Exception) else Reply.json(each) for each in steps
        ]
        self.transport = ScriptedTransport(replies)
        named = {"factoryName": "adf-sales"} if "Factory" in kind else {"workspaceName": "syn"}
        platform = Platform.model_validate(
            {
                "name": "pipelines",
                "type": kind,
                "auth": {"method": "ManagedIdentity"},
                "attributes": {
                    "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
                    "resourceGroupName": "rg",
                    "endpoint": "http://127.0.0.1:1",
                    **named,
                },
            }
        )
        http = HttpOptions(transport=self.transport, timer=self.time.timer)
        self.connector = platform_plugin(kind).open(
            platform, PluginContext(secrets=NoSecrets(), allow_loopback=True, http=http)
        )
        job_type = JobType.ADF_PIPELINE if "Factory" in kind else JobType.SYNAPSE_PIPELINE
        self.job: JobConnector = self.connector.job(job_type)

    def order(self, **changes: Any) -> SubmitRequest:
        fields: dict[str, Any] = {
            "job": JOB,
            "token": TOKEN,
            "run_name": "load",
            "parameters": {},
            "begun_at": self.time.now(),
            **changes,
        }
        return SubmitRequest(**fields)

    def sent(self) -> list[str]:
        return [
            f"{each.method} {str(each.path_url).partition('adf-sales')[2].partition('?')[0]}"
            for each in self.transport.requests
        ]

    def body(self, number: int = -1) -> JsonObject:
        return json.loads(self.transport.requests[number].body or b"{}")


class NoSecrets:
    def resolve(self, reference: str) -> Secret:
        raise AssertionError("no secret is needed")

    def forget(self, reference: str) -> None: ...


# Submitting


def test_values_are_sent_with_their_types_and_the_attempts_token() -> None:
    stand = Stand({"runId": "run-1"})

    submitted = stand.job.submit(stand.order(parameters={"rows": Secret("7"), "attempt": "mine"}))

    assert submitted.external_run_id == "run-1"
    assert (submitted.monitor_url or "").startswith("https://adf.azure.com/")
    assert stand.sent() == ["POST /pipelines/pl_load/createRun"]
    assert stand.body() == {"rows": 7, "attempt": TOKEN}


def test_a_busy_service_may_have_started_the_run_despite_its_retry_after() -> None:
    stand = Stand(Reply(status=503, headers={"Retry-After": "9"}))

    with pytest.raises(Uncertain):
        stand.job.submit(stand.order())


@pytest.mark.parametrize("answer", [{}, {"runId": None}, {"runId": "../x"}, {"runId": 7}])
def test_an_answer_without_a_run_id_makes_the_start_uncertain(answer: JsonObject) -> None:
    stand = Stand(answer)

    with pytest.raises(Uncertain):
        stand.job.submit(stand.order())
    assert len(stand.transport.requests) == 1


def test_the_search_covers_the_time_since_the_attempt_began_and_all_pages() -> None:
    other = {**RUN, "runId": "run-0", "parameters": {"attempt": "another"}}
    own_runs = {**RUN, "parameters": {"attempt": TOKEN}}
    stand = Stand({"value": [other], "continuationToken": "next"}, {"value": [own_runs]})
    begun_at = stand.time.now()
    stand.time.sleep(30)

    submitted = stand.job.submit(stand.order(begun_at=begun_at, is_resend=True))

    assert submitted.external_run_id == "run-1"
    assert stand.sent() == ["POST /queryPipelineRuns"] * 2
    assert stand.body(1)["continuationToken"] == "next"
    body = stand.body(0)
    since = datetime.fromisoformat(str(body["lastUpdatedAfter"]))
    until = datetime.fromisoformat(str(body["lastUpdatedBefore"]))
    assert since == begun_at - timedelta(minutes=5)
    assert until > stand.time.now()
    assert body["filters"] == [
        {"operand": "PipelineName", "operator": "Equals", "values": ["pl_load"]}
    ]


@pytest.mark.parametrize(
    ("parameters", "settings"),
    [
        pytest.param({"rows": 7}, SETTINGS, id="the pipeline does not declare the parameter"),
        pytest.param(None, SETTINGS, id="no parameters are shown"),
        pytest.param({}, {"whenAnswerLost": "Resend"}, id="there is no token"),
    ],
)
def test_a_run_that_may_belong_to_the_attempt_prevents_another_start(
    parameters: Any, settings: dict[str, Any]
) -> None:
    stand = Stand({"value": [{**RUN, "parameters": parameters}]})
    job = JOB.model_copy(update={"settings": settings})
    order = stand.order(job=job, begun_at=stand.time.now() - timedelta(minutes=6), is_resend=True)

    with pytest.raises(OutcomeUnknown):
        stand.job.submit(order)
    assert stand.sent() == ["POST /queryPipelineRuns"]


def test_runs_of_other_callers_do_not_prevent_a_resend() -> None:
    others = {"value": [{**RUN, "parameters": {"attempt": "another"}}]}
    stand = Stand(others, {"runId": "run-2"})
    order = stand.order(begun_at=stand.time.now() - timedelta(minutes=6), is_resend=True)

    assert stand.job.submit(order).external_run_id == "run-2"


def test_a_failed_search_sends_nothing() -> None:
    stand = Stand(Reply(status=500))
    order = stand.order(begun_at=stand.time.now() - timedelta(minutes=6), is_resend=True)

    with pytest.raises(Unavailable):
        stand.job.submit(order)
    assert set(stand.sent()) == {"POST /queryPipelineRuns"}


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (404, "PipelineNotFound", "no published pipeline has this name"),
        (404, "ResourceNotFound", "a name in the platform's attributes"),
        (400, "BadRequest", "sync the job's parameters"),
        (403, "AuthorizationFailed", "Data Factory Contributor"),
    ],
)
def test_a_refused_start_is_reported_with_a_remedy(status: int, code: str, words: str) -> None:
    body = {"error": {"code": code, "message": "value 'secret' is bad"}}
    stand = Stand(Reply.json(body, status=status))

    with pytest.raises(PlatformRefused, match=words) as caught:
        stand.job.submit(stand.order())
    assert caught.value.cause is FailureCause.SUBMIT
    assert "secret" not in str(caught.value)


# Polling


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Queued", ProviderStatus.STARTING),
        ("Pending", ProviderStatus.STARTING),
        ("InProgress", ProviderStatus.RUNNING),
        ("Running", ProviderStatus.RUNNING),
        ("Canceling", ProviderStatus.RUNNING),
        ("Succeeded", ProviderStatus.SUCCESS),
        ("Success", ProviderStatus.SUCCESS),
        ("Completed", ProviderStatus.SUCCESS),
        ("Failed", ProviderStatus.FAILED),
        ("Failure", ProviderStatus.FAILED),
        ("Error", ProviderStatus.FAILED),
        ("Cancelled", ProviderStatus.CANCELLED),
        ("Canceled", ProviderStatus.CANCELLED),
        ("Skipped", ProviderStatus.UNKNOWN),
    ],
)
def test_every_status_is_decoded_and_an_unknown_status_is_not_final(
    word: str, status: ProviderStatus
) -> None:
    stand = Stand({**RUN, "status": word}, kind="AzureSynapse")

    report = stand.job.read(JOB, "run-1") if status is not ProviderStatus.SUCCESS else None
    if report is None:
        job = JOB.model_copy(update={"job_type": JobType.SYNAPSE_PIPELINE})
        report = stand.job.read(job, "run-1")

    assert (report.status, report.provider_state) == (status, word)
    assert report.started_at == datetime(2030, 1, 1, 0, 0, 1, 123456, UTC)
    assert report.wait is (Wait.PLATFORM_QUEUE if word in {"Queued", "Pending"} else None)


@pytest.mark.parametrize("status", [None, 7, "", "<b>", "x" * 65])
def test_an_invalid_status_is_an_unexpected_answer(status: Any) -> None:
    stand = Stand({**RUN, "status": status})

    with pytest.raises(Unavailable):
        stand.job.read(JOB, "run-1")


def test_a_failure_without_a_reason_names_the_page_to_check() -> None:
    with_words = Stand({**RUN, "status": "Failed", "message": "Operation on target X failed"})
    without = Stand({**RUN, "status": "Failed", "message": ""})

    assert with_words.job.read(JOB, "run-1").message == "Operation on target X failed"
    assert "run's page" in (without.job.read(JOB, "run-1").message or "")


def test_a_run_is_missing_only_if_its_factory_exists() -> None:
    gone = Reply.json({"error": {"code": "ResourceNotFound"}}, status=404)
    missing = Reply.json({"error": {"code": "PipelineRunNotFound"}}, status=400)

    with pytest.raises(RunNotFound):
        Stand(missing).job.read(JOB, "run-1")
    with pytest.raises(PlatformRefused) as caught:
        Stand(gone).job.read(JOB, "run-1")
    assert not isinstance(caught.value, RunNotFound)


def test_a_refused_stop_of_an_active_run_is_an_error() -> None:
    refused = Reply.json({"error": {"code": "BadRequest"}}, status=400)

    with pytest.raises(PlatformRefused):
        going_on = Stand(refused, {**RUN, "status": "InProgress"})
        going_on.job.cancel(JOB, "run-1")
    Stand(refused, {**RUN, "status": "Succeeded"}).job.cancel(JOB, "run-1")


def test_a_stop_includes_child_pipelines() -> None:
    stand = Stand(Reply(content=b""))

    stand.job.cancel(JOB, "run-1")

    assert "isRecursive=true" in str(stand.transport.requests[0].url)


# Outputs


def setting(output: Any, end: str = "2030-01-01T00:00:02Z", kind: str = "SetVariable") -> Any:
    return {"activityType": kind, "activityRunEnd": end, "output": output}


def test_the_return_value_is_the_last_set_value_and_never_that_of_a_child() -> None:
    stand = Stand(
        RUN,
        {
            "value": [
                setting({"pipelineReturnValue": {"rows": 2}}, "2030-01-01T00:00:09Z"),
                setting({"pipelineReturnValue": {"rows": 1, "path": "/x"}}),
            ],
            "continuationToken": "next",
        },
        {
            "value": [
                setting({"pipelineReturnValue": {"rows": 3}}, kind="ExecutePipeline"),
                setting({}),
                setting({"name": "v", "value": "x"}),
                setting(None),
                setting({"pipelineReturnValue": "text"}),
            ]
        },
    )

    report = stand.job.read(JOB, "run-1")

    assert dict(report.outputs) == {"rows": 2, "path": "/x"}
    assert report.outputs_missing is None
    assert stand.sent()[1:] == ["POST /pipelineruns/run-1/queryActivityruns"] * 2


def test_unreadable_outputs_keep_the_success_and_state_the_reason() -> None:
    forbidden = Reply.json({"error": {"code": "AuthorizationFailed"}}, status=403)
    stand = Stand(RUN, forbidden)

    report = stand.job.read(JOB, "run-1")

    assert report.status is ProviderStatus.SUCCESS
    assert "return value is missing" in (report.outputs_missing or "")


def test_temporarily_unavailable_outputs_are_read_by_the_next_poll() -> None:
    with pytest.raises(Unavailable):
        Stand(RUN, Reply(status=500)).job.read(JOB, "run-1")
    with pytest.raises(PlatformRefused):
        Stand(RUN, Reply(status=401)).job.read(JOB, "run-1")


def test_synapse_has_no_outputs_and_gets_no_query_for_them() -> None:
    stand = Stand(RUN, kind="AzureSynapse")
    job = JOB.model_copy(update={"job_type": JobType.SYNAPSE_PIPELINE})

    assert stand.job.read(job, "run-1").outputs == {}
    assert len(stand.transport.requests) == 1


# Descriptions


DEFINITION: JsonObject = {
    "properties": {
        "parameters": {
            "text": {"type": "String", "defaultValue": "a"},
            "number": {"type": "int", "defaultValue": 3},
            "share": {"type": "Float", "defaultValue": 0.5},
            "flag": {"type": "bool", "defaultValue": False},
            "about": {"type": "Object", "defaultValue": {"a": 1}},
            "days": {"type": "Array", "defaultValue": [1]},
            "password": {"type": "SecureString", "defaultValue": "hunter2"},
            "plain": {"type": "String"},
        },
        "activities": [
            {
                "name": "If",
                "type": "IfCondition",
                "typeProperties": {
                    "ifTrueActivities": [
                        {
                            "type": "SetVariable",
                            "typeProperties": {
                                "variableName": "pipelineReturnValue",
                                "value": [
                                    {"key": "rows", "value": {"type": "Int", "content": 1}},
                                    {"key": "any", "value": {"type": "Expression"}},
                                    {"key": "text", "value": {"type": "String"}},
                                    {"key": ""},
                                    7,
                                ],
                            },
                        }
                    ]
                },
            },
            {
                "type": "Switch",
                "typeProperties": {
                    "cases": [
                        {
                            "value": "a",
                            "activities": [
                                {
                                    "type": "SetVariable",
                                    "typeProperties": {
                                        "variableName": "pipelineReturnValue",
                                        "value": [{"key": "days2", "value": {"type": "Array"}}],
                                    },
                                }
                            ],
                        }
                    ]
                },
            },
            {"type": "SetVariable", "typeProperties": {"variableName": "v", "value": "x"}},
            "nothing",
        ],
    }
}
INPUTS = (
    Parameter(name="number", data_type=DataType.INT, default=3),
    Parameter(name="share", data_type=DataType.FLOAT, default=0.5),
    Parameter(name="flag", data_type=DataType.BOOL, default=False),
    Parameter(name="about", data_type=DataType.JSON, default={"a": 1}),
    Parameter(name="days", data_type=DataType.JSON_ARRAY, default=[1]),
    Parameter(name="password", data_type=DataType.SECRET),
    Parameter(name="plain"),
)


def test_a_data_factory_pipeline_is_described_by_its_parameters_and_return_value() -> None:
    schema = Stand(DEFINITION).job.describe("pl_load")

    assert schema.parameters == (
        Parameter(name="text", default="a", direction=Direction.INPUT_OUTPUT),
        *INPUTS,
        Parameter(name="rows", data_type=DataType.INT, direction=Direction.OUTPUT),
        Parameter(name="any", data_type=DataType.JSON, direction=Direction.OUTPUT),
        Parameter(name="days2", data_type=DataType.JSON_ARRAY, direction=Direction.OUTPUT),
    )
    assert (schema.typed, schema.notes) == (True, ())


def test_a_synapse_pipeline_is_described_by_its_parameters_only() -> None:
    schema = Stand(DEFINITION, kind="AzureSynapse").job.describe("pl_load")

    assert schema.parameters == (Parameter(name="text", default="a"), *INPUTS)


def test_an_unknown_type_becomes_a_string_with_a_note() -> None:
    schema = Stand({"properties": {"parameters": {"when": {"type": "Date"}}}}).job.describe("p")

    assert schema.parameters == (Parameter(name="when"),)
    assert "'when'" in schema.notes[0]


def test_an_invalid_parameter_name_is_left_out_with_a_note() -> None:
    long = "x" * 256
    returned: JsonObject = {
        "type": "SetVariable",
        "typeProperties": {
            "variableName": "pipelineReturnValue",
            "value": [{"key": long, "value": {"type": "Int"}}],
        },
    }
    declared: JsonObject = {long: {"type": "Int"}, "": {"type": "Int"}, "day": {"type": "String"}}
    definition: JsonObject = {"parameters": declared, "activities": [returned]}

    schema = Stand({"properties": definition}).job.describe("pl_load")

    assert schema.parameters == (Parameter(name="day"),)
    assert len(schema.notes) == 2


@pytest.mark.parametrize("answer", [{}, {"properties": []}])
def test_a_description_of_another_shape_is_an_unexpected_answer(answer: JsonObject) -> None:
    with pytest.raises(Unavailable):
        Stand(answer).job.describe("pl_load")


# Discovery


def test_a_list_continues_only_on_its_own_host() -> None:
    here = "http://127.0.0.1:1/subscriptions/x/pipelines?api-version=2018-06-01&%24skiptoken=50"
    pages = [{"value": [{"name": "Load"}], "nextLink": here}, {"value": [{"name": "Unload"}, 7]}]

    found = list(Stand(*pages).connector.artefacts(search="LOAD"))

    assert [each.name for each in found] == ["Load", "Unload"]
    assert [each.schema for each in found] == [None, None]
    elsewhere = Stand({"value": [], "nextLink": "https://evil.example/pipelines"})
    with pytest.raises(Unavailable):
        list(elsewhere.connector.artefacts())
    assert len(elsewhere.transport.requests) == 1
