"""Definitions of Dataflow platforms and Jobs."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.platforms.google_dataflow.attributes import DataflowAttributes
from polysync_core.platforms.registry import check_job, check_platform
from tests.fakes.builders import problems_of
from tests.unit.platforms.google.stand import a_platform

CLASSIC = JobType.DATAFLOW_CLASSIC_TEMPLATE
FLEX = JobType.DATAFLOW_FLEX_TEMPLATE
PATH = "gs://acme-data/templates/load"
PAST = "2030-01-01_00_00_00-17"


def a_job(external_id: str, job_type: JobType = CLASSIC, **settings: Any) -> Job:
    facts = {"name": "load", "platform": "cloud", "job_type": job_type, "settings": settings}
    return Job.model_validate({**facts, "external_id": external_id})


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"templateFolder": "https://evil.example"}, "attributes.templateFolder"),
        ({"region": "Europe"}, "attributes.region"),
        ({"endpoint": "http://10.0.0.1"}, "attributes.endpoint"),
    ],
)
def test_a_wrong_platform_is_refused(attributes: dict[str, Any], path: str) -> None:
    platform = a_platform("GoogleDataflow", **attributes)

    found = problems_of(lambda: check_platform(platform, allow_loopback=True))

    assert [each.path for each in found] == [path]


@pytest.mark.parametrize(
    ("given", "folder"),
    [
        ({}, "gs://dataflow-templates-europe-west3/latest/"),
        ({"templateFolder": "gs://acme"}, "gs://acme/"),
        ({"templateFolder": "gs://acme/a/b/"}, "gs://acme/a/b/"),
    ],
)
def test_templates_are_searched_in_the_folder_or_in_that_of_google(
    given: dict[str, str], folder: str
) -> None:
    attributes = DataflowAttributes.of(a_platform("GoogleDataflow", **given))

    assert attributes.folder == folder
    assert attributes.api_address(allow_loopback=False).host == "dataflow.googleapis.com"


@pytest.mark.parametrize(
    "job",
    [
        a_job(PATH),
        a_job("gs://dataflow-templates-europe-west3/latest/flex/Kafka_to_BigQuery", FLEX),
        a_job(PAST, templatePath=PATH),
        a_job(PATH, FLEX, stagingLocation="gs://acme/x", launcherMachineType="n1-standard-1"),
        a_job(PATH, streamingRun="UntilRunning", stopBy="Drain", numWorkers=2, privateWorkers=True),
        a_job(PATH, subnetwork="regions/europe-west3/subnetworks/data", tempLocation="gs://acme"),
    ],
)
def test_a_valid_job_is_accepted(job: Job) -> None:
    check_job(a_platform("GoogleDataflow"), job)


@pytest.mark.parametrize(
    ("job", "path"),
    [
        (a_job("load"), "externalId"),
        (a_job("gs://acme/a b"), "externalId"),
        (a_job("gs://acme/*.json"), "externalId"),
        (a_job("gs://AC/x"), "externalId"),
        (a_job(PAST), "settings.templatePath"),
        (a_job(PATH, stagingLocation="gs://acme/x"), "settings.stagingLocation"),
        (a_job(PATH, maxWorkers=0), "settings.maxWorkers"),
        (a_job(PATH, serviceAccountEmail="me"), "settings.serviceAccountEmail"),
        (a_job(PATH, streamingRun="Forever"), "settings.streamingRun"),
    ],
)
def test_a_wrong_job_is_refused(job: Job, path: str) -> None:
    found = problems_of(lambda: check_job(a_platform("GoogleDataflow"), job))

    assert [each.path for each in found] == [path]
