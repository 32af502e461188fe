"""Tests of mappings of missing outputs."""

from __future__ import annotations

import re

import pytest

from polysync_core.domain.definitions.tasks import Dependency, Mapping, Task
from polysync_core.domain.dependencies.mappings import mapped_values
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
        mapped_values(child, a_job(parameters=[{"name": "in"}]), {"parent": parent}, {})
    assert why in str(caught.value)


def test_the_error_names_the_existing_outputs_up_to_a_limit() -> None:
    parent = a_run(outputs={f"o{number:03}": 1 for number in range(500)})
    edge = Dependency(task="parent", mappings=(Mapping(output="x", input="in"),))
    child = Task(name="child", job="sales-load", dependencies=(edge,))
    with pytest.raises(Invalid, match=r"o019 and 480 more\)"):
        mapped_values(child, a_job(parameters=[{"name": "in"}]), {"parent": parent}, {})
