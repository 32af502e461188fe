"""Simulates a Databricks workspace in memory, with jobs for AppKit tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests import PreparedRequest

from polysync_core.appkit.configuration import AppKitConfiguration
from polysync_core.appkit.jobs import AppKitJobs
from polysync_core.appkit.named_jobs import JobOptions
from polysync_core.appkit.polling import PollBackoff, SharedPolls
from polysync_core.appkit.workspaces import Workspaces
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.settings import read_appkit
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

HOST = "https://adb-1.2.azuredatabricks.net"
TOKEN = "dapi-service"
VARIABLES = {
    "DATABRICKS_HOST": HOST,
    "DATABRICKS_TOKEN": TOKEN,
    "DATABRICKS_JOB_ETL": "10",
    "DATABRICKS_JOB_OTHER": "20",
    "DATABRICKS_JOB_BROKEN": "none",
}
_API = "/api/2.2/jobs/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """A call that the workspace received."""

    name: str
    query: dict[str, str]
    body: Any
    token: str


@dataclass
class FakeWorkspace:
    """Answers the Jobs API; `states` scripts the states of the next polls."""

    runs: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    received: list[ApiCall] = field(default_factory=list[ApiCall])
    faults: list[tuple[str, Reply]] = field(default_factory=list[tuple[str, Reply]])
    """Answers that replace the real one, each for the next call with its name."""
    states: list[str] = field(default_factory=list[str])
    """The states that the next polls find; after them `TERMINATED`."""
    by_token: dict[str, int] = field(default_factory=dict[str, int])
    next_id: int = 100

    def calls(self, name: str) -> list[ApiCall]:
        """Return the received calls with a name."""
        return [each for each in self.received if each.name == name]

    def fail(self, name: str, status: int, *, times: int = 1, **more: Any) -> None:
        """Answer the next calls with a name with an error status."""
        body = json.dumps({"error_code": "CANARY", "message": "canary"}).encode()
        self.faults += [(name, Reply(status, body, **more))] * times

    def answer(self, request: PreparedRequest) -> Reply:
        """Answer a request."""
        address = urlsplit(request.url or "")
        call = ApiCall(
            name=address.path.removeprefix(_API),
            query={name: values[0] for name, values in parse_qs(address.query).items()},
            body=json.loads(request.body) if request.body else None,
            token=request.headers["Authorization"].removeprefix("Bearer "),
        )
        self.received.append(call)
        for index, (name, reply) in enumerate(self.faults):
            if name == call.name:
                del self.faults[index]
                return reply
        return self._answer(call)

    def _answer(self, call: ApiCall) -> Reply:
        match call.name:
            case "run-now":
                return Reply.json({"run_id": self._start(call.body), "number_in_job": 1})
            case "runs/get":
                return self._run(int(call.query["run_id"]))
            case "runs/list":
                return self._list(call.query)
            case "runs/cancel":
                return Reply.json({})
            case "runs/get-output":
                return Reply.json({"notebook_output": {"result": "done"}})
            case "get":
                return Reply.json({"job_id": int(call.query["job_id"]), "settings": {}})
            case unknown:
                raise AssertionError(unknown)

    def _start(self, body: Mapping[str, Any]) -> int:
        token = body["idempotency_token"]
        if token not in self.by_token:
            self.next_id += 1
            self.by_token[token] = self.next_id
            self.runs[self.next_id] = {"run_id": self.next_id, "job_id": body["job_id"]}
        return self.by_token[token]

    def _run(self, run_id: int) -> Reply:
        if run_id not in self.runs:
            code = {"error_code": "INVALID_PARAMETER_VALUE", "message": "canary"}
            return Reply.json(code, status=400)
        state = self.states.pop(0) if self.states else "TERMINATED"
        return Reply.json({**self.runs[run_id], "state": {"life_cycle_state": state}})

    def _list(self, query: Mapping[str, str]) -> Reply:
        runs = [run for run in self.runs.values() if str(run["job_id"]) == query["job_id"]]
        begin, limit = int(query.get("page_token", "0")), int(query["limit"])
        page = list(reversed(runs))[begin : begin + limit]
        more = begin + limit < len(runs)
        token = {"next_page_token": str(begin + limit)} if more else {}
        return Reply.json({**({"runs": page} if page else {}), "has_more": more, **token})


def workspaces_of(workspace: FakeWorkspace, configuration: AppKitConfiguration) -> Workspaces:
    """Return connections to the workspace; calls take no time."""
    transport = ScriptedTransport([workspace.answer])
    http_options = HttpOptions(transport=transport, timer=VirtualTime().timer)
    return Workspaces(configuration=configuration, http_options=http_options)


def jobs_in(
    workspace: FakeWorkspace,
    options: Mapping[str, JobOptions] | None = None,
    variables: Mapping[str, str] | None = None,
) -> AppKitJobs:
    """Return jobs in a workspace; calls take no time and polls follow at once."""
    configuration = read_appkit({**VARIABLES, **(variables or {})}, options)
    workspaces = workspaces_of(workspace, configuration)
    jobs = AppKitJobs(configuration=configuration, workspaces=lambda: workspaces)
    jobs.polls = SharedPolls(PollBackoff(interval=0.001))
    return jobs
