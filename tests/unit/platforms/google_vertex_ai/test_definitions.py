"""Definitions of Vertex AI platforms and Jobs."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid
from polysync_core.platforms.google_vertex_ai.attributes import VertexAttributes
from polysync_core.platforms.registry import check_job, check_platform, platform_plugin
from tests.fakes.builders import problems_of

PIPELINE = JobType.VERTEX_AI_PIPELINE_JOB
CUSTOM = JobType.VERTEX_AI_CUSTOM_JOB
BATCH = JobType.VERTEX_AI_BATCH_PREDICTION_JOB


def a_platform(**attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "vertex",
            "type": "GoogleVertexAI",
            "auth": {"method": "ApplicationDefault"},
            "attributes": {"projectId": "acme-data-1", "region": "europe-west3", **attributes},
        }
    )


def a_job(job_type: JobType, external_id: str = "17", *names: str, **settings: Any) -> Job:
    return Job(
        name="train",
        platform="vertex",
        job_type=job_type,
        external_id=external_id,
        parameters=tuple(Parameter(name=name) for name in names),
        settings=settings,
    )


def paths(job: Job) -> list[str]:
    return [each.path for each in problems_of(lambda: check_job(a_platform(), job))]


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"region": "europe-west3.evil.example/"}, "attributes.region"),
        ({"region": "a-" + "b" * 60}, "attributes.region"),
        ({"projectId": "../x"}, "attributes.projectId"),
        ({"endpoint": "https://evil.example"}, "attributes.endpoint"),
        ({"location": "europe-west3"}, "attributes.location"),
    ],
)
def test_a_wrong_platform_is_refused(attributes: dict[str, Any], path: str) -> None:
    platform = a_platform(**attributes)

    found = problems_of(lambda: check_platform(platform, allow_loopback=False))

    assert path in [each.path for each in found]


def test_calls_go_to_the_host_of_the_region() -> None:
    attributes = VertexAttributes.of(a_platform())

    address = attributes.api_address(allow_loopback=False)

    assert address.url == "https://europe-west3-aiplatform.googleapis.com"
    with pytest.raises(Invalid, match="development only"):
        VertexAttributes.of(a_platform(endpoint="http://127.0.0.1:1")).api_address(
            allow_loopback=False
        )


@pytest.mark.parametrize(
    "external_id",
    [
        "17",
        "projects/acme-data-1/locations/europe-west3/customJobs/17",
        "projects/482915/locations/europe-west3/customJobs/17",
    ],
)
def test_each_spelling_of_an_external_id_means_the_same_template(external_id: str) -> None:
    assert paths(a_job(CUSTOM, external_id)) == []
    assert platform_plugin("GoogleVertexAI").jobs[CUSTOM].normal_id(external_id) == "17"


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (a_job(CUSTOM, "projects/acme-data-1/locations/europe-west3/pipelineJobs/1"), "externalId"),
        (a_job(PIPELINE, "x:cancel"), "externalId"),
        (a_job(CUSTOM, "17", "not-a-variable"), "parameters[0].name"),
        (a_job(CUSTOM, "17", replicaCount=0), "settings.replicaCount"),
        (a_job(CUSTOM, "17", imageUri="-x"), "settings.imageUri"),
        (a_job(PIPELINE, "17", caching="Sometimes"), "settings.caching"),
        (a_job(PIPELINE, "17", gcsOutputDirectory="s3://b/x"), "settings.gcsOutputDirectory"),
        (a_job(BATCH, "17", model="models/x"), "settings.model"),
        (
            a_job(BATCH, "17", gcsSource="gs://acme/x", bigquerySource="bq://a.b.c"),
            "bigquerySource",
        ),
        (
            a_job(BATCH, "17", gcsDestination="gs://acme/x", bigqueryDestination="bq://a.b"),
            "bigqueryDestination",
        ),
    ],
)
def test_a_wrong_job_is_refused(job: Job, expected: str) -> None:
    assert [path.removeprefix("settings.") for path in paths(job)] == [
        expected.removeprefix("settings.")
    ]


def test_an_output_needs_no_name_of_a_variable() -> None:
    output = Parameter(name="a.b", direction=Direction.OUTPUT)

    assert paths(a_job(CUSTOM).model_copy(update={"parameters": (output,)})) == []
