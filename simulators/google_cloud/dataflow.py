"""Serves the simulated Dataflow API, and the Cloud Storage list of template files."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulators.google_cloud.errors import ApiError, invalid
from simulators.google_cloud.requests import number_in, object_body, page
from simulators.google_cloud.runs import ENDLESS, ERROR, Pace, Run, Submissions, iso, program_in
from simulators.google_cloud.templates import FLOWS

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,1022}[a-z0-9])?")
_LEVELS = (
    "JOB_MESSAGE_DEBUG",
    "JOB_MESSAGE_DETAILED",
    "JOB_MESSAGE_BASIC",
    "JOB_MESSAGE_WARNING",
    "JOB_MESSAGE_ERROR",
)
"""The importance of messages, in ascending order, which differs from that of their numbers."""
_NUMBERS = {"1": 0, "2": 1, "5": 2, "3": 3, "4": 4}
_STOPS = {"JOB_STATE_CANCELLED": "CANCELLED", "JOB_STATE_DRAINED": "DRAINED", 5: "CANCELLED"}
_STOPS[8] = "DRAINED"
_WORDS = {"SUCCEEDED": "DONE"}
_SUMMARY = frozenset({"JOB_VIEW_SUMMARY", "JOB_VIEW_UNKNOWN", "0", "1", ""})


class Flows:
    """The templates and the jobs of a region, in memory."""

    def __init__(self, pace: Pace, submissions: Submissions) -> None:
        self.pace, self.submissions = pace, submissions
        self.templates: dict[str, dict[str, Any]] = dict(FLOWS)
        self.jobs: dict[str, Run] = {}
        self.drained: set[str] = set()

    def launch(self, path: str, kind: str, given: Mapping[str, Any]) -> Run:
        """Start a job, or raise the service's error."""
        template = self.templates.get(path)
        name = given.get("jobName")
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise invalid("The workflow could not be created. Causes: The job name is invalid.")
        if template is None:
            raise ApiError(404, f"(2f6): Unable to open template file: {path}.")
        if template["kind"] != kind:
            raise invalid(f"Invalid template file {path}.")
        _check_parameters(template, given.get("parameters") or {})
        if any(job.body["jobName"] == name and not job.is_over for job in self.jobs.values()):
            raise ApiError(
                409,
                f"(78f): There is already an active job named {name}. If you want to submit a"
                " second job, try again by setting a different name.",
            )
        moment = time.strftime("%Y-%m-%d_%H_%M_%S", time.gmtime())
        job = Run(
            id=f"{moment}-{time.time_ns()}",
            body={**given, **{name: template[name] for name in ("type", "defaults")}},
            program=ENDLESS if template["type"] == "JOB_TYPE_STREAMING" else program_in(path),
            pace=self.pace,
        )
        self.jobs[job.id] = job
        self.submissions.add(id=job.id, name=name, body=dict(given))
        return job


