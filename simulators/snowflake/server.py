"""Serves the SQL API of Snowflake, and a control API for tests."""

from __future__ import annotations

import uuid
from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.serving import Refusal, Submissions, api_middleware, json_object
from simulators.snowflake.statements import CANCELLED, Call, ProcedureScript, called, table

REFUSED = "refused"
"""A token that the service always refuses."""
_PATH = "/api/v2/statements"
_TOKEN_TYPES = frozenset({"KEYPAIR_JWT", "OAUTH", "PROGRAMMATIC_ACCESS_TOKEN"})
_FIELDS = frozenset(
    {"statement", "timeout", "database", "schema", "warehouse", "role", "bindings", "parameters"}
)


class Snowflake:
    """The procedures and their calls."""

    def __init__(self, options: Namespace) -> None:
        self.procedures: dict[tuple[str, str, str, str], ProcedureScript] = {}
        self.calls: dict[str, Call] = {}
        self.submissions = Submissions(options.data)
        self.page_size: int = options.page_size

    def call(self, request: web.Request) -> Call:
        """Return the call of a request."""
        handle = request.match_info["handle"]
        if handle not in self.calls:
            raise Refusal(422, "000709", f"Statement {handle} not found")
        return self.calls[handle]

    def by_request(self, request_id: str) -> Call | None:
        """Return the call that a request started before."""
        return next((each for each in self.calls.values() if each.request_id == request_id), None)


SNOWFLAKE = web.AppKey("snowflake", Snowflake)


def build_app(options: Namespace) -> web.Application:
    """Return the application with the SQL API of one account."""
    middleware = api_middleware(
        check=_check, endpoint=_endpoint, answer_refusal=_refuse, error_body=_error
    )
    app = web.Application(client_max_size=8 * 1024 * 1024, middlewares=[middleware])
    app[SNOWFLAKE], app[FAULTS] = Snowflake(options), FaultQueue()
    app.on_cleanup.append(app[SNOWFLAKE].submissions.close)
    app.add_routes(
        [
            *fault_routes(),
            web.put("/simulator/procedures", _put_procedure),
            web.post(_PATH, _post),
            web.get(f"{_PATH}/{{handle}}", _get),
            web.post(f"{_PATH}/{{handle}}/cancel", _cancel),
        ]
    )
    return app


def _now() -> datetime:
    return datetime.now(UTC)


def _endpoint(request: web.Request) -> str:
    if request.path == _PATH:
        return "call" if request.query.get("async") == "true" else "query"
    return request.path.removeprefix("/api/v2/")


