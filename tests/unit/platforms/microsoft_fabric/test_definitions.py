"""Checks of Fabric platforms and Jobs."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.errors import Invalid
from polysync_core.platforms.registry import check_job, check_platform, platform_plugin
from tests.unit.platforms.microsoft_fabric.stand import ITEM, a_job, a_platform

JOB_TYPES = list(platform_plugin("MicrosoftFabric").jobs)


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"fabricWorkspaceId": "sales"}, "attributes.fabricWorkspaceId"),
        ({"fabricWorkspaceId": f"{ITEM}/items"}, "attributes.fabricWorkspaceId"),
        ({"fabricWorkspaceId": ITEM.replace("4", "\uff14")}, "attributes.fabricWorkspaceId"),
        ({"cloud": "AzureUSGovernment"}, "attributes.cloud"),
        ({"cloud": "AzureChina"}, "attributes.cloud"),
        ({"endpoint": "https://evil.example"}, "attributes.endpoint"),
        ({"subscriptionId": ITEM}, "attributes.subscriptionId"),
    ],
)
def test_a_wrong_attribute_is_refused(attributes: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_platform(a_platform(**attributes), allow_loopback=True)
    assert [each.path for each in caught.value.problems] == [path]


def test_a_simulator_is_refused_outside_development() -> None:
    check_platform(a_platform(cloud="AzurePublic"), allow_loopback=True)
    with pytest.raises(Invalid, match="development only"):
        check_platform(a_platform(), allow_loopback=False)


@pytest.mark.parametrize("job_type", JOB_TYPES)
@pytest.mark.parametrize("external_id", ["sales", f" {ITEM}", f"{ITEM}\n", f"{ITEM}?beta=true"])
def test_an_external_id_other_than_a_guid_is_refused(job_type: str, external_id: str) -> None:
    job = Job(name="j", platform="fabric", job_type=job_type, external_id=ITEM)
    check_job(a_platform(), job)
    with pytest.raises(Invalid) as caught:
        check_job(a_platform(), job.model_copy(update={"external_id": external_id}))
    assert [each.path for each in caught.value.problems] == ["externalId"]


def test_the_name_of_a_spark_argument_holds_no_space() -> None:
    job = a_job(JobType.FABRIC_SPARK_JOB, Parameter(name="rows"), Parameter(name="two words"))
    with pytest.raises(Invalid) as caught:
        check_job(a_platform(), job)
    assert [each.path for each in caught.value.problems] == ["parameters[1].name"]


def test_the_letters_of_an_item_id_have_no_case() -> None:
    for plugin in platform_plugin("MicrosoftFabric").jobs.values():
        assert plugin.normal_id(ITEM.upper()) == ITEM
