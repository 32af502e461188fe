"""Builds the connector of any platform type for tests, with scripted HTTP responses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from requests import PreparedRequest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import JobConnector, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import check_platform, platform_plugin
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

BEGUN = datetime(2030, 1, 1, tzinfo=UTC)
"""The begin of each request, which is the first moment of the virtual time."""


class NamedSecrets:
    """A vault whose secrets are named like their references."""

    def __init__(self, **secrets: str) -> None:
        self.secrets = secrets
        self.forgotten: list[str] = []

    def resolve(self, reference: str) -> Secret:
        name = reference.rpartition("/")[2]
        return Secret(self.secrets.get(name, f"secret-of-{name}"))

    def forget(self, reference: str) -> None:
        self.forgotten.append(reference)


class ScriptedPlatform:
    """A connector whose service gives one answer for each `METHOD path`.

    An answer may be JSON, a `Reply`, or a list of them for calls in a row; the last one repeats.
    An unknown path is answered with 404.
    """

    def __init__(
        self, platform: Platform, job_type: str, answers: Mapping[str, Any], **secrets: str
    ) -> None:
        self.answers = {path: _queue(each) for path, each in answers.items()}
        self.transport = ScriptedTransport([self._answer])
        self.time = VirtualTime()
        self.vault = NamedSecrets(**secrets)
        http = HttpOptions(transport=self.transport, timer=self.time.timer)
        check_platform(platform, allow_loopback=False)
        context = PluginContext(secrets=self.vault, http=http)
        self.connector = platform_plugin(platform.type).open(platform, context)
        self.jobs: JobConnector = self.connector.job(job_type)

    @property
    def sent(self) -> list[str]:
        """The `METHOD path` of each request; the path is decoded and has no query."""
        return [_name(each) for each in self.transport.requests]

    @property
    def requests(self) -> list[PreparedRequest]:
        return self.transport.requests

    def body(self, name: str, index: int = -1) -> Any:
        """Return the JSON body of a request by its `METHOD path`."""
        found = [each for each in self.requests if _name(each) == name]
        return json.loads(found[index].body or b"null")

    def _answer(self, request: PreparedRequest) -> Reply:
        queue = self.answers.get(_name(request))
        if queue is None:
            return Reply.json({"detail": "there is no such path"}, 404)
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if isinstance(answer, Callable):
            answer = answer(request)
        return answer if isinstance(answer, Reply) else Reply.json(answer)


def a_request(
    job: Job, values: Mapping[str, JsonValue | Secret] | None = None, **changes: Any
) -> SubmitRequest:
    """Return a request with the token `t0k`."""
    given = {"token": "t0k", "run_name": "run 7", "begun_at": BEGUN, **changes}
    return SubmitRequest(job=job, parameters=values or {}, **given)


def _queue(answers: Any) -> list[Any]:
    return list(answers) if isinstance(answers, list) else [answers]


def _name(request: PreparedRequest) -> str:
    path = unquote(request.path_url.partition("?")[0])
    return f"{request.method} {path}"
