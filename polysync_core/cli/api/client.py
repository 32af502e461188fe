"""Implements the API client of CLI commands, which sends each request only once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self
from uuid import uuid4

from polysync.calls import ANSWER_SECONDS, IDEMPOTENCY_KEY, ONCE, Call, Query, Wire
from polysync.credentials import Credentials
from polysync.errors import AnswerLost
from polysync.following import Followed
from polysync.sync.http import Http
from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.reader import Reader
from polysync_core.domain.json_types import JsonObject, JsonValue

MAX_PAGE_SIZE = 100


class ApiClient:
    """Calls the API at one address; a failed call raises a CommandFailed with the reason."""

    def __init__(  # noqa: PLR0913 - the clock lets tests control the time
        self,
        url: str,
        credentials: Credentials | None = None,
        *,
        traceparent: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        max_seconds: float | None = None,
    ) -> None:
        """Open the client; `max_seconds` replaces the usual limits of each answer."""
        caller, limit = credentials or Credentials(), max_seconds or ANSWER_SECONDS
        wire = Wire(url, caller, timeout=limit, traceparent=traceparent)
        self.url = wire.url
        self._http = Http(wire, retries=ONCE, sleep=sleep, monotonic=monotonic)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, *path: str, query: Query | None = None, has: str | None = None) -> JsonObject:
        """Read a resource; an answer without the member `has` is not from the API."""
        return self._call("GET", path, query=query, has=has)

    def server_time(self) -> datetime | None:
        """Return the time at which the API answered a request; None if the answer has none.

        https://www.rfc-editor.org/rfc/rfc9110#name-date
        """
        call = Call(method="GET", path=("health",), has="status")
        response = self._http.response(call)
        self._http.wire.decode(call, response)
        try:
            return parsedate_to_datetime(response.headers["date"])
        except (KeyError, ValueError):
            return None

    def post(
        self,
        *path: str,
        body: JsonObject | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        has: str | None = None,
    ) -> JsonObject:
        """Request an action; an answer without content is an empty object."""
        return self._call("POST", path, body=body, query=query, headers=headers, has=has)

    def delete(self, *path: str, query: Query | None = None) -> JsonObject:
        """Delete or cancel a resource; a dry run answers with its plan."""
        return self._call("DELETE", path, query=query)

    def put(self, *path: str, body: JsonObject, query: Query | None = None) -> JsonObject:
        """Replace a resource."""
        return self._call("PUT", path, body=body, query=query)

    def patch(
        self, *path: str, body: JsonObject, headers: Mapping[str, str] | None = None
    ) -> JsonObject:
        """Change some members of a resource."""
        return self._call("PATCH", path, body=body, headers=headers)

    def post_once(
        self, *path: str, body: JsonObject | None = None, key: str | None = None
    ) -> JsonObject:
        """Request a run with an idempotency key, so that a repetition is harmless.

        Raises:
            CommandFailed: the API refused the run; or the answer was lost, and the details name
                the key with which the command can be repeated.
        """
        key = key or str(uuid4())
        try:
            return self.post(*path, body=body, headers={IDEMPOTENCY_KEY: key})
        except AnswerLost as failure:
            failure.add_detail(
                "The run may have been accepted. To find it, repeat the command with"
                f" --idempotency-key {key}. No second run is started."
            )
            raise

    def task_run(self, run_id: str) -> RunAnswer:
        """Read a task run."""
        return RunAnswer.decode(self.get("task-runs", run_id))

    def items(
        self,
        *path: str,
        query: Query | None = None,
        limit: int | None = None,
        member: str = "items",
    ) -> tuple[list[JsonObject], str | None]:
        """Return up to `limit` items of a list (None: all) and the continuation token."""
        items: list[JsonObject] = []
        token: str | None = None
        while limit is None or len(items) < limit:
            size = MAX_PAGE_SIZE if limit is None else min(MAX_PAGE_SIZE, limit - len(items))
            page = {"limit": str(size), "continuationToken": token}
            reader = Reader(
                "the list", self.get(*path, query={**(query or {}), **page}, has=member)
            )
            items += reader.objects(member)
            token = reader.text("continuationToken")
            if token is None:
                break
        return items, token

    def post_pages(self, *path: str, query: Query) -> Iterator[JsonObject]:
        """Request an action on every item of a list, and yield the items."""
        token: str | None = None
        while True:
            page = {"limit": str(MAX_PAGE_SIZE), "continuationToken": token}
            answer = self.post(*path, query={**query, **page}, has="items")
            reader = Reader("the list", answer)
            yield from reader.objects("items")
            token = reader.text("continuationToken")
            if token is None:
                return

    def pages(self, *path: str, query: Query | None = None) -> Iterator[JsonObject]:
        """Yield every item of a list; a page is read when its first item is needed."""
        token: str | None = None
        while True:
            items, token = self.page(*path, query=query, token=token)
            yield from items
            if token is None:
                return

    def page(
        self, *path: str, query: Query | None = None, token: str | None = None
    ) -> tuple[list[JsonObject], str | None]:
        """Return the items of one page, and the token of the next one."""
        page = {"limit": str(MAX_PAGE_SIZE), "continuationToken": token}
        reader = Reader("the list", self.get(*path, query={**(query or {}), **page}, has="items"))
        return reader.objects("items"), reader.text("continuationToken")

    def document(self, list_name: str, names: Sequence[str]) -> JsonObject:
        """Return definitions of one kind as a document that `apply` can read."""
        entries: list[JsonValue] = []
        for start in range(0, len(names), MAX_PAGE_SIZE):
            query = {"kind": list_name, "name": names[start : start + MAX_PAGE_SIZE]}
            found = Reader("the document", self.get("definitions", query=query))
            entries += found.objects(list_name)
        return {list_name: entries}

    def follow(self, followed: Followed, on_outage: Callable[[], None]) -> Iterator[JsonObject]:
        """Yield every state of a run that is received; the last one is its end."""
        return self._http.states(followed, on_outage=on_outage)

    def _call(  # noqa: PLR0913 - the facts of one request
        self,
        method: str,
        path: tuple[str, ...],
        *,
        body: JsonObject | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
        has: str | None = None,
    ) -> JsonObject:
        call = Call(
            method=method, path=path, body=body, query=query or {}, headers=headers or {}, has=has
        )
        return self._http.call(call)
