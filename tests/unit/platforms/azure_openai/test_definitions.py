"""The definitions of Azure OpenAI: hosts, attributes, sign-in and discovery."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.registry import check_platform
from tests.fakes.builders import problems_of
from tests.fakes.http import Reply
from tests.unit.platforms.azure_openai.account import RESOURCE, Account, a_job, a_platform


def paths(**attributes: Any) -> list[str]:
    platform = a_platform({"method": "ManagedIdentity"}, **attributes)
    return [
        each.path for each in problems_of(lambda: check_platform(platform, allow_loopback=False))
    ]


@pytest.mark.parametrize(
    ("url", "cloud"),
    [
        ("https://sales.openai.azure.com/", "AzurePublic"),
        ("https://sales.cognitiveservices.azure.com", "AzurePublic"),
        ("https://SALES.services.ai.azure.com", "AzurePublic"),
        ("https://sales.openai.azure.us", "AzureUSGovernment"),
        ("https://sales.openai.azure.cn", "AzureChina"),
    ],
)
def test_an_account_has_the_hosts_of_its_cloud(url: str, cloud: str) -> None:
    assert paths(accountUrl=url, cloud=cloud) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://sales.openai.azure.com",
        "https://sales.openai.azure.us",
        "https://openai.azure.com",
        "https://sales.openai.azure.com.evil.example",
        "https://sales.openai.azure.com@evil.example",
        "https://sales.openai.azure.com:8443",
        "https://sales.openai.azure.com/openai",
        "https://eviloopenai.azure.com",
        "https://10.0.0.1",
    ],
)
def test_another_host_is_refused(url: str) -> None:
    assert paths(accountUrl=url) == ["attributes.accountUrl"]


@pytest.mark.parametrize("version", ["v1", "2024-10-21", "2025-04-01-preview"])
def test_a_version_is_v1_or_a_date(version: str) -> None:
    assert paths(apiVersion=version) == []
    assert paths(apiVersion=f"{version}&x=1") == ["attributes.apiVersion"]


def test_the_resource_needs_all_of_its_names() -> None:
    assert paths(**RESOURCE) == []
    assert paths(subscriptionId=RESOURCE["subscriptionId"]) == [
        "attributes.resourceGroupName",
        "attributes.accountName",
    ]


def test_an_api_key_is_sent_in_its_header_and_lists_no_deployments() -> None:
    account = Account(Reply.json({"data": []}), platform=a_platform(**RESOURCE))

    assert "sales-ai.openai.azure.com" in account.connector.test()
    with pytest.raises(PlatformRefused, match="cannot list deployments") as caught:
        list(account.connector.artefacts())

    (request,) = account.transport.requests
    assert (request.headers["api-key"], request.headers.get("Authorization")) == (
        "value-of-k",
        None,
    )
    assert caught.value.cause is FailureCause.SECRET


def test_discovery_names_the_missing_attributes() -> None:
    account = Account(platform=a_platform({"method": "ManagedIdentity"}))
    with pytest.raises(Invalid, match="subscriptionId, resourceGroupName and accountName"):
        list(account.connector.artefacts())


def test_without_its_resource_a_deployment_is_described_with_a_note() -> None:
    job_type = JobType.OPENAI_CHAT_COMPLETION
    schema = Account().connector.job(job_type).describe("chat")
    assert [each.name for each in schema.parameters][:3] == [
        "system_prompt",
        "user_prompt",
        "response",
    ]
    assert len(schema.notes) == 1


def test_the_suffix_of_a_batch_is_optional() -> None:
    account = Account(Reply.json({"id": "batch_1"}))
    batch = a_job(JobType.OPENAI_BATCH, external_id="nightly::batch", inputFileId="file-1")
    assert account.submit(batch).external_run_id == "batch_1"
    assert account.sent()["metadata"]["polysync_deployment"] == "nightly"
