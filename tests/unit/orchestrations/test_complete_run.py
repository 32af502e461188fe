"""Notifying dependents: the decisions of the orchestrations, without an engine."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import pytest

from orchestrations import complete_run as module
from orchestrations import end_run, task_run
from orchestrations.names import (
    DEACTIVATE_RUNS,
    END_QUEUED,
    FIND_DEPENDENTS,
    NOTIFY_DEPENDENTS,
    SUBMIT,
)

NOTHING: dict[str, Any] = {"dispatch": [], "pending": []}
RUN = {"run": "r1", "attempt": 1, "shard": "main"}


@dataclass
class Context:
    """Answers activities as a test says, and records the calls in order."""

    answers: dict[str, Callable[[Any], Any]]
    happened: list[tuple[str, Any]] = field(default_factory=list)
    continued: Any = None
    status: str = ""

    def call_activity(self, name: str, *, input: Any, retry_policy: Any = None) -> Any:
        self.happened.append((name, input))
        return self.answers.get(name, lambda _: NOTHING)(input)

    def signal_entity(self, entity: Any, operation: str, message: Any) -> None:
        self.happened.append((f"{entity}.{operation}", message))

    def set_custom_status(self, status: str) -> None:
        self.status = status

    def continue_as_new(self, work: Any) -> None:
        self.continued = work

    @property
    def steps(self) -> list[str]:
        return [name for name, _ in self.happened]

    def inputs(self, name: str) -> list[Any]:
        return [given for each, given in self.happened if each == name]


@pytest.fixture(autouse=True)
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "when_all", list)


def drive(function: Any, work: dict[str, Any], **answers: Callable[[Any], Any]) -> Context:
    context = Context(answers)
    steps: Generator[Any, Any] = function(context, work)
    answer: Any = None
    try:
        while True:
            answer = steps.send(answer)
    except StopIteration:
        return context


def test_a_run_releases_its_lease_before_its_dependents_are_notified() -> None:
    start = {"shard": "main", "waiting": {"run": "c"}, "policies": {"tasks": []}}
    context = drive(
        task_run.task_run,
        RUN,
        **{
            SUBMIT: lambda _: {"done": True, "notify": ["child"]},
            NOTIFY_DEPENDENTS: lambda _: {"dispatch": [start], "pending": []},
        },
    )
    assert context.happened == [
        (SUBMIT, {"run": "r1", "attempt": 1, "memo": {}}),
        ("@dispatcher@main.release", {"run": "r1", "attempt": 1}),
        (NOTIFY_DEPENDENTS, {"run": "r1", "notify": ["child"]}),
        ("@dispatcher@main.enqueue", {"waiting": {"run": "c"}, "policies": {"tasks": []}}),
        (DEACTIVATE_RUNS, {"runs": ["r1"]}),
    ]


def test_a_run_without_dependents_costs_no_further_step() -> None:
    context = drive(task_run.task_run, RUN, **{SUBMIT: lambda _: {"done": True, "notify": []}})
    assert context.steps == [SUBMIT, "@dispatcher@main.release"]


def test_many_dependents_are_notified_in_parallel_and_in_parts() -> None:
    names = [f"t{number}" for number in range(60)]
    context = drive(
        module.complete_run, {"run": "r"}, **{FIND_DEPENDENTS: lambda _: {"notify": names}}
    )
    parts = [given["notify"] for given in context.inputs(NOTIFY_DEPENDENTS)]
    assert [len(part) for part in parts] == [25, 25, 10]
    assert [name for part in parts for name in part] == names
    assert context.steps.count(DEACTIVATE_RUNS) == 1


def test_the_dependents_of_a_run_that_ends_at_its_creation_are_notified_too() -> None:
    pending = {"r": [{"run": "skipped", "notify": ["grandchild"]}]}
    context = drive(
        module.complete_run,
        {"run": "r"},
        **{
            FIND_DEPENDENTS: lambda _: {"notify": ["child"]},
            NOTIFY_DEPENDENTS: lambda given: {
                "dispatch": [],
                "pending": pending.get(given["run"], []),
            },
        },
    )
    assert context.inputs(NOTIFY_DEPENDENTS) == [
        {"run": "r", "notify": ["child"]},
        {"run": "skipped", "notify": ["grandchild"]},
    ]
    assert context.inputs(DEACTIVATE_RUNS) == [{"runs": ["r"]}, {"runs": ["skipped"]}]


@pytest.mark.parametrize("function", [task_run.task_run, end_run.end_run, module.complete_run])
def test_many_pending_notifications_continue_as_new_from_the_last_step(function: Any) -> None:
    pending = [{"run": f"r{number}", "notify": ["t"]} for number in range(100)]
    context = drive(function, {**RUN, "pending": pending})
    assert context.continued["pending"] == pending[80:]
    rest = drive(function, context.continued)
    assert rest.continued is None
    settled = [*context.inputs(DEACTIVATE_RUNS), *rest.inputs(DEACTIVATE_RUNS)]
    assert [run for each in settled for run in each["runs"]] == [each["run"] for each in pending]


def test_the_dependents_of_a_rejected_run_are_notified() -> None:
    context = drive(end_run.end_run, RUN, **{END_QUEUED: lambda _: {"done": True, "notify": ["c"]}})
    assert context.steps == [END_QUEUED, NOTIFY_DEPENDENTS, DEACTIVATE_RUNS]


def test_a_run_whose_dependents_are_notified_needs_nothing() -> None:
    context = drive(
        module.complete_run, {"run": "r"}, **{FIND_DEPENDENTS: lambda _: {"notify": []}}
    )
    assert context.steps == [FIND_DEPENDENTS]
