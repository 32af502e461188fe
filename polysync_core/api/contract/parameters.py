"""Adds descriptions and stricter schemas to path and query parameters in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAME = {"type": "string", "pattern": "^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"}
_RUN_ID = {"type": "string", "pattern": "^r[a-z2-7]{3,25}$"}
_JOB_KEY = {"type": "string", "minLength": 1}
_JOB_RUN_ID = {"type": "string", "minLength": 1}

_FLAG = {"type": "string", "enum": ["true", "false"]}
_SCHEMAS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("path", "name"): _NAME,
    ("path", "run_id"): _RUN_ID,
    ("query", "graphRunId"): _RUN_ID,
    ("query", "task"): _NAME,
    ("query", "job"): _NAME,
    ("query", "platform"): _NAME,
    ("query", "asUser"): _FLAG,
    ("query", "stream"): _FLAG,
}
_DESCRIPTIONS: Mapping[str, str] = {
    "name": "The name of the {kind}.",
    "backfill_id": "The id of the backfill.",
    "run_id": "The id of the run, or first characters that only one run id has.",
}


def describe_parameters(path: str, operation: Mapping[str, Any]) -> None:
    """Add descriptions and narrow schemas to the parameters of an operation."""
    for parameter in operation.get("parameters", ()):
        name, location = parameter["name"], parameter["in"]
        if location == "path" and "description" not in parameter:
            kind = path.split("/")[1].removesuffix("s").replace("-", " ")
            parameter["description"] = _DESCRIPTIONS[name].format(kind=kind)
        if (location, name) in _SCHEMAS:
            parameter["schema"] = dict(_of_job(path, name) or _SCHEMAS[location, name])
        elif path.startswith("/jobs/") and name == "limit":
            parameter["schema"] = {"type": "string", "default": "20"}


def _of_job(path: str, name: str) -> Mapping[str, Any] | None:
    """Return the rule of a job route: a name may be a job key."""
    if not path.startswith("/jobs/{name}/run") and path != "/jobs/{name}/status":
        return None
    return {"name": _JOB_KEY, "run_id": _JOB_RUN_ID}.get(name)
