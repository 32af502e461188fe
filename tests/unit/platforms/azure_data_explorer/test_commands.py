"""Queries and commands of Data Explorer with scripted answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import (
    CannotStop,
    OutcomeUnknown,
    ProviderStatus,
    RunNotFound,
    SubmitRequest,
    Wait,
)
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import check_job, check_platform, platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime
from tests.unit.platforms.azure_data_pipelines.stand import NoSecrets

OPERATION = "56e51622-eb49-4d1a-b896-06a03178efcd"
QUERY = "declare query_parameters(day:datetime, rows:long = 1, items:dynamic); T | take rows"
ASYNC = f".set-or-append async D <| {QUERY}"
INPUTS = (
    Parameter(name="day"),
    Parameter(name="rows", data_type=DataType.INT),
    Parameter(name="items", data_type=DataType.JSON_ARRAY),
)
PATH = Parameter(name="path", direction=Direction.OUTPUT)


def a_job(command: str = ASYNC, *parameters: Parameter, **settings: Any) -> Job:
    return Job(
        name="load",
        platform="explorer",
        job_type=JobType.DATA_EXPLORER_COMMAND,
        external_id="Sales 2",
        parameters=parameters,
        settings={"command": command, **settings},
    )


def a_platform(**attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "explorer",
            "type": "AzureDataExplorer",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "clusterUrl": "https://sales.westeurope.kusto.windows.net",
                **attributes,
            },
        }
    )


def tables(row: dict[str, Any] | None, *more: Any) -> dict[str, Any]:
    return {"Tables": [table(row), *more]}


def table(row: dict[str, Any] | None) -> dict[str, Any]:
    columns = [{"ColumnName": name} for name in row or {"State": 1}]
    return {"TableName": "Table_0", "Columns": columns, "Rows": [[*row.values()]] if row else []}


def frames(row: dict[str, Any], **end: Any) -> list[Any]:
    return [
        {"FrameType": "DataSetHeader"},
        {"FrameType": "DataTable", "TableKind": "QueryProperties", **table({"Key": 1})},
        {"FrameType": "DataTable", "TableKind": "PrimaryResult", **table(row)},
        {"FrameType": "DataSetCompletion", "HasErrors": False, "Cancelled": False, **end},
    ]


class Stand:
    """A connector with scripted answers, in virtual time."""

    def __init__(self, *steps: Any) -> None:
        self.time = VirtualTime()
        self.transport = ScriptedTransport(
            each if isinstance(each, Reply | Exception) else Reply.json(each) for each in steps
        )
        http = HttpOptions(transport=self.transport, timer=self.time.timer)
        connector = platform_plugin("AzureDataExplorer").open(
            a_platform(endpoint="http://127.0.0.1:1"),
            PluginContext(secrets=NoSecrets(), allow_loopback=True, http=http),
        )
        self.job = connector.job(JobType.DATA_EXPLORER_COMMAND)

    def submit(self, job: Job, **changes: Any) -> Any:
        fields: dict[str, Any] = {"parameters": {}, "begun_at": self.time.now(), **changes}
        return self.job.submit(SubmitRequest(job=job, token="t1", run_name="load", **fields))

    def sent(self) -> list[tuple[str, str]]:
        """Return the paths and the texts of the calls."""
        return [
            (str(each.path_url), json.loads(each.body or b"{}")["csl"])
            for each in self.transport.requests
        ]

    def body(self) -> dict[str, Any]:
        return json.loads(self.transport.requests[-1].body or b"{}")


def test_the_values_are_query_parameters_and_never_a_part_of_the_text() -> None:
    stand = Stand(frames({"rows": 7}))
    values = {"day": Secret("datetime(2030-01-01)"), "rows": 7, "items": [1, "a"]}

    submitted = stand.submit(a_job(QUERY, *INPUTS), parameters=values)

    assert stand.sent() == [("/v2/rest/query", QUERY)]
    assert stand.body()["db"] == "Sales 2"
    assert json.loads(stand.body()["properties"]) == {
        "Options": {"servertimeout": "00:03:50"},
        "Parameters": {
            "day": "datetime(2030-01-01)",
            "rows": "7",
            "items": 'dynamic([1,"a"])',
        },
    }
    assert stand.transport.requests[0].headers["x-ms-client-request-id"] == "polysync-t1"
    assert submitted.monitor_url == (
        "https://dataexplorer.azure.com/clusters/sales.westeurope/databases/Sales%202"
    )


def test_a_query_ends_with_its_first_row_as_outputs() -> None:
    report = Stand(frames({"rows": 7, "path": "/x"})).submit(a_job("T")).report
    assert (report.status, dict(report.outputs)) == (
        ProviderStatus.SUCCESS,
        {"rows": 7, "path": "/x"},
    )


def test_a_command_without_async_ends_with_its_first_row() -> None:
    stand = Stand(tables({"ExtentId": "e", "RowCount": 7}))
    report = stand.submit(a_job(".set-or-append D <| T")).report
    assert dict(report.outputs) == {"ExtentId": "e", "RowCount": 7}
    assert stand.sent()[0][0] == "/v1/rest/mgmt"


def test_an_asynchronous_command_is_an_operation() -> None:
    submitted = Stand(tables({"OperationId": OPERATION})).submit(a_job())
    assert (submitted.external_run_id, submitted.report) == (OPERATION, None)


@pytest.mark.parametrize(
    "answer",
    [
        frames({"a": 1}, HasErrors=True, OneApiErrors=[{"error": {"@message": "memory"}}]),
        frames({"a": 1}, HasErrors=True, OneApiErrors=[{"error": {"message": "memory"}}]),
        frames({"a": 1}, Cancelled=True, Exceptions=["memory"]),
        [{"FrameType": "DataSetCompletion", "HasErrors": True, "Exceptions": ["memory"]}],
        {"Tables": [{**table({"a": 1}), "Rows": [[1], {"Exceptions": ["memory"]}]}]},
        tables({"a": 1}, table({"Severity": 2, "StatusDescription": "memory"})),
    ],
)
def test_a_failure_after_the_begin_of_the_answer_is_a_failed_run(answer: Any) -> None:
    report = Stand(answer).submit(a_job("T")).report
    assert (report.status, report.message) == (ProviderStatus.FAILED, "memory")


def test_a_time_out_of_the_cluster_itself_is_a_failed_run() -> None:
    answer = Reply.json({"error": {"message": "x", "@message": "Request timed out"}}, 504)
    report = Stand(answer).submit(a_job("T")).report
    assert (report.status, report.message) == (ProviderStatus.FAILED, "Request timed out")
    with pytest.raises(Uncertain):
        Stand(Reply(504, b"<html>gateway</html>")).submit(a_job("T"))


def test_a_warning_is_not_a_failure() -> None:
    answer = tables({"a": 1}, table({"Severity": 4, "StatusDescription": "done"}))
    assert Stand(answer).submit(a_job("T")).report.status is ProviderStatus.SUCCESS


@pytest.mark.parametrize("answer", [{}, [], {"Tables": []}, {"Tables": [{"Rows": 1}]}, [{"a": 1}]])
def test_an_unreadable_answer_to_a_command_may_have_had_an_effect(answer: Any) -> None:
    with pytest.raises(Uncertain):
        Stand(answer).submit(a_job())


def test_only_a_query_is_sent_again_after_a_lost_answer() -> None:
    stand = Stand(tables({"OperationId": OPERATION}))
    with pytest.raises(OutcomeUnknown, match="resubmit: WhenIdempotent"):
        stand.submit(a_job(), is_resend=True)
    assert stand.sent() == []
    twice = a_job(ASYNC, resubmit="WhenIdempotent")
    assert stand.submit(twice, is_resend=True).external_run_id == OPERATION
    assert Stand(frames({"a": 1})).submit(a_job("T"), is_resend=True).report is not None


@pytest.mark.parametrize(
    ("state", "status", "cause"),
    [
        ("Scheduled", ProviderStatus.STARTING, None),
        ("InProgress", ProviderStatus.RUNNING, None),
        ("Completed", ProviderStatus.SUCCESS, None),
        ("Skipped", ProviderStatus.SUCCESS, None),
        ("Failed", ProviderStatus.FAILED, None),
        ("PartiallySucceeded", ProviderStatus.FAILED, None),
        ("Abandoned", ProviderStatus.FAILED, FailureCause.PLATFORM_UNREACHABLE),
        ("BadInput", ProviderStatus.FAILED, FailureCause.SUBMIT),
        ("Throttled", ProviderStatus.FAILED, FailureCause.CONTENTION_REJECTED),
        ("Canceled", ProviderStatus.CANCELLED, None),
        ("Dreaming", ProviderStatus.UNKNOWN, None),
    ],
)
def test_each_state_of_an_operation(
    state: str, status: ProviderStatus, cause: FailureCause | None
) -> None:
    row = {"State": state, "Status": "", "StartedOn": "2030-01-01T00:00:00.1234567Z"}
    stand = Stand(tables(row))
    report = stand.job.read(a_job(), OPERATION)
    assert (report.status, report.cause, report.provider_state) == (status, cause, state)
    assert report.started_at is not None
    assert (report.wait is Wait.PLATFORM_QUEUE) is (state == "Scheduled")
    assert bool(report.message) is (status is ProviderStatus.FAILED)
    assert stand.sent() == [("/v1/rest/mgmt", f".show operations {OPERATION}")]


def test_an_operation_of_earlier_hours_is_found_in_the_log() -> None:
    stand = Stand(tables(None), tables({"State": "Completed"}))
    assert stand.job.read(a_job(), OPERATION).status is ProviderStatus.SUCCESS
    assert stand.sent()[1][1].startswith(".show operations | where OperationId == guid(")
    with pytest.raises(RunNotFound):
        Stand(tables(None)).job.read(a_job(), OPERATION)


@pytest.mark.parametrize("run_id", ["polysync-t1", "", OPERATION + "\n", f"{OPERATION} | take 1"])
def test_a_text_that_is_no_operation_is_never_sent(run_id: str) -> None:
    stand = Stand(tables(None))
    with pytest.raises(RunNotFound):
        stand.job.read(a_job(), run_id)
    with pytest.raises(RunNotFound):
        stand.job.cancel(a_job(), run_id)
    assert stand.sent() == []


def test_the_results_of_an_operation_are_read_if_the_job_has_outputs() -> None:
    stand = Stand(tables({"State": "Completed"}), tables({"path": "/x"}))
    assert dict(stand.job.read(a_job(ASYNC, PATH), OPERATION).outputs) == {"path": "/x"}
    assert stand.sent()[1][1] == f".show operation {OPERATION} details"

    refusal = Reply.json({"error": {"code": "BadRequest", "@permanent": True}}, 400)
    report = Stand(tables({"State": "Completed"}), refusal).job.read(a_job(ASYNC, PATH), OPERATION)
    assert report.status is ProviderStatus.SUCCESS
    assert "results are missing" in (report.outputs_missing or "")
    with pytest.raises(PlatformRefused):
        Stand(tables({"State": "Completed"}), Reply(401)).job.read(a_job(ASYNC, PATH), OPERATION)


def test_an_operation_is_cancelled_or_says_that_it_cannot_be() -> None:
    running, failed = tables({"State": "InProgress"}), {"CancellationState": "Cancel failed"}
    stand = Stand(running, tables({"CancellationState": "Cancelled successfully"}))
    stand.job.cancel(a_job(), OPERATION)
    assert stand.sent()[1][1].startswith(f".cancel operation {OPERATION} with (reason=")
    with pytest.raises(CannotStop, match="ingest from a query"):
        Stand(running, tables(failed), running).job.cancel(a_job(), OPERATION)
    Stand(running, tables(failed), tables({"State": "Completed"})).job.cancel(a_job(), OPERATION)
    ended = Stand(tables({"State": "Failed"}))
    ended.job.cancel(a_job(), OPERATION)
    assert len(ended.sent()) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (400, {"code": "General_BadRequest"}, PlatformRefused, "read the message"),
        (400, {"code": "Busy", "@permanent": False}, Unavailable, "busy"),
        (403, {"code": "Forbidden", "@permanent": True}, PlatformRefused, "Viewer for queries"),
    ],
)
def test_a_refusal_names_the_remedy(
    status: int, body: dict[str, Any], kind: type[Exception], text: str
) -> None:
    answer = {"error": {"message": "Request is invalid.", "@message": "Semantic error", **body}}
    with pytest.raises(kind, match=text) as caught:
        Stand(Reply.json(answer, status)).submit(a_job())
    assert getattr(caught.value, "platform_message", None) == "Semantic error"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"external_id": "sales;drop"}, "externalId"),
        ({"external_id": "a\nb"}, "externalId"),
        ({"settings": {}}, "settings.command"),
        ({"settings": {"command": ""}}, "settings.command"),
        ({"settings": {"command": "x" * 30_001}}, "settings.command"),
        ({"parameters": (Parameter(name="other"),)}, "parameters[0].name"),
        ({"settings": {"command": ".drop table T"}}, "parameters[0].name"),
    ],
)
def test_a_wrong_job_is_refused(changes: dict[str, Any], path: str) -> None:
    job = a_job(ASYNC, Parameter(name="day"), PATH)
    check_job(a_platform(), job)
    with pytest.raises(Invalid) as caught:
        check_job(a_platform(), job.model_copy(update=changes))
    assert [each.path for each in caught.value.problems] == [path]


@pytest.mark.parametrize(
    ("cluster", "cloud", "is_allowed"),
    [
        ("https://sales.westeurope.kusto.windows.net", "AzurePublic", True),
        ("https://SALES.westeurope.kusto.windows.net:443/", "AzurePublic", True),
        ("https://trd-1.z2.kusto.fabric.microsoft.com", "AzurePublic", True),
        ("https://sales.kusto.usgovcloudapi.net", "AzureUSGovernment", True),
        ("https://sales.kusto.chinacloudapi.cn", "AzureChina", True),
        ("https://sales.kusto.windows.net", "AzureChina", False),
        ("https://kusto.windows.net.evil.example", "AzurePublic", False),
        ("http://sales.kusto.windows.net", "AzurePublic", False),
        ("https://sales.kusto.windows.net/db", "AzurePublic", False),
        ("http://127.0.0.1:1", "AzurePublic", False),
    ],
)
def test_only_clusters_of_the_cloud_are_allowed(cluster: str, cloud: str, is_allowed: bool) -> None:
    platform = a_platform(clusterUrl=cluster, cloud=cloud)
    if is_allowed:
        check_platform(platform, allow_loopback=False)
        return
    with pytest.raises(Invalid) as caught:
        check_platform(platform, allow_loopback=True)
    assert [each.path for each in caught.value.problems] == ["attributes.clusterUrl"]
