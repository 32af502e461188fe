"""The durable client behind the use cases' `Engine`, against a real backend."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from durabletask.internal import helpers
from durabletask.internal import orchestrator_service_pb2 as pb

from devhost.durable.engine import Engine
from devhost.durable.stand_ins import LOCAL
from devhost.durable.timer_queue import TimerQueue
from orchestrations.engine import DurableEngine
from tests.fakes.builders import run_id

HOUR = timedelta(hours=1)


@pytest.fixture
def backend() -> Iterator[Engine]:
    engine = Engine(TimerQueue())
    yield engine
    engine.stop()


@pytest.fixture
def client(backend: Engine) -> DurableEngine:
    return DurableEngine(json.dumps({"rpcBaseUrl": backend.start(), "taskHubName": "t"}))


def end_next(backend: Engine) -> None:
    item = backend.take_orchestration()
    assert item is not None
    end = helpers.new_complete_orchestration_action(0, pb.ORCHESTRATION_STATUS_COMPLETED)
    backend.CompleteOrchestratorTask(
        pb.OrchestratorResponse(
            instanceId=item.orchestratorRequest.instanceId,
            completionToken=item.completionToken,
            actions=[end],
        ),
        LOCAL,
    )


def test_only_orchestrations_that_ended_within_the_window_are_deleted(
    backend: Engine, client: DurableEngine
) -> None:
    now = datetime.now(UTC)
    client.start_attempt(run_id("ended"), 1, "main")
    end_next(backend)
    client.start_attempt(run_id("goes on"), 1, "main")

    assert client.forget_ended(now - 3 * HOUR, now - HOUR) == 0
    assert client.forget_ended(now - HOUR, now + HOUR) == 1
    assert client.forget_ended(now - HOUR, now + HOUR) == 0
    assert client.is_live(run_id("goes on"), 1)
