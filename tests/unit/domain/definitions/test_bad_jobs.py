"""Tests that an invalid Job or parameter is refused with the path and the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.domain.definitions.bad_documents import (
    Break,
    assert_refused,
    set_value,
)

BAD: list[Any] = [
    pytest.param(
        set_value("jobs", 0, "externalId", to=4711),
        "jobs[0].externalId",
        "put it in quotes",
        id="number instead of text",
    ),
    pytest.param(
        set_value("jobs", 0, "externalId", to="/a\n/b"),
        "jobs[0].externalId",
        "control or invisible character U+000A",
        id="external id with a newline",
    ),
    pytest.param(
        set_value("jobs", 0, "externalId", to="/a\u202e/b"),
        "jobs[0].externalId",
        "invisible character U+202E",
        id="external id that reverses its text",
    ),
    pytest.param(
        set_value("jobs", 0, "jobType", to="DatabricksNotebok"),
        "jobs[0].jobType",
        "did you mean 'DatabricksNotebook'?",
        id="unknown job type",
    ),
    pytest.param(
        set_value("jobs", 0, "jobType", to="ADFPipeline"),
        "jobs[0].jobType",
        "does not run on AzureDatabricks, which takes DatabricksNotebook",
        id="job type of another platform",
    ),
    pytest.param(
        set_value("jobs", 0, "jobType", to="Databricks Notebook"),
        "jobs[0].jobType",
        "is not the name of a type",
        id="job type with a space",
    ),
    pytest.param(
        set_value("jobs", 1, "parameters", 1, "default", to="many"),
        "jobs[1].parameters[1].default",
        "must be a whole number (Int)",
        id="default of a wrong type",
    ),
    pytest.param(
        set_value("jobs", 1, "parameters", 3, "default", to="hunter2"),
        "jobs[1].parameters[3].default",
        "vault://",
        id="secret as a default",
    ),
    pytest.param(
        set_value("jobs", 1, "parameters", 1, "name", to="run_date"),
        "jobs[1].parameters[1].name",
        "is duplicated",
        id="parameter twice",
    ),
    pytest.param(
        set_value("tasks", 1, "parameters", to={"expected_rows": [1]}),
        "tasks[1].parameters.expected_rows",
        "must be a whole number (Int)",
        id="value of a wrong type",
    ),
    pytest.param(
        set_value("tasks", 1, "parameters", to={"token": "hunter2"}),
        "tasks[1].parameters.token",
        "never as plain text",
        id="secret as a value",
    ),
    pytest.param(
        set_value("tasks", 1, "parameters", to={"run_dat": "x"}),
        "tasks[1].parameters.run_dat",
        "did you mean 'run_date'?",
        id="unknown parameter",
    ),
    pytest.param(
        set_value("tasks", 1, "parameters", to={"loaded": 1}),
        "tasks[1].parameters.loaded",
        "is an output",
        id="value for an output",
    ),
    pytest.param(
        set_value("tasks", 1, "parameters", to={"run_date": "${run.date}"}),
        "tasks[1].parameters.run_date",
        "is not a run variable",
        id="unknown run variable",
    ),
    pytest.param(
        set_value("jobs", 1, "parameters", 2, "required", to=True),
        "tasks[1].parameters.full",
        "is required by job 'sales-load'",
        id="missing required value",
    ),
    pytest.param(
        set_value("jobs", 1, "parameters", 1, "sensitive", to=True),
        "jobs[1].parameters[1].sensitive",
        "set dataType to Secret",
        id="sensitive input",
    ),
]


@pytest.mark.parametrize(("break_document", "path", "remedy"), BAD)
def test_an_invalid_job_is_refused_with_the_path_and_the_remedy(
    break_document: Break, path: str, remedy: str
) -> None:
    assert_refused(break_document, path, remedy)
