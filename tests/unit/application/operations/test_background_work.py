"""The steps behind the timers and queues of every host."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from polysync_core.application.operations.background_work import BackgroundWork, QueueMessage
from polysync_core.composition import build_background_work
from polysync_core.domain.errors import Unavailable
from tests.fakes.app import FakeApp

_STEPS = ["reconcile", "fire_schedules", "check_deadlines", "execute_wait_limits"]


@pytest.mark.parametrize("broken", _STEPS)
def test_each_step_of_the_tick_runs_even_if_another_one_fails(broken: str) -> None:
    called: list[str] = []

    def step(name: str) -> Any:
        def run(_: Any) -> None:
            called.append(name)
            if name == broken:
                raise Unavailable

        return run

    unused: Any = None
    work = BackgroundWork(
        check_batches=lambda _: None,
        reconcile=step("reconcile"),
        fire_schedules=step("fire_schedules"),
        check_deadlines=step("check_deadlines"),
        execute_wait_limits=step("execute_wait_limits"),
        watch_schedules=unused,
        check_drift=unused,
        purge=unused,
        webhook_delivery=unused,
        notifications=unused,
        lineage=unused,
        run_requests=unused,
        poison_messages=unused,
        deliveries_queue="",
        run_requests_queue="",
    )
    with pytest.raises(ExceptionGroup, match="Steps of the tick have failed"):
        work.tick(unused)
    assert called == _STEPS


@pytest.mark.parametrize(
    ("content", "decoded"),
    [
        pytest.param(b'{"task": "nap"}', b'{"task": "nap"}', id="plain JSON"),
        pytest.param(base64.b64encode(b'{"a": 1}'), b'{"a": 1}', id="base64"),
        pytest.param(b" " + base64.b64encode(b"{}") + b"\n", b"{}", id="base64 with spaces around"),
        pytest.param(b"no delivery", b"no delivery", id="neither"),
        pytest.param(b"\xff\xfe", b"\xff\xfe", id="bytes that are no text"),
        pytest.param(b"", b"", id="nothing"),
    ],
)
def test_a_message_is_read_plain_or_in_base64(content: bytes, decoded: bytes) -> None:
    message = QueueMessage(id="1", content=content, inserted_at=None)

    assert message.decoded == decoded
    assert message.text == decoded.decode(errors="replace")


def test_messages_of_the_poison_queues_are_recorded_with_their_queue(app: FakeApp) -> None:
    work = build_background_work(app.services)
    message = QueueMessage(id="7", content=base64.b64encode(b"broken"), inserted_at=None)

    work.record_abandoned_delivery(message)
    work.record_refused_request(message)

    recorded = app.services.poison_messages.page(limit=10).items
    assert {(each.queue, each.id, each.payload) for each in recorded} == {
        ("webhook-deliveries", "7", "broken"),
        ("run-requests", "7", "6 bytes that are not shown; fields: none"),
    }


@pytest.fixture
def app() -> FakeApp:
    return FakeApp()
