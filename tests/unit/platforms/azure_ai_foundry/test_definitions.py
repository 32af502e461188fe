"""Definitions of an AI Foundry platform and the ids built from them."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform
from polysync_core.domain.errors import Invalid
from polysync_core.platforms.azure_ai_foundry.attributes import FoundryAttributes
from polysync_core.platforms.registry import check_job, check_platform

ATTRIBUTES = {
    "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
    "resourceGroupName": "rg(data)",
    "workspaceName": "analytics",
}
WORKSPACE = (
    "/subscriptions/0b1f6471-1bf0-4dda-aec3-111122223333/resourceGroups/rg(data)"
    "/providers/Microsoft.MachineLearningServices/workspaces/analytics"
)


def a_platform(method: AuthMethod = AuthMethod.MANAGED_IDENTITY, **attributes: Any) -> Platform:
    return Platform(
        name="foundry",
        type="AzureAIFoundry",
        auth=Auth(method=method),
        attributes={**ATTRIBUTES, **attributes},
    )


def problems(platform: Platform, *, allow_loopback: bool = False) -> list[str]:
    with pytest.raises(Invalid) as caught:
        check_platform(platform, allow_loopback=allow_loopback)
    return [problem.path for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"workspaceName": "a/b"}, "attributes.workspaceName"),
        ({"workspaceName": "ab"}, "attributes.workspaceName"),
        ({"workspaceName": "a" * 34}, "attributes.workspaceName"),
        ({"subscriptionId": "mine"}, "attributes.subscriptionId"),
        ({"resourceGroupName": "rg/.."}, "attributes.resourceGroupName"),
        ({"endpoint": "http://127.0.0.1:1"}, "attributes.endpoint"),
        ({"apiVersion": "2030-01-01"}, "attributes.apiVersion"),
        ({"cloud": "Mars"}, "attributes.cloud"),
    ],
)
def test_invalid_attributes_are_refused(attributes: dict[str, Any], path: str) -> None:
    assert problems(a_platform(**attributes)) == [path]


def test_a_workspace_accepts_no_key() -> None:
    assert problems(a_platform(AuthMethod.FUNCTION_KEY))[0].startswith("auth.")


def test_a_simulator_must_be_on_this_machine() -> None:
    check_platform(a_platform(endpoint="http://127.0.0.1:9787"), allow_loopback=True)
    assert problems(a_platform(endpoint="https://evil.example"), allow_loopback=True) == [
        "attributes.endpoint"
    ]


@pytest.mark.parametrize(
    ("cloud", "studio"),
    [
        ("AzurePublic", "ml.azure.com"),
        ("AzureUSGovernment", "ml.azure.us"),
        ("AzureChina", "ml.azure.cn"),
    ],
)
def test_a_runs_page_is_in_the_studio_of_the_cloud(cloud: str, studio: str) -> None:
    page = FoundryAttributes.of(a_platform(cloud=cloud)).run_page("polysync-1")

    client = WORKSPACE.replace("(", "%28").replace(")", "%29")
    assert page == f"https://{studio}/runs/polysync-1?wsid={client}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("azureml:sklearn:1.5", f"{WORKSPACE}/environments/sklearn/versions/1.5"),
        (
            "azureml://registries/azureml/environments/sklearn/versions/2",
            "azureml://registries/azureml/environments/sklearn/versions/2",
        ),
    ],
)
def test_an_environment_gets_its_resource_manager_id(text: str, expected: str) -> None:
    assert FoundryAttributes.of(a_platform()).environment_id(text) == expected


@pytest.mark.parametrize(
    ("job_type", "settings", "path"),
    [
        pytest.param(
            JobType.AI_FOUNDRY_PIPELINE_JOB,
            {"aiFoundryCommand": "python x.py"},
            "settings.aiFoundryCommand",
            id="a pipeline has no command",
        ),
        pytest.param(
            JobType.AI_FOUNDRY_COMMAND_JOB,
            {"aiFoundryEnvironmentName": "sklearn"},
            "settings.aiFoundryEnvironmentName",
            id="an environment without a version",
        ),
        pytest.param(
            JobType.AI_FOUNDRY_COMMAND_JOB,
            {"aiFoundryCommand": "  "},
            "settings.aiFoundryCommand",
            id="a command of nothing",
        ),
        pytest.param(
            JobType.AI_FOUNDRY_SWEEP_JOB,
            {"aiFoundryObjectiveGoal": "improve"},
            "settings.aiFoundryObjectiveGoal",
            id="a goal that is none",
        ),
    ],
)
def test_invalid_settings_are_refused(
    job_type: JobType, settings: dict[str, Any], path: str
) -> None:
    job = Job(
        name="score", platform="foundry", job_type=job_type, external_id="t", settings=settings
    )

    with pytest.raises(Invalid) as caught:
        check_job(a_platform(), job)

    assert [problem.path for problem in caught.value.problems] == [path]
