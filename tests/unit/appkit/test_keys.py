"""Which keys there are, and which ids they have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.appkit.keys import JobOptions, discover, variable_of
from polysync_core.appkit.mapping import TaskType

NOTEBOOK = JobOptions(task_type=TaskType.NOTEBOOK)


def ids(variables: dict[str, str], *explicit: str) -> dict[str, int | None]:
    found = discover(variables, dict.fromkeys(explicit, JobOptions()))
    return {name: key.job_id for name, key in found.items()}


@pytest.mark.parametrize(
    ("variables", "explicit", "expected"),
    [
        pytest.param({}, [], {}, id="nothing at all"),
        pytest.param(
            {"DATABRICKS_JOB_ETL": "1", "DATABRICKS_JOB_DAILY_LOAD": "2"},
            [],
            {"etl": 1, "daily_load": 2},
            id="each variable is a key in lower case",
        ),
        pytest.param({"DATABRICKS_JOB_ETL": ""}, [], {}, id="an empty variable is none"),
        pytest.param({"DATABRICKS_JOB_ID": "7"}, [], {"default": 7}, id="a single job"),
        pytest.param(
            {"DATABRICKS_JOB_ID": "7", "DATABRICKS_JOB_ETL": "1"},
            [],
            {"etl": 1},
            id="a named job takes the place of the single one",
        ),
        pytest.param(
            {"DATABRICKS_JOB_ID": "7", "DATABRICKS_JOB_ETL": "1"},
            ["etl"],
            {"etl": 1},
            id="so does a configured one",
        ),
        pytest.param(
            {"DATABRICKS_JOB_ID": "7", "DATABRICKS_JOB_ETL": "1"},
            ["default"],
            {"default": 7, "etl": 1},
            id="the single one stays where it is configured",
        ),
        pytest.param(
            {"DATABRICKS_JOB_PROD": "3"},
            ["Prod"],
            {"prod": 3, "Prod": 3},
            id="configured keys are told apart by case",
        ),
        pytest.param(
            {"DATABRICKS_JOB_MyJob": "5"},
            [],
            {"myjob": None},
            id="a variable that is not in upper case gives no id",
        ),
        pytest.param(
            {"DATABRICKS_JOB_DEFAULT": "5", "DATABRICKS_JOB_ID": "7"},
            [],
            {"default": 7},
            id="the id of default is in DATABRICKS_JOB_ID",
        ),
        pytest.param({"DATABRICKS_JOB_ETL": "etl"}, [], {"etl": None}, id="a word is no id"),
        pytest.param({"DATABRICKS_JOB_ETL": "0"}, [], {"etl": None}, id="zero is no id"),
        pytest.param(
            {"DATABRICKS_JOB_ETL": " 12abc"},
            [],
            {"etl": 12},
            id="a number is read as parseInt does",
        ),
        pytest.param({}, ["etl"], {"etl": None}, id="a configured key without a variable"),
        pytest.param({"DATABRICKS_JOBS": "1", "DATABRICKS_JOB_": "2"}, [], {}, id="other names"),
    ],
)
def test_the_environment_names_the_jobs(
    variables: dict[str, str], explicit: list[str], expected: dict[str, int | None]
) -> None:
    assert ids(variables, *explicit) == expected


def test_what_is_configured_wins() -> None:
    found = discover({"DATABRICKS_JOB_ETL": "1", "DATABRICKS_JOB_ML": "2"}, {"etl": NOTEBOOK})
    assert (found["etl"].options, found["etl"].job_id) == (NOTEBOOK, 1)
    assert (found["ml"].options, found["ml"].job_id) == (JobOptions(), 2)


NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True).filter(lambda name: name != "ID")


@given(st.dictionaries(NAMES, st.integers(1, 2**53)))
def test_every_variable_in_upper_case_is_found_again_under_its_key(jobs: dict[str, int]) -> None:
    jobs.pop("DEFAULT", None)
    variables = {f"DATABRICKS_JOB_{name}": str(number) for name, number in jobs.items()}
    found = discover(variables, {})
    assert {key.variable: str(key.job_id) for key in found.values()} == variables
    assert all(variable_of(name) in variables for name in found)
