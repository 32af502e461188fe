"""Repairs of job runs: the request, the state, the outputs, lost answers and the cancellation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from requests import PreparedRequest

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.errors import PlatformRefused, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.platforms.azure_databricks.client import RunClient
from polysync_core.platforms.azure_databricks.job import DatabricksJobConnector
from polysync_core.platforms.azure_databricks.job_discovery import JobDiscovery
from polysync_core.platforms.connector import ProviderStatus, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.builders import NOON
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

NOW = int(NOON.timestamp() * 1000)
FAILED: dict[str, Any] = {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}
SUCCESS: dict[str, Any] = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"}
RUNNING: dict[str, Any] = {"life_cycle_state": "RUNNING"}
PAGE = "https://adb-1.7.azuredatabricks.net/#job/42/run/7"
JOB = Job(
    name="j",
    platform="p",
    job_type=JobType.DATABRICKS_JOB,
    external_id="42",
    settings={"retryFrom": "Failure", "outputsFromExitValue": True},
)


def repair(number: int, state: dict[str, Any], *, start: int = NOW, **facts: Any) -> dict[str, Any]:
    return {"type": "REPAIR", "id": number, "start_time": start, "state": state, **facts}


class Workspace:
    """The run 7 of a workspace, with its history."""

    def __init__(self, state: dict[str, Any] = FAILED, *history: dict[str, Any]) -> None:
        self.run: dict[str, Any] = {"run_id": 7, "state": state, "run_page_url": PAGE}
        self.history = [{"type": "ORIGINAL", "state": FAILED, "start_time": 1}, *history]
        self.repairs: list[dict[str, Any]] = []
        self.answer = Reply.json({"repair_id": 99})
        self.lose_answer = False
        self.cancelled: list[int] = []
        self.outputs: list[str] = []
        base = BaseAddress("https://adb-1.7.azuredatabricks.net", "adb-1", AddressScope.PUBLIC)
        http = HttpOptions(transport=ScriptedTransport([self.reply]), timer=VirtualTime().timer)
        client = PlatformClient(base, None, http=http)
        self.connector = DatabricksJobConnector(
            client, RunClient(client, lambda: NOON), JobDiscovery(client)
        )

    def reply(self, request: PreparedRequest) -> Reply:
        path, _, query = str(request.path_url).partition("?")
        body = json.loads(request.body or "{}")
        match path.rpartition("/")[2]:
            case "repair":
                self.repairs.append(body)
                if self.lose_answer:
                    raise ConnectionResetError
                return self.answer
            case "cancel":
                self.cancelled.append(body["run_id"])
                return Reply.json({})
            case "get-output":
                self.outputs.append(query)
                return Reply.json({"notebook_output": {"result": '{"rows": 5}'}})
            case _:
                history = {"repair_history": self.history} if "include_history" in query else {}
                return Reply.json({**self.run, **history})

    def submit(self, repairs: str = "7", **facts: Any) -> str:
        request = SubmitRequest(
            **{
                "job": JOB,
                "token": "t",
                "run_name": "n",
                "parameters": {},
                "begun_at": NOON,
                "repairs": repairs,
                **facts,
            }
        )
        return self.connector.submit(request).external_run_id


def test_the_first_repair_names_no_earlier_one_and_has_an_id_of_its_own() -> None:
    workspace = Workspace()
    assert workspace.submit() == "7:99"
    assert workspace.repairs == [{"run_id": 7, "rerun_all_failed_tasks": True}]


def test_a_later_repair_names_the_latest_one_in_any_order() -> None:
    newer, older = repair(12, FAILED, start=NOW - 60_000), repair(20, FAILED, start=NOW - 90_000)
    workspace = Workspace(FAILED, newer, older)
    workspace.submit("7:20")
    assert workspace.repairs[0]["latest_repair_id"] == 12


@pytest.mark.parametrize(
    ("state", "cause"),
    [(RUNNING, FailureCause.CONTENTION_REJECTED), (SUCCESS, FailureCause.SUBMIT)],
)
def test_a_run_that_is_not_failed_any_more_is_left_alone(
    state: dict[str, Any], cause: FailureCause
) -> None:
    workspace = Workspace(state)
    with pytest.raises(PlatformRefused) as refusal:
        workspace.submit()
    assert refusal.value.cause is cause
    assert not workspace.repairs


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(repair(99, RUNNING, start=NOW - 60_000), id="under way, clocks differ"),
        pytest.param(repair(99, FAILED, start=NOW + 5_000), id="ended"),
        pytest.param({"type": "REPAIR", "id": 99, "state": RUNNING}, id="without a start"),
    ],
)
def test_a_repair_whose_answer_was_lost_is_found_and_not_sent_again(
    entry: dict[str, Any],
) -> None:
    workspace = Workspace()
    workspace.lose_answer = True
    with pytest.raises(Uncertain):
        workspace.submit()
    workspace.history.insert(0, entry)

    assert workspace.submit(is_resend=True) == "7:99"
    assert len(workspace.repairs) == 1


def test_a_repair_that_never_arrived_is_sent_again() -> None:
    former = repair(20, FAILED, start=NOW - 60_000)
    workspace = Workspace(FAILED, former)
    assert workspace.submit("7:20", is_resend=True) == "7:99"
    assert workspace.repairs[0]["latest_repair_id"] == 20


def test_a_refused_resend_finds_the_repair_that_appeared_meanwhile() -> None:
    workspace = Workspace()
    refusal = {"error_code": "INVALID_PARAMETER_VALUE", "message": "latest_repair_id is wrong"}

    def late(request: PreparedRequest) -> Reply:
        workspace.history.append(repair(99, RUNNING))
        return Reply.json(refusal, 400)

    original = workspace.reply
    connector = Workspace().connector
    transport = ScriptedTransport(
        [lambda request: late(request) if "repair" in str(request.path_url) else original(request)]
    )
    base = BaseAddress("https://adb-1.7.azuredatabricks.net", "adb-1", AddressScope.PUBLIC)
    client = PlatformClient(
        base, None, http=HttpOptions(transport=transport, timer=VirtualTime().timer)
    )
    workspace.connector = DatabricksJobConnector(
        client, RunClient(client, lambda: NOON), connector.jobs
    )

    assert workspace.submit(is_resend=True) == "7:99"


@pytest.mark.parametrize(
    "message",
    ["Run 7 does not exist.", "The run is too old", "latest_repair_id must be given"],
)
def test_a_refused_repair_says_to_start_a_new_run(message: str) -> None:
    workspace = Workspace()
    workspace.answer = Reply.json(
        {"error_code": "INVALID_PARAMETER_VALUE", "message": message}, 400
    )
    with pytest.raises(PlatformRefused, match="start a new run") as refusal:
        workspace.submit()
    assert refusal.value.cause is FailureCause.SUBMIT


def test_the_state_is_that_of_the_repair_and_not_of_the_failed_run() -> None:
    own = repair(99, RUNNING, start=NOW)
    workspace = Workspace(FAILED, own)
    report = workspace.connector.read(JOB, "7:99")
    assert (report.status, report.monitor_url) == (ProviderStatus.RUNNING, PAGE)
    assert report.started_at == NOON


def test_a_later_repair_by_another_caller_does_not_change_the_outcome() -> None:
    own, other = repair(99, FAILED), repair(100, SUCCESS, start=NOW + 60_000)
    workspace = Workspace(SUCCESS, other, own)
    assert workspace.connector.read(JOB, "7:99").status is ProviderStatus.FAILED
    assert workspace.connector.read(JOB, "7:100").status is ProviderStatus.SUCCESS


def test_a_new_repair_that_the_history_lacks_is_under_way_with_its_run() -> None:
    workspace = Workspace(RUNNING)
    assert workspace.connector.read(JOB, "7:99").status is ProviderStatus.RUNNING


def test_the_outputs_are_those_of_the_task_of_the_repair() -> None:
    own = repair(99, SUCCESS, task_run_ids=[72])
    workspace = Workspace(SUCCESS, own)
    workspace.run["tasks"] = [
        {"task_key": "load", "attempt_number": 2, "run_id": 73},
        {"task_key": "load", "attempt_number": 1, "run_id": 72},
        {"task_key": "load", "attempt_number": 0, "run_id": 71},
    ]
    assert workspace.connector.read(JOB, "7:99").outputs == {"rows": 5}
    assert workspace.outputs == ["run_id=72"]


def test_only_an_active_repair_is_cancelled() -> None:
    workspace = Workspace(RUNNING, repair(98, FAILED), repair(99, RUNNING))
    workspace.connector.cancel(JOB, "7:98")
    assert not workspace.cancelled
    workspace.connector.cancel(JOB, "7:99")
    workspace.connector.cancel(JOB, "7")
    assert workspace.cancelled == [7, 7]


def test_the_failed_run_itself_is_polled_without_its_history() -> None:
    workspace = Workspace(FAILED, repair(99, RUNNING))
    assert workspace.connector.read(JOB, "7").status is ProviderStatus.FAILED
