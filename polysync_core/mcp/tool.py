"""A tool, and a call of one from the trigger's JSON to the result that the host passes on."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from polysync_core.domain.errors import Malformed, PolysyncError
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.strict_documents import read_json
from polysync_core.mcp.answers import AnswerTooLong, written
from polysync_core.mcp.arguments import Arguments, properties_of, read_arguments
from polysync_core.mcp.callers import caller_headers
from polysync_core.mcp.errors import of_api, of_choices, of_ours, of_size, unexpected
from polysync_core.mcp.in_process_api import Api, ApiRefusal, AsgiApp
from polysync_core.mcp.suggestions import NoSuchChoice, missing_names

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool[A: Arguments]:
    """What a model may ask for."""

    name: str
    description: str
    arguments: type[A]
    run: Callable[[Api, A], Awaitable[JsonObject]]
    asks: tuple[str, str]
    """Method and path of the route that does the work, whose role the caller needs."""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """The arguments that name something, with the path of the API that lists what there is."""

    @property
    def properties(self) -> str:
        """The arguments, in the words of the MCP extension."""
        return json.dumps(properties_of(self.arguments))

    async def call(self, context: str, app: AsgiApp, extras: Mapping[str, Any]) -> str:
        """Return the result of a call, for the host to pass on; whatever happens is one."""
        try:
            told = read_context(context)
            api = Api(app=app, caller=caller_headers(told), extras=extras)
            arguments = read_arguments(self.arguments, told.get("arguments"))
            content = await self._answer(api, arguments)
            return _result(written(content), failed="error" in content)
        except AnswerTooLong as error:
            content = of_size(error)
        except PolysyncError as error:
            content = of_ours(error)
        except Exception:
            _log.exception("A tool failed.", extra={"action": "tool_failed", "tool": self.name})
            content = unexpected()
        return _result(written(content), failed=True)

    async def _answer(self, api: Api, arguments: A) -> JsonObject:
        """Return what the tool answers, or the error of what it asked for."""
        try:
            return await self.run(api, arguments)
        except NoSuchChoice as error:
            return of_choices(error.choices)
        except ApiRefusal as refusal:
            missing = await missing_names(api, refusal, arguments, self.names)
            return of_api(refusal, missing)


def read_context(text: str) -> JsonObject:
    """Return what the host tells of a call; raises `Invalid` where it cannot be used."""
    context = read_json(text.encode(errors="surrogatepass"))
    if not isinstance(context, dict):
        raise Malformed.at("", "the call is not an object")
    return context


def _result(text: str, *, failed: bool) -> str:
    """Return a result of MCP in the envelope by which the extension takes it whole."""
    shown = {"content": [{"type": "text", "text": text}], "isError": failed}
    return json.dumps({"type": "call_tool_result", "content": json.dumps(shown)})
