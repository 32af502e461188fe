"""Simulates the jobs, tasks and pools of an Azure Batch account.

The command line of a task names its program (`programs.py`). A task runs as soon as its pool has a
node.
"""

from __future__ import annotations

import json
import re
from typing import Any

from aiohttp import web

from simulators.azure_compute.programs import Pace, ends, iso, now, objects, outcome
from simulators.serving import Refusal, api_middleware

POOLS: dict[str, dict[str, Any]] = {
    "small": {"state": "active", "allocationState": "steady", "currentDedicatedNodes": 1},
    "empty": {
        "state": "active",
        "allocationState": "steady",
        "currentDedicatedNodes": 0,
        "targetDedicatedNodes": 2,
        "resizeErrors": [
            {"code": "AccountCoreQuotaReached", "message": "The account core quota is reached."}
        ],
    },
}
_JSON = "application/json; odata=minimalmetadata"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_READ_ONLY = frozenset({"url", "eTag", "state", "creationTime", "executionInfo", "stats"})


def error_json(status: int, message: str, code: str = "SimulatedFault") -> dict[str, Any]:
    """Return the body of a refusal, which has no envelope."""
    return {"code": code, "message": {"lang": "en-US", "value": message}}


def _answer_refusal(_: web.Request, refusal: Refusal) -> web.Response:
    body = error_json(refusal.status, refusal.message, refusal.code)
    return web.json_response(body, status=refusal.status)


def _check(request: web.Request) -> None:
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        raise Refusal(401, "AuthenticationFailed")
    if request.query.get("api-version") is None:
        raise Refusal(400, "MissingRequiredQueryParameter")
    if request.method in {"POST", "PATCH"} and request.headers.get("Content-Type") != _JSON:
        raise Refusal(415, "UnsupportedMediaType")


MIDDLEWARE = api_middleware(
    check=_check,
    endpoint=lambda request: f"batch{request.path}",
    answer_refusal=_answer_refusal,
    error_body=error_json,
    is_api=lambda path: path.startswith(("/jobs", "/jobschedules", "/pools")),
)


