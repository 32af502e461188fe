"""Tests of value conditions at gates: outputs of upstream runs that start or skip a Task."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.tasks import Dependency, Task
from polysync_core.domain.dependencies.tokens import token_of
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.gates import GateWorld

FAILED, SKIPPED, QUEUED = RunStatus.FAILED, RunStatus.SKIPPED, RunStatus.QUEUED


def world_with(when: str) -> GateWorld:
    edge = Dependency(task="a", when=when)
    return GateWorld(Task(name="a", job="job"), Task(name="child", job="job", dependencies=(edge,)))


@pytest.mark.parametrize(
    ("outputs", "status", "reason"),
    [
        pytest.param({"rows": 3}, QUEUED, "", id="true"),
        pytest.param(
            {"rows": 0}, SKIPPED, "the condition 'rows > 0' is false (rows = 0).", id="false"
        ),
        pytest.param(
            {"other": 1},
            SKIPPED,
            "the condition 'rows > 0' cannot be tested: there is no output 'rows'.",
            id="missing",
        ),
    ],
)
def test_a_value_condition_decides_by_the_outputs_of_the_upstream_run(
    outputs: dict[str, Any], status: RunStatus, reason: str
) -> None:
    world = world_with("rows > 0")
    (child,) = world.carry(world.start("a"), **outputs)
    assert child.status is status
    assert child.reason.endswith(reason)


def test_a_value_condition_is_not_tested_for_a_run_without_success() -> None:
    world = world_with("rows > 0")
    (child,) = world.carry(world.start("a"), FAILED)
    assert child.reason.endswith("the dependency is OnSuccess.")


def test_a_token_keeps_only_the_tested_outputs_of_limited_length() -> None:
    world = world_with("rows > 0 and outputs['long'] != 'x'")
    run = world.end(world.start("a"), rows=1, other="s", long="x" * 5000)
    child = world.services.definitions.task("child")
    assert token_of(run, child).outputs == {"rows": 1}
    (skipped,) = world.notify_all(run)
    assert skipped.reason.endswith("cannot be tested: there is no output 'long'.")
