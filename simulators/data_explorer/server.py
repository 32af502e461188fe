"""Serves the simulated API of a Data Explorer cluster, with a control API for tests.

The simulator knows no query language: a test scripts the result of each name in a text.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.serving import Refusal, api_middleware

REFUSED_TOKEN = "refused"  # noqa: S105 - not a secret
"""A token that the cluster always refuses."""
MISSING_DATABASE = "missing"
"""The name of a database that does not exist."""

_RUN_SECONDS = 0.05
_SHOW = re.compile(r"\.show operations (?:\| where OperationId == guid\()?(?P<id>[0-9a-f-]{36})\)?")
_DETAILS = re.compile(r"\.show operation (?P<id>[0-9a-f-]{36}) details")
_CANCEL = re.compile(r"\.cancel operation (?P<id>[0-9a-f-]{36})")
_DECLARED = re.compile(r"declare query_parameters\s*\((?P<list>[^;]*)\)\s*;")
_PARAMETER = re.compile(r"(?P<name>\w+)\s*:\s*\w+(?P<default>\s*=)?")
_COLUMN_TYPES = {"StartedOn": "datetime", "LastUpdatedOn": "datetime", "Duration": "timespan"}
_TYPES = {bool: "bool", int: "long", float: "real", dict: "dynamic", list: "dynamic"}


class ResultScript(BaseModel):
    """The result of every text that holds a name."""

    model_config = ConfigDict(extra="forbid")

    row: dict[str, Any] = Field(default_factory=dict)
    """The only row of the result, by its columns."""
    outcome: str | None = "Completed"
    """The final state of an operation; None: it runs until it is cancelled."""
    status: str = ""
    """The text of the column `Status`."""
    partial_failure: str | None = None
    """The message of a query that fails after its answer has begun."""
    can_be_cancelled: bool = True


@dataclass(slots=True)
class Operation:
    """An operation that an asynchronous command started."""

    script: ResultScript
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    is_cancelled: bool = False
    _since: float = field(default_factory=time.monotonic)

    @property
    def state(self) -> str:
        """The word for the state."""
        if self.is_cancelled:
            return "Canceled"
        is_young = time.monotonic() < self._since + _RUN_SECONDS
        return "InProgress" if is_young else self.script.outcome or "InProgress"

    def row(self) -> dict[str, Any]:
        """Return the row of `.show operations`."""
        return {
            "OperationId": self.id,
            "Operation": "TableSetOrAppend",
            "NodeId": "",
            "StartedOn": _time(self.begun),
            "LastUpdatedOn": _time(datetime.now(UTC)),
            "Duration": "00:00:00.0500000",
            "State": self.state,
            "Status": self.script.status if self.state != "InProgress" else "",
        }


class Cluster:
    """The scripted results and the operations of a cluster."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.scripts: dict[str, ResultScript] = {}
        self.operations: dict[str, Operation] = {}
        self._submissions = (data / "submissions.jsonl").open("a", encoding="utf-8")

    def close(self) -> None:
        """Close the file of executed texts."""
        self._submissions.close()

    def operation(self, operation_id: str) -> Operation:
        """Return an operation."""
        if operation_id not in self.operations:
            raise Refusal(400, "BadRequest_EntityNotFound", "The operation was not found.")
        return self.operations[operation_id]

    def script_of(self, text: str) -> ResultScript:
        """Return the script of the first known name in a text."""
        words = re.findall(r"\w+", text)
        script = next((self.scripts[word] for word in words if word in self.scripts), None)
        if script is None:
            raise Refusal(400, "General_BadRequest", "Semantic error: a name is not known.")
        return script

    def record(self, line: Mapping[str, Any]) -> None:
        """Append an executed text to the file."""
        self._submissions.write(json.dumps(line) + "\n")
        self._submissions.flush()


_CLUSTER = web.AppKey("cluster", Cluster)


def build_app(cluster: Cluster) -> web.Application:
    """Return the application with the API and the control API."""
    app = web.Application(
        client_max_size=8 * 1024 * 1024,
        middlewares=[
            api_middleware(
                check=_check,
                endpoint=lambda request: request.path.strip("/"),
                answer_refusal=lambda _, refusal: web.json_response(
                    _error(refusal.status, refusal.message, refusal.code), status=refusal.status
                ),
                error_body=_error,
            )
        ],
    )
    app[_CLUSTER], app[FAULTS] = cluster, FaultQueue()
    app.add_routes(
        [
            *fault_routes(),
            web.put("/simulator/results/{name}", _put_result),
            web.post("/v1/rest/mgmt", _mgmt),
            web.post("/v2/rest/query", _query),
        ]
    )
    return app


def _error(status: int, message: str, code: str = "SimulatedFault") -> dict[str, Any]:
    error = {"code": code, "message": "Request is invalid.", "@message": message}
    return {"error": {**error, "@type": "Kusto.Exceptions", "@permanent": True}}


