"""Tests of mappings of missing outputs."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from polysync_core.domain.definitions.tasks import Dependency, Join, Mapping, Task
from polysync_core.domain.dependencies.mappings import mapped_inputs, mapped_values
from polysync_core.domain.errors import Invalid
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.builders import a_job, a_run


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("token", "(Succeeded) does not keep it, because it is sensitive"),
        ("table", "(Succeeded) has not kept it: it has 70,002 bytes"),
        ("row", "(Succeeded) has no such output (it has: path, rows)"),
    ],
)
def test_the_error_of_a_missing_output_gives_the_reason(output: str, why: str) -> None:
    parent = a_run(
        status=RunStatus.SUCCEEDED,
        outputs={"rows": 1, "path": "/a"},
        redacted_outputs=("token",),
        outputs_not_kept={"table": "it has 70,002 bytes"},
    )
    edge = Dependency(task="parent", mappings=(Mapping(output=output, input="in"),))
    child = Task(name="child", job="sales-load", dependencies=(edge,))
    with pytest.raises(Invalid, match=re.escape(f"'{output}' of task 'parent'")) as caught:
        mapped_values(child, a_job(parameters=[{"name": "in"}]), {"parent": [parent]}, {})
    assert why in str(caught.value)


def test_the_error_names_the_existing_outputs_up_to_a_limit() -> None:
    parent = a_run(
        status=RunStatus.SUCCEEDED, outputs={f"o{number:03}": 1 for number in range(500)}
    )
    edge = Dependency(task="parent", mappings=(Mapping(output="x", input="in"),))
    child = Task(name="child", job="sales-load", dependencies=(edge,))
    with pytest.raises(Invalid, match=r"o019 and 480 more\)"):
        mapped_values(child, a_job(parameters=[{"name": "in"}]), {"parent": [parent]}, {})


@pytest.mark.parametrize("condition", ["OnCompletion", "Always", ["OnSuccess", "OnSkipped"]])
@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.CANCELLED, RunStatus.SKIPPED])
def test_a_mapping_from_a_run_without_success_does_not_apply(
    condition: object, status: RunStatus
) -> None:
    edge = Dependency(
        task="parent", condition=condition, mappings=(Mapping(output="rows", input="in"),)
    )
    child = Task(name="child", job="sales-load", dependencies=(edge,))
    parents = {"parent": [a_run(status=status)]}
    assert mapped_values(child, a_job(parameters=[{"name": "in"}]), parents, {}) == {}


def branches() -> Task:
    """Return a Task that takes one input from two alternative upstreams."""
    edges = (
        Dependency(task=name, mappings=(Mapping(output="rows", input="in"),))
        for name in ("one", "two")
    )
    return Task(name="child", job="sales-load", join=Join.ANY, dependencies=tuple(edges))


def test_the_first_alternative_that_succeeded_gives_the_input() -> None:
    job, child = a_job(parameters=[{"name": "in"}]), branches()
    one = a_run(status=RunStatus.SUCCEEDED, outputs={"rows": "1"})
    two = a_run(status=RunStatus.SUCCEEDED, outputs={"rows": "2"})
    skipped = a_run(status=RunStatus.SKIPPED)
    for runs, value in (
        ({"one": one, "two": two}, "1"),
        ({"two": two}, "2"),
        ({"one": skipped, "two": two}, "2"),
    ):
        parents = {task: [run] for task, run in runs.items()}
        values = mapped_values(child, job, parents, {})
        assert values == {"in": value}
        source = mapped_inputs(child, parents, values)["in"]
        assert source.run_id == runs[source.task].run_id
        assert runs[source.task].outputs["rows"] == value


def test_an_input_of_two_upstreams_that_are_both_needed_is_refused() -> None:
    with pytest.raises(ValidationError, match="an input takes one output only"):
        Task.model_validate(branches().model_dump() | {"join": "All"})
