"""Defines the class `Polysync`, the entry point of the Python client.

`python -m scripts.client_sync` generates this module from polysync/aio.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import BaseModel

from polysync import models
from polysync.calls import ANSWER_SECONDS, Call, Json, Retries, Wire
from polysync.credentials import Credential, Credentials, TokenSource
from polysync.sync.collections import Collection
from polysync.sync.definitions import (
    Calendar,
    ContentionProfile,
    Job,
    Platform,
    Profile,
    Receiver,
    StoredReceiver,
    Task,
    Vault,
    Webhook,
)
from polysync.sync.http import Http
from polysync.sync.job_keys import Jobs
from polysync.sync.runs import Run, cancel_runs, list_runs
from polysync.values import decoded, query_of, to_json

DEFAULT_URL = "http://127.0.0.1:7071/api"


class Polysync:
    """The API of one host; use it with `with`, or close it."""

    def __init__(  # noqa: PLR0913 - each way to sign in is an argument
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        token: TokenSource | None = None,
        credential: Credential | None = None,
        scope: str | None = None,
        timeout: float = ANSWER_SECONDS,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Open a client; no request is sent.

        Args:
            url: The address of the API; POLYSYNC_URL by default, or else the host on this machine.
            key: An access key.
            token: A token, or a function that returns the present token.
            credential: A credential of azure-identity; it needs `scope`. Without key, token and
                credential, POLYSYNC_KEY and POLYSYNC_TOKEN sign in.
            scope: The scope of the tokens: `<application id>/.default` of the app.
            timeout: The seconds in which each request is answered.
            retries: The repetition of failed requests.
            transport: Sends the requests instead of the network.
        """
        if key is None and token is None and credential is None:
            key, token = os.environ.get("POLYSYNC_KEY"), os.environ.get("POLYSYNC_TOKEN")
        credentials = Credentials(key=key, token=token, credential=credential, scope=scope)
        address = url or os.environ.get("POLYSYNC_URL") or DEFAULT_URL
        trace = os.environ.get("TRACEPARENT")
        wire = Wire(address, credentials, timeout=timeout, traceparent=trace)
        self._http = Http(wire, retries=retries or Retries(), transport=transport)
        self.url = wire.url
        http = self._http
        self.tasks = Collection[Task, models.StoredTask](http, Task)
        self.jobs = Jobs(http, Job)
        self.platforms = Collection[Platform, models.StoredPlatform](http, Platform)
        self.vaults = Collection[Vault, models.StoredVault](http, Vault)
        self.contention_profiles = Collection[ContentionProfile, Profile](http, ContentionProfile)
        self.calendars = Collection[Calendar, models.StoredCalendar](http, Calendar)
        self.webhooks = Collection[Webhook, models.StoredWebhook](http, Webhook)
        self.receivers = Collection[Receiver, StoredReceiver](http, Receiver)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def run(self, run_id: str) -> Run:
        """Return a run by its id; `refresh` reads it."""
        return Run(self._http, run_id)

    def runs(self, **filters: Any) -> Generator[Run]:
        """Yield runs, newest first; a page is read when its first run is needed.

        The filters are those of `GET /task-runs` in snake_case: `status` (one or a list), `task`,
        `job`, `platform`, `trigger`, `cause`, `tag`, `since`, `until`, `graph_run_id` …
        """
        for run in list_runs(self._http, **filters):
            yield run

    def cancel_runs(self, **filters: Any) -> list[Run]:
        """Cancel every queued and running run that matches, and return these runs.

        The filters are those of `runs`; at least one is required.
        """
        return cancel_runs(self._http, **filters)

    def apply(
        self,
        document: Mapping[str, Any] | BaseModel,
        *,
        dry_run: bool = False,
        prune: bool = False,
        plan_token: str | None = None,
    ) -> models.Plan:
        """Apply a document with definitions; `dry_run` only plans it."""

        query = query_of(
            {"dry_run": dry_run or None, "prune": prune or None, "plan_token": plan_token}
        )
        return decoded(models.Plan, self._send("PUT", "definitions", query=query, body=document))

    def export(self, **selection: Any) -> Json:
        """Return the stored definitions as a document."""
        return self._send("GET", "definitions", query=query_of(selection))

    def health(self) -> models.Health:
        """Return the state of the host."""

        return decoded(models.Health, self._send("GET", "health", has="status"))

    def request(
        self,
        method: str,
        *path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Json:
        """Call a route that has no method here: `request("GET", "audit", query={"limit": 5})`."""
        return self._send(method, *path, query=query_of(query or {}), body=body)

    def _send(self, method: str, *path: str, body: Any = None, **rest: Any) -> Json:
        content = None if body is None else to_json(body)
        return self._http.call(Call(method=method, path=path, body=content, **rest))
