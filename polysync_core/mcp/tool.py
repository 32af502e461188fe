"""Defines the class of all MCP tools, which validates arguments and calls the API."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from polysync_core.domain.errors import Malformed, PolysyncError
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.strict_documents import read_json
from polysync_core.mcp.answers import AnswerTooLong, to_text
from polysync_core.mcp.arguments import Arguments, properties_of, read_arguments
from polysync_core.mcp.callers import caller_headers
from polysync_core.mcp.errors import (
    UnknownNames,
    api_error,
    call_error,
    internal_error,
    size_error,
    unknown_arguments,
    unknown_names_error,
)
from polysync_core.mcp.in_process_api import ApiError, AsgiApp, InProcessApi

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool[A: Arguments]:
    """A function that a model can call."""

    name: str
    description: str
    arguments: type[A]
    run: Callable[[InProcessApi, A], Awaitable[JsonObject]]
    route: tuple[str, str]
    """Method and path of the route that does the work; the caller needs its role."""

    @property
    def properties(self) -> str:
        """The arguments as JSON in the format of the MCP extension."""
        return json.dumps(properties_of(self.arguments))

    async def call(self, context: str, app: AsgiApp, extras: Mapping[str, Any]) -> str:
        """Return the result of a call; errors are results too."""
        try:
            call = read_context(context)
            api = InProcessApi(app=app, caller=caller_headers(call), extras=extras)
            arguments = read_arguments(self.arguments, call.get("arguments"))
            content, failed = await self._answer(api, arguments)
            return _result(to_text(content), failed=failed)
        except AnswerTooLong as error:
            content = size_error(error)
        except PolysyncError as error:
            content = call_error(error)
        except Exception:
            _log.exception("A tool failed.", extra={"action": "tool_failed", "tool": self.name})
            content = internal_error()
        return _result(to_text(content), failed=True)

    async def _answer(self, api: InProcessApi, arguments: A) -> tuple[JsonObject, bool]:
        """Return the content of the answer, and True if the content is an error."""
        try:
            return await self.run(api, arguments), False
        except UnknownNames as error:
            return unknown_names_error(error.names), True
        except ApiError as error:
            return api_error(error, unknown_arguments(error, arguments)), True


def read_context(text: str) -> JsonObject:
    """Return the trigger's input, or raise `Invalid` or `Malformed`."""
    context = read_json(text.encode(errors="surrogatepass"))
    if not isinstance(context, dict):
        raise Malformed.at("", "the call is not an object")
    return context


def _result(text: str, *, failed: bool) -> str:
    """Return an MCP result in the envelope that the extension passes on unchanged."""
    result = {"content": [{"type": "text", "text": text}], "isError": failed}
    return json.dumps({"type": "call_tool_result", "content": json.dumps(result)})
