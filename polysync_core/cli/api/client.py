"""Sends requests to the HTTP API; an idempotency key makes a repeated start harmless."""

from __future__ import annotations

import re
import secrets
import ssl
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self, cast
from urllib.parse import quote
from uuid import uuid4

import httpx

from polysync_core.cli.api.addresses import api_address, is_loopback, unreachable
from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.credentials import NO_CREDENTIALS, CallerAuth, Credentials
from polysync_core.cli.api.errors import (
    AnswerLost,
    ApiProblem,
    CommandFailed,
    MalformedAnswer,
    ProblemField,
)
from polysync_core.cli.api.event_stream import ServerSentEvent, parse_events
from polysync_core.cli.api.reader import Reader, as_object
from polysync_core.domain.json_types import JsonObject, JsonValue

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
QUIET_STREAM_SECONDS = 30.0
MAX_PAGE_SIZE = 100
_UNAUTHORISED = (401, 403)
_NOT_FOUND = 404

type Query = Mapping[str, str | Sequence[str] | None]
"""Query parameters; a list is sent as a repeated parameter."""


class ApiClient:
    """Calls the API at one address; a failed call raises a CommandFailed with the reason."""

    def __init__(
        self,
        url: str,
        credentials: Credentials = NO_CREDENTIALS,
        *,
        traceparent: str | None = None,
        max_seconds: float | None = None,
    ) -> None:
        """Open the client; `max_seconds` replaces the usual limits of each answer."""
        address = api_address(url)
        self.url = str(address).rstrip("/")
        self._http = httpx.Client(
            headers={
                "accept": "application/json",
                "traceparent": _trace_context(traceparent),
            },
            auth=CallerAuth(address, credentials),
            timeout=max_seconds or httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            verify=_tls_context(address),
            # A proxy for the internet must not be used between two programs on one machine.
            trust_env=not is_loopback(address.host),
        )

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
        return self._checked(self._call("GET", path, query=query), has)

    def server_time(self) -> datetime | None:
        """Return the time at which the API answered a request; None if the answer has none.

        https://www.rfc-editor.org/rfc/rfc9110#name-date
        """
        with self._translated_errors():
            response = self._http.get(self._url(("health",)))
        if not response.is_success:
            raise self._refused(response)
        self._checked(_content(response), "status")
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
        answer = self._call("POST", path, body=body, query=query, headers=headers)
        return self._checked(answer, has)

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
            return self.post(*path, body=body, headers={"Idempotency-Key": key})
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

    def events(
        self, *path: str, query: Query | None = None, after: str | None = None
    ) -> Iterator[ServerSentEvent]:
        """Yield the events of a stream until it ends; a broken stream raises Unreachable."""
        headers = {"accept": "text/event-stream"} | ({"last-event-id": after} if after else {})
        timeout = httpx.Timeout(QUIET_STREAM_SECONDS, connect=CONNECT_SECONDS)
        url = self._url(path)
        with (
            self._translated_errors(),
            self._http.stream(
                "GET", url, params=query, headers=headers, timeout=timeout
            ) as response,
        ):
            content_type = response.headers.get("content-type", "")
            if not response.is_success or not content_type.startswith("text/event-stream"):
                response.read()
                raise _refusal(response)
            yield from parse_events(response.iter_bytes())

    def _call(
        self,
        method: str,
        path: tuple[str, ...],
        *,
        body: JsonObject | None = None,
        query: Query | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonObject:
        params = {name: value for name, value in (query or {}).items() if value is not None}
        url = self._url(path)
        with self._translated_errors():
            response = self._http.request(method, url, json=body, params=params, headers=headers)
        if not response.is_success:
            raise self._refused(response)
        return _content(response) if response.content else {}

    def _refused(self, response: httpx.Response) -> CommandFailed:
        failure = _refusal(response)
        path = httpx.URL(self.url).path
        if response.status_code == _NOT_FOUND and not path.rstrip("/").endswith("/api"):
            failure.add_detail(f"The address is {self.url}. An address of the API ends in /api.")
        return failure

    def _checked(self, answer: JsonObject, member: str | None) -> JsonObject:
        if member is None or member in answer:
            return answer
        raise MalformedAnswer(
            f"{self.url} answered JSON without '{member}', so another service answers there: "
            "check POLYSYNC_URL."
        )

    def _url(self, path: tuple[str, ...]) -> str:
        for segment in path:
            if segment in ("", ".", ".."):
                raise CommandFailed(
                    f"'{segment}' is not a valid name: a name is never empty, '.' or '..'."
                )
        return "/".join([self.url, *(quote(segment, safe="") for segment in path)])

    @contextmanager
    def _translated_errors(self) -> Generator[None]:
        try:
            yield
        except httpx.UnsupportedProtocol as error:
            raise CommandFailed(
                f"{self.url} or its proxy is not an HTTP URL: check --url and HTTPS_PROXY."
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            raise unreachable(httpx.URL(self.url), error) from error
        except httpx.TimeoutException as error:
            raise AnswerLost(f"Polysync at {self.url} did not answer in time.") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise AnswerLost(f"The connection to Polysync at {self.url} broke.") from error


def _tls_context(address: httpx.URL) -> ssl.SSLContext:
    # Plain HTTP needs no certificates; loading them would take longer than the request.
    if address.scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.create_ssl_context()


def _trace_context(traceparent: str | None) -> str:
    """Return the caller's W3C trace context, or a new one."""
    if traceparent and re.fullmatch(
        r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", traceparent
    ):
        return traceparent
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def _content(response: httpx.Response) -> JsonObject:
    try:
        value = cast("JsonValue", response.json())
    except ValueError as error:
        raise _not_json(response) from error
    return as_object(value, what="the answer")


def _refusal(response: httpx.Response) -> CommandFailed:
    try:
        problem = _content(response)
        return _problem(response.status_code, Reader("the problem", problem))
    except MalformedAnswer:
        # A proxy or the Functions host, in front of the API, answers with HTML.
        return _not_json(response)


def _problem(status: int, reader: Reader) -> ApiProblem:
    listed = [Reader("the error", error) for error in reader.objects("errors")]
    errors = [ProblemField(each.text("path") or "", each.text("message") or "") for each in listed]
    title, detail = reader.text("title"), reader.text("detail")
    if detail and any(error.message in detail for error in errors):
        detail = None  # a summary of the errors, which are listed line by line
    known = [part.rstrip(".") for part in (title, detail) if part]
    message = ": ".join(dict.fromkeys(known)) or f"Polysync answered {status}"
    message += "" if message.endswith("?") else "."
    return ApiProblem(message, status=status, errors=errors, document=reader.members)


def _not_json(response: httpx.Response) -> CommandFailed:
    status = response.status_code
    url = str(response.url.copy_with(query=None))
    if status in _UNAUTHORISED:
        return CommandFailed(
            f"{url} answered {status}: set POLYSYNC_TOKEN to a token for the app, or POLYSYNC_KEY "
            "to an access key if the deployment accepts keys."
        )
    kind = response.headers.get("content-type", "").partition(";")[0] or "no content type"
    return MalformedAnswer(
        f"{url} answered {status} with {kind} instead of JSON: check POLYSYNC_URL.",
        status=status,
    )
