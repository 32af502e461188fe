"""Makes answers comparable: placeholders replace ids, times and tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.databricks.routes.traffic import digest
from tests.contract.appkit.table import Observed, Request

TOKEN = "dapi-service"
"""The token with which both servers sign in."""
_STREAM_HEADERS = ("cache-control", "x-accel-buffering")
_ID_OR_TIME = re.compile(r"(?<!\d)1\d{12}(?:\d{3})?(?!\d)")
"""The simulator's ids are microseconds since the epoch, and its times are milliseconds."""
_TIME_DIGITS = 13
OWN_TOKEN = "mine"
"""An idempotency token that the caller chose."""
_TOKEN = "idempotency_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An unprocessed answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


NO_ANSWER = Answer(status=0, headers={}, body=b"")
"""The connection was lost."""


class Names:
    """Placeholders for times, and for ids in the order of their appearance."""

    def __init__(self, known: Mapping[int, str]) -> None:
        self._names = {str(number): name for number, name in known.items()}
        self._tokens = {OWN_TOKEN: OWN_TOKEN}

    def of(self, digits: str) -> str:
        """Return the placeholder of a long number."""
        if len(digits) == _TIME_DIGITS:
            return "<time>"
        return self._names.setdefault(digits, f"<id {len(self._names)}>")

    def token(self, token: str) -> str:
        """Return the placeholder of an idempotency token; the caller's own token is kept."""
        return self._tokens.setdefault(token, f"<token {len(self._tokens)}>")

    def _in(self, text: str) -> str:
        return _ID_OR_TIME.sub(lambda found: self.of(found[0]), text)

    def put(self, value: Any, key: str = "") -> Any:
        """Return JSON with placeholders; a `#` marks numbers."""
        match value:
            case dict():
                return {name: self.put(each, name) for name, each in value.items()}
            case list():
                return [self.put(each, key) for each in value]
            case str():
                return self._in(value)
            case bool():
                return value
            case int() if key.endswith("_duration"):
                return "#<duration>"
            case int() if (named := self._in(str(value))) != str(value):
                return f"#{named}"
            case _:
                return value


def observe(
    request: Request, answer: Answer, sent: Sequence[Mapping[str, Any]], names: Names
) -> Observed:
    """Return an answer and its calls to Databricks in comparable form."""
    media_type = answer.headers.get("content-type", "")
    streams = media_type.startswith("text/event-stream")
    calls = [names.put(_call(each, names, keeps_token=request.keeps_token)) for each in sent]
    observed: Observed = {
        "status": answer.status,
        "type": media_type,
        "body": names.put(_frames(answer.body) if streams else _content(media_type, answer.body)),
        "sent": calls,
    }
    if not streams:
        return observed
    observed |= {name: answer.headers.get(name) for name in _STREAM_HEADERS}
    return _last_event(observed) if request.last_event_only else observed


def _call(request: Mapping[str, Any], names: Names, *, keeps_token: bool) -> dict[str, Any]:
    body = request["body"]
    if isinstance(body, dict) and _TOKEN in body:
        named = {_TOKEN: names.token(body[_TOKEN])} if keeps_token else {}
        body = {name: value for name, value in body.items() if name != _TOKEN} | named
    return {
        "call": f"{request['method']} {request['path']}",
        **({"query": request["query"]} if request["query"] else {}),
        **({"body": body} if body is not None else {}),
        **({} if request["caller"] == digest(f"Bearer {TOKEN}") else {"by": "another"}),
    }


def _content(media_type: str, body: bytes) -> Any:
    text = body.decode()
    return json.loads(text) if "json" in media_type and text else text


def _frames(body: bytes) -> list[dict[str, Any]]:
    """Return the events of a stream without comments; an id only counts as present."""
    frames: list[dict[str, Any]] = []
    for block in body.decode().split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if not lines:
            continue
        fields = dict(line.split(": ", 1) for line in lines)
        assert len(fields) == len(lines), f"a repeated field: {block}"
        fields["data"] = json.loads(fields["data"]) if "data" in fields else None
        frames.append({**fields, "id": "id" in fields})
    return frames


def _last_event(observed: Observed) -> Observed:
    calls = {json.dumps(call): call for call in observed["sent"]}
    return {**observed, "body": observed["body"][-1:], "sent": list(calls.values())}
