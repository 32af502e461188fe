"""Serves the routes that create, read, start and stop pipelines, and list pipeline events."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from simulators.databricks.access import USER
from simulators.databricks.errors import invalid_parameter
from simulators.databricks.pipelines import Pipeline, Update
from simulators.databricks.quirks import OWN_RETRIES, with_quirks
from simulators.databricks.routes.service import SERVICE, json_body, number
from simulators.databricks.submission import read_object
from simulators.quirks import QUIRKS

MAX_RESULTS = 100
DEFAULT_RESULTS = 25


def pipeline_routes() -> list[web.RouteDef]:
    """Return the routes for pipelines."""
    pipelines = "/api/2.0/pipelines"
    one = f"{pipelines}/{{pipeline_id}}"
    return [
        web.post(pipelines, _create),
        web.get(pipelines, _list),
        web.get(one, _get),
        web.post(f"{one}/updates", _start),
        web.get(f"{one}/updates", _list_updates),
        web.get(f"{one}/updates/{{update_id}}", _get_update),
        web.post(f"{one}/stop", _stop),
        web.get(f"{one}/events", _list_events),
    ]


async def _create(request: web.Request) -> web.Response:
    pipeline_id = request.app[SERVICE].pipelines.create(await json_body(request))
    return web.json_response({"pipeline_id": pipeline_id})


async def _list(request: web.Request) -> web.Response:
    pipelines = request.app[SERVICE].pipelines
    page, answer = _page(request, pipelines.all())
    if page:
        answer["statuses"] = [
            {
                "pipeline_id": each.pipeline_id,
                "name": each.spec["name"],
                "state": "IDLE" if pipelines.active(each.pipeline_id) is None else "RUNNING",
                "creator_user_name": USER,
            }
            for each in page
        ]
    return web.json_response(answer)


async def _get(request: web.Request) -> web.Response:
    pipelines, pipeline = request.app[SERVICE].pipelines, _pipeline(request)
    active = pipelines.active(pipeline.pipeline_id)
    return web.json_response(
        {
            "pipeline_id": pipeline.pipeline_id,
            "name": pipeline.spec["name"],
            "spec": {"id": pipeline.pipeline_id, **pipeline.spec},
            "state": "IDLE" if active is None else "RUNNING",
            "creator_user_name": USER,
        }
    )


async def _start(request: web.Request) -> web.Response:
    body = read_object(await json_body(request), "the request")
    full_refresh = body.get("full_refresh", False)
    if not isinstance(full_refresh, bool):
        raise invalid_parameter("full_refresh must be true or false.")
    pipelines = request.app[SERVICE].pipelines
    update = pipelines.start(request.match_info["pipeline_id"], full_refresh=full_refresh)
    return web.json_response({"update_id": update.update_id})


async def _list_updates(request: web.Request) -> web.Response:
    updates = _followed_by_retries(request)
    ids = [each.update_id for each in updates]
    until = request.query.get("until_update_id")
    if until in ids:
        updates = updates[: ids.index(until) + 1]
    page, answer = _page(request, updates)
    if page:
        answer["updates"] = [each.as_json(time.time()) for each in page]
    return web.json_response(with_quirks(request, answer))


def _followed_by_retries(request: web.Request) -> list[Update]:
    """Return the updates of a pipeline; with the quirk, a failed one is retried once."""
    pipelines, pipeline_id = request.app[SERVICE].pipelines, request.match_info["pipeline_id"]
    updates = pipelines.updates(pipeline_id)
    newest = updates[0] if updates else None
    if OWN_RETRIES not in request.app[QUIRKS] or newest is None or newest.is_retry:
        return updates
    if newest.state(time.time()) == "FAILED":
        pipelines.start(pipeline_id, full_refresh=newest.full_refresh, is_retry=True)
    return pipelines.updates(pipeline_id)


async def _get_update(request: web.Request) -> web.Response:
    return web.json_response({"update": _update(request).as_json(time.time())})


async def _stop(request: web.Request) -> web.Response:
    request.app[SERVICE].pipelines.stop(request.match_info["pipeline_id"])
    return web.json_response({})


async def _list_events(request: web.Request) -> web.Response:
    """Answer with one event per failed update; the filter is assumed to select errors."""
    now = time.time()
    updates = request.app[SERVICE].pipelines.updates(request.match_info["pipeline_id"])
    events = [_failure(each) for each in updates if each.state(now) == "FAILED"]
    page, answer = _page(request, events)
    if page:
        answer["events"] = list(page)
    return web.json_response(answer)


def _failure(update: Update) -> dict[str, Any]:
    at = datetime.fromtimestamp(update.started_at, UTC)
    return {
        "id": f"failure-of-{update.update_id}",
        "timestamp": at.isoformat().replace("+00:00", "Z"),
        "level": "ERROR",
        "event_type": "update_progress",
        "message": f"Update {update.update_id[:6]} is FAILED.",
        "origin": {"pipeline_id": update.pipeline.pipeline_id, "update_id": update.update_id},
        "error": {
            "fatal": True,
            "exceptions": [
                {
                    "class_name": "org.apache.spark.SparkRuntimeException",
                    "message": "[DIVIDE_BY_ZERO] Division by zero.",
                    "stack": [
                        {
                            "declaring_class": "org.apache.spark.sql.errors.QueryExecutionErrors$",
                            "method_name": "divideByZeroError",
                            "file_name": "QueryExecutionErrors.scala",
                            "line_number": 203,
                        }
                    ],
                }
            ],
        },
    }


def _page[T](request: web.Request, items: Sequence[T]) -> tuple[Sequence[T], dict[str, Any]]:
    """Return one page, and an answer with the token of the next page."""
    limit = number(request, "max_results", DEFAULT_RESULTS)
    if not 1 <= limit <= MAX_RESULTS:
        raise invalid_parameter(f"max_results must be between 1 and {MAX_RESULTS}.")
    start = number(request, "page_token", 0)
    more = start + limit < len(items)
    answer: dict[str, Any] = {"next_page_token": str(start + limit)} if more else {}
    return items[start : start + limit], answer


def _pipeline(request: web.Request) -> Pipeline:
    return request.app[SERVICE].pipelines.get(request.match_info["pipeline_id"])


def _update(request: web.Request) -> Update:
    found = request.match_info
    return request.app[SERVICE].pipelines.update(found["pipeline_id"], found["update_id"])
