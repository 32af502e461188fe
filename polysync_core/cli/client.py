"""The HTTP API, from the side of its caller."""

from __future__ import annotations

import ssl
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from types import TracebackType
from typing import Self, cast
from urllib.parse import quote

import httpx

from polysync_core.cli.answers import Run
from polysync_core.cli.errors import (
    AnswerLost,
    ApiProblem,
    CommandFailed,
    Complaint,
    UnexpectedAnswer,
    Unreachable,
)
from polysync_core.cli.events import Event, parse_events
from polysync_core.cli.json import JsonObject, JsonValue, Reader, as_object

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0
QUIET_STREAM_SECONDS = 30.0
LARGEST_PAGE = 100
_KEY_HEADER = "x-functions-key"
_UNAUTHORISED = (401, 403)


class Api:
    """The API at one address; every call raises a CommandFailed that says what went wrong."""

    def __init__(self, url: str, *, key: str | None = None, token: str | None = None) -> None:
        address = _checked(url)
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            headers={"accept": "application/json"} | _credentials(address, key, token),
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            verify=_trust(address),
            # A proxy set for the internet must not come between two programs on one machine.
            trust_env=not _is_loopback(address.host),
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

    def get(self, *path: str, query: Mapping[str, str | None] | None = None) -> JsonObject:
        """Read a resource."""
        return self._call("GET", path, query=query)

    def post(
        self, *path: str, body: JsonObject | None = None, headers: Mapping[str, str] | None = None
    ) -> JsonObject:
        """Ask for an action; an answer without content is an empty object."""
        return self._call("POST", path, body=body, headers=headers)

    def put(self, *path: str, body: JsonObject, query: Mapping[str, str | None]) -> JsonObject:
        """Replace a resource."""
        return self._call("PUT", path, body=body, query=query)

    def task_run(self, run_id: str) -> Run:
        """Read a task run."""
        return Run.decode(self.get("task-runs", run_id))

    def items(
        self,
        *path: str,
        query: Mapping[str, str | None] | None = None,
        limit: int | None = None,
        member: str = "items",
    ) -> tuple[list[JsonObject], str | None]:
        """Read up to `limit` items of a list (None: all), with the token of what follows them."""
        items: list[JsonObject] = []
        token: str | None = None
        while limit is None or len(items) < limit:
            size = LARGEST_PAGE if limit is None else min(LARGEST_PAGE, limit - len(items))
            page = {"limit": str(size), "continuationToken": token}
            reader = Reader("the list", self.get(*path, query={**(query or {}), **page}))
            items += reader.objects(member)
            token = reader.text("continuationToken")
            if token is None:
                break
        return items, token

    def events(self, *path: str, after: str | None = None) -> Iterator[Event]:
        """Yield the events of a stream until it ends; Unreachable is raised when it breaks."""
        headers = {"accept": "text/event-stream"} | ({"last-event-id": after} if after else {})
        timeout = httpx.Timeout(QUIET_STREAM_SECONDS, connect=CONNECT_SECONDS)
        url = self._url(path)
        with (
            self._explained(),
            self._http.stream("GET", url, headers=headers, timeout=timeout) as response,
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
        query: Mapping[str, str | None] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonObject:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        url = self._url(path)
        with self._explained():
            response = self._http.request(method, url, json=body, params=given, headers=headers)
        if not response.is_success:
            raise _refusal(response)
        return _content(response) if response.content else {}

    def _url(self, path: tuple[str, ...]) -> str:
        for segment in path:
            if segment in ("", ".", ".."):
                raise CommandFailed(f"'{segment}' is not a name.")
        return "/".join([self.url, *(quote(segment, safe="") for segment in path)])

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(
                f"Polysync does not answer at {self.url}.",
                details=["Start it on this machine with `make run`, or set POLYSYNC_URL."],
            ) from error
        except httpx.TimeoutException as error:
            raise AnswerLost(f"Polysync at {self.url} did not answer in time.") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise AnswerLost(f"The connection to Polysync at {self.url} broke.") from error


def _checked(url: str) -> httpx.URL:
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise CommandFailed(f"{url} is not an address.") from error
    if address.scheme not in ("http", "https") or not address.host or address.query:
        raise CommandFailed(f"{url} is not an address, such as https://example.com/api.")
    return address


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _trust(address: httpx.URL) -> ssl.SSLContext:
    # Plain HTTP needs no certificates, and reading them takes longer than the request.
    if address.scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.create_ssl_context()


def _credentials(address: httpx.URL, key: str | None, token: str | None) -> dict[str, str]:
    in_the_clear = address.scheme == "http" and not _is_loopback(address.host)
    headers: dict[str, str] = {}
    for name, secret in (("POLYSYNC_KEY", key), ("POLYSYNC_TOKEN", token)):
        if not secret:
            continue
        if not (secret.isascii() and secret.isprintable()):
            # The HTTP library would refuse it too, but with the secret in its message.
            raise CommandFailed(f"{name} holds characters that no key or token has.")
        if in_the_clear:
            raise CommandFailed(f"{name} would be sent in the clear: the address needs https://.")
    if key:
        headers[_KEY_HEADER] = key
    if token:
        headers["authorization"] = f"Bearer {token}"
    return headers


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
    except UnexpectedAnswer:
        # Whatever stands in front of the API (a proxy, the Functions host) explains itself in HTML.
        return _not_json(response)


def _problem(status: int, reader: Reader) -> ApiProblem:
    errors = [Reader("the error", error) for error in reader.objects("errors")]
    complaints = [Complaint(each.text("path") or "", each.text("message") or "") for each in errors]
    title, detail = reader.text("title"), reader.text("detail")
    if detail and any(complaint.message in detail for complaint in complaints):
        detail = None  # it only sums up the complaints, which follow line by line
    known = [part.rstrip(".") for part in (title, detail) if part]
    message = ": ".join(dict.fromkeys(known)) or f"Polysync answered {status}"
    return ApiProblem(f"{message}.", status=status, complaints=complaints, document=reader.members)


def _not_json(response: httpx.Response) -> CommandFailed:
    status = response.status_code
    url = str(response.url.copy_with(query=None))
    if status in _UNAUTHORISED:
        return CommandFailed(
            f"{url} answered {status}: set POLYSYNC_TOKEN to a token for the app, or POLYSYNC_KEY "
            "to a key where it takes keys."
        )
    kind = response.headers.get("content-type", "").partition(";")[0] or "no content type"
    return UnexpectedAnswer(
        f"{url} answered {status} with {kind} instead of JSON: is POLYSYNC_URL right?",
        status=status,
    )