def _check(request: web.Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.strip() in {"", REFUSED_TOKEN}:
        raise Refusal(401, "Unauthorized", "The token is not valid.")
    if request.headers.get("Accept") != "application/json":
        raise Refusal(400, "BadRequest", "The header Accept must be application/json.")


async def _put_result(request: web.Request) -> web.Response:
    """Script the result of every text that holds a name."""
    try:
        script = ResultScript.model_validate_json(await request.read())
    except ValidationError as error:
        return web.json_response(error.errors(include_context=False), status=422)
    request.app[_CLUSTER].scripts[request.match_info["name"]] = script
    return web.json_response({})


async def _text(request: web.Request) -> tuple[str, dict[str, str]]:
    """Return the text of a request with its parameters."""
    try:
        body = json.loads(await request.read())
        text, database = str(body["csl"]).strip(), body["db"]
        properties = json.loads(body.get("properties") or "{}")
        parameters = dict(properties.get("Parameters") or {})
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Refusal(400, "BadRequest_InvalidJson", "The request cannot be read.") from None
    if database == MISSING_DATABASE:
        raise Refusal(400, "BadRequest_EntityNotFound", "The database was not found.")
    if not all(isinstance(each, str) for each in parameters.values()):
        raise Refusal(400, "BadRequest", "The values of query parameters are texts.")
    for statement in _DECLARED.finditer(text):
        for each in _PARAMETER.finditer(statement["list"]):
            if each["default"] is None and each["name"] not in parameters:
                raise Refusal(400, "General_BadRequest", f"No value for {each['name']}.")
    return text, parameters


async def _mgmt(request: web.Request) -> web.Response:
    text, parameters = await _text(request)
    if not text.startswith("."):
        raise Refusal(400, "BadRequest_NotAdminCommand", "The text is not a command.")
    cluster = request.app[_CLUSTER]
    if text.startswith((".show", ".cancel")):
        return _tables(_own_command(cluster, text))
    script, run_id = cluster.script_of(text), str(uuid.uuid4())
    row = script.row
    if re.search(r"\basync\b", text.partition("<|")[0]):
        operation = Operation(script)
        cluster.operations[operation.id] = operation
        run_id, row = operation.id, {"OperationId": operation.id}
    _record(request, run_id, text, parameters)
    return _tables(row)


def _record(request: web.Request, run_id: str, text: str, parameters: dict[str, str]) -> None:
    token = request.headers.get("x-ms-client-request-id", "")
    line = {"run_id": run_id, "token": token, "csl": text, "parameters": parameters}
    request.app[_CLUSTER].record(line)


def _own_command(cluster: Cluster, text: str) -> dict[str, Any] | None:
    """Return the only row of a command about databases or operations; None: no row."""
    if found := _SHOW.match(text):
        operation = cluster.operations.get(found["id"])
        return None if operation is None else operation.row()
    if found := _DETAILS.match(text):
        operation = cluster.operation(found["id"])
        if operation.state != "Completed":
            raise Refusal(400, "BadRequest", "The operation has not completed.")
        return operation.script.row
    if found := _CANCEL.match(text):
        operation = cluster.operation(found["id"])
        can = operation.script.can_be_cancelled and operation.state == "InProgress"
        operation.is_cancelled = operation.is_cancelled or can
        state = "Cancelled successfully" if can else "Cancel failed"
        return {"OperationId": operation.id, "CancellationState": state, "ReasonPhrase": ""}
    if text.startswith(".show databases"):
        return {"DatabaseName": "Sales", "PersistentStorage": ""}
    raise Refusal(400, "General_BadRequest", "Syntax error: the command is not known.")


async def _query(request: web.Request) -> web.Response:
    text, parameters = await _text(request)
    if text.startswith("."):
        raise Refusal(400, "BadRequest_AdminCommandNotAllowed", "The text is a command.")
    script = request.app[_CLUSTER].script_of(text)
    _record(request, str(uuid.uuid4()), text, parameters)
    failure = script.partial_failure
    error = _error(200, failure or "", "LimitsExceeded")
    frames: list[dict[str, Any]] = [
        {"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0"},
        _frame(1, "PrimaryResult", script.row, *([{"OneApiErrors": [error]}] if failure else [])),
        _frame(2, "QueryCompletionInformation", {"Level": 4, "Payload": "{}", "EventType": 4}),
        {"FrameType": "DataSetCompletion", "HasErrors": bool(failure), "Cancelled": False}
        | ({"OneApiErrors": [error]} if failure else {}),
    ]
    return web.json_response(frames)


def _tables(row: dict[str, Any] | None) -> web.Response:
    table = {"TableName": "Table_0", **_content(row)}
    return web.json_response({"Tables": [table]})


def _frame(
    number: int,
    kind: str,
    row: dict[str, Any],
    *errors: Any,
) -> dict[str, Any]:
    content = _content(row)
    content["Rows"] += errors
    frame = {"FrameType": "DataTable", "TableId": number, "TableKind": kind, "TableName": kind}
    return {**frame, **content}


def _content(row: dict[str, Any] | None) -> dict[str, Any]:
    columns = [
        {
            "ColumnName": name,
            "DataType": "String",
            "ColumnType": _COLUMN_TYPES.get(name) or _TYPES.get(type(value), "string"),
        }
        for name, value in (row or {"OperationId": ""}).items()
    ]
    return {"Columns": columns, "Rows": [] if row is None else [[*row.values()]]}


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"