def _check_parameters(template: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    known = {each["name"]: each for each in template["parameters"]}
    wrong = {name: "Unrecognized parameter" for name in given if name not in known}
    for name, declared in known.items():
        if name not in given and not declared.get("isOptional"):
            wrong[name] = "Missing required parameter"
    if not all(isinstance(value, str) for value in given.values()):
        raise invalid("Invalid value at 'launch_parameters.parameters'.")
    if wrong:
        lines = "".join(f"\n{name}: {text}" for name, text in wrong.items())
        raise invalid(
            f"The template parameters are invalid. Details: {lines}",
            {
                "@type": "type.googleapis.com/google.dataflow.v1beta3.InvalidTemplateParameters",
                "parameterViolations": [
                    {"parameter": name, "description": text} for name, text in wrong.items()
                ],
            },
        )


FLOW_STORE = web.AppKey("dataflow", Flows)


def dataflow_routes() -> list[web.RouteDef]:
    """Return the routes of both APIs, and the control route that adds a template."""
    region = "/v1b3/projects/{project}/locations/{location}"
    return [
        web.post(f"{region}/templates:launch", _launch_classic),
        web.get(f"{region}/templates:get", _get_template),
        web.post(f"{region}/flexTemplates:launch", _launch_flex),
        web.get(f"{region}/jobs", _list),
        web.get(f"{region}/jobs/{{id}}", _get),
        web.put(f"{region}/jobs/{{id}}", _update),
        web.get(f"{region}/jobs/{{id}}/messages", _messages),
        web.get("/storage/v1/b/{bucket}/o", _objects),
        web.put("/simulator/dataflow", _put_template),
    ]


async def _launch_classic(request: web.Request) -> web.Response:
    body, path = await object_body(request), request.query.get("gcsPath", "")
    return _launched(request, request.app[FLOW_STORE].launch(path, "classic", body))


async def _launch_flex(request: web.Request) -> web.Response:
    given = (await object_body(request)).get("launchParameter") or {}
    path = str(given.get("containerSpecGcsPath", ""))
    return _launched(request, request.app[FLOW_STORE].launch(path, "flex", given))


def _launched(request: web.Request, job: Run) -> web.Response:
    shown = _shown(request, job)
    return web.json_response({"job": {name: shown[name] for name in ("id", "name", "projectId")}})


async def _get_template(request: web.Request) -> web.Response:
    path = request.query.get("gcsPath", "")
    template = request.app[FLOW_STORE].templates.get(path)
    if template is None:
        raise ApiError(404, f"(2f6): Unable to open template file: {path}_metadata.")
    if template.get("without_metadata"):
        return web.json_response(
            {"status": {"code": 5, "message": f"Unable to open template file: {path}_metadata."}}
        )
    return web.json_response(
        {
            "status": {},
            "metadata": {"name": program_in(path), "parameters": template["parameters"]},
            "templateType": "FLEX" if template["kind"] == "flex" else "LEGACY",
        }
    )


def _job(request: web.Request) -> Run:
    job = request.app[FLOW_STORE].jobs.get(request.match_info["id"])
    if job is None:
        raise ApiError(404, "(9a1): Information about job could not be found in our system.")
    return job


async def _get(request: web.Request) -> web.Response:
    job, fields = _shown(request, _job(request)), request.query.get("fields")
    if request.query.get("view", "") in _SUMMARY:
        job.pop("environment")
    names = fields.split(",") if fields else list(job)
    return web.json_response({name: job[name] for name in names if name in job})


async def _list(request: web.Request) -> web.Response:
    jobs = [*reversed(request.app[FLOW_STORE].jobs.values())]
    name = request.query.get("name")
    jobs = [job for job in jobs if name in {None, job.body["jobName"]}]
    shown, token = page(request, jobs, number_in(request, "pageSize", 100))
    entries = [_shown(request, job) for job in shown]
    for entry in entries:
        entry.pop("environment")
    return web.json_response({"jobs": entries, **token} if entries else {})


async def _update(request: web.Request) -> web.Response:
    job, body = _job(request), await object_body(request)
    wanted = _STOPS.get(body.get("requestedState", ""))
    if wanted is None:
        raise invalid("The requested state is not allowed.")
    if job.is_over:
        raise ApiError(400, "(c1): The job has already ended.", code="FAILED_PRECONDITION")
    if wanted == "DRAINED":
        if job.body["type"] != "JOB_TYPE_STREAMING":
            raise invalid("(d2): Only streaming jobs can be drained.")
        request.app[FLOW_STORE].drained.add(job.id)
    job.stopped_at = job.stopped_at or time.time()
    return web.json_response(_shown(request, job))


async def _messages(request: web.Request) -> web.Response:
    job = _job(request)
    given = request.query.get("minimumImportance", _LEVELS[0])
    least = _LEVELS.index(given) if given in _LEVELS else _NUMBERS[given]
    found = [("JOB_MESSAGE_BASIC", "Starting 1 workers."), ("JOB_MESSAGE_DETAILED", "Autoscaling")]
    if job.state() == "FAILED":
        found.append(("JOB_MESSAGE_ERROR", f"Traceback (most recent call last): {ERROR}"))
        found.append(("JOB_MESSAGE_ERROR", "Workflow failed. Causes: S01:Read+Write failed."))
    found = [each for each in found if _LEVELS.index(each[0]) >= least]
    shown, token = page(request, found, number_in(request, "pageSize", 100))
    entries = [
        {
            "id": str(index),
            "time": iso(job.created_at),
            "messageText": text,
            "messageImportance": level,
        }
        for index, (level, text) in enumerate(shown)
    ]
    return web.json_response({"jobMessages": entries, **token} if entries else {})


async def _objects(request: web.Request) -> web.Response:
    root, prefix = f"gs://{request.match_info['bucket']}/", request.query.get("prefix", "")
    templates = request.app[FLOW_STORE].templates
    names: list[str] = []
    for path, template in sorted(templates.items()):
        if path.startswith(root + prefix):
            names.append(path.removeprefix(root))
            if template["kind"] == "classic" and not template.get("without_metadata"):
                names.append(f"{names[-1]}_metadata")
    if not any(path.startswith(root) for path in templates):
        raise ApiError(404, "The specified bucket does not exist.")
    shown, token = page(request, names, number_in(request, "maxResults", 1000))
    return web.json_response({"kind": "storage#objects", "items": _named(shown), **token})


def _named(names: Any) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


async def _put_template(request: web.Request) -> web.Response:
    body = await object_body(request)
    request.app[FLOW_STORE].templates[body.pop("path")] = body
    return web.json_response({})


def _shown(request: web.Request, job: Run) -> dict[str, Any]:
    state = job.state()
    if job.id in request.app[FLOW_STORE].drained:
        state = {"CANCELLED": "DRAINED", "CANCELLING": "DRAINING"}.get(state, state)
    times = job.times()
    return {
        "id": job.id,
        "projectId": request.match_info["project"],
        "location": request.match_info["location"],
        "name": job.body["jobName"],
        "type": job.body["type"],
        "currentState": f"JOB_STATE_{_WORDS.get(state, state)}",
        "currentStateTime": times.get("endTime", iso(time.time())),
        "createTime": times["createTime"],
        "startTime": times["createTime"],
        "environment": {
            "sdkPipelineOptions": {
                "options": {**job.body["defaults"], **(job.body.get("parameters") or {})}
            }
        },
    }
