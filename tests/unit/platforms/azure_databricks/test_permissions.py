"""Each call of Databricks names the permission or the thing that is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import PlatformRefused
from polysync_core.platforms.connector import Connector, SubmitRequest
from tests.fakes.builders import NOON
from tests.fakes.http import Reply
from tests.unit.platforms.azure_databricks.workspace import Workspace

DENIED = Reply.json({"error_code": "PERMISSION_DENIED", "message": "no"}, 403)
BLOCKED = Reply.json({"error_code": 403, "message": "Source IP 1.2.3.4 is blocked by IP ACL"}, 403)
PIPELINE = "2f1e5c4a-0000-0000-0000-000000000000"
FAILED = {"run_id": 7, "state": {"life_cycle_state": "TERMINATED", "result_state": "FAILED"}}
ACTIVE = {"update": {"update_id": "U1", "state": "RUNNING"}}
IDS = {
    "DatabricksNotebook": "/a/load",
    "DatabricksWorkflow": "42",
    "DatabricksPipeline": PIPELINE,
}


def job(job_type: str) -> Job:
    return Job(name="j", platform="p", job_type=job_type, external_id=IDS[job_type])


def submit(connector: Connector, job_type: str, **facts: Any) -> None:
    request = SubmitRequest(
        **{
            "job": job(job_type),
            "token": "t",
            "run_name": "n",
            "parameters": {},
            "begun_at": NOON,
            **facts,
        }
    )
    connector.job(job_type).submit(request)


def call(name: str, job_type: str, *arguments: Any) -> Callable[[Connector], object]:
    def run(connector: Connector) -> object:
        found = getattr(connector.job(job_type), name)
        given = arguments if name == "describe" else (job(job_type), *arguments)
        return found(*given)

    return run


CALLS = [
    ("run-now", lambda c: submit(c, "DatabricksWorkflow"), "Can Manage Run on the job"),
    ("runs/submit", lambda c: submit(c, "DatabricksNotebook"), "the notebook (Can Run)"),
    (
        "runs/repair",
        lambda c: submit(c, "DatabricksWorkflow", repairs="7"),
        "Can Manage Run on the job",
    ),
    (f"{PIPELINE}/updates", lambda c: submit(c, "DatabricksPipeline"), "Can Run on the pipeline"),
    ("runs/get", call("read", "DatabricksWorkflow", "7"), "Can View on the job"),
    ("runs/cancel", call("cancel", "DatabricksWorkflow", "7"), "Can Manage Run on the job"),
    ("updates/U1", call("read", "DatabricksPipeline", f"{PIPELINE}:U1"), "Can View on the pip"),
    (
        f"{PIPELINE}/stop",
        call("cancel", "DatabricksPipeline", f"{PIPELINE}:U1"),
        "Can Run on the pipeline",
    ),
    ("jobs/get", call("describe", "DatabricksWorkflow", "42"), "Can View on the job"),
    ("workspace/export", call("describe", "DatabricksNotebook", "/a/load"), "Can Read on the note"),
    (PIPELINE, call("describe", "DatabricksPipeline", PIPELINE), "Can View on the pipeline"),
    (
        "workspace/list",
        lambda c: list(c.artefacts(job_type="DatabricksNotebook")),
        "Can Read on the folder",
    ),
    ("workspace/get-status", lambda c: c.test(), "Can Read on the folder"),
]


def workspace(ending: str, answer: Reply) -> Workspace:
    found = Workspace()
    found.routes |= {"runs/get": FAILED, "updates/U1": ACTIVE, ending: answer}
    return found


@pytest.mark.parametrize(("ending", "action", "permission"), CALLS)
def test_a_denied_call_names_its_permission(ending: str, action: Any, permission: str) -> None:
    with pytest.raises(PlatformRefused) as refusal:
        action(workspace(ending, DENIED).connect())
    assert permission in str(refusal.value)
    assert "PERMISSION_DENIED" in str(refusal.value)


@pytest.mark.parametrize(("ending", "action", "permission"), CALLS)
def test_a_blocked_address_is_no_missing_permission(
    ending: str, action: Any, permission: str
) -> None:
    with pytest.raises(PlatformRefused, match="IP access list") as refusal:
        action(workspace(ending, BLOCKED).connect())
    assert permission not in str(refusal.value)


@pytest.mark.parametrize("ending", ["workspace/list", "workspace/get-status"])
def test_a_missing_folder_names_the_attribute(ending: str) -> None:
    missing = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Path (/x) doesn't exist."}
    connector = workspace(ending, Reply.json(missing, 404)).connect()
    with pytest.raises(PlatformRefused, match="check defaultNotebookPath") as refusal:
        if ending.endswith("list"):
            list(connector.artefacts(job_type="DatabricksNotebook"))
        else:
            connector.test()
    assert "import the platform's notebooks" not in str(refusal.value)
