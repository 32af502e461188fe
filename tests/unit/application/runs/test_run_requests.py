"""Tests of run requests by queue message: accepted, repeated, postponed and refused ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from polysync_core.application.ports import Engine
from polysync_core.application.runs.run_requests import RunOnce, RunRequests, poison_request
from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.arrivals.event import Event
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import ShardFull, Unavailable, Uncertain
from polysync_core.domain.poison import NO_REASON
from polysync_core.domain.runs.run import TaskRun, TriggerType
from polysync_core.telemetry.tracing import traceparent
from tests.fakes.events import FakeQueue
from tests.fakes.events_of import blob_created, in_event_grid_schema, order_placed
from tests.unit.application.runs.test_task_runs import TASK, World


class Desk:
    """A queue of run requests in front of the use cases of task runs."""

    def __init__(self, *tasks: Task) -> None:
        self.world = World(*tasks)
        self.poison = FakeQueue()
        self.received: list[Event] = []
        self.queue = FakeQueue()
        self.requests = self.requests_of(self.world.task_runs.run_once)

    def requests_of(self, run_once: RunOnce) -> RunRequests:
        return RunRequests(
            run_once=run_once,
            receive_events=lambda events, engine: self.received.extend(events),
            queue=self.queue,
            poison_queue=self.poison,
        )

    def accept(self, message: Any, message_id: str = "m-1") -> None:
        content = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.requests.accept(message_id, content, self.world.engine)

    @property
    def accepted(self) -> list[TaskRun]:
        return [stored.run for stored in self.world.runs.rows.values()]

    def refusal(self) -> dict[str, str]:
        """Return the reason and the payload of the only poison message."""
        assert self.accepted == []
        (sent,) = self.poison.sent
        abandoned = poison_request("p-1", sent.text.encode())
        assert abandoned.message_id == "m-1"
        return {"reason": abandoned.reason, "payload": abandoned.payload}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_message_starts_a_run_with_its_values(desk: Desk) -> None:
    desk.accept({"task": "daily", "parameters": {"limit": "7"}, "priority": 200})

    (run,) = desk.accepted
    assert (run.trigger_type, run.priority) == (TriggerType.MESSAGE, 200)
    assert run.parameters["limit"] == 7
    assert run.history[0].actor == "run-requests"
    assert (run.run_id, 1) in desk.world.engine.live
    assert desk.poison.sent == []


def test_a_message_may_name_its_trace(desk: Desk) -> None:
    sender = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    traceparents: list[str] = []

    def run_once(request: RunRequest, engine: Engine) -> TaskRun:
        traceparents.append(traceparent())
        return desk.world.task_runs.run_once(request, engine)

    requests = desk.requests_of(run_once)
    for number, header in enumerate((sender, "not one")):
        content = json.dumps({"task": "daily", "traceparent": header}).encode()
        requests.accept(f"m-{number}", content, desk.world.engine)
    assert traceparents == [sender, ""]
    assert len(desk.accepted) == 2


def test_the_task_alone_is_enough(desk: Desk) -> None:
    desk.accept({"task": "daily", "parameters": {}, "priority": None, "idempotencyKey": None})
    assert len(desk.accepted) == 1


def test_a_message_that_is_delivered_twice_starts_one_run(desk: Desk) -> None:
    for _ in range(2):
        desk.accept({"task": "daily"})
    desk.accept({"task": "daily"}, message_id="m-2")
    assert len(desk.accepted) == 2


def test_messages_with_one_key_start_one_run(desk: Desk) -> None:
    for number in range(3):
        desk.accept({"task": "daily", "idempotencyKey": "k"}, message_id=f"m-{number}")
    assert len(desk.accepted) == 1


def test_a_message_that_started_its_run_is_no_refusal_once_the_task_is_disabled(desk: Desk) -> None:
    """The host crashed before it deleted the message; meanwhile the task was disabled."""
    desk.accept({"task": "daily"})
    disabled = Desk(TASK.model_copy(update={"enabled": False}))
    disabled.world.runs.rows.update(desk.world.runs.rows)
    disabled.accept({"task": "daily"})
    assert disabled.poison.sent == []
    assert disabled.accepted == desk.accepted


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param(b"\xff\xfe{", "the text is not UTF-8 (byte 0)", id="not UTF-8"),
        pytest.param(b"run daily", "not JSON: line 1, column 1", id="not JSON"),
        pytest.param(b"", "not JSON", id="nothing"),
        pytest.param(b'{"task": "daily", "task": "x"}', "'task' occurs twice", id="a key twice"),
        pytest.param(b'{"task": NaN}', "NaN is not a JSON number", id="not a number"),
        pytest.param(["daily"], "a message is an object", id="no object"),
        pytest.param({}, "task: is missing", id="no task"),
        pytest.param({"task": "Daily!"}, "task: is not a valid name", id="a bad name"),
        pytest.param({"task": 7}, "task: must be text", id="a number for a name"),
        pytest.param({"task": "weekly"}, "There is no task 'weekly'", id="an unknown task"),
        pytest.param(
            {"task": "daily", "params": {}}, "did you mean 'parameters'?", id="an unknown field"
        ),
        pytest.param(
            {"task": "daily", "parameters": [1]}, "parameters: must be an object", id="a list"
        ),
        pytest.param(
            {"task": "daily", "parameters": {"limit": "many"}},
            "parameters.limit: must be a whole number",
            id="a value of a wrong type",
        ),
        pytest.param(
            {"task": "daily", "parameters": {"lmit": 1}},
            "parameters.lmit: job 'sales-load' has no such parameter",
            id="an unknown parameter",
        ),
        pytest.param(
            {"task": "daily", "priority": "high"}, "priority: must be a whole", id="a bad priority"
        ),
        pytest.param(
            {"task": "daily", "priority": 10**7}, "priority: must be less", id="out of range"
        ),
        pytest.param(
            {"task": "daily", "idempotencyKey": ""}, "idempotencyKey: ", id="an empty key"
        ),
        pytest.param(
            {"task": "daily", "idempotencyKey": "k" * 256}, "idempotencyKey: ", id="a long key"
        ),
        pytest.param(
            {"task": "daily", "parameters": {"__class__": 1}}, "not allowed", id="engine's key"
        ),
    ],
)
def test_a_bad_message_goes_to_the_poison_queue_at_once_with_the_reason(
    desk: Desk, message: Any, reason: str
) -> None:
    desk.accept(message)
    assert reason in desk.refusal()["reason"]


def test_a_disabled_task_is_not_run() -> None:
    desk = Desk(TASK.model_copy(update={"enabled": False}))
    desk.accept({"task": "daily"})
    assert "Task daily is disabled; enable it" in desk.refusal()["reason"]


def test_a_key_that_was_used_for_something_else_is_refused(desk: Desk) -> None:
    desk.accept({"task": "daily", "idempotencyKey": "k"})
    desk.accept({"task": "daily", "idempotencyKey": "k", "priority": 1}, message_id="m-2")
    (sent,) = desk.poison.sent
    abandoned = poison_request("p-1", sent.text.encode())
    assert abandoned.message_id == "m-2"
    assert "used for a request with other content" in abandoned.reason
    assert len(desk.accepted) == 1


def test_a_secret_in_plain_text_is_in_no_message_of_the_refusal(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    values = {"key": "canary-7", "limit": ["canary-7"], "day": "vault://v/day"}
    desk.accept({"task": "daily", "parameters": values, "note": "canary-7"})

    payload = json.loads(desk.refusal()["payload"])
    assert payload["task"] == "daily"
    assert payload["parameters"]["day"] == "vault://v/day"
    header = repr(desk.poison.sent) + repr([vars(record) for record in caplog.records])
    assert "canary" not in header


@pytest.mark.parametrize("error", [Unavailable(), Uncertain()])
def test_a_request_that_may_be_accepted_later_is_left_to_the_host(error: Exception) -> None:
    desk = Desk()

    def away(*_: Any) -> TaskRun:
        raise error

    requests = desk.requests_of(away)
    with pytest.raises(type(error)):
        requests.accept("m-1", b'{"task": "daily"}', desk.world.engine)
    assert desk.poison.sent == []


def _full(*_: Any) -> TaskRun:
    raise ShardFull("Shard 'main' holds 20000 waiting runs.")


def test_a_message_waits_while_too_many_runs_wait_and_its_copies_request_one_run(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    content = b'{"task": "daily", "parameters": {"limit": 7}}'
    desk.requests_of(_full).accept("m-1", content, desk.world.engine)
    (copy,) = desk.queue.sent
    assert copy.delay_seconds == 60
    desk.requests_of(_full).accept("m-2", copy.text.encode(), desk.world.engine)
    (_, second) = desk.queue.sent
    assert second.text == copy.text

    desk.accept(content)
    desk.requests.accept("m-2", copy.text.encode(), desk.world.engine)
    desk.requests.accept("m-3", second.text.encode(), desk.world.engine)

    (run,) = desk.accepted
    assert run.parameters["limit"] == 7
    assert desk.poison.sent == []
    assert "20000 waiting runs" in str([vars(record) for record in caplog.records])


def test_a_postponed_message_keeps_its_own_key(desk: Desk) -> None:
    content = b'{"task": "daily", "idempotencyKey": "order-7"}'
    desk.requests_of(_full).accept("m-1", content, desk.world.engine)

    assert json.loads(desk.queue.sent[0].text)["idempotencyKey"] == "order-7"


@pytest.mark.parametrize("fault", ["the queue is away", "the message becomes too large"])
def test_a_message_that_cannot_be_postponed_is_left_to_the_host(desk: Desk, fault: str) -> None:
    padding = "x" * (48 * 1024 - 60 if fault.endswith("large") else 0)
    desk.queue.away = fault.endswith("away")
    content = json.dumps({"task": "daily", "parameters": {"note": padding}}).encode()

    with pytest.raises(Unavailable):
        desk.requests_of(_full).accept("m" * 40, content, desk.world.engine)
    assert desk.queue.sent == []


def test_a_refusal_that_cannot_be_sent_is_left_to_the_host(desk: Desk) -> None:
    desk.poison.away = True
    with pytest.raises(Unavailable):
        desk.accept(b"run daily")


@pytest.mark.slow
@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\x01" * 48 * 1024, id="control characters"),
        pytest.param("\U0001f600".encode() * 12 * 1024, id="four bytes each"),
        pytest.param(
            json.dumps({"task": "x", **{f"{n}\x01\U0001f600": n for n in range(2_000)}}).encode(),
            id="many fields",
        ),
    ],
)
def test_the_refusal_of_the_largest_message_fits_into_a_message(desk: Desk, message: bytes) -> None:
    desk.accept(message)
    assert len(desk.poison.sent[0].text.encode()) <= 48 * 1024
    assert desk.refusal()["payload"]


@pytest.mark.parametrize(
    "content", [b'{"task": "daily", "parameters": {"key": "canary"}}', b"\xff", b"", b"[]"]
)
def test_a_message_that_the_host_moved_to_the_poison_queue_is_recorded(content: bytes) -> None:
    abandoned = poison_request("p-1", content)
    assert (abandoned.message_id, abandoned.reason) == ("p-1", NO_REASON)
    assert "canary" not in abandoned.payload


@pytest.mark.parametrize(
    "message", [blob_created(), [in_event_grid_schema(blob_created())], [order_placed()]]
)
def test_a_message_may_be_an_event(desk: Desk, message: Any) -> None:
    desk.accept(message)

    assert len(desk.received) == 1
    assert desk.accepted == []
    assert desk.poison.sent == []


def test_a_wrong_event_goes_to_the_poison_queue_without_its_data(desk: Desk) -> None:
    desk.accept(order_placed(specversion="0.3", data={"card": "4111 1111"}))

    refusal = desk.refusal()
    assert refusal["reason"] == "specversion: must be '1.0'"
    assert "4111" not in refusal["payload"]
    assert "A234-1234-1234" in refusal["payload"]


def test_an_event_waits_unchanged_while_too_many_runs_wait(desk: Desk) -> None:
    def full(events: object, engine: Engine) -> None:
        raise ShardFull("full")

    requests = replace(desk.requests, receive_events=full)
    requests.accept("m-1", json.dumps(order_placed()).encode(), desk.world.engine)

    (sent,) = desk.queue.sent
    assert json.loads(sent.text) == order_placed()
