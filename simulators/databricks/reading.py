"""What the handlers share: the service behind them, and reading a request."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aiohttp import web

from simulators.databricks.access import Access
from simulators.databricks.answers import Form
from simulators.databricks.compute import ComputeCatalogue
from simulators.databricks.definitions import JobDefinitions
from simulators.databricks.errors import invalid_parameter, malformed_request
from simulators.databricks.jobs import Jobs
from simulators.databricks.pipelines import Pipelines
from simulators.databricks.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the handlers answer from."""

    workspace: Workspace
    jobs: Jobs
    definitions: JobDefinitions
    pipelines: Pipelines
    compute: ComputeCatalogue
    access: Access


SERVICE = web.AppKey("service", Service)


def form_of(request: web.Request) -> Form:
    """Return how this request is to be answered."""
    return Form(version=request.match_info["version"], base_url=f"http://{request.host}")


async def json_body(request: web.Request) -> object:
    """Return the JSON of a request; raise where it is none."""
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        raise malformed_request("Could not parse request object: it is not JSON.") from None


def required(request: web.Request, name: str) -> str:
    """Return a query parameter that must be there."""
    value = request.query.get(name)
    if not value:
        raise invalid_parameter(f"Missing required field: {name}")
    return value


def run_id_of(value: object) -> int:
    """Return a run id, which the service takes as a number or as its digits."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise invalid_parameter("run_id must be a whole number.")
    return int(text)


def number(request: web.Request, name: str, default: int) -> int:
    """Return a query parameter that is a whole number."""
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise invalid_parameter(f"{name} must be a whole number.")
    return int(text)


def flag(request: web.Request, name: str) -> bool:
    """Return a query parameter that is true or false."""
    return request.query.get(name, "false").lower() == "true"
