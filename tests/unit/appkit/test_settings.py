"""What the settings say of the Lakeflow jobs, and what is refused by its name."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.appkit.connecting import connect
from polysync_core.appkit.keys import WAIT_TIMEOUT, JobOptions
from polysync_core.appkit.mapping import TaskType
from polysync_core.settings import SettingError, Settings, read_lakeflow

HOST = {"DATABRICKS_HOST": "https://adb-1.2.azuredatabricks.net"}
ETL = {**HOST, "DATABRICKS_JOB_ETL": "1"}
LOOPBACK = {"POLYSYNC_ALLOW_LOOPBACK_PLATFORMS": "true", "POLYSYNC_ENVIRONMENT": "development"}
SCHEMA = {"type": "object", "properties": {"day": {"type": "string"}}}


def setting(**said: Any) -> dict[str, str]:
    return {"POLYSYNC_LAKEFLOW": json.dumps(said)}


def test_without_jobs_nothing_is_needed() -> None:
    settings = Settings.read({"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"})
    assert settings.lakeflow.keys == {}


def test_a_job_is_configured_in_the_words_of_appkit() -> None:
    job = {"taskType": "notebook", "waitTimeout": 1500, "params": SCHEMA, "platform": "lakehouse"}
    said = setting(timeout=5000, pollIntervalMs=250, jobs={"etl": job})
    found = read_lakeflow({**said, "DATABRICKS_JOB_ETL": "1"})
    assert found.keys["etl"].options == JobOptions(
        task_type=TaskType.NOTEBOOK,
        params=SCHEMA,
        wait_timeout=timedelta(seconds=1.5),
        platform="lakehouse",
    )
    assert (found.timeout, found.poll_interval) == (timedelta(seconds=5), timedelta(seconds=0.25))


def test_what_is_not_said_is_as_it_is_in_appkit() -> None:
    found = read_lakeflow(ETL)
    assert (found.timeout, found.poll_interval) == (None, timedelta(seconds=5))
    assert found.keys["etl"].options == JobOptions(wait_timeout=WAIT_TIMEOUT)


def test_code_wins_over_the_setting() -> None:
    said = setting(jobs={"etl": {"taskType": "sql"}})
    jobs = connect({**ETL, **said}, {"etl": JobOptions(task_type=TaskType.DBT)})
    assert jobs("etl").key.options.task_type is TaskType.DBT


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        pytest.param({"DATABRICKS_JOB_ETL": "1"}, "DATABRICKS_HOST is missing", id="no workspace"),
        pytest.param(
            {**ETL, "DATABRICKS_HOST": "https://example.com"}, "DATABRICKS_HOST", id="another host"
        ),
        pytest.param(
            {**ETL, "DATABRICKS_HOST": "http://127.0.0.1:1"}, "DATABRICKS_HOST", id="a stand-in"
        ),
        pytest.param({"POLYSYNC_LAKEFLOW": "{"}, "POLYSYNC_LAKEFLOW", id="no JSON"),
        pytest.param({"POLYSYNC_LAKEFLOW": "[]"}, "POLYSYNC_LAKEFLOW", id="no object"),
        pytest.param(setting(job={}), "POLYSYNC_LAKEFLOW.*job", id="an unknown field"),
        pytest.param(setting(timeout=0), "POLYSYNC_LAKEFLOW.*timeout", id="no time"),
        pytest.param(setting(timeout="1s"), "POLYSYNC_LAKEFLOW.*timeout", id="time as text"),
        pytest.param(
            setting(jobs={"etl": {"taskType": "spark"}}),
            r"POLYSYNC_LAKEFLOW.*jobs\.etl\.taskType",
            id="an unknown task type",
        ),
        pytest.param(
            setting(jobs={"etl": {"params": {"type": "array"}}}),
            r"POLYSYNC_LAKEFLOW.*jobs\.etl\.params",
            id="a schema of something else",
        ),
        pytest.param(
            setting(jobs={"e/l": {}}), r"POLYSYNC_LAKEFLOW.*jobs\.e/l", id="a key that is none"
        ),
        pytest.param(
            {**HOST, **setting(jobs={"etl": {}})}, "DATABRICKS_JOB_ETL", id="a job without an id"
        ),
        pytest.param(
            {"POLYSYNC_DELEGATION_CLIENT_ID": "x", "AZURE_CLIENT_ID": "y"},
            "POLYSYNC_DELEGATION_TENANT_ID",
            id="half of a delegation",
        ),
        pytest.param(
            {
                "POLYSYNC_DELEGATION_TENANT_ID": "our tenant",
                "POLYSYNC_DELEGATION_CLIENT_ID": "x",
                "AZURE_CLIENT_ID": "y",
            },
            "POLYSYNC_DELEGATION_TENANT_ID.*id or its domain",
            id="a tenant that nothing is called",
        ),
    ],
)
def test_a_wrong_setting_is_named(variables: dict[str, str], name: str) -> None:
    with pytest.raises(SettingError, match=name):
        read_lakeflow(variables)


def test_on_one_machine_a_job_may_wait_for_its_id_and_a_workspace_be_a_stand_in() -> None:
    said = setting(jobs={"etl": {}})
    found = read_lakeflow({**said, **LOOPBACK, "DATABRICKS_HOST": "http://127.0.0.1:8787"})
    assert found.keys["etl"].job_id is None


@pytest.mark.parametrize(
    "host",
    [
        "adb-1.2.azuredatabricks.net",
        "https://adb-1.2.azuredatabricks.net/",
        "https://adb-1.2.databricks.azure.us",
        "https://adb-1.2.databricks.azure.cn",
    ],
)
def test_a_workspace_of_any_cloud_is_named_with_or_without_https(host: str) -> None:
    assert read_lakeflow({**ETL, "DATABRICKS_HOST": host}).host == host


def test_no_token_is_printed() -> None:
    assert "dapi" not in repr(read_lakeflow({**ETL, "DATABRICKS_TOKEN": "dapi-x"}))
