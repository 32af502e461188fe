"""Defines the shared state of the route handlers, and reads values from HTTP requests."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aiohttp import web

from simulators.databricks.access import Access
from simulators.databricks.answers import AnswerFormat
from simulators.databricks.compute import ClusterCatalogue
from simulators.databricks.errors import invalid_parameter, malformed_request
from simulators.databricks.job_definitions import JobDefinitions
from simulators.databricks.pipelines import Pipelines
from simulators.databricks.run_service import RunService
from simulators.databricks.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The state behind the handlers."""

    workspace: Workspace
    jobs: RunService
    definitions: JobDefinitions
    pipelines: Pipelines
    compute: ClusterCatalogue
    access: Access


SERVICE = web.AppKey("service", Service)


def answer_format(request: web.Request) -> AnswerFormat:
    """Return the answer format of a request."""
    return AnswerFormat(version=request.match_info["version"], base_url=f"http://{request.host}")


async def json_body(request: web.Request) -> object:
    """Return the JSON of a request; raise if the body is not JSON."""
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        raise malformed_request("Could not parse request object: it is not JSON.") from None


def required(request: web.Request, name: str) -> str:
    """Return a required query parameter."""
    value = request.query.get(name)
    if not value:
        raise invalid_parameter(f"Missing required field: {name}")
    return value


def run_id_of(value: object) -> int:
    """Return a run id, given as a number or as digits."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise invalid_parameter("run_id must be a whole number.")
    return int(text)


def number(request: web.Request, name: str, default: int) -> int:
    """Return the value of a numeric query parameter."""
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise invalid_parameter(f"{name} must be a whole number.")
    return int(text)


def flag(request: web.Request, name: str) -> bool:
    """Return the value of a boolean query parameter."""
    return request.query.get(name, "false").lower() == "true"
