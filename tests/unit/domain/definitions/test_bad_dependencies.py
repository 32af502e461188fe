"""Tests that an invalid dependency or mapping is refused with the path and the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.domain.definitions.bad_documents import (
    Break,
    assert_refused,
    set_value,
)


def _chain(document: dict[str, Any]) -> None:
    document["tasks"] = [
        {"name": f"t{n}", "job": "landing", "dependencies": [{"task": f"t{(n + 1) % 5}"}]}
        for n in range(5)
    ]


def _tested_without_outputs(document: dict[str, Any]) -> None:
    document["jobs"][0]["settings"] = {}
    document["tasks"][1]["dependencies"] = [{"task": "landing-check", "when": "row_count > 0"}]


def _tested_without_effect(document: dict[str, Any]) -> None:
    document["tasks"][1]["join"] = "AllDone"
    document["tasks"][1]["dependencies"] = [{"task": "landing-check", "when": "row_count > 0"}]


BAD: list[Any] = [
    pytest.param(
        set_value("tasks", 0, "dependencies", to=[{"task": "landing-check"}]),
        "tasks[0].dependencies[0].task",
        "cannot refer to itself",
        id="self-dependency",
    ),
    pytest.param(
        _chain,
        "tasks[0].dependencies[0].task",
        "t0 → t1 → t2 → t3 → t4 → t0",
        id="cycle across five tasks",
    ),
    pytest.param(
        set_value("tasks", 1, "dependencies", 0, "mappings", 0, "input", to="expected_row"),
        "tasks[1].dependencies[0].mappings[0].input",
        "did you mean 'expected_rows'?",
        id="mapping to an unknown input",
    ),
    pytest.param(
        set_value("jobs", 0, "jobType", to="DatabricksWorkflow"),
        "tasks[1].dependencies[0].mappings[0].output",
        "has no outputs",
        id="mapping from a job type without outputs",
    ),
    pytest.param(
        set_value("jobs", 0, "settings", to={}),
        "tasks[1].dependencies[0].mappings[0].output",
        "job 'landing' has no outputs: set its settings.outputsFromExitValue to true",
        id="mapping from a notebook whose exit value is not read",
    ),
    pytest.param(
        set_value("jobs", 0, "parameters", to=[{"name": "row_count", "dataType": "Secret"}]),
        "tasks[1].dependencies[0].mappings[0].output",
        "is sensitive in job 'landing'",
        id="mapping from an output that would echo a secret",
    ),
    pytest.param(
        set_value(
            "jobs",
            0,
            "parameters",
            to=[{"name": "row_count", "direction": "Output", "sensitive": True}],
        ),
        "tasks[1].dependencies[0].mappings[0].output",
        "is sensitive in job 'landing'",
        id="mapping from a sensitive output",
    ),
    pytest.param(
        set_value("tasks", 1, "dependencies", 0, "condition", to="OnFailure"),
        "tasks[1].dependencies[0].mappings",
        "a failed run has no outputs",
        id="mapping from a failed run",
    ),
    pytest.param(
        set_value("tasks", 1, "dependencies", 0, "condition", to="OnSkipped"),
        "tasks[1].dependencies[0].mappings",
        "a skipped run has no outputs",
        id="mapping from a skipped run",
    ),
    pytest.param(
        set_value("tasks", 1, "dependencies", 0, "condition", to=["OnSkipped", "OnFailure"]),
        "tasks[1].dependencies[0].mappings",
        "a failed or skipped run has no outputs",
        id="mapping from a list of outcomes without outputs",
    ),
    pytest.param(
        set_value("tasks", 1, "dependencies", 0, "condition", to="OnSucces"),
        "tasks[1].dependencies[0].condition",
        "did you mean 'OnSuccess'?",
        id="unknown condition",
    ),
    pytest.param(
        set_value("tasks", 1, "dependencies", 0, "condition", to=["OnSuccess", "OnSkip"]),
        "tasks[1].dependencies[0].condition",
        "each condition must be one of OnSuccess, OnFailure, OnCompletion, OnSkipped, Always",
        id="unknown condition in a list",
    ),
    pytest.param(
        set_value("tasks", 1, "dependencies", 0, "condition", to=[]),
        "tasks[1].dependencies[0].condition",
        "has 0 items, but needs 1",
        id="no condition",
    ),
    pytest.param(
        set_value("tasks", 1, "dependencies", 0, "condition", to={"on": "OnSuccess"}),
        "tasks[1].dependencies[0].condition",
        "must be one of OnSuccess, OnFailure, OnCompletion, OnSkipped, Always",
        id="an object as condition",
    ),
    pytest.param(
        set_value(
            "tasks",
            1,
            "dependencies",
            to=[
                {"task": "landing-check", "condition": each} for each in ("OnFailure", "OnSkipped")
            ],
        ),
        "tasks[1].dependencies[1].condition",
        "write a list of conditions, or set join to Any",
        id="dependencies that contradict each other",
    ),
    pytest.param(
        set_value("tasks", 1, "dependencies", 0, "when", to="row_count >"),
        "tasks[1].dependencies[0].when",
        "is not an expression such as row_count > 0",
        id="broken value condition",
    ),
    pytest.param(
        set_value(
            "tasks",
            1,
            "dependencies",
            to=[{"task": "landing-check", "condition": "Always", "when": "row_count > 0"}],
        ),
        "tasks[1].dependencies[0].when",
        "needs the condition OnSuccess",
        id="value condition of a run without success",
    ),
    pytest.param(
        _tested_without_outputs,
        "tasks[1].dependencies[0].when",
        "job 'landing' has no outputs: set its settings.outputsFromExitValue to true",
        id="value condition on a job without outputs",
    ),
    pytest.param(
        set_value(
            "tasks",
            1,
            "dependencies",
            to=[
                {"task": "landing-check", "condition": ["OnSuccess", "OnFailure"]},
                {"task": "landing-check", "take": "Newest"},
            ],
        ),
        "tasks[1].dependencies[1].take",
        "must be the same in all dependencies on 'landing-check'",
        id="different outcomes taken from one upstream",
    ),
    pytest.param(
        _tested_without_effect,
        "tasks[1].dependencies[0].when",
        "has no effect with the join AllDone: remove it",
        id="value condition of a join that needs no condition",
    ),
    pytest.param(
        set_value("tasks", 1, "join", to="One"),
        "tasks[1].join",
        "must be one of All, Any, AllDone",
        id="unknown join",
    ),
    pytest.param(
        set_value("tasks", 1, "dependencies", to=[{"task": "landing-check"}] * 2),
        "tasks[1].dependencies[1].task",
        "is duplicated",
        id="dependency twice",
    ),
]


@pytest.mark.parametrize(("break_document", "path", "remedy"), BAD)
def test_an_invalid_dependency_is_refused_with_the_path_and_the_remedy(
    break_document: Break, path: str, remedy: str
) -> None:
    assert_refused(break_document, path, remedy)
