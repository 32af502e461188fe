"""Behaviours of real services that few documents mention, each a switch of a simulator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, JobType, Parameter
from polysync_core.domain.errors import PlatformRefused, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import ProviderStatus
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import platform_plugin
from tests.contract.connectors.cases import azure_data_pipelines, azure_logic_apps
from tests.contract.connectors.cases import azure_databricks as databricks
from tests.contract.connectors.job_type_case import (
    Behaviour,
    ConnectorHarness,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)

_FAIL = "# Databricks notebook source\nraise ValueError('not yet')\n"
_PASS = "# Databricks notebook source\ndbutils.notebook.exit('{\"rows\": 7}')\n"


@pytest.fixture(scope="module")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulators]:
    simulators = Simulators(tmp_path_factory.mktemp("simulators"))
    yield simulators
    simulators.clear()


class Strange:
    """Makes harnesses with quirky simulators, and turns the quirks off at the end."""

    def __init__(self, simulators: Simulators) -> None:
        self.simulators = simulators
        self.cases: list[JobTypeCase] = []

    def __call__(self, make: MakeCase, *quirks: str) -> ConnectorHarness:
        case = make(self.simulators)
        self.cases.append(case)
        case.simulator.control("PUT", "quirks", {"quirks": [*quirks]})
        return ConnectorHarness(case)


@pytest.fixture
def strange(simulators: Simulators) -> Iterator[Strange]:
    strange = Strange(simulators)
    yield strange
    for case in strange.cases:
        case.simulator.control("PUT", "quirks", {"quirks": []})


@pytest.mark.parametrize("quirks", [(), ("reversed-lists",), ("all-attempts",)])
def test_a_repair_gives_the_outputs_of_the_last_attempt_in_any_list(
    strange: Strange, quirks: tuple[str, ...]
) -> None:
    harness = strange(databricks.job, "reversed-lists", "all-attempts", *quirks)
    file = strange.simulators.folder / "notebooks/repairable.py"
    file.write_text(_FAIL)
    task = {"task_key": "load", "notebook_task": {"notebook_path": "/etl/repairable"}}
    body = {"name": "repairable", "tasks": [task]}
    created = databricks._api(harness.case.simulator, "POST", "2.2/jobs/create", body)
    job = databricks.a_job(
        JobType.DATABRICKS_JOB, str(created["job_id"]), outputsFromExitValue=True
    )
    request = harness.request(job=job)
    failed = harness.job.submit(request)
    assert harness.poll_until_end(job, failed).status is ProviderStatus.FAILED
    file.write_text(_PASS)

    repair = harness.job.submit(harness.request(job=job, repairs=failed.external_run_id))

    assert harness.poll_until_end(job, repair).outputs == {"rows": 7}


@pytest.mark.parametrize("quirk", ["newer-state-only", "older-state-only", "regional-pages"])
@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        (Behaviour.SUCCEEDS, ProviderStatus.SUCCESS),
        (Behaviour.FAILS, ProviderStatus.FAILED),
    ],
)
def test_either_state_of_a_run_is_enough(
    strange: Strange, quirk: str, behaviour: Behaviour, status: ProviderStatus
) -> None:
    report = strange(databricks.workflow, quirk).run(behaviour)

    assert report.status is status
    assert report.cause in {None, FailureCause.ARTEFACT}
    # A simulator has no region, so an address there is never shown.
    assert (report.monitor_url is None) is (quirk == "regional-pages")


def test_the_services_own_retry_of_an_update_decides(strange: Strange) -> None:
    harness = strange(databricks.pipeline, "own-retries", "reversed-lists")
    configuration = {"simulator.outcome": "FAILED", "simulator.retryOutcome": "COMPLETED"}
    created = databricks._api(
        harness.case.simulator,
        "POST",
        "2.0/pipelines",
        {"name": "retried", "configuration": configuration},
    )
    job = databricks.a_job(JobType.DATABRICKS_PIPELINE, str(created["pipeline_id"]))

    submitted = harness.job.submit(harness.request(job=job))

    assert harness.poll_until_end(job, submitted).status is ProviderStatus.SUCCESS


_COUNT = """# Databricks notebook source
with open("tries-{name}", "a") as file:
    file.write("x")
