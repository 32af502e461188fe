"""Serves the simulated Vertex AI API for pipeline, custom and batch prediction jobs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from simulators.google_cloud.errors import ApiError, invalid
from simulators.google_cloud.pipelines import check_pipeline, details, failed_task, program_of
from simulators.google_cloud.requests import number_in, object_body, page
from simulators.google_cloud.runs import ERROR, Pace, Run, Submissions, program_in
from simulators.google_cloud.templates import JOBS

PROJECT_NUMBER = "482915"
"""The number of every project, which Vertex AI shows in names instead of the id."""
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,126}")
_LABEL = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FILTER = re.compile(r'labels\.(?P<name>[a-z0-9_-]+)=(?:"(?P<text>[^"]*)"|(?P<word>[a-z0-9_-]+))')
_SHARED = frozenset({"displayName", "encryptionSpec", "labels", "serviceAccount"})
_OUTPUT_ONLY = frozenset(
    {"name", "state", "createTime", "startTime", "endTime", "updateTime", "error", "jobDetail"}
    | {"outputInfo", "completionStats", "partialFailures", "resourcesConsumed", "webAccessUris"}
    | {"templateMetadata", "scheduleName", "modelVersionId"}
)
"""Fields that the service ignores in a request, as the rules for its APIs say (AIP-203)."""
_KNOWN = {
    "pipelineJobs": _SHARED
    | {"pipelineSpec", "runtimeConfig", "network", "templateUri", "reservedIpRanges"}
    | {"pscInterfaceConfig", "preflightValidations"},
    "customJobs": _SHARED - {"serviceAccount"} | {"jobSpec"},
    "batchPredictionJobs": _SHARED
    | {"model", "unmanagedContainerModel", "inputConfig", "instanceConfig", "modelParameters"}
    | {"outputConfig", "dedicatedResources", "manualBatchTuningParameters"}
    | {"generateExplanation", "explanationSpec", "disableContainerLogging"},
}


class VertexJobs:
    """The jobs of a region, in memory."""

    def __init__(self, pace: Pace, submissions: Submissions) -> None:
        self.pace, self.submissions = pace, submissions
        self.runs: dict[str, dict[str, Run]] = {kind: {} for kind in _KNOWN}
        for kind, templates in JOBS.items():
            for job_id, body in templates.items():
                self.add(kind, job_id, body, is_template=True)

    def add(self, kind: str, job_id: str, body: dict[str, Any], *, is_template: bool) -> Run:
        """Store a job."""
        run = Run(
            id=job_id,
            body=body,
            program=_PROGRAMS[kind](body),
            pace=self.pace,
            is_template=is_template,
        )
        self.runs[kind][job_id] = run
        return run

    def get(self, request: web.Request) -> Run:
        """Return the job that a request names."""
        kind, job_id = request.match_info["kind"], request.match_info["id"]
        run = self.runs.get(kind, {}).get(job_id)
        if run is None:
            raise ApiError(404, f"The {kind} {job_id} does not exist.")
        return run


JOB_STORE = web.AppKey("vertex", VertexJobs)


def vertex_routes() -> list[web.RouteDef]:
    """Return the routes of the API, and the control route that adds a template."""
    jobs = "/v1/projects/{project}/locations/{location}/{kind:[a-zA-Z]+Jobs}"
    return [
        web.post(jobs, _create),
        web.get(jobs, _list),
        web.post(jobs + "/{id}:cancel", _cancel),
        web.get(jobs + "/{id}", _get),
        web.put("/simulator/vertex/{kind}/{id}", _put_template),
    ]


async def _create(request: web.Request) -> web.Response:
    kind, store = request.match_info["kind"], request.app[JOB_STORE]
    given = await object_body(request)
    body = {name: value for name, value in given.items() if name not in _OUTPUT_ONLY}
    _check_common(kind, body)
    _CHECKS[kind](body)
    job_id = str(time.time_ns())
    if kind == "pipelineJobs":
        job_id = request.query.get("pipelineJobId") or f"pipeline-{job_id}"
        if _ID.fullmatch(job_id) is None:
            raise invalid("pipeline_job_id has a wrong form.")
        if job_id in store.runs[kind]:
            raise ApiError(409, f"PipelineJob {job_id} already exists.")
    run = store.add(kind, job_id, body, is_template=False)
    store.submissions.add(id=job_id, name=body.get("displayName"), body=given)
    return web.json_response(_shown(request, run))


async def _get(request: web.Request) -> web.Response:
    job, fields = _shown(request, request.app[JOB_STORE].get(request)), request.query.get("fields")
    names = fields.split(",") if fields else list(job)
    return web.json_response({name: job[name] for name in names if name in job})


async def _list(request: web.Request) -> web.Response:
    kind = request.match_info["kind"]
    runs = [*reversed(request.app[JOB_STORE].runs.get(kind, {}).values())]
    text = request.query.get("filter", "")
    wanted = _FILTER.fullmatch(text)
    if text and wanted is None:
        raise invalid("The filter cannot be parsed.")
    if wanted is not None:
        value = wanted["text"] or wanted["word"]
        runs = [run for run in runs if (run.body.get("labels") or {}).get(wanted["name"]) == value]
    shown, token = page(request, runs, number_in(request, "pageSize", 100))
    answer: dict[str, Any] = {kind: [_masked(request, _shown(request, run)) for run in shown]}
    for job in answer[kind]:
        job.pop("jobDetail", None)
    return web.json_response(answer | token if shown else {})


async def _cancel(request: web.Request) -> web.Response:
    run = request.app[JOB_STORE].get(request)
    if run.is_over:
        raise ApiError(400, "The job has already ended.", code="FAILED_PRECONDITION")
    run.stopped_at = run.stopped_at or time.time()
    return web.json_response({})


async def _put_template(request: web.Request) -> web.Response:
    body = await object_body(request)
    store = request.app[JOB_STORE]
    store.add(request.match_info["kind"], request.match_info["id"], body, is_template=True)
    return web.json_response({})


def _masked(request: web.Request, job: dict[str, Any]) -> dict[str, Any]:
    mask = request.query.get("readMask")
    names = set(mask.split(",")) if mask else job.keys()
    return {name: value for name, value in job.items() if name in names}


def _shown(request: web.Request, run: Run) -> dict[str, Any]:
    kind, state = request.match_info["kind"], run.state()
    location = f"projects/{PROJECT_NUMBER}/locations/{request.match_info['location']}"
    prefix = "PIPELINE_STATE" if kind == "pipelineJobs" else "JOB_STATE"
    shown = {
        **run.body,
        "name": f"{location}/{kind}/{run.id}",
        "state": f"{prefix}_{state}",
        **run.times(),
    }
    if kind == "pipelineJobs":
        shown["jobDetail"] = details(run)
    if state == "FAILED":
        shown["error"] = {"code": 9, "message": _message(kind, run)}
    if kind == "batchPredictionJobs" and state == "SUCCEEDED" and not run.is_template:
        shown |= _predictions(run)
    return shown


def _predictions(run: Run) -> dict[str, Any]:
    target = run.body["outputConfig"]
    statistics = {"successfulCount": "7", "failedCount": "0"}
    if "bigqueryDestination" in target:
        dataset = target["bigqueryDestination"]["outputUri"]
        return {
            "outputInfo": {
                "bigqueryOutputDataset": dataset,
                "bigqueryOutputTable": f"predictions_{run.id}",
            },
            "completionStats": statistics,
        }
    folder = target["gcsDestination"]["outputUriPrefix"]
    return {
        "outputInfo": {"gcsOutputDirectory": f"{folder}/prediction-{run.program}"},
        "completionStats": statistics,
    }


def _message(kind: str, run: Run) -> str:
    if kind != "pipelineJobs":
        return f"The replica workerpool0-0 exited with a non-zero status of 1. {ERROR}"
    failed = failed_task(run.body["pipelineSpec"])
    return f"The DAG failed because some tasks failed. The failed tasks are: [{failed}]."


def _check_common(kind: str, body: Mapping[str, Any]) -> None:
    if kind not in _KNOWN:
        raise ApiError(404, f"There is no collection {kind}.")
    unknown = sorted(body.keys() - _KNOWN[kind])
    if unknown:
        raise invalid(f'Invalid JSON payload received. Unknown name "{unknown[0]}".')
    name = body.get("displayName")
    if not isinstance(name, str) or not 1 <= len(name) <= 128:
        raise invalid("display_name must have 1 to 128 characters.")
    for label, value in (body.get("labels") or {}).items():
        if _LABEL.fullmatch(label) is None or _LABEL_VALUE.fullmatch(value) is None:
            raise invalid(f"The label {label} has a wrong form.")


def _check_custom(body: Mapping[str, Any]) -> None:
    pools = (body.get("jobSpec") or {}).get("workerPoolSpecs")
    if not pools or not pools[0]:
        raise invalid("job_spec.worker_pool_specs is required.")
    for pool in filter(None, pools):
        specs = [name for name in ("containerSpec", "pythonPackageSpec") if name in pool]
        if len(specs) != 1:
            raise invalid("A worker pool needs one task.")
        env = pool[specs[0]].get("env") or []
        names = [each.get("name") for each in env]
        wrong = len(env) > 100 or len(set(names)) != len(names)
        if wrong or not all(_VARIABLE.fullmatch(str(name)) for name in names):
            raise invalid("The environment variables have wrong names.")
        if not all(isinstance(each.get("value"), str) for each in env):
            raise invalid("The value of an environment variable is a text.")


def _check_batch(body: Mapping[str, Any]) -> None:
    if ("model" in body) is ("unmanagedContainerModel" in body):
        raise invalid("Exactly one of model and unmanaged_container_model must be set.")
    parts = (
        ("inputConfig", "instancesFormat", {"gcsSource", "bigquerySource"}),
        ("outputConfig", "predictionsFormat", {"gcsDestination", "bigqueryDestination"}),
    )
    for name, form, places in parts:
        config = body.get(name) or {}
        if form not in config or len(places & config.keys()) != 1:
            raise invalid(f"{name} needs {form} and one place.")


def _custom_program(body: Mapping[str, Any]) -> str:
    pool = body["jobSpec"]["workerPoolSpecs"][0]
    container, package = pool.get("containerSpec"), pool.get("pythonPackageSpec")
    return program_in(container["imageUri"] if container else package["pythonModule"])


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "pipelineJobs": check_pipeline,
    "customJobs": _check_custom,
    "batchPredictionJobs": _check_batch,
}
_PROGRAMS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "pipelineJobs": lambda body: program_of(body.get("pipelineSpec") or {}),
    "customJobs": _custom_program,
    "batchPredictionJobs": lambda body: program_in(str(body.get("model"))),
}
