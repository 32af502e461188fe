"""Types, spellings and compute of pipeline jobs."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.drift.schemas import as_job_parameter
from polysync_core.domain.definitions.jobs import DataType, Job, JobType, Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.platforms.azure_ai_foundry.attributes import FoundryAttributes
from polysync_core.platforms.azure_ai_foundry.client import FoundryClient
from polysync_core.platforms.azure_ai_foundry.command_job import COMMAND_JOB
from polysync_core.platforms.azure_ai_foundry.component_parameters import with_component_types
from polysync_core.platforms.azure_ai_foundry.pipeline_job import PIPELINE_JOB
from polysync_core.platforms.azure_ai_foundry.settings import with_settings
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.builders import NOON
from tests.fakes.http import Reply, ScriptedTransport, VirtualTime

WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/M/workspaces/w"
VALUES = {"rate": "1e-3", "epochs": "30", "flag": "True", "name": "007"}
ATTRIBUTES = FoundryAttributes.model_validate(
    {
        "subscriptionId": "00000000-0000-0000-0000-000000000000",
        "resourceGroupName": "g",
        "workspaceName": "analytics",
    }
)
DECLARED = {
    "rate": {"type": "number"},
    "epochs": {"type": "Integer"},
    "flag": {"type": "boolean"},
    "name": {"type": "string"},
}


def template(component: str, **changes: Any) -> JsonObject:
    inputs: JsonObject = {
        name: {"jobInputType": "literal", "value": value} for name, value in VALUES.items()
    }
    bound: JsonObject = {
        name: {"job_input_type": "literal", "value": f"${{{{parent.inputs.{name}}}}}"}
        for name in VALUES
    }
    step: JsonObject = {"componentId": component, "inputs": bound}
    return {"jobType": "Pipeline", "inputs": inputs, "jobs": {"train": step}, **changes}


def described(
    found: JsonObject, answers: dict[tuple[str, str], JsonObject | str]
) -> ArtefactSchema:
    return with_component_types(
        PIPELINE_JOB.describe(found), found, lambda name, version: answers[name, version]
    )


def component(**inputs: Any) -> JsonObject:
    return {"componentSpec": {"inputs": inputs}}


@pytest.mark.parametrize(
    "component_id", [f"{WORKSPACE}/components/train/versions/3", "azureml:train:3"]
)
def test_the_types_come_from_the_component_of_the_step(component_id: str) -> None:
    schema = described(template(component_id), {("train", "3"): component(**DECLARED)})

    found = [as_job_parameter(each) for each in schema.parameters]
    assert {each.name: (each.data_type, each.default) for each in found} == {
        "rate": (DataType.FLOAT, 0.001),
        "epochs": (DataType.INT, 30),
        "flag": (DataType.BOOL, True),
        "name": (DataType.STRING, "007"),
    }
    assert not schema.typed
    assert schema.is_complete


@pytest.mark.parametrize(
    "component_id", ["azureml://registries/demo/components/train/versions/3", "", "azureml:train"]
)
def test_a_component_of_elsewhere_leaves_texts(component_id: str) -> None:
    schema = described(template(component_id), {})

    assert {each.data_type for each in schema.parameters} == {DataType.STRING}


def test_steps_that_disagree_leave_texts() -> None:
    found = template("azureml:train:3")
    steps: Any = found["jobs"]
    steps["score"] = {**steps["train"], "componentId": "azureml:score:1"}
    answers: dict[tuple[str, str], JsonObject | str] = {
        ("train", "3"): component(**DECLARED),
        ("score", "1"): component(**{**DECLARED, "rate": {"type": "string"}}),
    }

    types = {each.name: each.data_type for each in described(found, answers).parameters}

    assert (types["rate"], types["epochs"]) == (DataType.STRING, DataType.INT)


def test_a_component_that_cannot_be_read_is_noted() -> None:
    schema = described(template("azureml:train:3"), {("train", "3"): "it is gone"})

    assert "component train" in schema.notes[-1]
    assert schema.is_complete


def client(*replies: Reply) -> tuple[FoundryClient, ScriptedTransport]:
    transport = ScriptedTransport(replies)
    base = BaseAddress("https://management.azure.com", "arm", AddressScope.PUBLIC)
    http = HttpOptions(transport=transport, timer=VirtualTime().timer)
    return FoundryClient(PlatformClient(base, None, http=http), ATTRIBUTES), transport


def test_a_component_is_read_by_its_name_and_version() -> None:
    service, transport = client(Reply.json({"name": "3", "properties": component(a={})}))

    assert service.component("train", "3") == component(a={})
    assert "/workspaces/analytics/components/train/versions/3?" in str(transport.requests[0].url)


def test_a_missing_component_is_a_reason_and_a_refused_credential_an_error() -> None:
    missing, _ = client(Reply.json({"error": {"code": "NotFound"}}, 404))
    refused, _ = client(*[Reply.json({"error": {"code": "InvalidAuthenticationToken"}}, 401)] * 3)

    assert isinstance(missing.component("train", "3"), str)
    with pytest.raises(PlatformRefused) as caught:
        refused.component("train", "3")
    assert caught.value.cause is FailureCause.SECRET


def sent(values: dict[str, Any], types: dict[str, DataType]) -> dict[str, object]:
    """Return the literals of a run of the pipeline with some values."""
    schema = tuple(Parameter(name=name, data_type=kind) for name, kind in types.items())
    job = Job(
        name="j",
        platform="p",
        job_type=JobType.AI_FOUNDRY_PIPELINE_JOB,
        external_id="t",
        parameters=schema,
    )
    request = SubmitRequest(job=job, token="t", run_name="n", parameters=values, begun_at=NOON)
    properties: Any = PIPELINE_JOB.with_values(template("azureml:train:3"), request)
    return {name: properties["inputs"][name]["value"] for name in values}


def test_equal_values_keep_the_spelling_of_the_template() -> None:
    types = {"rate": DataType.FLOAT, "epochs": DataType.INT, "flag": DataType.BOOL}

    assert sent({"rate": 0.001, "epochs": 30, "flag": True}, types) == {
        "rate": "1e-3",
        "epochs": "30",
        "flag": "True",
    }
    assert sent({"rate": 0.01, "flag": False}, types) == {"rate": "0.01", "flag": "False"}
    assert sent({"name": "7"}, {"name": DataType.STRING}) == {"name": "7"}


COMPUTE = {"aiFoundryComputeName": "gpu"}
GPU = ATTRIBUTES.compute_id("gpu")


def with_compute(properties: JsonObject, kind: Any = PIPELINE_JOB) -> JsonObject:
    job = Job(name="j", platform="p", job_type=kind.job_type, external_id="t", settings={**COMPUTE})
    return with_settings(properties, job, kind.settings, ATTRIBUTES)


@pytest.mark.parametrize("former", ["cpu", "/subscriptions/s/computes/cpu"])
def test_the_default_compute_of_a_pipeline_is_replaced(former: str) -> None:
    found = with_compute({"settings": {"default_compute": former, "force_rerun": True}})

    assert found["settings"] == {"default_compute": GPU, "force_rerun": True}
    assert found["computeId"] == GPU


@pytest.mark.parametrize("settings", [None, {}, {"force_rerun": True}, {"default_compute": None}])
def test_a_pipeline_without_a_default_compute_gets_none(settings: Any) -> None:
    found = with_compute({"settings": settings})

    assert found == {"settings": settings, "computeId": GPU}


def test_a_command_has_no_default_compute() -> None:
    properties: JsonObject = {"settings": {"default_compute": "cpu"}}

    assert with_compute(properties, COMMAND_JOB) == {**properties, "computeId": GPU}


def test_steps_with_their_own_compute_are_noted() -> None:
    jobs: JsonObject = {"a": {"computeId": "x"}, "b": {}}
    schema = PIPELINE_JOB.describe(template("azureml:train:3", jobs=jobs))

    assert "the compute of a, because" in schema.notes[-1]
    assert schema.is_complete
