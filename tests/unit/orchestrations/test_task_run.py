"""The orchestration's decisions, step by step, without an engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from durabletask.internal.orchestrator_service_pb2 import TaskFailureDetails
from durabletask.task import TaskFailedError

from orchestrations import task_run as module
from orchestrations.names import ABANDON, POLL, SUBMIT

DONE = {"done": True}
FAULT = TaskFailedError("fault", TaskFailureDetails(errorType="ActivityFault"))


def running(after: float = 1.0) -> dict[str, Any]:
    return {"submitted": True, "memo": {"polls": 1}, "after": after}


@dataclass
class Context:
    """Answers each activity by the next item of a script and records what was asked."""

    script: list[Any]
    calls: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    signals: list[tuple[str, Any]] = field(default_factory=list)
    continued: Any = None
    status: str = ""

    def call_activity(self, name: str, *, input: Any) -> Any:
        self.calls.append(name)
        return self.script.pop(0) if self.script else running()

    def create_timer(self, delay: timedelta) -> Any:
        self.waits.append(delay.total_seconds())
        return SimpleNamespace(cancel=lambda: True)

    def wait_for_external_event(self, name: str) -> Any:
        return SimpleNamespace(cancel=lambda: True)

    def signal_entity(self, entity: Any, operation: str, message: Any) -> None:
        self.signals.append((f"{entity}.{operation}", message))

    def set_custom_status(self, status: str) -> None:
        self.status = status

    def continue_as_new(self, work: Any) -> None:
        self.continued = work


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Context]:
    monkeypatch.setattr(module, "when_any", lambda tasks: tasks[0])
    function = module.task_run

    def run(script: list[Any], **work: Any) -> Context:
        context = Context(script)
        steps = function(context, {"run": "r1", "attempt": 1, "shard": "main", **work})
        answer: Any = None
        try:
            while True:
                if isinstance(answer, Exception):
                    answer = steps.throw(answer)
                else:
                    answer = steps.send(answer)
        except StopIteration:
            return context

    return run


def test_a_run_is_submitted_polled_and_released(drive: Callable[..., Context]) -> None:
    context = drive([running(), running(), DONE])
    assert context.calls == [SUBMIT, POLL, POLL]
    assert context.signals == [("@dispatcher@main.release", {"run": "r1", "attempt": 1})]


def test_an_active_run_waits_for_another_lease_in_place_of_its_own(
    drive: Callable[..., Context],
) -> None:
    following = {"waiting": {"run": "r1", "attempt": 2}}
    context = drive([running(), {"done": True, "next": following}])
    assert context.signals == [("@dispatcher@main.enqueue", following)]
    assert context.continued is None


def test_the_activity_says_how_long_to_wait(drive: Callable[..., Context]) -> None:
    assert drive([running(1.0), running(7.5), DONE]).waits == [1.0, 7.5]


def test_an_unanswered_submit_is_submitted_again(drive: Callable[..., Context]) -> None:
    unanswered = {"submitted": False, "memo": {}, "after": 5.0}
    assert drive([unanswered, running(), DONE]).calls == [SUBMIT, SUBMIT, POLL]


def test_the_orchestration_continues_as_new_after_a_bounded_number_of_calls(
    drive: Callable[..., Context],
) -> None:
    context = drive([])
    assert len(context.calls) == module.CALLS_PER_GENERATION
    assert context.continued == {
        "run": "r1",
        "attempt": 1,
        "shard": "main",
        "submitted": True,
        "memo": {"polls": 1},
        "faults": 0,
    }
    assert drive([DONE], **{k: context.continued[k] for k in ("submitted", "memo")}).calls == [POLL]


def test_internal_faults_are_retried_with_growing_delays(drive: Callable[..., Context]) -> None:
    context = drive([running(), FAULT, FAULT, DONE])
    assert context.calls == [SUBMIT, POLL, POLL, POLL]
    assert context.waits == [1.0, 10.0, 20.0]


def test_a_fault_that_stays_ends_the_run_with_its_lease_released(
    drive: Callable[..., Context],
) -> None:
    faults = [FAULT] * module.MAX_FAULTS
    context = drive([*faults, DONE])
    assert context.calls[-1] == ABANDON
    assert context.signals


def test_the_custom_status_shows_the_progress_of_an_attempt(drive: Callable[..., Context]) -> None:
    failing = {"submitted": True, "memo": {"polls": 7, "failures": 2}, "after": 30.0}
    assert drive([failing] * module.CALLS_PER_GENERATION).status == (
        "On its platform; polls: 7, internal faults in a row: 0; next call in 30 s."
    )
    assert drive([FAULT] * 2 + [DONE]).status == "Done."