def _check(request: web.Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    kind = request.headers.get("X-Snowflake-Authorization-Token-Type", "OAUTH")
    if scheme != "Bearer" or token.strip() in {"", REFUSED} or kind not in _TOKEN_TYPES:
        raise Refusal(401, "390144", "JWT token is invalid.")


def _error(status: int, message: str, code: str = "390000") -> dict[str, Any]:
    return {"code": code, "message": message}


def _refuse(_: web.Request, refusal: Refusal) -> web.Response:
    body = _error(refusal.status, refusal.message, refusal.code)
    if refusal.status == 422:
        body |= {"sqlState": "42601", "statementHandle": f"01c-{uuid.uuid4().hex[:12]}"}
    return web.json_response(body, status=refusal.status)


async def _put_procedure(request: web.Request) -> web.Response:
    try:
        procedure = ProcedureScript.model_validate_json(await request.read())
    except ValidationError as error:
        return web.json_response(error.errors(include_context=False), status=422)
    key = (procedure.database, procedure.schema_name, procedure.name, procedure.signature)
    request.app[SNOWFLAKE].procedures[key] = procedure
    return web.json_response({})


async def _post(request: web.Request) -> web.Response:
    body = await json_object(request)
    unknown = body.keys() - _FIELDS
    text = body.get("statement")
    if unknown or not isinstance(text, str):
        raise Refusal(400, "390142", f"Incoming request is invalid: {sorted(unknown)}")
    if text.startswith("CALL "):
        return _start(request, body)
    values = [each["value"] for _, each in sorted((body.get("bindings") or {}).items())]
    if "QUERY_HISTORY" in text:
        return _answered(_history(request, *values))
    if "INFORMATION_SCHEMA.PROCEDURES" in text:
        is_one = len(values) == 2
        return _answered((_one if is_one else _list)(request, text, values))
    raise Refusal(422, "001003", "SQL compilation error: syntax error")


def _start(request: web.Request, body: dict[str, Any]) -> web.Response:
    snowflake, request_id = request.app[SNOWFLAKE], request.query.get("requestId", "")
    uuid.UUID(request_id)
    call = snowflake.by_request(request_id) if request.query.get("retry") == "true" else None
    if call is None:
        procedures = list(snowflake.procedures.values())
        procedure, given = called(body["statement"], body.get("bindings") or {}, procedures)
        call = Call(procedure=procedure, text=body["statement"], request_id=request_id)
        snowflake.calls[call.handle] = call
        tag = (body.get("parameters") or {}).get("query_tag", "")
        snowflake.submissions.record(handle=call.handle, tag=tag, given=given, name=procedure.name)
    status, answer = call.answer(call.started)
    return web.json_response(answer, status=status)


async def _get(request: web.Request) -> web.Response:
    status, answer = request.app[SNOWFLAKE].call(request).answer(_now())
    return web.json_response(answer, status=status)


async def _cancel(request: web.Request) -> web.Response:
    call = request.app[SNOWFLAKE].call(request)
    if call.status(_now()) != "RUNNING":
        raise Refusal(422, "000605", "Identified SQL statement is not currently executing.")
    call.cancelled = _now()
    answer = {"code": "000604", "message": "successfully canceled", "sqlState": "57014"}
    return web.json_response({**answer, "statementHandle": call.handle})


def _answered(result: dict[str, Any]) -> web.Response:
    handle = f"01d-{uuid.uuid4().hex[:12]}"
    return web.json_response({"code": "090001", "statementHandle": handle, **result})


_LISTED = [("PROCEDURE_SCHEMA", "text"), ("PROCEDURE_NAME", "text")]
_LISTED += [("ARGUMENT_SIGNATURE", "text"), ("COMMENT", "text")]


def _row(procedure: ProcedureScript) -> list[Any]:
    return [procedure.schema_name, procedure.name, procedure.signature, procedure.comment]


def _of_database(request: web.Request, text: str) -> list[ProcedureScript]:
    procedures = sorted(request.app[SNOWFLAKE].procedures.items())
    return [each for _, each in procedures if f'"{each.database}".INFORMATION_SCHEMA' in text]


def _list(request: web.Request, text: str, values: list[str]) -> dict[str, Any]:
    schema, first, last = values[0], int(values[2]), int(values[3])
    found = [p for p in _of_database(request, text) if schema in {"", p.schema_name}]
    size = min(last - first + 1, request.app[SNOWFLAKE].page_size)
    page = found[first - 1 : first - 1 + size]
    rows = [[*_row(each), str(len(found))] for each in page]
    return table([*_LISTED, ("TOTAL", "fixed")], rows)


def _one(request: web.Request, text: str, values: list[str]) -> dict[str, Any]:
    procedures = _of_database(request, text)
    found = [each for each in procedures if [each.schema_name, each.name] == values]
    return table(_LISTED, [_row(each) for each in found])


def _history(request: web.Request, begin: str) -> dict[str, Any]:
    names = ("QUERY_ID", "EXECUTION_STATUS", "ERROR_CODE", "ERROR_MESSAGE", "STARTED", "ENDED")
    rows: list[list[Any]] = []
    for call in request.app[SNOWFLAKE].calls.values():
        if call.text.startswith(begin):
            code = CANCELLED if call.cancelled else None
            started = call.started.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
            rows.append([call.handle, call.status(_now()), code, None, started, None])
    rows.reverse()
    return table([(name, "text") for name in names], rows)
