"""Tests for the jobs that the environment names, and their ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.appkit.named_jobs import JobOptions, discover, variable_of
from polysync_core.appkit.parameters import TaskType

NOTEBOOK = JobOptions(task_type=TaskType.NOTEBOOK)


def ids(variables: dict[str, str], *configured: str) -> dict[str, int | None]:
    found = discover(variables, dict.fromkeys(configured, JobOptions()))
    return {name: job.job_id for name, job in found.items()}


@pytest.mark.parametrize(
    ("variables", "configured", "expected"),
    [
        pytest.param({}, [], {}, id="nothing at all"),
        pytest.param(
            {"DATABRICKS_JOB_ETL": "1", "DATABRICKS_JOB_DAILY_LOAD": "2"},
            [],
            {"etl": 1, "daily_load": 2},
            id="each variable names a job in lower case",
        ),
        pytest.param({"DATABRICKS_JOB_ETL": ""}, [], {}, id="an empty variable is ignored"),
        pytest.param({"DATABRICKS_JOB_ID": "7"}, [], {"default": 7}, id="a single job"),
        pytest.param(
            {"DATABRICKS_JOB_ID": "7", "DATABRICKS_JOB_ETL": "1"},
            [],
            {"etl": 1},
            id="a named job replaces the single one",
        ),
        pytest.param(
            {"DATABRICKS_JOB_ID": "7", "DATABRICKS_JOB_ETL": "1"},
            ["etl"],
            {"etl": 1},
            id="a configured job replaces the single one",
        ),
        pytest.param(
            {"DATABRICKS_JOB_ID": "7", "DATABRICKS_JOB_ETL": "1"},
            ["default"],
            {"default": 7, "etl": 1},
            id="the single job stays if it is configured",
        ),
        pytest.param(
            {"DATABRICKS_JOB_PROD": "3"},
            ["Prod"],
            {"prod": 3, "Prod": 3},
            id="configured names are case-sensitive",
        ),
        pytest.param(
            {"DATABRICKS_JOB_MyJob": "5"},
            [],
            {"myjob": None},
            id="a variable in mixed case gives no id",
        ),
        pytest.param(
            {"DATABRICKS_JOB_DEFAULT": "5", "DATABRICKS_JOB_ID": "7"},
            [],
            {"default": 7},
            id="the id of default is in DATABRICKS_JOB_ID",
        ),
        pytest.param({"DATABRICKS_JOB_ETL": "etl"}, [], {"etl": None}, id="a word is not an id"),
        pytest.param({"DATABRICKS_JOB_ETL": "0"}, [], {"etl": None}, id="zero is not an id"),
        pytest.param(
            {"DATABRICKS_JOB_ETL": " 12abc"},
            [],
            {"etl": 12},
            id="a number is read as parseInt does",
        ),
        pytest.param({}, ["etl"], {"etl": None}, id="a configured job without a variable"),
        pytest.param({"DATABRICKS_JOBS": "1", "DATABRICKS_JOB_": "2"}, [], {}, id="other names"),
    ],
)
def test_the_environment_names_the_jobs(
    variables: dict[str, str], configured: list[str], expected: dict[str, int | None]
) -> None:
    assert ids(variables, *configured) == expected


def test_configured_options_win() -> None:
    found = discover({"DATABRICKS_JOB_ETL": "1", "DATABRICKS_JOB_ML": "2"}, {"etl": NOTEBOOK})
    assert (found["etl"].options, found["etl"].job_id) == (NOTEBOOK, 1)
    assert (found["ml"].options, found["ml"].job_id) == (JobOptions(), 2)


NAMES = st.text("ABYZ09_", min_size=1, max_size=20)


@pytest.mark.slow
@given(st.dictionaries(NAMES, st.integers(1, 2**53)))
def test_every_variable_in_upper_case_names_its_job(jobs: dict[str, int]) -> None:
    variables = {f"DATABRICKS_JOB_{name}": str(number) for name, number in jobs.items()}
    found = discover(variables, {})
    assert {job.variable: str(job.job_id) for job in found.values()} == variables
    assert all(variable_of(name) in variables for name in found)
