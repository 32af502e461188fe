"""Serves the simulated APIs of Airflow 2 and 3, with a control API for tests.

`/airflow2` has the API of Airflow 2 only, and `/airflow3` and the root have that of Airflow 3. All
show the same DAGs. Both deployments are environments of Cloud Composer, too.
"""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from simulators.airflow.answers import (
    V1,
    V2,
    dag_json,
    instance_json,
    log_json,
    run_json,
    task_json,
    xcom_json,
)
from simulators.airflow.runs import DagScript, Run, TaskState, checked_conf
from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.quirks import QUIRKS, Quirks, quirk_routes
from simulators.serving import Refusal, Submissions, api_middleware, json_object

REFUSED = "refused"
"""A token, or a password, that the server always refuses."""
OLD_XCOM = "before-2.10"
_DEPLOYMENTS = {"/airflow2": V1, "/airflow3": V2, "": V2}
_START_FIELDS = {
    V1: {"dag_run_id", "logical_date", "execution_date", "conf", "note", "data_interval_start"},
    V2: {"dag_run_id", "logical_date", "conf", "note", "run_after", "data_interval_start"},
}


class Airflow:
    """The DAGs and their runs."""

    def __init__(self, options: Namespace) -> None:
        self.page_size: int = options.page_size
        self.dags: dict[str, DagScript] = {}
        self.runs: dict[tuple[str, str], Run] = {}
        self.submissions = Submissions(options.data)

    def dag(self, request: web.Request) -> DagScript:
        """Return the DAG of a request."""
        dag_id = request.match_info["dag"]
        if dag_id not in self.dags:
            raise Refusal(404, "DAG not found", f"DAG with dag_id: '{dag_id}' not found")
        return self.dags[dag_id]

    def run(self, request: web.Request) -> Run:
        """Return the run of a request."""
        key = (request.match_info["dag"], request.match_info["run"])
        if key not in self.runs:
            raise Refusal(404, "DAGRun not found", f"DAGRun '{key[1]}' of '{key[0]}' not found")
        return self.runs[key]

    def task(self, request: web.Request) -> tuple[Run, TaskState]:
        """Return the task instance of a request, with its run."""
        run, task_id = self.run(request), request.match_info["task"]
        for task in run.tasks(now()):
            if task.script.task_id == task_id:
                return run, task
        raise Refusal(404, "Task instance not found", f"Task instance '{task_id}' not found")


AIRFLOW = web.AppKey("airflow", Airflow)


def build_app(options: Namespace) -> web.Application:
    """Return the application with all deployments."""
    middleware = api_middleware(
        check=_check, endpoint=_endpoint, answer_refusal=_refuse, error_body=_error
    )
    app = web.Application(client_max_size=8 * 1024 * 1024, middlewares=[middleware])
    app[AIRFLOW], app[FAULTS] = Airflow(options), FaultQueue()
    app[QUIRKS] = Quirks({OLD_XCOM: "Airflow 2 shows returned values as texts only"})
    app.on_cleanup.append(app[AIRFLOW].submissions.close)
    app.add_routes([*fault_routes(), *quirk_routes(), web.put("/simulator/dags/{dag}", _put_dag)])
    app.add_routes(
        [web.get("/v1/projects/{project}/locations/{region}/environments/{name}", _environment)]
    )
    for prefix, version in _DEPLOYMENTS.items():
        app.add_routes(_routes(prefix, version))
    return app


def _routes(prefix: str, version: str) -> list[web.RouteDef]:
    """Return the routes of one deployment."""
    api, run = f"{prefix}/api/{version}", f"{prefix}/api/{version}/dags/{{dag}}/dagRuns/{{run}}"
    return [
        web.post(f"{prefix}/auth/token", _token),
        web.get(f"{api}/version", _version),
        web.get(f"{api}/dags", _list_dags),
        web.get(f"{api}/dags/{{dag}}/details", _details),
        web.get(f"{api}/dags/{{dag}}/tasks", _tasks),
        web.post(f"{api}/dags/{{dag}}/clearTaskInstances", _clear),
        web.post(f"{api}/dags/{{dag}}/dagRuns", _start),
        web.get(f"{api}/dags/{{dag}}/dagRuns", _list_runs),
        web.get(run, _get_run),
        web.patch(run, _patch_run),
        web.get(f"{run}/taskInstances", _instances),
        web.get(f"{run}/taskInstances/{{task}}/xcomEntries/{{key}}", _xcom),
        web.get(f"{run}/taskInstances/{{task}}/logs/{{try:[0-9]+}}", _log),
    ]


