"""The cases of Google Vertex AI: copies of jobs whose program is the name of an image or model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.connector import SubmitRequest
from simulators.google_cloud.templates import a_batch_prediction, a_custom_job, a_pipeline
from tests.contract.connectors.job_type_case import (
    LONG_OUTPUT_LENGTH,
    Behaviour,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

LOCATION = "projects/acme-data-1/locations/europe-west3"
PROGRAMS = {
    Behaviour.SUCCEEDS: "echo",
    Behaviour.FAILS: "fail",
    Behaviour.HANGS: "hang",
    Behaviour.RETURNS_OUTPUTS: "echo",
    Behaviour.RETURNS_LONG_OUTPUT: "echo",
}
_GIVES = frozenset({Behaviour.RETURNS_OUTPUTS, Behaviour.RETURNS_LONG_OUTPUT})
_TEXT = {"parameterType": "STRING", "isOptional": True}
type Define = Callable[[Behaviour], dict[str, Any]]
"""Returns the definition of the template for a behaviour."""


def start_simulator(simulators: Simulators) -> SimulatorProcess:
    options = ("--start-seconds", "0.02", "--run-seconds", "0.02", "--page-size", "7")
    return simulators.simulator("simulators.google_cloud", *options)


def platform_of(
    simulator: SimulatorProcess, kind: str = "GoogleVertexAI", **attributes: Any
) -> Platform:
    return Platform.model_validate(
        {
            "name": "cloud",
            "type": kind,
            "auth": {"method": "ApplicationDefault"},
            "attributes": {
                "projectId": "acme-data-1",
                "region": "europe-west3",
                "endpoint": simulator.url,
                **attributes,
            },
        }
    )


def a_job(job_type: JobType, external_id: str, **settings: Any) -> Job:
    return Job(
        name="score",
        platform="cloud",
        job_type=job_type,
        external_id=external_id,
        settings=settings,
    )


def started_by_name(simulator: SimulatorProcess, request: SubmitRequest) -> Sequence[str]:
    # The display name also finds a copy under a wrong id.
    lines = [line for line in simulator.submissions() if line["name"] == request.run_name]
    return sorted({line["id"] for line in lines})


def _case(
    simulators: Simulators, job_type: JobType, collection: str, define: Define, **facts: Any
) -> JobTypeCase:
    simulator = start_simulator(simulators)
    root = f"{LOCATION}/{collection}"
    jobs = {Behaviour.MISSING: a_job(job_type, f"{root}/4811")}
    for number, behaviour in enumerate(PROGRAMS, start=100):
        body = {**define(behaviour), "displayName": f"{job_type} {behaviour}"}
        simulator.control("PUT", f"vertex/{collection}/{number}", body)
        jobs[behaviour] = a_job(job_type, f"{root}/{number}")
    return JobTypeCase(
        simulator=simulator,
        platform=platform_of(simulator),
        jobs=jobs,
        endpoints={
            Step.SUBMIT: f"POST {collection}",
            Step.READ: f"GET {collection}/*",
            Step.DETAILS: f"GET {collection}/*",
            Step.CANCEL: f"POST {collection}/*:cancel",
            Step.FIND: f"GET {collection}",
            Step.DESCRIBE: f"GET {collection}/*",
            Step.TEST: "GET pipelineJobs",
        },
        started_runs=lambda request: started_by_name(simulator, request),
        unknown_state={"state": "JOB_STATE_DREAMING"},
        unknown_runs=("polysync-4711", "", "../jobs", "a/b", "a b", "a?b", "a:cancel", "x" * 129),
        foreign_addresses="Vertex AI returns no address that is called",
        **facts,
    )


def _refused(collection: str, setting: str) -> tuple[tuple[dict[str, Any], str], ...]:
    return (
        ({"external_id": "a/b"}, "externalId"),
        ({"external_id": f"{LOCATION}/{collection}/../keys"}, "externalId"),
        ({"external_id": f"projects/x/locations/y/{collection}/1"}, "externalId"),
        ({"settings": {"timeout": 5}}, "settings.timeout"),
        ({"settings": {setting: "../x"}}, f"settings.{setting}"),
    )


def pipeline(simulators: Simulators) -> JobTypeCase:
    """Return the case of VertexAIPipelineJob."""

    def define(behaviour: Behaviour) -> dict[str, Any]:
        names = ["rows", "path"] if behaviour in _GIVES else ["rows"]
        outputs = names if behaviour in _GIVES else []
        job = a_pipeline(PROGRAMS[behaviour], dict.fromkeys(names, _TEXT), outputs)
        return {**job, "runtimeConfig": {**job["runtimeConfig"], "parameterValues": _values(names)}}

    return _case(
        simulators,
        JobType.VERTEX_AI_PIPELINE_JOB,
        "pipelineJobs",
        define,
        refused=_refused("pipelineJobs", "gcsOutputDirectory"),
        failure=("only", "no sales today"),
        parameters=(Parameter(name="rows", default="1"),),
        typed=True,
        outputs={"rows": "1", "path": "1"},
        long_output_values={"rows": "1", "path": "x" * LONG_OUTPUT_LENGTH},
    )


def _values(names: list[str]) -> dict[str, str]:
    return dict.fromkeys(names, "1")


def custom(simulators: Simulators) -> JobTypeCase:
    """Return the case of VertexAICustomJob."""
    return _case(
        simulators,
        JobType.VERTEX_AI_CUSTOM_JOB,
        "customJobs",
        lambda behaviour: a_custom_job(PROGRAMS[behaviour], rows="1"),
        refused=_refused("customJobs", "imageUri"),
        failure=("", "no sales today"),
        parameters=(Parameter(name="rows", default="1"),),
        accepts_undeclared="a container reads any environment variable",
    )


def batch_prediction(simulators: Simulators) -> JobTypeCase:
    """Return the case of VertexAIBatchPredictionJob."""

    def define(behaviour: Behaviour) -> dict[str, Any]:
        long = behaviour is Behaviour.RETURNS_LONG_OUTPUT
        folder = "x" * LONG_OUTPUT_LENGTH if long else "out"
        return a_batch_prediction(PROGRAMS[behaviour], f"gs://acme-data/{folder}", rows=1)

    return _case(
        simulators,
        JobType.VERTEX_AI_BATCH_PREDICTION_JOB,
        "batchPredictionJobs",
        define,
        refused=_refused("batchPredictionJobs", "gcsDestination"),
        failure=("", "no sales today"),
        parameters=(
            Parameter(name="rows", data_type=DataType.INT, default=1),
            Parameter(
                name="gcsOutputDirectory",
                direction=Direction.OUTPUT,
                description="The place of the predictions.",
            ),
        ),
        typed=True,
        outputs={
            "gcsOutputDirectory": "gs://acme-data/out/prediction-echo",
            "successfulCount": 7,
            "failedCount": 0,
        },
        accepts_undeclared="Vertex AI does not tell the parameters of a model",
    )


CASES: dict[str, MakeCase] = {
    JobType.VERTEX_AI_PIPELINE_JOB: pipeline,
    JobType.VERTEX_AI_CUSTOM_JOB: custom,
    JobType.VERTEX_AI_BATCH_PREDICTION_JOB: batch_prediction,
}
