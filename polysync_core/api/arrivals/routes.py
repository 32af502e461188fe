"""Serves the routes that receive CloudEvents, and show a Task's event triggers and events."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from polysync_core.api.arrivals.bodies import BATCH, JSON, STRUCTURED, document_of
from polysync_core.api.contract.answers import SHARD_FULL
from polysync_core.api.engine import CurrentEngine
from polysync_core.api.models import Page, RunIdText, Time, View
from polysync_core.api.security.audit_record import CurrentRecord, changes_nothing
from polysync_core.api.use_cases import use_case
from polysync_core.application.arrivals.overview import ArrivalStatus, TaskArrivals, TaskEvent
from polysync_core.application.arrivals.receiving import EventIntake, ReceivedResult
from polysync_core.domain.arrivals.cloud_events import read_events, validation_code
from polysync_core.domain.arrivals.outcomes import ArrivalOutcome


class EventOutcomeView(View):
    """The outcome of an event for one arrival of a Task."""

    task: str
    """The Task."""
    arrival: str
    """The arrival of the Task."""
    outcome: ArrivalOutcome
    """The outcome."""
    reason: str
    """The reason of the outcome, in words."""
    run_id: RunIdText | None
    """The run that the event has started."""


class ReceivedEventView(View):
    """An event that was received."""

    id: str
    """The id of the event."""
    source: str
    """The source of the event."""
    outcomes: list[EventOutcomeView]
    """The outcomes of the event; empty if no Task waits for it."""


class ReceivedEventsView(View):
    """The events of one request, which are received."""

    items: list[ReceivedEventView]
    """The events in the order of the request."""


class CollectingView(View):
    """The events that an arrival collects at present."""

    count: int
    """The number of events."""
    first_at: Time
    """The time at which the first event was received."""
    last_at: Time
    """The time at which the last event was received."""
    starts_at: Time | None
    """The start if no further event comes; null while the batch waits for further events."""
    sentence: str
    """The state of the batch in words."""


class ArrivalStatusView(View):
    """An arrival of a Task with the events that it collects."""

    name: str
    """The name of the arrival."""
    enabled: bool
    """False if the arrival ignores events."""
    collecting: CollectingView | None
    """The events that wait for their run; null without events."""


class TaskEventView(View):
    """A received event with its outcome for one arrival of the Task."""

    id: str
    """The id of the event."""
    source: str
    """The source of the event."""
    type: str
    """The type of the event."""
    subject: str | None
    """The subject of the event, such as a file."""
    time: Time | None
    """The time of the event."""
    received_at: Time
    """The time at which Polysync received the event."""
    arrival: str
    """The arrival."""
    outcome: ArrivalOutcome
    """The outcome; `FilteredOut` by the present filter of the arrival."""
    reason: str
    """The reason of the outcome, in words."""
    run_id: RunIdText | None
    """The run that the event has started."""


class TaskArrivalsView(Page[ArrivalStatusView]):
    """The arrivals of a Task, and the newest events."""

    events: list[TaskEventView]
    """At most 50 of the newest 200 events of all Tasks: those from the sources of this Task."""


class ValidationAnswer(View):
    """The answer by which a new subscription of Event Grid is accepted."""

    validation_response: str
    """The code of the request."""


_EVENT: dict[str, Any] = {
    "type": "object",
    "description": "An event of CloudEvents 1.0; further attributes are extensions.",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0", "description": "The version of CloudEvents."},
        "id": {"type": "string", "description": "The id, unique for the source."},
        "source": {"type": "string", "description": "The sender of the event."},
        "type": {"type": "string", "description": "The type of the event."},
        "subject": {"type": "string", "description": "The subject, such as a file."},
        "time": {"type": "string", "format": "date-time", "description": "The time."},
        "data": {"description": "Any JSON value."},
    },
}
_LIST: dict[str, Any] = {"type": "array", "items": _EVENT}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The events. In binary mode, the headers `ce-…` hold the attributes and the "
        "body holds the data, of any type.",
        "content": {
            STRUCTURED: {"schema": _EVENT},
            BATCH: {"schema": _LIST},
            JSON: {"schema": {"description": "The data, or events in the schema of Event Grid."}},
        },
    }
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    **SHARD_FULL,
    200: {
        "model": ValidationAnswer,
        "description": "The answer to Event Grid, which checks the address of a subscription.",
    },
    415: {"description": ""},
}


async def _raw(request: Request) -> bytes:
    return await request.body()


CurrentArrivals = Annotated[TaskArrivals, Depends(use_case(TaskArrivals))]
CurrentIntake = Annotated[EventIntake, Depends(use_case(EventIntake))]


def event_routes() -> APIRouter:
    """Return the routes of events and arrivals."""
    routes = APIRouter(tags=["Arrivals"])

    @routes.post(
        "/events",
        status_code=202,
        response_model=ReceivedEventsView,
        responses=_ANSWERS,
        openapi_extra=_BODY,
    )
    def receive_events(
        request: Request,
        body: Annotated[bytes, Depends(_raw)],
        intake: CurrentIntake,
        engine: CurrentEngine,
        record: CurrentRecord,
    ) -> Response | ReceivedEventsView:
        """Receive events of CloudEvents 1.0, and start the Tasks that wait for them."""
        document = document_of(_headers(request), body)
        code = validation_code(document)
        if code is not None:
            changes_nothing(record)
            return JSONResponse(ValidationAnswer(validation_response=code).as_json())
        return _view(intake.receive(read_events(document), engine))

    @routes.get("/tasks/{name}/arrivals")
    def list_arrivals(name: str, arrivals: CurrentArrivals) -> TaskArrivalsView:
        """List the arrivals of a Task, what they collect, and the newest events."""
        overview = arrivals.overview(name)
        return TaskArrivalsView(
            items=[_status_view(each) for each in overview.statuses],
            events=[_event_view(each) for each in overview.events],
            continuation_token=None,
        )

    return routes


def _status_view(status: ArrivalStatus) -> ArrivalStatusView:
    collecting = status.collecting
    return ArrivalStatusView(
        name=status.arrival.name,
        enabled=status.arrival.enabled,
        collecting=None if collecting is None else CollectingView.model_validate(collecting),
    )


def _event_view(each: TaskEvent) -> TaskEventView:
    event, outcome = each.received.event, each.outcome
    return TaskEventView(
        id=event.id,
        source=event.source,
        type=event.type,
        subject=event.subject,
        time=event.time,
        received_at=each.received.received_at,
        arrival=outcome.arrival,
        outcome=outcome.outcome,
        reason=outcome.reason,
        run_id=outcome.run_id,
    )


def _headers(request: Request) -> dict[str, str]:
    """Return the headers as UTF-8, by their names in small letters."""
    return {
        name.decode("latin-1").lower(): value.decode("utf-8", "replace")
        for name, value in request.headers.raw
    }


def _view(results: list[ReceivedResult]) -> ReceivedEventsView:
    return ReceivedEventsView(
        items=[
            ReceivedEventView(
                id=each.event.id,
                source=each.event.source,
                outcomes=[EventOutcomeView.model_validate(outcome) for outcome in each.outcomes],
            )
            for each in results
        ]
    )
