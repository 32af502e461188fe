"""Simulates Foundry evaluations; the script of an evaluation sets run outcomes."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulators.azure_ai.state import (
    SERVICE,
    Work,
    check_fields,
    check_metadata,
    page,
    read_body,
)
from simulators.serving import Refusal

REPORT_URL = "https://ai.azure.com/resource/build/evaluation/"


def evaluation_routes(project: str) -> list[web.RouteDef]:
    """Return the routes of the evaluations below a project."""
    evals = f"{project}/openai/v1/evals"
    run = f"{evals}/{{evaluation}}/runs/{{run}}"
    return [
        web.get(evals, _list_evaluations),
        web.get(f"{evals}/{{evaluation}}", _get_evaluation),
        web.post(f"{evals}/{{evaluation}}/runs", _create_run),
        web.get(f"{evals}/{{evaluation}}/runs", _list_runs),
        web.get(run, _get_run),
        # The reference of Foundry documents the first path, the OpenAI client calls the second.
        web.post(run, _cancel_run),
        web.post(f"{run}/cancel", _cancel_run),
    ]


async def _list_evaluations(request: web.Request) -> web.Response:
    scripts = request.app[SERVICE].scripts.get("evaluations", {})
    return page(request, [_evaluation(name, each) for name, each in sorted(scripts.items())])


async def _get_evaluation(request: web.Request) -> web.Response:
    return web.json_response(_evaluation(request.match_info["evaluation"], _script(request)))


async def _create_run(request: web.Request) -> web.Response:
    service, script, body = request.app[SERVICE], _script(request), await read_body(request)
    check_fields(body, {"name", "data_source", "metadata"}, ["data_source"])
    source = body["data_source"]
    if not isinstance(source, dict) or "type" not in source:
        raise Refusal(400, "invalid_request_error", "The data source has no type.")
    metadata = check_metadata(body)
    facts = {
        "eval_id": request.match_info["evaluation"],
        "name": body.get("name"),
        "data_source": source,
        "metadata": metadata,
    }
    run = service.start("evaluation runs", "evalrun", script, **facts)
    service.record(metadata.get("polysync_attempt"), run.id)
    return web.json_response(_run_json(run), status=201)


async def _list_runs(request: web.Request) -> web.Response:
    _script(request)
    runs = request.app[SERVICE].newest("evaluation runs")
    return page(request, [_run_json(each) for each in runs if _is_in(request, each)])


async def _get_run(request: web.Request) -> web.Response:
    return web.json_response(_run_json(_run(request)))


async def _cancel_run(request: web.Request) -> web.Response:
    run = _run(request)
    run.stop()
    return web.json_response(_run_json(run))


def _script(request: web.Request) -> dict[str, Any]:
    name = request.match_info["evaluation"]
    script = request.app[SERVICE].script("evaluations", name)
    if script is None:
        raise Refusal(404, "not_found", f"Eval with id '{name}' not found.")
    return script


def _run(request: web.Request) -> Work:
    run = request.app[SERVICE].find("evaluation runs", request.match_info["run"])
    if not _is_in(request, run):
        raise Refusal(404, "not_found", "The evaluation has no such run.")
    return run


def _is_in(request: web.Request, run: Work) -> bool:
    return run.facts["eval_id"] == request.match_info["evaluation"]


def _evaluation(name: str, script: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "object": "eval",
        "name": script.get("name", name),
        "created_at": 1_760_000_000,
        "data_source_config": {"type": "custom", "schema": {}},
        "testing_criteria": [],
        "metadata": {},
    }


def _run_json(run: Work) -> dict[str, Any]:
    # The service spells the state with one l.
    words = {"cancelled": "canceled", "cancelling": "in_progress"}
    state = words.get(run.state(), run.state())
    is_done = state == "completed"
    counts = run.script.get("counts", {"total": 3, "passed": 2, "failed": 1, "errored": 0})
    return {
        "id": run.id,
        "object": "eval.run",
        **run.facts,
        "status": state,
        "model": None,
        "created_at": int(run.started),
        "report_url": f"{REPORT_URL}{run.id}",
        "result_counts": counts if is_done else dict.fromkeys(counts, 0),
        "per_model_usage": [],
        "per_testing_criteria_results": [
            {"testing_criteria": run.script.get("criterion", "fluency"), "passed": 2, "failed": 1}
        ]
        if is_done
        else [],
        "error": run.script.get("error") if state == "failed" else None,
    }
