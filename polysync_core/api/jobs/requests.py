"""Defines the requests for job runs (AppKit surface), and the interface of their handlers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fastapi import Request, Response

from polysync_core.api.jobs.appkit_protocol import EventId, RunBody, StreamReader
from polysync_core.api.jobs.views import RunOutputsView
from polysync_core.api.models import View
from polysync_core.api.runs.routes import Requester
from polysync_core.api.security.audit_record import AuditRecord
from polysync_core.application.ports import Engine

type Answer = Response | View
"""The answer of a route; a stored Job has views, a Databricks job has answers of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """A request that starts a run."""

    body: RunBody
    requester: Requester
    engine: Engine | None
    record: AuditRecord | None
    streams: bool
    last_event: EventId | None
    """If set, the request resumes the stream of an existing run after this event."""
    reader: StreamReader
    user: Request | None
    """The HTTP request, if it starts the run in the caller's own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRequest:
    """A request that lists runs."""

    limit: int
    continuation_token: str | None
    user: Request | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """A request that reads or streams one run."""

    run_id: str
    streams: bool
    last_event: EventId | None
    reader: StreamReader
    user: Request | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputsRequest:
    """A request that reads the outputs of a run."""

    run_id: str
    user: Request | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequest:
    """A request that cancels a run."""

    run_id: str
    actor: str
    engine: Engine | None
    user: Request | None


class JobHandler(Protocol):
    """Handles the requests for one kind of job."""

    def start(self, name: str, request: StartRequest) -> Response:
        """Start a run."""
        ...

    def list_runs(self, name: str, request: ListRequest) -> Answer:
        """List runs, newest first."""
        ...

    def read(self, name: str, request: ReadRequest) -> Answer:
        """Read a run."""
        ...

    def outputs(self, name: str, request: OutputsRequest) -> RunOutputsView:
        """Read the outputs of a run."""
        ...

    def status(self, name: str, user: Request | None) -> Answer:
        """Read the newest run."""
        ...

    def cancel(self, name: str, request: CancelRequest) -> None:
        """Cancel a run."""
        ...
