"""Tests for the settings of AppKit's jobs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.appkit.named_jobs import WAIT_TIMEOUT, JobOptions, UnknownFields
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


@pytest.mark.parametrize("name", ["etl.v2", "Täglich", "a b", "x" * 100])
def test_a_job_may_have_any_name_that_a_path_can_hold(name: str) -> None:
    variables = {**HOST, f"DATABRICKS_JOB_{name.upper()}": "5", **setting(jobs={name: {}})}
    assert read_appkit(variables).jobs[name].job_id == 5


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\nb", "x" * 101])
def test_a_name_that_no_path_can_hold_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match="part of a path"):
        read_appkit({**HOST, **setting(jobs={name: {}})})


@pytest.mark.parametrize("value", ["-5", "0", str(10**22), str(2**63)])
def test_an_impossible_id_is_refused_at_the_start(value: str) -> None:
    variables = {**HOST, "DATABRICKS_JOB_ETL": value, **setting(jobs={"etl": {}})}
    with pytest.raises(SettingError, match=r"DATABRICKS_JOB_ETL.*number"):
        read_appkit(variables)
    assert read_appkit({**variables, **LOOPBACK}).jobs["etl"].job_id is None


@pytest.mark.parametrize("value", ["-5", str(10**22)])
def test_an_impossible_id_of_a_discovered_job_is_refused_too(value: str) -> None:
    with pytest.raises(SettingError, match="DATABRICKS_JOB_ETL"):
        read_appkit({**HOST, "DATABRICKS_JOB_ETL": value})


def test_a_program_may_call_a_simulator_on_its_machine() -> None:
    simulator = {**ETL, "DATABRICKS_HOST": "http://127.0.0.1:8787"}
    assert connect(simulator)("etl").job_id == 1
    with pytest.raises(SettingError, match="DATABRICKS_HOST"):
        connect({**ETL, "DATABRICKS_HOST": "http://example.com"})


def test_a_schema_in_code_is_checked_at_the_start() -> None:
    schema = {"type": "object", "properties": {"day": {"pattern": "("}}}
    with pytest.raises(SettingError, match=r"jobs\.etl\.params\.properties\.day\.pattern"):
        connect(ETL, {"etl": JobOptions(params=schema)})


def test_the_treatment_of_unknown_fields_is_configured() -> None:
    job = {"params": SCHEMA, "unknownFields": "drop"}
    found = read_appkit({**ETL, **setting(jobs={"etl": job})})
    assert found.jobs["etl"].options.unknown_fields is UnknownFields.DROP
    with pytest.raises(SettingError, match="unknownFields"):
        read_appkit({**ETL, **setting(jobs={"etl": {"unknownFields": "keep"}})})


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        ({"DATABRICKS_CLIENT_ID": "a"}, "DATABRICKS_CLIENT_SECRET: is missing"),
        ({"DATABRICKS_CLIENT_SECRET": "b"}, "DATABRICKS_CLIENT_ID: is missing"),
    ],
)
def test_half_of_a_service_principal_is_refused(variables: dict[str, str], missing: str) -> None:
    with pytest.raises(SettingError, match=missing):
        connect({**ETL, **variables})


def test_no_secret_of_a_service_principal_is_printed() -> None:
    variables = {"DATABRICKS_CLIENT_ID": "a", "DATABRICKS_CLIENT_SECRET": "hunter2"}
    assert "hunter2" not in repr(read_appkit({**ETL, **variables}))


def test_the_largest_event_of_a_stream_is_configured() -> None:
    assert read_appkit(ETL).max_event_size == 1024 * 1024
    five = 5 * 1024 * 1024
    found = read_appkit({**ETL, **setting(streamConfig={"maxEventSize": five})})
    assert found.max_event_size == five
    with pytest.raises(SettingError, match=r"streamConfig\.maxEventSize"):
        read_appkit({**ETL, **setting(streamConfig={"maxEventSize": 0})})
