"""How the stand-ins for Azure's services answer: who may call, refusals, and scripted faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from simulators.faults import FAULTS, Handle, go_wrong

_CONTROL = "/simulator/"


class Refused(Exception):
    """The request is answered with an error."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.status, self.code, self.message = status, code, message or code


def error_json(status: int, message: str, code: str = "SimulatedFault") -> dict[str, Any]:
    """Return the body of an error, as Azure Resource Manager has it."""
    return {"error": {"code": code, "message": message}}


def answering(
    check: Callable[[web.Request], None], endpoint: Callable[[web.Request], str]
) -> Middleware:
    """Return what checks who calls, and goes wrong where a script says so.

    `check` raises `Refused`; `endpoint` gives the name by which scripts speak of a request.
    """

    @web.middleware
    async def answer(request: web.Request, handler: Handle) -> web.StreamResponse:
        if request.path.startswith(_CONTROL):
            return await handler(request)

        async def checked(request: web.Request) -> web.StreamResponse:
            try:
                check(request)
                return await handler(request)
            except Refused as error:
                return _refusal(error.status, error.message, error.code)
            except web.HTTPException as error:
                return _refusal(error.status, error.reason)

        fault = request.app[FAULTS].take(endpoint(request), request.method)
        if fault is None:
            return await checked(request)
        return await go_wrong(fault, request, checked, error_json)

    return answer


def _refusal(status: int, message: str, code: str = "SimulatedFault") -> web.Response:
    return web.json_response(error_json(status, message, code), status=status)