class Account:
    """The jobs, tasks and job schedules of the account."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.jobs: dict[str, dict[str, Any]] = {}
        self.schedules: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, dict[str, Any]]] = {}
        self.ends: dict[str, tuple[float, str]] = {}

    def create(self, job: dict[str, Any]) -> None:
        """Store a new job; raise the refusal of Batch."""
        name = str(job.get("id"))
        if _ID.fullmatch(name) is None or _READ_ONLY & job.keys() or not job.get("poolInfo"):
            raise Refusal(400, "InvalidPropertyValue", "The job is not valid.")
        if name in self.jobs:
            raise Refusal(409, "JobExists", "The specified job already exists.")
        self.jobs[name] = {**job, "at": now()}
        self.tasks[name] = {}

    def add(self, job: str, task: dict[str, Any]) -> dict[str, Any]:
        """Add a task, and return its result in a collection."""
        name = str(task.get("id"))
        error = None
        if not task.get("commandLine") or _READ_ONLY & task.keys():
            error = "InvalidPropertyValue"
        elif name in self.tasks[job]:
            error = "TaskExists"
        if error is not None:
            message = {"lang": "en-US", "value": error}
            return {
                "status": "clienterror",
                "taskId": name,
                "error": {"code": error, "message": message},
            }
        self.tasks[job][name] = {**task, "at": now()}
        return {"status": "success", "taskId": name}

    def found(self, name: str) -> dict[str, Any]:
        """Return a stored job; raise the refusal for a missing one."""
        if name not in self.jobs:
            raise Refusal(404, "JobNotFound", "The specified job does not exist.")
        return self.jobs[name]

    def shown_task(self, job: str, name: str) -> dict[str, Any]:
        """Return a task with its state."""
        task = self.tasks[job][name]
        shown = {key: value for key, value in task.items() if key != "at"}
        shown |= {"creationTime": iso(task["at"]), "url": f"https://x/jobs/{job}/tasks/{name}"}
        begun = task["at"] + self.pace.start
        stop = self.ends.get(job)
        program = str(task["commandLine"]).split()[0]
        ended = begun + self.pace.run if ends(program) else None
        execution: dict[str, Any] = {"startTime": iso(begun), "retryCount": 0, "requeueCount": 0}
        if self.pool(job) != "small" or now() < begun:
            execution, state = {"retryCount": 0, "requeueCount": 0}, "active"
        elif ended is not None and now() >= ended:
            code, state = outcome(program, {}).code, "completed"
            execution |= {"endTime": iso(ended), "exitCode": code}
            execution |= _result(code)
        else:
            state = "running"
        # The active tasks of a terminated job stay active.
        if stop is not None and state == "running":
            state = "completed"
            execution |= {"endTime": iso(stop[0]), "result": "failure"}
            failure = {"category": "usererror", "code": "TaskEnded", "message": "It was ended."}
            execution |= {"failureInfo": failure}
        return {**shown, "state": state, "executionInfo": execution}

    def pool(self, job: str) -> str:
        """Return the pool of a job."""
        return str(self.jobs[job]["poolInfo"].get("poolId"))

    def counts(self, job: str) -> dict[str, int]:
        """Return the numbers of tasks by their states."""
        self.found(job)
        tasks = [self.shown_task(job, name) for name in self.tasks[job]]
        count = {
            state: sum(each["state"] == state for each in tasks)
            for state in ("active", "running", "completed")
        }
        results = [each["executionInfo"].get("result") for each in tasks]
        return {
            **count,
            "succeeded": results.count("success"),
            "failed": results.count("failure"),
        }

    def shown(self, name: str) -> dict[str, Any]:
        """Return a job with its state."""
        stored = self.found(name)
        job = {key: value for key, value in stored.items() if key != "at"}
        execution = {"startTime": iso(stored["at"]), "poolId": self.pool(name)}
        counts, state = self.counts(name), "active"
        stop = self.ends.get(name)
        if stop is not None:
            state = "completed"
            execution |= {"endTime": iso(stop[0]), "terminateReason": stop[1]}
        elif job.get("onAllTasksComplete") == "terminatejob" and not (
            counts["active"] or counts["running"]
        ):
            state = "completed"
            execution |= {"endTime": iso(now()), "terminateReason": "AllTasksComplete"}
        created = {"creationTime": iso(stored["at"]), "url": f"https://x/jobs/{name}", "eTag": "1"}
        return {**job, **created, "state": state, "executionInfo": execution}


def _result(code: int) -> dict[str, Any]:
    if code == 0:
        return {"result": "success"}
    failure = {"category": "usererror", "code": "FailureExitCode"}
    failure["message"] = "The task exited with an exit code representing a failure"
    return {"result": "failure", "failureInfo": failure}


_ACCOUNT = web.AppKey("account", Account)
_SIZE = web.AppKey("batch_page_size", int)


def add_service(app: web.Application, pace: Pace, page_size: int) -> None:
    """Add the routes and the state of the account to an application."""
    app[_ACCOUNT], app[_SIZE] = Account(pace), page_size
    app.add_routes(
        [
            web.get("/jobs", _list),
            web.post("/jobs", _create),
            web.get("/jobs/{job}", _get),
            web.patch("/jobs/{job}", _patch),
            web.post("/jobs/{job}/terminate", _terminate),
            web.get("/jobs/{job}/taskcounts", _counts),
            web.get("/jobs/{job}/tasks", _list_tasks),
            web.post("/jobs/{job}/addtaskcollection", _add),
            web.get("/jobs/{job}/tasks/{task}/files/stderr.txt", _error_output),
            web.get("/jobschedules", _list_schedules),
            web.post("/jobschedules", _create_schedule),
            web.get("/jobschedules/{schedule}", _get_schedule),
            web.get("/pools/{pool}", _pool),
        ]
    )


def _page(request: web.Request, entries: list[dict[str, Any]]) -> web.Response:
    first, size = int(request.query.get("$skiptoken", "0")), request.app[_SIZE]
    answer: dict[str, Any] = {"value": entries[first : first + size]}
    if first + size < len(entries):
        link = request.url.update_query({"$skiptoken": str(first + size)})
        answer["odata.nextLink"] = str(link)
    return web.json_response(answer)


async def _list(request: web.Request) -> web.Response:
    account = request.app[_ACCOUNT]
    prefix = re.fullmatch(r"startswith\(id,'([\w-]*)'\)", request.query.get("$filter", ""))
    names = [name for name in account.jobs if prefix is None or name.startswith(prefix[1])]
    return _page(request, [account.shown(name) for name in sorted(names)])


async def _create(request: web.Request) -> web.Response:
    request.app[_ACCOUNT].create(await _body(request))
    return web.Response(status=201)


async def _body(request: web.Request) -> dict[str, Any]:
    return json.loads(await request.read())


async def _get(request: web.Request) -> web.Response:
    return web.json_response(request.app[_ACCOUNT].shown(request.match_info["job"]))


async def _patch(request: web.Request) -> web.Response:
    request.app[_ACCOUNT].found(request.match_info["job"]).update(await _body(request))
    return web.Response()


async def _terminate(request: web.Request) -> web.Response:
    account, name = request.app[_ACCOUNT], request.match_info["job"]
    if account.shown(name)["state"] == "completed":
        raise Refusal(409, "JobCompleted", "The specified job is already completed.")
    reason = (await _body(request)).get("terminateReason", "UserTerminate")
    account.ends[name] = (now(), reason)
    return web.Response(status=202)


async def _counts(request: web.Request) -> web.Response:
    counts = request.app[_ACCOUNT].counts(request.match_info["job"])
    return web.json_response({"taskCounts": counts, "taskSlotCounts": counts})


async def _list_tasks(request: web.Request) -> web.Response:
    account, job = request.app[_ACCOUNT], request.match_info["job"]
    account.found(job)
    tasks = [account.shown_task(job, name) for name in account.tasks[job]]
    if "failure" in request.query.get("$filter", ""):
        tasks = [each for each in tasks if each["executionInfo"].get("result") == "failure"]
    return _page(request, tasks)


async def _add(request: web.Request) -> web.Response:
    account, job = request.app[_ACCOUNT], request.match_info["job"]
    account.found(job)
    tasks = objects((await _body(request)).get("value"))
    if len(tasks) > 100:
        raise Refusal(400, "TooManyTasks", "At most 100 tasks.")
    return web.json_response({"value": [account.add(job, task) for task in tasks]})


async def _error_output(request: web.Request) -> web.Response:
    task = request.app[_ACCOUNT].tasks[request.match_info["job"]][request.match_info["task"]]
    message = outcome(str(task["commandLine"]).split()[0], {}).message
    return web.Response(text=f"{message}\n", content_type="application/octet-stream")


async def _list_schedules(request: web.Request) -> web.Response:
    return _page(request, list(request.app[_ACCOUNT].schedules.values()))


async def _create_schedule(request: web.Request) -> web.Response:
    body = await _body(request)
    created = {"state": "disabled", "creationTime": iso(now()), "url": "https://x", "eTag": "1"}
    request.app[_ACCOUNT].schedules[body["id"]] = {**body, **created}
    return web.Response(status=201)


async def _get_schedule(request: web.Request) -> web.Response:
    found = request.app[_ACCOUNT].schedules.get(request.match_info["schedule"])
    if found is None:
        raise Refusal(404, "JobScheduleNotFound")
    return web.json_response(found)


async def _pool(request: web.Request) -> web.Response:
    name = request.match_info["pool"]
    if name not in POOLS:
        raise Refusal(404, "PoolNotFound")
    return web.json_response({"id": name, **POOLS[name]})
