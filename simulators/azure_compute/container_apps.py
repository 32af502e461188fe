"""Simulates the jobs of Azure Container Apps and their executions."""

from __future__ import annotations

import uuid
from typing import Any

from aiohttp import web

from simulators.azure_compute.programs import Pace, ends, iso, now, objects, outcome
from simulators.serving import Refusal

_ARM = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.App/jobs"
_OF_EXECUTION = frozenset({"image", "name", "command", "args", "env", "resources"})


class Executions:
    """The jobs and the executions of the resource group."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.jobs: dict[str, dict[str, Any]] = {}
        self.executions: dict[str, dict[str, Any]] = {}

    def job(self, name: str) -> dict[str, Any]:
        """Return a job; raise the refusal for a missing one."""
        if name not in self.jobs:
            raise Refusal(404, "ResourceNotFound", f"The job {name} was not found.")
        return self.jobs[name]

    def start(self, job: str, template: dict[str, Any]) -> str:
        """Store a new execution and return its name."""
        given = objects(template.get("containers"))
        for container in (*given, *objects(template.get("initContainers"))):
            unknown = container.keys() - _OF_EXECUTION
            if unknown or "ephemeralStorage" in (container.get("resources") or {}):
                raise Refusal(400, "JobExecutionTemplateInvalid", f"Unknown: {sorted(unknown)}")
            if not container.get("image"):
                raise Refusal(400, "JobExecutionTemplateInvalid", "The image is required.")
        own = self.job(job)["properties"]["template"]
        name = f"{job}-{uuid.uuid4().hex[:7]}"
        self.executions[name] = {
            "job": job,
            "template": {"containers": given or own["containers"]},
            "at": now(),
            "stopped": None,
        }
        return name

    def found(self, job: str, name: str) -> dict[str, Any]:
        """Return an execution; raise the refusal for a missing one."""
        self.job(job)
        execution = self.executions.get(name)
        if execution is None or execution["job"] != job:
            raise Refusal(404, "JobExecutionNotFound", f"The execution {name} was not found.")
        return execution

    def properties(self, name: str) -> dict[str, Any]:
        """Return the state of an execution."""
        execution = self.executions[name]
        container = objects(execution["template"]["containers"])[0]
        program = str((container.get("command") or ["succeed"])[0])
        ended = execution["at"] + self.pace.start + self.pace.run
        shown = {"startTime": iso(execution["at"]), "template": execution["template"]}
        if execution["stopped"] is not None:
            return {**shown, "status": "Stopped", "endTime": iso(execution["stopped"])}
        if now() < execution["at"] + self.pace.start:
            return {**shown, "status": "Processing"}
        if not ends(program) or now() < ended:
            return {**shown, "status": "Running"}
        result = outcome(program, {})
        one = {"name": container["name"], "code": result.code, "status": "Terminated"}
        one["additionalInformation"] = result.message
        replicas = [{"name": f"{name}-r1", "containers": [one]}]
        status = "Succeeded" if result.code == 0 else "Failed"
        detailed = {"detailedStatus": {"replicas": replicas}, "endTime": iso(ended)}
        return {**shown, **detailed, "status": status}


_EXECUTIONS = web.AppKey("executions", Executions)
_SIZE = web.AppKey("container_apps_page_size", int)


def add_service(app: web.Application, pace: Pace, page_size: int) -> None:
    """Add the routes and the state of the jobs to an application."""
    app[_EXECUTIONS], app[_SIZE] = Executions(pace), page_size
    app.add_routes(
        [
            web.get(_ARM, _list),
            web.get(f"{_ARM}/{{job}}", _get),
            web.put(f"{_ARM}/{{job}}", _put),
            web.post(f"{_ARM}/{{job}}/start", _start),
            web.get(f"{_ARM}/{{job}}/executions", _list_executions),
            web.get(f"{_ARM}/{{job}}/executions/{{name}}", _get_execution),
            web.post(f"{_ARM}/{{job}}/executions/{{name}}/stop", _stop),
        ]
    )


async def _list(request: web.Request) -> web.Response:
    jobs = request.app[_EXECUTIONS].jobs
    return _page(request, [jobs[name] for name in sorted(jobs)])


def _page(request: web.Request, entries: list[dict[str, Any]]) -> web.Response:
    first, size = int(request.query.get("skip", "0")), request.app[_SIZE]
    answer: dict[str, Any] = {"value": entries[first : first + size]}
    if first + size < len(entries):
        answer["nextLink"] = str(request.url.update_query(skip=str(first + size)))
    return web.json_response(answer)


async def _get(request: web.Request) -> web.Response:
    return web.json_response(request.app[_EXECUTIONS].job(request.match_info["job"]))


async def _put(request: web.Request) -> web.Response:
    name = request.match_info["job"]
    job = {"id": request.path, "name": name, **(await request.json())}
    job["properties"]["provisioningState"] = "Succeeded"
    for container in job["properties"]["template"]["containers"]:
        container["resources"] = {"cpu": 0.5, "memory": "1Gi", "ephemeralStorage": "2Gi"}
    request.app[_EXECUTIONS].jobs[name] = job
    return web.json_response(job)


async def _start(request: web.Request) -> web.Response:
    job = request.match_info["job"]
    body = await request.json() if request.can_read_body else {}
    name = request.app[_EXECUTIONS].start(job, body)
    return web.json_response({"id": f"{request.path[: -len('/start')]}/{name}", "name": name})


async def _list_executions(request: web.Request) -> web.Response:
    executions, job = request.app[_EXECUTIONS], request.match_info["job"]
    executions.job(job)
    found = [
        {"name": name, "properties": executions.properties(name)}
        for name, each in executions.executions.items()
        if each["job"] == job
    ]
    return _page(request, found)


async def _get_execution(request: web.Request) -> web.Response:
    executions, name = request.app[_EXECUTIONS], request.match_info["name"]
    executions.found(request.match_info["job"], name)
    return web.json_response({"name": name, "properties": executions.properties(name)})


async def _stop(request: web.Request) -> web.Response:
    executions, name = request.app[_EXECUTIONS], request.match_info["name"]
    found = executions.found(request.match_info["job"], name)
    if executions.properties(name)["status"] in {"Succeeded", "Failed", "Stopped"}:
        raise Refusal(409, "JobExecutionNotRunning", "The execution has ended.")
    found["stopped"] = now()
    return web.Response(status=200)
