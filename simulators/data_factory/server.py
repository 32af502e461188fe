"""Serves the simulated Data Factory and Synapse APIs, with a control API for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from simulators.data_factory.runs import Recovery, Run, start
from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.quirks import QUIRKS, Quirks, quirk_routes
from simulators.serving import Refusal, api_middleware

REFUSED_TOKEN = "refused"  # noqa: S105 - not a secret
"""A token that the service always refuses."""
MISSING_FACTORY = "missing"
"""The name of a factory that does not exist."""

_FACTORY = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.DataFactory"
    "/factories/{factory}"
)
_VERSIONS = {"": "2020-12-01", _FACTORY: "2018-06-01"}
LISTS_IN_ANY_ORDER = "lists-in-any-order"
_KEPT = timedelta(days=45)


class Service:
    """The pipelines and runs, which the factory and the workspace share."""

    def __init__(self, data: Path, *, page_size: int) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.pipelines: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, Run] = {}
        self.page_size = page_size
        self.list_lag = timedelta()
        """The time until a new run appears in the list."""
        self._submissions = (data / "submissions.jsonl").open("a", encoding="utf-8")

    def now(self) -> datetime:
        """Return the current time."""
        return datetime.now(UTC)

    def pipeline(self, name: str) -> dict[str, Any]:
        """Return a pipeline."""
        if name not in self.pipelines:
            raise Refusal(404, "PipelineNotFound", f"The pipeline {name} was not found.")
        return self.pipelines[name]

    def run(self, run_id: str) -> Run:
        """Return a run."""
        if run_id not in self.runs:
            raise Refusal(404, "PipelineRunNotFound", f"The run {run_id} was not found.")
        return self.runs[run_id]

    def start(
        self, name: str, parameters: Mapping[str, Any], recovery: Recovery | None = None
    ) -> Run:
        """Start a run and record it."""
        run = start(name, self.pipeline(name), parameters, self.now(), recovery)
        self.runs[run.run_id] = run
        line = {"run_id": run.run_id, "pipeline": name, "parameters": dict(run.parameters)}
        self._submissions.write(json.dumps(line) + "\n")
        self._submissions.flush()
        return run

    def recovery(self, pipeline: str, query: Mapping[str, str], *, in_factory: bool) -> Recovery:
        """Return the failed run that a start repairs, and where the repair starts.

        Only Data Factory knows `startFromFailure`.
        """
        failed = self.run(query["referencePipelineRunId"])
        if failed.pipeline != pipeline:
            raise Refusal(400, "BadRequest", "The run belongs to another pipeline.")
        if not failed.is_over(self.now()):
            raise Refusal(400, "BadRequest", "The run is in progress.")
        return Recovery(
            failed=failed,
            start_activity=query.get("startActivityName"),
            from_failure=in_factory and query.get("startFromFailure", "").lower() == "true",
        )

    def close(self) -> None:
        """Close the file of started runs."""
        self._submissions.close()


SERVICE = web.AppKey("service", Service)


def build_app(service: Service) -> web.Application:
    """Return the application with both APIs."""
    app = web.Application(
        client_max_size=8 * 1024 * 1024,
        middlewares=[api_middleware(check=_check, endpoint=_endpoint)],
    )
    app[SERVICE] = service
    app[FAULTS] = FaultQueue()
    app[QUIRKS] = Quirks({LISTS_IN_ANY_ORDER: "the query for runs ignores its order"})
    app.add_routes(
        [*fault_routes(), *quirk_routes(), web.put("/simulator/list-lag", _set_list_lag)]
    )
    for prefix in _VERSIONS:
        pipelines, runs = f"{prefix}/pipelines", f"{prefix}/pipelineruns"
        app.add_routes(
            [
                web.get(pipelines, _list),
                web.put(f"{pipelines}/{{name}}", _put),
                web.get(f"{pipelines}/{{name}}", _get),
                web.delete(f"{pipelines}/{{name}}", _delete),
                web.post(f"{pipelines}/{{name}}/createRun", _create_run),
                web.post(f"{prefix}/queryPipelineRuns", _query_runs),
                web.get(f"{runs}/{{run}}", _get_run),
                web.post(f"{runs}/{{run}}/cancel", _cancel),
            ]
        )
    # The path of this query differs between the services.
    query = "pipelineruns/{run}/queryActivityruns"
    app.add_routes([web.post(f"{_FACTORY}/{query}", _query_activities)])
    app.add_routes([web.post(f"/pipelines/{{name}}/{query}", _query_activities)])
    app.on_cleanup.append(_close)
    return app


async def _close(app: web.Application) -> None:
    app[SERVICE].close()


def _endpoint(request: web.Request) -> str:
    factory = request.match_info.get("factory", "")
    return request.path.rpartition(f"/factories/{factory}/")[2].removeprefix("/")


def _check(request: web.Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.strip() in {"", REFUSED_TOKEN}:
        raise Refusal(401, "InvalidAuthenticationToken", "The access token is invalid.")
    wanted = _VERSIONS[_FACTORY if "factory" in request.match_info else ""]
    if request.query.get("api-version") != wanted:
        raise Refusal(400, "InvalidApiVersionParameter", f"The api-version must be {wanted}.")
    if request.match_info.get("factory") == MISSING_FACTORY:
        raise Refusal(404, "ResourceNotFound", "The factory was not found.")


async def _read(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "BadRequest", "The body is not a JSON object.")
    return body


def _resource(request: web.Request, name: str) -> dict[str, Any]:
    base = request.path.partition("/pipelines")[0]
    return {
        "id": f"{base}/pipelines/{name}",
        "name": name,
        "type": "Microsoft.DataFactory/factories/pipelines",
        "etag": "00000000-0000-0000-0000-000000000000",
        "properties": request.app[SERVICE].pipelines[name],
    }


async def _list(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    names = sorted(service.pipelines)
    first = int(request.query.get("$skiptoken", "0"))
    following = first + service.page_size
    answer: dict[str, Any] = {
        "value": [_resource(request, name) for name in names[first:following]]
    }
    if following < len(names):
        version = request.query["api-version"]
        path = f"http://{request.host}{request.path}"
        answer["nextLink"] = f"{path}?api-version={version}&%24skiptoken={following}"
    return web.json_response(answer)


async def _put(request: web.Request) -> web.Response:
    name, body = request.match_info["name"], await _read(request)
    request.app[SERVICE].pipelines[name] = body.get("properties") or {}
    return web.json_response(_resource(request, name))


async def _get(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    request.app[SERVICE].pipeline(name)
    return web.json_response(_resource(request, name))


async def _delete(request: web.Request) -> web.Response:
    request.app[SERVICE].pipelines.pop(request.match_info["name"], None)
    return web.Response()


async def _create_run(request: web.Request) -> web.Response:
    service, name = request.app[SERVICE], request.match_info["name"]
    in_factory, query, given = "factory" in request.match_info, request.query, await _read(request)
    if "referencePipelineRunId" in query:
        recovery = service.recovery(name, query, in_factory=in_factory)
        is_repair = query.get("isRecovery", "").lower() == "true"
        # The values of the failed run replace those of the request.
        run = service.start(name, recovery.failed.parameters, recovery if is_repair else None)
    else:
        run = service.start(name, given)
    status = 200 if in_factory else 202
    return web.json_response({"runId": run.run_id}, status=status)


async def _get_run(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    return web.json_response(service.run(request.match_info["run"]).as_json(service.now()))


async def _cancel(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    run = service.run(request.match_info["run"])
    if run.is_over(service.now()):
        raise Refusal(400, "BadRequest", "The run has ended and cannot be cancelled.")
    run.cancel(service.now())
    return web.Response()


async def _query_runs(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    now = service.now()
    listed = [
        run.as_json(now)
        for run in service.runs.values()
        if run.started >= now - _KEPT and run.started + service.list_lag <= now
    ]
    newest_first = LISTS_IN_ANY_ORDER not in request.app[QUIRKS]
    runs = sorted(listed, key=lambda run: run["runStart"], reverse=newest_first)
    return await _page(request, runs, {"PipelineName": "pipelineName", "Status": "status"})


async def _query_activities(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    activities = list(service.run(request.match_info["run"]).activities(service.now()))
    fields = {"ActivityType": "activityType", "ActivityName": "activityName", "Status": "status"}
    return await _page(request, activities, fields)


async def _page(
    request: web.Request, items: list[dict[str, Any]], fields: dict[str, str]
) -> web.Response:
    """Answer a query with one page of its matches."""
    body = await _read(request)
    try:
        after = datetime.fromisoformat(body["lastUpdatedAfter"])
        before = datetime.fromisoformat(body["lastUpdatedBefore"])
        wanted = {fields[each["operand"]]: each["values"] for each in body.get("filters") or []}
        first = int(body.get("continuationToken") or 0)
    except (KeyError, ValueError, TypeError):
        raise Refusal(400, "BadRequest", "The query cannot be read.") from None
    found = [
        each
        for each in items
        if after
        <= datetime.fromisoformat(each.get("lastUpdated") or each["activityRunEnd"])
        <= before
        and all(each[name] in values for name, values in wanted.items())
    ]
    following = first + request.app[SERVICE].page_size
    answer: dict[str, Any] = {"value": found[first:following]}
    if following < len(found):
        answer["continuationToken"] = str(following)
    return web.json_response(answer)


async def _set_list_lag(request: web.Request) -> web.Response:
    request.app[SERVICE].list_lag = timedelta(seconds=float((await _read(request))["seconds"]))
    return web.json_response({})
