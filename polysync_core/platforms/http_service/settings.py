"""Defines the settings of HttpJob Jobs, such as the start, status and cancel calls."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.jobs import DataType, Direction, Job, SubmitSettings
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonValue
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.http_service.answers import path_problem
from polysync_core.platforms.http_service.path_templates import PathTemplate
from polysync_core.platforms.http_service.templates import (
    PARAMETERS,
    is_parameter,
    names_in,
    parameter_placeholder,
    problems_of,
    texts_in,
)

_HEADER = re.compile(r"[A-Za-z0-9!#$&'*+.^_`|~-]{1,128}")
_OWN_HEADERS = frozenset(
    {
        *("authorization", "connection", "content-length", "content-type", "cookie", "expect"),
        *("host", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
_OF_RUN = frozenset({"externalId", "runId"})
_OF_SUBMIT = frozenset({"externalId", "token", "runName", PARAMETERS})
_MAX_WORDS = 50
_MAX_OUTPUTS = 100


type ClientError = Annotated[int, Field(ge=400, le=499)]
"""An HTTP status from 400 to 499."""


class HttpMethod(StrEnum):
    """The methods of a call."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


class HttpCall(Value):
    """One call to the service; its texts may hold placeholders."""

    method: HttpMethod
    """The method of the call."""
    path: str
    """The path below the address of the service, such as `/jobs/{externalId}/run`."""
    query: dict[str, str] = {}
    """The query by name."""
    headers: dict[str, str] = {}
    """More headers by name; the client adds the sign-in and the content type."""
    body: JsonValue = None
    """The JSON body; null sends none."""


class SubmitCall(HttpCall):
    """The call that starts a run."""

    method: HttpMethod = HttpMethod.POST
    """The method of the call; POST by default."""
    run_id: str | None = None
    """The JSONPath of the run's id in the answer, or the id itself, such as `polysync-{token}`.
    Without `read` it may be missing."""
    one_run_per_token: bool = False
    """True if the service starts one run for each `{token}`, however often it is sent."""
    exists_statuses: Annotated[list[ClientError], Field(max_length=5)] = []
    """The HTTP statuses by which the service says that the run of this token exists."""

    @property
    def chooses_run_id(self) -> bool:
        """True if the call gives the run its id, and the service does not."""
        return self.run_id is not None and not self.run_id.startswith("$")


class StatusWords(Value):
    """The words of the service for each status; a word that is in no list does not end a run."""

    succeeded: Annotated[list[str], Field(min_length=1, max_length=_MAX_WORDS)]
    """The words for a success."""
    failed: Annotated[list[str], Field(min_length=1, max_length=_MAX_WORDS)]
    """The words for a failure."""
    cancelled: Annotated[list[str], Field(max_length=_MAX_WORDS)] = []
    """The words for a stopped run."""
    running: Annotated[list[str], Field(max_length=_MAX_WORDS)] = []
    """The words for a run at work."""
    starting: Annotated[list[str], Field(max_length=_MAX_WORDS)] = []
    """The words for a run that has not begun."""


class ReadCall(HttpCall):
    """The call that reads the state of a run."""

    method: HttpMethod = HttpMethod.GET
    """The method of the call; GET by default."""
    status: Annotated[list[str], Field(min_length=1, max_length=5)]
    """The JSONPaths of the status; the first that has a value counts."""
    words: StatusWords
    """The words of the service for each status."""
    message: str | None = None
    """The JSONPath of the reason for a failure."""
    missing_statuses: Annotated[list[ClientError], Field(max_length=5)] = [404, 410]
    """The HTTP statuses by which the service says that it has no such run."""


class CancelCall(HttpCall):
    """The call that stops a run."""

    method: HttpMethod = HttpMethod.POST
    """The method of the call; POST by default."""


class HttpJobSettings(SubmitSettings):
    """`settings` of a Job of the type HttpJob."""

    submit: SubmitCall
    """The call that starts the work of a run."""
    read: ReadCall | None = None
    """Null if the answer of `submit` is the result of the work."""
    cancel: CancelCall | None = None
    """Null if the service cannot stop a run."""
    outputs: Annotated[dict[str, str] | None, Field(max_length=_MAX_OUTPUTS)] = None
    """The JSONPaths of the outputs by name, in the answer that reports the success."""
    monitor_path: str | None = None
    """The path of a page about the run, such as `/runs/{runId}`."""

    @classmethod
    def of(cls, job: Job) -> HttpJobSettings:
        """Return the settings of a checked Job."""
        return cls.model_validate(dict(job.settings), by_alias=True, by_name=False)


def check_job(job: Job) -> list[Problem]:
    """Return the problems of an HttpJob."""
    problems = settings_problems(HttpJobSettings, job.settings)
    if problems:
        return problems
    settings = HttpJobSettings.of(job)
    return [*_problems_of_calls(settings, job), *_problems_of_answers(settings, job)]


