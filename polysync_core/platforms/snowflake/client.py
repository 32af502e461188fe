"""Calls the SQL API (v2) of one Snowflake account.

https://docs.snowflake.com/en/developer-guide/sql-api/reference
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from polysync_core.domain.errors import Unavailable
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in, text_in
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.urls import QueryValue
from polysync_core.platforms.calls import Call, RefusalMapping, UnexpectedAnswer
from polysync_core.platforms.connector import RunNotFound
from polysync_core.platforms.paging import objects_in
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.snowflake.attributes import SnowflakeAttributes, run_page
from polysync_core.platforms.snowflake.refusals import refused, refused_for_run

IN_PROGRESS = 202
_PATH = ("api", "v2", "statements")
_HANDLE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,127}")
_REQUESTS = uuid.UUID("0f0b3c1e-6e0f-4a53-9d0c-5a2f0f7c1d11")
"""The namespace of request ids, which are derived from the tokens of attempts."""
_QUERY_TIMEOUT = 40
"""Seconds; after 45 seconds, Snowflake would answer without the result."""

type Bindings = Sequence[tuple[str, str]]
"""The values of the placeholders of a statement in their order, each with its type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement with its values and its context."""

    text: str
    bindings: Bindings = ()
    timeout: int | None = None
    """Seconds; None uses the parameter STATEMENT_TIMEOUT_IN_SECONDS."""
    tag: str | None = None
    context: Mapping[str, str] = field(default_factory=dict[str, str])
    """The schema, and a warehouse or role in place of those of the platform."""

    def body(self, attributes: SnowflakeAttributes) -> JsonObject:
        """Return the body of a request."""
        given = {
            "database": attributes.database,
            "warehouse": attributes.warehouse,
            "role": attributes.role,
            "timeout": self.timeout,
            **self.context,
        }
        body: JsonObject = {name: value for name, value in given.items() if value is not None}
        body["statement"] = self.text
        if self.bindings:
            body["bindings"] = {
                str(index): {"type": kind, "value": value}
                for index, (kind, value) in enumerate(self.bindings, start=1)
            }
        if self.tag is not None:
            body["parameters"] = {"query_tag": self.tag}
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class SnowflakeClient:
    """Sends statements, and polls and cancels them by their handles."""

    client: PlatformClient
    attributes: SnowflakeAttributes

    def start(self, statement: Statement, token: str, refused: RefusalMapping) -> str:
        """Start a statement once for each token, and return its handle."""
        query = {"requestId": str(uuid.uuid5(_REQUESTS, token)), "retry": True, "async": True}
        call = self._post(
            *_PATH, query=query, body=statement.body(self.attributes), refused=refused
        )
        return self.client.execute(call, handle_of)

    def rows(self, text: str, *values: str) -> list[JsonObject]:
        """Return the rows of a short query; all values are texts."""
        statement = Statement(
            text=text, bindings=[("TEXT", value) for value in values], timeout=_QUERY_TIMEOUT
        )
        body = statement.body(self.attributes)
        call = self._post(*_PATH, body=body, refused=refused, effect=False)
        return self.client.exchange(call, _rows)

    def poll[T](self, handle: str, read: Callable[[Answer], T]) -> T:
        """Read the state of a statement; a failure of the statement is an answer, too."""
        call = Call(
            method="GET",
            segments=(*_PATH, _checked(handle)),
            repeatable=True,
            accepts=_is_result,
            accept_oversized=True,
            refused=refused_for_run,
        )
        return self.client.exchange(call, read)

    def cancel(self, handle: str, refused: RefusalMapping) -> None:
        """Request the cancellation of a statement."""
        path = (*_PATH, _checked(handle), "cancel")
        call = self._post(*path, body={}, refused=refused)
        self.client.execute(call, lambda _: None)

    def run_page(self, handle: str) -> str:
        """Return the address of a statement's page."""
        return run_page(self.client.base, handle)

    def _post(
        self,
        *path: str,
        body: JsonObject,
        refused: RefusalMapping,
        query: Mapping[str, QueryValue] | None = None,
        effect: bool = True,
    ) -> Call:
        return Call(
            method="POST",
            segments=path,
            query=query,
            body=body,
            repeatable=True,
            effect=effect,
            refused=refused,
        )


def handle_of(answer: JsonObject) -> str:
    """Return the handle of a statement in an answer."""
    handle = text_in(answer, "statementHandle")
    if _HANDLE.fullmatch(handle) is None:
        raise UnexpectedAnswer
    return handle


def table_of(answer: JsonObject) -> tuple[list[JsonObject], list[list[JsonValue]]]:
    """Return the columns and the rows of a result."""
    columns = objects_in(object_in(answer, "resultSetMetaData"), "rowType")
    data = answer.get("data")
    if not isinstance(data, list):
        raise UnexpectedAnswer
    return columns, [row for row in data if isinstance(row, list)]


def _rows(answer: Answer) -> list[JsonObject]:
    content = answer.json()
    if answer.status == IN_PROGRESS:
        raise Unavailable("Snowflake has no result yet: its warehouse may have to start")
    if content is None:
        raise UnexpectedAnswer
    columns, rows = table_of(content)
    names = [text_in(column, "name") for column in columns]
    return [dict(zip(names, row, strict=False)) for row in rows]


def _is_result(answer: Answer) -> bool:
    """Return whether an answer is about the statement: it failed, or it was too slow."""
    return answer.status == 422 or (answer.status == 408 and answer.json() is not None)


def _checked(handle: str) -> str:
    if _HANDLE.fullmatch(handle) is None:
        raise RunNotFound("the handle of a statement consists of letters, digits and '-'")
    return handle
