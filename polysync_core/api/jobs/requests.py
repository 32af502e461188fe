"""What is asked of a job by HTTP, whoever answers for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import Request, Response

from polysync_core.api.jobs.appkit_protocol import EventId, RunBody
from polysync_core.api.runs.routes import Asking
from polysync_core.api.security.records import Record
from polysync_core.application.ports import Engine

type Answer = Response | dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A request for a run."""

    body: RunBody
    asking: Asking
    engine: Engine | None
    record: Record | None
    streams: bool
    last_event: EventId | None
    """The stream goes on behind this event, of a run that there is already."""
    user: Request | None
    """The request, where it asks for a run in the caller's own name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A request for runs."""

    limit: int
    continuation_token: str | None
    user: Request | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A request for one run, as it is or as it goes on."""

    run_id: str
    streams: bool
    last_event: EventId | None
    user: Request | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelling:
    """A request to stop a run."""

    run_id: str
    actor: str
    engine: Engine | None
    user: Request | None


class Answering(Protocol):
    """Answers what is asked of a job."""

    def execute(self, name: str, execution: Execution) -> Response:
        """Start a run."""
        ...

    def list_runs(self, name: str, listing: Listing) -> Answer:
        """List runs, newest first."""
        ...

    def read(self, name: str, reading: Reading) -> Answer:
        """Read a run."""
        ...

    def status(self, name: str, user: Request | None) -> Answer:
        """Read the newest run."""
        ...

    def cancel(self, name: str, cancelling: Cancelling) -> None:
        """Stop a run."""
        ...
