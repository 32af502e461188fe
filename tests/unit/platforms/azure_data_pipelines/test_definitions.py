"""Accepted and refused definitions of factories, workspaces and pipeline Jobs."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid
from polysync_core.platforms.azure_data_factory.attributes import FactoryAttributes
from polysync_core.platforms.azure_synapse.attributes import SynapseAttributes
from polysync_core.platforms.registry import check_job, check_platform

SUBSCRIPTION = "0b1f6471-1bf0-4dda-aec3-111122223333"
COMMON = {"subscriptionId": SUBSCRIPTION, "resourceGroupName": "rg-data"}
TOKEN = Parameter(name="attempt")


def a_platform(kind: str = "AzureDataFactory", **attributes: Any) -> Platform:
    named = {"AzureDataFactory": {"factoryName": "adf-sales"}}.get(
        kind, {"workspaceName": "syn-sales"}
    )
    return Platform.model_validate(
        {
            "name": "pipelines",
            "type": kind,
            "auth": {"method": "ManagedIdentity"},
            "attributes": {**COMMON, **named, **attributes},
        }
    )


def a_job(**changes: Any) -> Job:
    fields = {
        "name": "load",
        "platform": "pipelines",
        "job_type": JobType.ADF_PIPELINE,
        "external_id": "pl_load",
        "parameters": (TOKEN,),
        **changes,
    }
    return Job(**fields)


def problems_of(check: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        check()
    return [problem.path for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("cloud", "studio"),
    [
        ("AzurePublic", "adf.azure.com"),
        ("AzureUSGovernment", "adf.azure.us"),
        ("AzureChina", "adf.azure.cn"),
    ],
)
def test_a_factorys_run_has_its_page_in_the_studio_of_its_cloud(cloud: str, studio: str) -> None:
    attributes = FactoryAttributes.of(a_platform(cloud=cloud, resourceGroupName="rg(1)"))

    assert attributes.run_page("run-1") == (
        f"https://{studio}/en/monitoring/pipelineruns/run-1?factory=/subscriptions/{SUBSCRIPTION}"
        "/resourceGroups/rg%281%29/providers/Microsoft.DataFactory/factories/adf-sales"
    )


@pytest.mark.parametrize(
    ("cloud", "ending", "studio"),
    [
        ("AzurePublic", "dev.azuresynapse.net", "web.azuresynapse.net"),
        (
            "AzureUSGovernment",
            "dev.azuresynapse.usgovcloudapi.net",
            "web.azuresynapse.usgovcloudapi.net",
        ),
        ("AzureChina", "dev.azuresynapse.azure.cn", "web.azuresynapse.azure.cn"),
    ],
)
def test_a_workspace_has_its_host_its_audience_and_its_pages(
    cloud: str, ending: str, studio: str
) -> None:
    attributes = SynapseAttributes.of(a_platform("AzureSynapse", cloud=cloud))

    address = attributes.workspace_address(allow_loopback=False)

    assert address.url == f"https://syn-sales.{ending}"
    assert attributes.scope == f"https://{ending}/.default"
    assert attributes.run_page("run-1") == (
        f"https://{studio}/en/monitoring/pipelineruns/run-1?workspace=/subscriptions/{SUBSCRIPTION}"
        "/resourceGroups/rg-data/providers/Microsoft.Synapse/workspaces/syn-sales"
    )


@pytest.mark.parametrize(
    ("kind", "attributes", "path"),
    [
        ("AzureDataFactory", {"factoryName": "a"}, "attributes.factoryName"),
        ("AzureDataFactory", {"factoryName": "adf--sales"}, "attributes.factoryName"),
        ("AzureDataFactory", {"factoryName": "adf/../x"}, "attributes.factoryName"),
        ("AzureDataFactory", {"workspaceName": "x"}, "attributes.workspaceName"),
        ("AzureSynapse", {"workspaceName": "evil.example/"}, "attributes.workspaceName"),
        ("AzureSynapse", {"workspaceName": "a.b"}, "attributes.workspaceName"),
        ("AzureSynapse", {"workspaceName": "-a"}, "attributes.workspaceName"),
        ("AzureSynapse", {"endpoint": "http://10.0.0.1"}, "attributes.endpoint"),
    ],
)
def test_an_invalid_platform_is_refused(kind: str, attributes: dict[str, Any], path: str) -> None:
    platform = a_platform(kind, **attributes)

    assert problems_of(lambda: check_platform(platform, allow_loopback=True)) == [path]


def test_a_key_of_another_service_does_not_sign_in() -> None:
    platform = a_platform().model_copy(
        update={
            "auth": a_platform().auth.model_validate(
                {"method": "PersonalAccessToken", "personalAccessToken": "vault://v/t"}
            )
        }
    )

    assert problems_of(lambda: check_platform(platform, allow_loopback=False)) == ["auth.method"]


@pytest.mark.parametrize(
    "name",
    [
        "pl_load",
        "Load sales (daily)",
        "1",
        "_x",
        "Täglich",
        "日次",
        "1ª carga",
        "売上\uff08月次\uff09",
        "Área m²",
        "a\u00a0b",
    ],
)
def test_a_pipeline_name_that_the_studio_allows_is_accepted(name: str) -> None:
    check_job(a_platform(), a_job(external_id=name))


@pytest.mark.parametrize("name", ["a/b", "..", "a?b", "a%2fb", "-a", "a.b", "a\\b", "x" * 261])
def test_an_invalid_pipeline_name_is_refused(name: str) -> None:
    job = a_job(external_id=name)

    assert problems_of(lambda: check_job(a_platform(), job)) == ["externalId"]


@pytest.mark.parametrize(
    ("parameter", "words"),
    [
        pytest.param(None, "must name a parameter", id="it is not declared"),
        pytest.param({"data_type": DataType.SECRET}, "must be a String", id="it is not shown"),
        pytest.param({"data_type": DataType.INT}, "must be a String", id="it is a number"),
        pytest.param({"direction": Direction.OUTPUT}, "must be an Input", id="it is an output"),
        pytest.param({"required": True}, "not required", id="a value is asked of people"),
    ],
)
def test_a_parameter_that_cannot_carry_the_token_is_refused(
    parameter: dict[str, Any] | None, words: str
) -> None:
    declared = () if parameter is None else (TOKEN.model_copy(update=parameter),)
    job = a_job(parameters=declared, settings={"attemptTokenParameter": "attempt"})

    with pytest.raises(Invalid, match=words):
        check_job(a_platform(), job)


@pytest.mark.parametrize("policy", ["WhenIdempotent", "Never"])
def test_a_rule_for_lost_answers_is_accepted_with_and_without_a_token(policy: str) -> None:
    for settings in ({}, {"attemptTokenParameter": "attempt"}):
        check_job(a_platform(), a_job(settings={**settings, "resubmit": policy}))


def test_an_unknown_setting_and_a_wrong_rule_are_both_reported() -> None:
    job = a_job(settings={"timeout": 1, "resubmit": "Maybe"})

    assert problems_of(lambda: check_job(a_platform(), job)) == [
        "settings.timeout",
        "settings.resubmit",
    ]