def now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


def _version_of(request: web.Request) -> str:
    return V1 if "/api/v1/" in request.path else V2


def _endpoint(request: web.Request) -> str:
    return request.path.partition(f"/api/{_version_of(request)}/")[2] or request.path.strip("/")


def _check(request: web.Request) -> None:
    if request.path.endswith(("/version", "/auth/token")):
        return
    scheme, _, proof = request.headers.get("Authorization", "").partition(" ")
    allowed = {"bearer", "basic"} if _version_of(request) == V1 else {"bearer"}
    if scheme.lower() not in allowed or proof.strip() in {"", REFUSED}:
        raise Refusal(401, "Unauthorized", "Not authenticated")


def _error(status: int, message: str) -> dict[str, Any]:
    return {"detail": message}


def _refuse(request: web.Request, refusal: Refusal) -> web.Response:
    body: dict[str, Any] = {"detail": refusal.message}
    if _version_of(request) == V1:
        body |= {"status": refusal.status, "title": refusal.code, "type": "about:blank"}
    elif refusal.status == 409:
        body["detail"] = {"reason": "Unique constraint violation", "message": refusal.message}
    return web.json_response(body, status=refusal.status)


async def _environment(request: web.Request) -> web.Response:
    """Return an environment of Cloud Composer, whose web server is one of the deployments."""
    name = request.match_info["name"]
    if f"/{name}" not in _DEPLOYMENTS:
        error = {"code": 404, "message": "Resource not found", "status": "NOT_FOUND"}
        return web.json_response({"error": error}, status=404)
    release = "airflow-2.10.5" if name == "airflow2" else "airflow-3.1.0-build.1"
    config = {
        "airflowUri": f"http://{request.host}/{name}",
        "softwareConfig": {"imageVersion": f"composer-3-{release}"},
    }
    full_name = request.path.removeprefix("/v1/")
    return web.json_response({"name": full_name, "state": "RUNNING", "config": config})


async def _put_dag(request: web.Request) -> web.Response:
    try:
        dag = DagScript.model_validate_json(await request.read())
    except ValidationError as error:
        return web.json_response(error.errors(include_context=False), status=422)
    request.app[AIRFLOW].dags[request.match_info["dag"]] = dag
    return web.json_response({})


async def _token(request: web.Request) -> web.Response:
    body = await json_object(request)
    if not body.get("username") or body.get("password") in {None, "", REFUSED}:
        raise Refusal(401, "Unauthorized", "Invalid credentials")
    return web.json_response({"access_token": "header.payload.signature"}, status=201)


async def _version(request: web.Request) -> web.Response:
    release = "2.10.5" if _version_of(request) == V1 else "3.1.3"
    return web.json_response({"version": release, "git_version": None})


def _paged(request: web.Request, key: str, items: list[dict[str, Any]]) -> web.Response:
    try:
        limit, offset = int(request.query.get("limit", "50")), int(request.query.get("offset", "0"))
    except ValueError:
        raise Refusal(400, "Bad Request", "limit and offset are numbers") from None
    limit = min(limit, request.app[AIRFLOW].page_size)
    return web.json_response({key: items[offset : offset + limit], "total_entries": len(items)})


async def _list_dags(request: web.Request) -> web.Response:
    version = _version_of(request)
    name = "only_active" if version == V1 else "exclude_stale"
    only_active = request.query.get(name, "true") == "true"
    dags = sorted(request.app[AIRFLOW].dags.items())
    listed = [dag_json(version, *each) for each in dags if each[1].is_active or not only_active]
    return _paged(request, "dags", listed)


async def _details(request: web.Request) -> web.Response:
    dag = request.app[AIRFLOW].dag(request)
    answer = dag_json(_version_of(request), request.match_info["dag"], dag, details=True)
    return web.json_response(answer)


async def _tasks(request: web.Request) -> web.Response:
    dag = request.app[AIRFLOW].dag(request)
    tasks = [task_json(_version_of(request), task) for task in dag.tasks]
    return web.json_response({"tasks": tasks, "total_entries": len(tasks)})