raise ValueError("no sales")
"""


@pytest.mark.parametrize(("is_only_try", "tries"), [(True, 1), (False, 2)])
def test_the_services_own_retry_is_off_for_the_only_try_of_a_run(
    strange: Strange, is_only_try: bool, tries: int
) -> None:
    harness = strange(databricks.notebook, "own-retries", "reversed-lists", "all-attempts")
    name = f"counted-{tries}"
    folder = strange.simulators.folder
    (folder / f"notebooks/{name}.py").write_text(_COUNT.format(name=name))
    job = databricks.a_job(JobType.DATABRICKS_NOTEBOOK, f"/etl/{name}")
    request = harness.request(job=job, is_only_try=is_only_try)

    report = harness.poll_until_end(job, harness.job.submit(request))

    assert report.status is ProviderStatus.FAILED
    (counted,) = folder.rglob(f"tries-{name}")
    assert len(counted.read_text()) == tries


class RotatedToken:
    """A vault whose token is replaced when the app reads it again."""

    def __init__(self) -> None:
        self.tokens = ["dapi-refused", "dapi-new"]

    def resolve(self, reference: str) -> Secret:
        return Secret(self.tokens[0])

    def forget(self, reference: str) -> None:
        self.tokens = self.tokens[1:] or self.tokens


@pytest.mark.parametrize("tokens", [["dapi-refused", "dapi-new"], ["dapi-refused"]])
def test_a_token_that_is_refused_by_a_page_is_read_again_once(
    strange: Strange, tokens: list[str]
) -> None:
    case = strange(databricks.notebook, "html-refusals").case
    secrets = RotatedToken()
    secrets.tokens = tokens
    connector = platform_plugin(case.platform.type).open(
        case.platform, PluginContext(secrets=secrets, allow_loopback=True)
    )
    if len(tokens) == 2:
        assert "readable" in connector.test()
        return
    with pytest.raises(PlatformRefused) as refusal:
        connector.test()
    assert refusal.value.cause is FailureCause.SECRET


def test_the_run_of_a_lost_start_is_found_in_a_list_of_any_order(strange: Strange) -> None:
    harness = strange(azure_data_pipelines.data_factory, "lists-in-any-order")
    request = harness.request()
    harness.fault(Step.SUBMIT, "lost-response")
    with pytest.raises(Uncertain):
        harness.job.submit(request)

    submitted = harness.job.submit(replace(request, is_resend=True))

    assert [submitted.external_run_id] == list(harness.case.started_runs(request))


def test_an_unknown_quirk_is_refused(strange: Strange) -> None:
    simulator = strange(databricks.notebook).case.simulator
    listed = simulator.control("GET", "quirks")["quirks"]
    assert {"name", "meaning", "on"} == set(listed[0])
    with pytest.raises(Exception, match="422"):
        simulator.control("PUT", "quirks", {"quirks": ["gravity"]})


_SCHEMA = {"properties": {"rows": {"type": "integer"}, "items": {"type": "array"}}}
_TRIGGER = {
    "type": "Request",
    "operationOptions": "EnableSchemaValidation",
    "inputs": {"schema": _SCHEMA},
}
_TYPED = (
    Parameter(name="rows", data_type=DataType.INT),
    Parameter(name="items", data_type=DataType.JSON_ARRAY),
)


@pytest.mark.parametrize("plan", ["Standard", "Consumption"])
@pytest.mark.parametrize("form", ["JsonTokens", "Texts"])
def test_a_workflow_that_validates_its_schema_gets_the_declared_types(
    simulators: Simulators, plan: str, form: str
) -> None:
    case = azure_logic_apps.case(plan, simulators)
    definition: dict[str, Any] = {"actions": {}, "triggers": {"manual": _TRIGGER}}
    azure_logic_apps.put(case.simulator, "strict", definition=definition)
    harness = ConnectorHarness(case)
    job = azure_logic_apps.a_job("strict", *_TYPED)
    job = job.model_copy(update={"settings": {"sendParametersAs": form}})
    request = harness.request(job=job, parameters={"rows": 7, "items": [1, 2]})
    if form == "JsonTokens":
        assert harness.job.submit(request).external_run_id
        return
    with pytest.raises(PlatformRefused, match="types of the trigger's schema") as refusal:
        harness.job.submit(request)
    assert refusal.value.cause is FailureCause.PARAMETERS


@pytest.mark.parametrize("plan", ["Standard", "Consumption"])
def test_a_disabled_workflow_says_to_enable_it(simulators: Simulators, plan: str) -> None:
    case = azure_logic_apps.case(plan, simulators)
    azure_logic_apps.put(case.simulator, "off", state="Disabled")
    harness = ConnectorHarness(case)
    request = harness.request(job=azure_logic_apps.a_job("off"))
    with pytest.raises(PlatformRefused, match="is disabled: enable it"):
        harness.job.submit(request)
