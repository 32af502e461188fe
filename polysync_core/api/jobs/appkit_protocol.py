"""Defines the HTTP fields, event ids and errors that clients of Databricks AppKit expect."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, cast

from fastapi import Depends, Header, Query, Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Scope

from polysync_core.appkit.errors import InvalidParameters
from polysync_core.appkit.javascript import leading_number
from polysync_core.appkit.results import phrase
from polysync_core.domain.errors import Invalid, Malformed, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.strict_documents import read_json

PLUGIN = "jobs"
JSON_TYPE = "application/json; charset=utf-8"
DEFAULT_LIMIT = 20
MAX_LISTED = 100

_JOB_ROUTE = re.compile(r"(?:/api)?/jobs/[^/]+/(?:run|status|runs(?:/[^/]+(?:/outputs)?)?)")
_OTHER_CHARSET = re.compile(r"charset\s*=\s*\"?(?!utf-?8)", re.IGNORECASE)
_EVENT_ID = re.compile(r"([1-9][0-9]{0,18}|r[a-z2-7]{25})-([0-9]{1,9})(-end)?")


def appkit_error_members(
    scope: Scope, status: int, error: Exception | None = None
) -> dict[str, str]:
    """Return the members that AppKit's clients expect in errors of the job routes."""
    if _JOB_ROUTE.fullmatch(scope["path"]) is None:
        return {}
    return {"error": _text_of(error, status), "plugin": PLUGIN}


def error_media_type(scope: Scope) -> str | None:
    """Return the type of an error for clients that read only `application/json`.

    None means the type of problem documents. The body is the same.
    """
    if _JOB_ROUTE.fullmatch(scope["path"]) is None:
        return None
    headers = Headers(scope=scope)
    asks_for_json = "application/json" in headers.get("accept", "").lower()
    # `fetch` says so, and its callers look for `application/json` in the type of an answer.
    is_fetch = headers.get("sec-fetch-mode") in {"cors", "same-origin"}
    return JSON_TYPE if asks_for_json or is_fetch else None


def _text_of(error: Exception | None, status: int) -> str:
    text = getattr(error, "text", None)
    if isinstance(text, str):
        return text
    if isinstance(error, Invalid) and any(_is_about_params(each) for each in error.problems):
        return "Invalid job parameters"
    return phrase(status)


def _is_about_params(problem: Problem) -> bool:
    return problem.path == "params" or problem.path.startswith("params.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunBody:
    """The body of a request that starts a run."""

    params: JsonValue = None
    has_params: bool = False
    unknown_fields: Sequence[str] = field(default_factory=tuple[str, ...])

    def parameters(self) -> JsonObject | None:
        """Return the parameters or None; raise `InvalidParameters`."""
        if not self.has_params:
            return None
        if not isinstance(self.params, dict):
            text = "params must be a plain object"
            raise InvalidParameters(text, [Problem("params", 'must be an object: {"name": value}')])
        return cast("JsonObject", self.params)

    def refuse_other_fields(self) -> None:
        """Raise `Malformed` for a body with other fields, which were meant as parameters."""
        if self.unknown_fields:
            text = 'is not a field of the body: send the parameters as {"params": {…}}'
            raise Malformed([Problem(name, text) for name in self.unknown_fields])


async def _body(request: Request) -> RunBody:
    content = await request.body()
    if not content:
        return RunBody()
    kind = request.headers.get("content-type", "")
    if "json" not in kind.lower() or _OTHER_CHARSET.search(kind):
        # A run with wrong parameters is worse than no run.
        raise HTTPException(415, "The body must be JSON in UTF-8: send Content-Type and charset.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "The body must not be compressed: send it without an encoding.")
    value = read_json(content)
    if not isinstance(value, dict):
        raise Malformed.at("", 'must be an object: {"params": {…}}')
    unknown = sorted(value.keys() - {"params"})
    return RunBody(params=value.get("params"), has_params="params" in value, unknown_fields=unknown)


CurrentBody = Annotated[RunBody, Depends(_body)]

BODY = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {"type": "object", "properties": {"params": {"type": "object"}}}
            }
        }
    }
}
"""The OpenAPI description of the body."""


async def _limit(
    limit: Annotated[
        list[str] | None,
        Query(description="The maximum number of runs: 1 to 100; 20 if it is not a number."),
    ] = None,
    limit_list: Annotated[list[str] | None, Query(alias="limit[]", include_in_schema=False)] = None,
) -> int:
    texts = limit or limit_list
    number = leading_number(texts[0]) if texts else None
    return min(max(number or DEFAULT_LIMIT, 1), MAX_LISTED)


Limit = Annotated[int, Depends(_limit)]


async def _streams(
    stream: Annotated[
        list[str] | None,
        Query(description="true: stream the run as server-sent events until it ends."),
    ] = None,
) -> bool:
    return stream == ["true"]


Streams = Annotated[bool, Depends(_streams)]


async def _user(
    request: Request,
    as_user: Annotated[
        list[str] | None,
        Query(alias="asUser", description="true: act with the identity of the caller."),
    ] = None,
) -> Request | None:
    if as_user in (None, ["false"]):
        return None
    if as_user != ["true"]:
        # The app must not guess the identity that a run starts with.
        raise Malformed.at("asUser", "must be true or false, once")
    return request


User = Annotated[Request | None, Depends(_user)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventId:
    """The id of a stream's event: the run and the sequence number."""

    run: str
    sequence: int
    is_last: bool = False

    def __str__(self) -> str:
        return f"{self.run}-{self.sequence}{'-end' if self.is_last else ''}"


async def _last_event(
    streams: Streams,
    last_event_id: Annotated[
        str | None,
        Header(description="The id of the last received event; the stream continues after it."),
    ] = None,
) -> EventId | None:
    if not streams or not last_event_id:
        return None
    found = _EVENT_ID.fullmatch(last_event_id)
    if found is None:
        raise Malformed.at(
            "Last-Event-ID", "is not an event id of this API; leave it out to start a new run"
        )
    return EventId(run=found[1], sequence=int(found[2]), is_last=found[3] is not None)


class StreamReader(StrEnum):
    """The way in which a client reads an event stream."""

    EVENT_SOURCE = "event source"
    """A browser's `EventSource`, which connects again after every end but a 204."""
    FETCH = "fetch"
    """A program that reads the body of the answer, and takes a 204 for an error."""


async def _reader(request: Request) -> StreamReader:
    """Return the way in which the client reads.

    An `EventSource` sends GET only, and always `Cache-Control: no-cache`.
    """
    headers = request.headers
    accepts_events = "text/event-stream" in headers.get("accept", "")
    bypasses_cache = "no-cache" in headers.get("cache-control", "")
    if request.method == "GET" and (bypasses_cache or not accepts_events):
        return StreamReader.EVENT_SOURCE
    return StreamReader.FETCH


Reader = Annotated[StreamReader, Depends(_reader)]

LastEvent = Annotated[EventId | None, Depends(_last_event)]
"""The event after which a stream continues; None for a new stream and without a stream."""