async def _start(request: web.Request) -> web.Response:
    airflow, version, body = request.app[AIRFLOW], _version_of(request), await json_object(request)
    dag_id, dag = request.match_info["dag"], airflow.dag(request)
    unknown = body.keys() - _START_FIELDS[version]
    if unknown or (version == V2 and "logical_date" not in body):
        status = 400 if version == V1 else 422
        raise Refusal(status, "Bad Request", f"The body is wrong: {sorted(unknown) or 'no date'}")
    if dag.has_import_errors:
        raise Refusal(400, "Bad Request", f"DAG '{dag_id}' has import errors")
    conf = checked_conf(dag, body.get("conf") or {})
    moment = now()
    logical_date = moment if version == V1 else None
    run_id = body.get("dag_run_id") or f"manual__{moment.isoformat()}"
    if (dag_id, run_id) in airflow.runs:
        raise Refusal(409, "Conflict", f"DAGRun with DAG ID: '{dag_id}' already exists")
    run = Run(
        dag_id=dag_id,
        dag=dag,
        run_id=run_id,
        conf=conf,
        logical_date=logical_date,
        note=body.get("note"),
        queued=moment,
    )
    airflow.runs[dag_id, run_id] = run
    airflow.submissions.record(dag_id=dag_id, run_id=run_id, conf=conf)
    return web.json_response(run_json(version, run, moment))


async def _list_runs(request: web.Request) -> web.Response:
    airflow, version = request.app[AIRFLOW], _version_of(request)
    airflow.dag(request)
    order = request.query.get("order_by", "id")
    if order.removeprefix("-") not in {"id", "execution_date" if version == V1 else "run_after"}:
        raise Refusal(400, "Bad Request", f"Ordering with '{order}' is disallowed")
    runs = [each for each in airflow.runs.values() if each.dag_id == request.match_info["dag"]]
    if order.startswith("-"):
        runs.reverse()
    return _paged(request, "dag_runs", [run_json(version, each, now()) for each in runs])


async def _get_run(request: web.Request) -> web.Response:
    run = request.app[AIRFLOW].run(request)
    return web.json_response(run_json(_version_of(request), run, now()))


async def _patch_run(request: web.Request) -> web.Response:
    run, body = request.app[AIRFLOW].run(request), await json_object(request)
    if body.get("state") not in {"queued", "success", "failed"}:
        raise Refusal(400, "Bad Request", "The state is not one of queued, success, failed")
    run.set_state = (body["state"], now())
    return web.json_response(run_json(_version_of(request), run, now()))


async def _clear(request: web.Request) -> web.Response:
    airflow, version, body = request.app[AIRFLOW], _version_of(request), await json_object(request)
    run = airflow.runs.get((request.match_info["dag"], str(body.get("dag_run_id"))))
    if run is None:
        raise Refusal(404, "DAGRun not found", "DAGRun not found")
    if body.get("dry_run", True) or not body.get("only_failed", True):
        raise Refusal(400, "Bad Request", "The simulator clears failed tasks only")
    cleared = [instance_json(version, run, each) for each in run.clear_failed(now())]
    return web.json_response({"task_instances": cleared, "total_entries": len(cleared)})


async def _instances(request: web.Request) -> web.Response:
    run = request.app[AIRFLOW].run(request)
    wanted = request.query.getall("state", [])
    found = [
        instance_json(_version_of(request), run, task)
        for task in run.tasks(now())
        if not wanted or task.state in wanted
    ]
    return _paged(request, "task_instances", found)


async def _xcom(request: web.Request) -> web.Response:
    version = _version_of(request)
    run, task = request.app[AIRFLOW].task(request)
    if request.match_info["key"] != "return_value" or task.script.return_value is None:
        raise Refusal(404, "XCom entry not found", "XCom entry not found")
    is_old = version == V1 and OLD_XCOM in request.app[QUIRKS]
    if is_old and "stringify" in request.query:
        raise Refusal(400, "Bad Request", "Extra query parameter(s) stringify not in spec")
    as_text = version == V1 and request.query.get("stringify", "true") == "true"
    return web.json_response(xcom_json(version, run, task, as_text=as_text))


async def _log(request: web.Request) -> web.Response:
    _, task = request.app[AIRFLOW].task(request)
    number = int(request.match_info["try"])
    if not 1 <= number <= task.tries:
        raise Refusal(404, "Task instance not found", f"There is no try {number}")
    return web.json_response(log_json(_version_of(request), task, number))