def _problems_of_calls(settings: HttpJobSettings, job: Job) -> Iterator[Problem]:
    given = [each for each in job.parameters if each.direction is not Direction.OUTPUT]
    of_submit = _OF_SUBMIT | {parameter_placeholder(each.name) for each in given}
    secrets = {
        parameter_placeholder(each.name) for each in given if each.data_type is DataType.SECRET
    }
    yield from _problems_of_call(settings.submit, "settings.submit", of_submit, secrets)
    for name, call in (("read", settings.read), ("cancel", settings.cancel)):
        if call is not None:
            yield from _problems_of_call(call, f"settings.{name}", _OF_RUN, frozenset())
    if settings.monitor_path is not None:
        for problem in PathTemplate(settings.monitor_path).problems(_OF_RUN):
            yield Problem("settings.monitorPath", problem)
    yield from _problems_of_token(settings.submit)


def _problems_of_token(submit: SubmitCall) -> Iterator[Problem]:
    sends_token = any("token" in names_in(text) for _, text in _texts(submit, ""))
    if submit.one_run_per_token and not sends_token:
        path = "settings.submit.oneRunPerToken"
        yield Problem(path, "needs {token} in the path, query, headers or body of the call")
    if submit.exists_statuses and not (submit.one_run_per_token and submit.chooses_run_id):
        message = "needs oneRunPerToken, and a runId with {token}: the answer names no run"
        yield Problem("settings.submit.existsStatuses", message)
    if submit.run_id is not None and submit.chooses_run_id:
        known = frozenset({"externalId", "token"})
        problems = [*problems_of(submit.run_id, known)]
        if "token" not in names_in(submit.run_id):
            problems.append("is a JSONPath such as $.id, or a text with {token}")
        yield from (Problem("settings.submit.runId", each) for each in problems)


def _problems_of_call(
    call: HttpCall, path: str, known: frozenset[str], secrets: set[str] | frozenset[str]
) -> Iterator[Problem]:
    for problem in PathTemplate(call.path).problems(known - {PARAMETERS}):
        yield Problem(f"{path}.path", problem)
    for found, text in _texts(call, path):
        if found != f"{path}.path":
            yield from (Problem(found, each) for each in problems_of(text, known))
    for found, text in _url_texts(call, path):
        if secrets.intersection(names_in(text)):
            yield Problem(
                found, "holds a secret, which an address never does: use a header or body"
            )
    for name in call.headers:
        if _HEADER.fullmatch(name) is None or name.lower() in _OWN_HEADERS:
            yield Problem(f"{path}.headers", f"cannot set the header {name[:64]!r}: remove it")
    if call.body is not None and call.method is HttpMethod.GET:
        yield Problem(f"{path}.body", "is not sent with GET: use another method, or query")


def _problems_of_answers(settings: HttpJobSettings, job: Job) -> Iterator[Problem]:
    read = settings.read
    if read is None:
        if settings.cancel is not None:
            yield Problem("settings.cancel", "needs read: without it, the run ends with its start")
    else:
        yield from _problems_of_words(read.words)
        if settings.submit.run_id is None:
            yield Problem("settings.submit.runId", "is required by read: write a JSONPath")
    for path, text in _json_paths(settings):
        if (problem := path_problem(text)) is not None:
            yield Problem(path, problem)
    outputs = settings.outputs or {}
    for each in job.parameters:
        if each.direction is not Direction.INPUT and each.name not in outputs:
            known = ", ".join(outputs) or "none"
            message = f"declares the output '{each.name}', which has no JSONPath; known: {known}"
            yield Problem("settings.outputs", message)


def _problems_of_words(words: StatusWords) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for status, listed in words_by_status(words).items():
        for word in listed:
            if seen.setdefault(word, status) != status:
                message = f"has the word {word[:64]!r} for {seen[word]} and for {status}"
                yield Problem("settings.read.words", message)


def words_by_status(words: StatusWords) -> Mapping[str, list[str]]:
    """Return the words of each status."""
    return {
        "succeeded": words.succeeded,
        "failed": words.failed,
        "cancelled": words.cancelled,
        "running": words.running,
        "starting": words.starting,
    }


def _json_paths(settings: HttpJobSettings) -> Iterator[tuple[str, str]]:
    if settings.submit.run_id is not None and not settings.submit.chooses_run_id:
        yield "settings.submit.runId", settings.submit.run_id
    if settings.read is not None:
        for index, text in enumerate(settings.read.status):
            yield f"settings.read.status[{index}]", text
        if settings.read.message is not None:
            yield "settings.read.message", settings.read.message
    for name, text in (settings.outputs or {}).items():
        yield f"settings.outputs.{name}", text


def _url_texts(call: HttpCall, path: str) -> Iterator[tuple[str, str]]:
    yield f"{path}.path", call.path
    for name, text in call.query.items():
        yield f"{path}.query.{name}", text


def _texts(call: HttpCall, path: str) -> Iterator[tuple[str, str]]:
    """Yield the templates of a call with their paths."""
    yield from _url_texts(call, path)
    for name, text in call.headers.items():
        yield f"{path}.headers.{name}", text
    yield from texts_in(call.body, f"{path}.body")


def url_uses_parameters(call: HttpCall) -> Iterator[str]:
    """Yield the names of parameter placeholders in the address of a call."""
    for _, text in _url_texts(call, ""):
        yield from filter(is_parameter, names_in(text))
