"""A workspace in memory for the jobs by key, and jobs that are in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests import PreparedRequest

from polysync_core.appkit.jobs import LakeflowJobs
from polysync_core.appkit.keys import JobOptions
from polysync_core.appkit.watching import Pace, Watches
from polysync_core.appkit.workspaces import Workspaces
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.settings import read_lakeflow
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
class Asked:
    """A call as the workspace got it."""

    call: str
    query: dict[str, str]
    body: Any
    token: str


@dataclass
class FakeWorkspace:
    """Answers the Jobs API; runs end when `states` says so."""

    runs: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    asked: list[Asked] = field(default_factory=list[Asked])
    faults: list[tuple[str, Reply]] = field(default_factory=list[tuple[str, Reply]])
    """Answers in place of what would be answered, each to the next call of its name."""
    states: list[str] = field(default_factory=list[str])
    """What the next looks at a run find; then `TERMINATED`."""
    by_token: dict[str, int] = field(default_factory=dict[str, int])
    next_id: int = 100

    def calls(self, name: str = "") -> list[Asked]:
        """Return what was asked, of one name or at all."""
        return [each for each in self.asked if name in {"", each.call}]

    def fail(self, call: str, status: int, *, times: int = 1, **more: Any) -> None:
        """Have the next calls of a name refused."""
        body = json.dumps({"error_code": "CANARY", "message": "canary"}).encode()
        self.faults += [(call, Reply(status, body, **more))] * times

    def answer(self, request: PreparedRequest) -> Reply:
        """Answer a request."""
        address = urlsplit(request.url or "")
        asked = Asked(
            call=address.path.removeprefix(_API),
            query={name: values[0] for name, values in parse_qs(address.query).items()},
            body=json.loads(request.body) if request.body else None,
            token=request.headers["Authorization"].removeprefix("Bearer "),
        )
        self.asked.append(asked)
        for place, (call, reply) in enumerate(self.faults):
            if call == asked.call:
                del self.faults[place]
                return reply
        return self._answer(asked)

    def _answer(self, asked: Asked) -> Reply:
        match asked.call:
            case "run-now":
                return Reply.json({"run_id": self._start(asked.body), "number_in_job": 1})
            case "runs/get":
                return self._run(int(asked.query["run_id"]))
            case "runs/list":
                return self._listed(asked.query)
            case "runs/cancel":
                return Reply.json({})
            case "runs/get-output":
                return Reply.json({"notebook_output": {"result": "done"}})
            case "get":
                return Reply.json({"job_id": int(asked.query["job_id"]), "settings": {}})
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

    def _listed(self, query: Mapping[str, str]) -> Reply:
        runs = [run for run in self.runs.values() if str(run["job_id"]) == query["job_id"]]
        begin, limit = int(query.get("page_token", "0")), int(query["limit"])
        page = list(reversed(runs))[begin : begin + limit]
        more = begin + limit < len(runs)
        token = {"next_page_token": str(begin + limit)} if more else {}
        return Reply.json({**({"runs": page} if page else {}), "has_more": more, **token})


def jobs_in(
    workspace: FakeWorkspace,
    options: Mapping[str, JobOptions] | None = None,
    variables: Mapping[str, str] | None = None,
    interval: float = 0.001,
) -> LakeflowJobs:
    """Return jobs of a workspace whose calls take no time, and whose looks follow each other."""
    configuration = read_lakeflow({**VARIABLES, **(variables or {})}, options)
    time = VirtualTime()
    http = HttpOptions(transport=ScriptedTransport([workspace.answer]), timer=time.timer)
    workspaces = Workspaces(configuration=configuration, http=http)
    jobs = LakeflowJobs(configuration=configuration, workspaces=lambda: workspaces)
    jobs.watches = Watches(Pace(interval=interval))
    return jobs
