"""Tests for the settings of AppKit's jobs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.appkit.named_jobs import WAIT_TIMEOUT, JobOptions
from polysync_core.appkit.parameters import TaskType
from polysync_core.databricks_jobs import connect
from polysync_core.settings import SettingError, Settings, read_appkit

HOST = {"DATABRICKS_HOST": "https://adb-1.2.azuredatabricks.net"}
ETL = {**HOST, "DATABRICKS_JOB_ETL": "1"}
LOOPBACK = {"POLYSYNC_ALLOW_LOOPBACK_PLATFORMS": "true", "POLYSYNC_ENVIRONMENT": "development"}
SCHEMA = {"type": "object", "properties": {"day": {"type": "string"}}}


def setting(**content: Any) -> dict[str, str]:
    return {"POLYSYNC_APPKIT": json.dumps(content)}


def test_without_jobs_no_setting_is_required() -> None:
    settings = Settings.read({"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"})
    assert settings.appkit.jobs == {}


def test_a_job_is_configured_in_appkits_names_and_units() -> None:
    job = {"taskType": "notebook", "waitTimeout": 1500, "params": SCHEMA, "platform": "lakehouse"}
    variables = setting(timeout=5000, pollIntervalMs=250, jobs={"etl": job})
    found = read_appkit({**variables, "DATABRICKS_JOB_ETL": "1"})
    assert found.jobs["etl"].options == JobOptions(
        task_type=TaskType.NOTEBOOK,
        params=SCHEMA,
        wait_timeout=timedelta(seconds=1.5),
        platform="lakehouse",
    )
    assert (found.timeout, found.poll_interval) == (timedelta(seconds=5), timedelta(seconds=0.25))


def test_the_defaults_are_those_of_appkit() -> None:
    found = read_appkit(ETL)
    assert (found.timeout, found.poll_interval) == (None, timedelta(seconds=5))
    assert found.jobs["etl"].options == JobOptions(wait_timeout=WAIT_TIMEOUT)


def test_options_in_code_replace_the_setting() -> None:
    variables = setting(jobs={"etl": {"taskType": "sql"}})
    jobs = connect({**ETL, **variables}, {"etl": JobOptions(task_type=TaskType.DBT)})
    assert jobs("etl").job.options.task_type is TaskType.DBT


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        pytest.param({"DATABRICKS_JOB_ETL": "1"}, "DATABRICKS_HOST is missing", id="no workspace"),
        pytest.param(
            {**ETL, "DATABRICKS_HOST": "https://example.com"}, "DATABRICKS_HOST", id="another host"
        ),
        pytest.param(
            {**ETL, "DATABRICKS_HOST": "http://127.0.0.1:1"}, "DATABRICKS_HOST", id="a simulator"
        ),
        pytest.param({"POLYSYNC_APPKIT": "{"}, "POLYSYNC_APPKIT", id="no JSON"),
        pytest.param({"POLYSYNC_APPKIT": "[]"}, "POLYSYNC_APPKIT", id="no object"),
        pytest.param(setting(job={}), "POLYSYNC_APPKIT.*job", id="an unknown field"),
        pytest.param(setting(timeout=0), "POLYSYNC_APPKIT.*timeout", id="a zero time-out"),
        pytest.param(setting(timeout="1s"), "POLYSYNC_APPKIT.*timeout", id="a time-out as text"),
        pytest.param(
            setting(jobs={"etl": {"taskType": "spark"}}),
            r"POLYSYNC_APPKIT.*jobs\.etl\.taskType",
            id="an unknown task type",
        ),
        pytest.param(
            setting(jobs={"etl": {"params": {"type": "array"}}}),
            r"POLYSYNC_APPKIT.*jobs\.etl\.params",
            id="a schema of an array",
        ),
        pytest.param(
            setting(jobs={"e/l": {}}), r"POLYSYNC_APPKIT.*jobs\.e/l", id="an invalid job name"
        ),
        pytest.param(
            {**HOST, **setting(jobs={"etl": {}})}, "DATABRICKS_JOB_ETL", id="a job without an id"
        ),
        pytest.param(
            {"POLYSYNC_DELEGATION_CLIENT_ID": "x", "AZURE_CLIENT_ID": "y"},
            "POLYSYNC_DELEGATION_TENANT_ID",
            id="an incomplete delegation",
        ),
        pytest.param(
            {
                "POLYSYNC_DELEGATION_TENANT_ID": "our tenant",
                "POLYSYNC_DELEGATION_CLIENT_ID": "x",
                "AZURE_CLIENT_ID": "y",
            },
            "POLYSYNC_DELEGATION_TENANT_ID.*id or its domain",
            id="an invalid tenant name",
        ),
    ],
)
def test_a_wrong_setting_is_named(variables: dict[str, str], name: str) -> None:
    with pytest.raises(SettingError, match=name):
        read_appkit(variables)


def test_in_development_a_job_may_lack_its_id_and_a_workspace_may_be_a_simulator() -> None:
    variables = setting(jobs={"etl": {}})
    found = read_appkit({**variables, **LOOPBACK, "DATABRICKS_HOST": "http://127.0.0.1:8787"})
    assert found.jobs["etl"].job_id is None


@pytest.mark.parametrize(
    "host",
    [
        "adb-1.2.azuredatabricks.net",
        "https://adb-1.2.azuredatabricks.net/",
        "https://adb-1.2.databricks.azure.us",
        "https://adb-1.2.databricks.azure.cn",
    ],
)
def test_a_host_of_any_cloud_is_accepted_with_or_without_https(host: str) -> None:
    assert read_appkit({**ETL, "DATABRICKS_HOST": host}).host == host


def test_no_token_is_printed() -> None:
    assert "dapi" not in repr(read_appkit({**ETL, "DATABRICKS_TOKEN": "dapi-x"}))
