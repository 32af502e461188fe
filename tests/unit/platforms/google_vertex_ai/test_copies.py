"""Copies of template jobs: what a run keeps, changes and drops."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import Invalid, PlatformRefused, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.google.answers import LIST_LAG
from polysync_core.platforms.google_vertex_ai.template_job import label_of
from simulators.google_cloud.templates import a_batch_prediction, a_custom_job, a_pipeline
from tests.fakes.http import Reply
from tests.unit.platforms.google.stand import TOKEN, Stand

PIPELINE = JobType.VERTEX_AI_PIPELINE_JOB
CUSTOM = JobType.VERTEX_AI_CUSTOM_JOB
BATCH = JobType.VERTEX_AI_BATCH_PREDICTION_JOB
REGION = "projects/482915/locations/europe-west3"
OF_THE_RUN = {
    "state": "JOB_STATE_SUCCEEDED",
    "createTime": "2030-01-01T00:00:00Z",
    "startTime": "2030-01-01T00:00:00Z",
    "endTime": "2030-01-01T00:00:00Z",
    "updateTime": "2030-01-01T00:00:00Z",
    "error": {"code": 9},
    "jobDetail": {"taskDetails": []},
    "templateMetadata": {"version": "sha256:1"},
    "scheduleName": f"{REGION}/schedules/1",
    "outputInfo": {"gcsOutputDirectory": "gs://a/b"},
    "completionStats": {"successfulCount": "1"},
    "partialFailures": [],
    "resourcesConsumed": {"replicaHours": 1},
    "webAccessUris": {"workerpool0-0": "https://x"},
    "modelVersionId": "1",
}
KEPT = {
    "encryptionSpec": {"kmsKeyName": "projects/p/locations/l/keyRings/r/cryptoKeys/k"},
    "network": "projects/1/global/networks/n",
    "templateUri": "https://europe-kfp.pkg.dev/p/r/t/v1",
}
ROWS = {"rows": {"parameterType": "NUMBER_INTEGER"}, "mode": {"parameterType": "STRING"}}


def template(kind: str, body: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {**body, "name": f"{REGION}/{kind}/17", **facts}


def created(kind: str, job_id: str = "18") -> dict[str, Any]:
    return {"name": f"{REGION}/{kind}/{job_id}", "state": "JOB_STATE_QUEUED"}


def refusal(status: int, code: str) -> Reply:
    return Reply.json({"error": {"code": status, "status": code, "message": ""}}, status)


MISSING = refusal(404, "NOT_FOUND")
EXISTS = refusal(409, "ALREADY_EXISTS")


def test_a_copy_keeps_the_definition_and_drops_the_facts_of_the_run() -> None:
    labels = {"team": "sales", "vertex-ai-pipelines-run-billing-id": "1"}
    body = a_pipeline("echo", ROWS, [])
    source = template("pipelineJobs", body, **OF_THE_RUN, **KEPT, labels=labels)
    stand = Stand(PIPELINE, source, created("pipelineJobs", f"polysync-{TOKEN}"))

    submitted = stand.job.submit(stand.request({"rows": 7}, run_name="n" * 200))

    assert submitted.external_run_id == f"polysync-{TOKEN}"
    assert submitted.monitor_url == (
        "https://console.cloud.google.com/vertex-ai/locations/europe-west3/pipelines/runs"
        f"/polysync-{TOKEN}?project=acme-data-1"
    )
    assert stand.sent() == [
        "GET pipelineJobs/17",
        f"POST pipelineJobs?pipelineJobId=polysync-{TOKEN}",
    ]
    copy = stand.body()
    assert copy.keys() & (OF_THE_RUN.keys() | {"name"}) == set()
    assert {name: copy[name] for name in KEPT} == KEPT
    assert copy["pipelineSpec"] == body["pipelineSpec"]
    assert copy["serviceAccount"] == body["serviceAccount"]
    assert copy["labels"] == {"team": "sales", "polysync_template": "17", "polysync_attempt": TOKEN}
    assert len(str(copy["displayName"])) == 128


def test_a_long_or_unusual_id_has_a_digest_as_label() -> None:
    assert label_of("score-sales") == "score-sales"
    assert len(label_of("a" * 64)) == len(label_of("Ä")) == 32
    assert label_of("a" * 64) != label_of("a" * 65)


def test_an_existing_pipeline_job_of_the_attempt_is_adopted() -> None:
    name = f"polysync-{TOKEN}"
    source = template("pipelineJobs", a_pipeline("echo", {}, []))
    stand = Stand(PIPELINE, source, EXISTS, created("pipelineJobs", name))

    assert stand.job.submit(stand.request()).external_run_id == name


def test_a_conflict_without_a_job_is_an_error() -> None:
    source = template("pipelineJobs", a_pipeline("echo", {}, []))
    stand = Stand(PIPELINE, source, EXISTS, MISSING)

    with pytest.raises(PlatformRefused) as caught:
        stand.job.submit(stand.request())

    assert (caught.value.status, caught.value.cause) == (409, FailureCause.SUBMIT)


def test_a_resent_pipeline_job_is_looked_up_before_the_template_is_read() -> None:
    name = f"polysync-{TOKEN}"
    stand = Stand(PIPELINE, created("pipelineJobs", name))

    assert stand.job.submit(stand.request(is_resend=True)).external_run_id == name
    assert stand.sent() == [f"GET pipelineJobs/{name}"]


@pytest.mark.parametrize(
    ("job_type", "kind", "body"),
    [
        (CUSTOM, "customJobs", a_custom_job("echo")),
        (BATCH, "batchPredictionJobs", a_batch_prediction("echo", "gs://acme-data/out")),
    ],
)
def test_a_lost_creation_is_found_by_its_label_and_repeated_only_after_the_lag(
    job_type: JobType, kind: str, body: dict[str, Any]
) -> None:
    found = Stand(job_type, {kind: [created(kind)]})
    assert found.job.submit(found.request(is_resend=True)).external_run_id == "18"
    assert f"filter=labels.polysync_attempt%3D%22{TOKEN}%22" in found.sent()[0]

    early = Stand(job_type, {})
    with pytest.raises(Uncertain):
        early.job.submit(early.request(is_resend=True))

    late = Stand(job_type, {}, template(kind, body), created(kind))
    begun = late.time.now() - LIST_LAG - timedelta(seconds=1)
    assert late.job.submit(late.request(is_resend=True, begun_at=begun)).external_run_id == "18"


@pytest.mark.parametrize("answer", [{}, {"name": 7}, {"name": f"{REGION}/customJobs/"}])
def test_an_answer_without_an_id_leaves_the_outcome_open(answer: dict[str, Any]) -> None:
    stand = Stand(CUSTOM, template("customJobs", a_custom_job("echo")), answer)

    with pytest.raises(Uncertain):
        stand.job.submit(stand.request())
    assert len(stand.transport.requests) == 2


def test_a_template_of_another_region_is_refused_before_a_call() -> None:
    external_id = "projects/acme-data-1/locations/us-central1/customJobs/17"
    stand = Stand(CUSTOM, {}, external_id=external_id)

    with pytest.raises(Invalid, match="is a job in the region us-central1"):
        stand.job.submit(stand.request())
    assert stand.sent() == []


def test_a_value_gets_the_type_that_the_pipeline_declares() -> None:
    types = {
        "whole": "NUMBER_INTEGER",
        "real": "NUMBER_DOUBLE",
        "flag": "BOOLEAN",
        "names": "LIST",
        "shape": "STRUCT",
        "text": "STRING",
    }
    inputs = {name: {"parameterType": each} for name, each in types.items()}
    texts = {"whole": "7", "real": "0.5", "flag": "true", "names": '["a"]', "shape": '{"a":1}'}
    source = template("pipelineJobs", a_pipeline("echo", inputs, []))
    stand = Stand(PIPELINE, source, created("pipelineJobs"))

    stand.job.submit(stand.request({**texts, "text": 7}))

    config: Any = stand.body()["runtimeConfig"]
    assert config["parameterValues"] == {
        "whole": 7,
        "real": 0.5,
        "flag": True,
        "names": ["a"],
        "shape": {"a": 1},
        "text": "7",
    }


def test_an_old_pipeline_gets_its_values_in_the_old_form() -> None:
    inputs = {"rows": {"type": "INT"}, "rate": {"type": "DOUBLE"}, "mode": {"type": "STRING"}}
    body = a_pipeline("echo", inputs, [])
    body["pipelineSpec"]["schemaVersion"] = "2.0.0"
    body["runtimeConfig"]["parameters"] = {"mode": {"stringValue": "fast"}}
    stand = Stand(PIPELINE, template("pipelineJobs", body), created("pipelineJobs"))

    stand.job.submit(stand.request({"rows": "7", "rate": 0.5}))

    config: Any = stand.body()["runtimeConfig"]
    assert config["parameters"] == {
        "mode": {"stringValue": "fast"},
        "rows": {"intValue": "7"},
        "rate": {"doubleValue": 0.5},
    }
    assert "parameterValues" not in config


@pytest.mark.parametrize("value", ["canary-1f", Secret("canary-1f")])
def test_a_value_of_another_type_is_refused_without_the_value(value: Any) -> None:
    stand = Stand(PIPELINE, template("pipelineJobs", a_pipeline("echo", ROWS, [])))

    with pytest.raises(PlatformRefused, match=r"parameters.rows: has not the type Int") as caught:
        stand.job.submit(stand.request({"rows": value}))

    assert caught.value.cause is FailureCause.PARAMETERS
    assert caught.value.__context__ is None
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("caching", ["On", "Off", "Template"])
def test_caching_is_set_for_every_task(caching: str) -> None:
    body = a_pipeline("echo", {}, [])
    body["pipelineSpec"]["components"]["comp-nested"] = {"dag": {"tasks": {"inner": {}}}}
    source = template("pipelineJobs", body)
    stand = Stand(PIPELINE, source, created("pipelineJobs"), caching=caching)

    stand.job.submit(stand.request())

    spec: Any = stand.body()["pipelineSpec"]
    options = {"enableCache": caching != "Off"}
    assert spec["root"]["dag"]["tasks"]["only"]["cachingOptions"] == options
    nested = spec["components"]["comp-nested"]["dag"]["tasks"]["inner"]
    assert nested == ({} if caching == "Template" else {"cachingOptions": options})
    assert spec["components"]["comp-only"] == body["pipelineSpec"]["components"]["comp-only"]


@pytest.mark.parametrize("only", [True, False])
def test_the_retries_of_the_service_are_off_for_an_only_try(only: bool) -> None:
    pipeline = Stand(
        PIPELINE, template("pipelineJobs", a_pipeline("echo", {}, [])), created("pipelineJobs")
    )
    custom = Stand(CUSTOM, template("customJobs", a_custom_job("echo")), created("customJobs"))

    pipeline.job.submit(pipeline.request(is_only_try=only))
    custom.job.submit(custom.request(is_only_try=only))

    spec: Any = pipeline.body()["pipelineSpec"]
    assert ("retryPolicy" in spec["root"]["dag"]["tasks"]["only"]) is not only
    job: Any = custom.body()["jobSpec"]
    assert job.get("scheduling", {}).get("disableRetries", False) is only


def test_every_pool_gets_the_variables_as_texts_and_keeps_its_own() -> None:
    body = a_custom_job("echo", MODE="fast", RATE="1")
    package = {"pythonModule": "train", "env": [{"name": "LEVEL", "value": "2"}]}
    body["jobSpec"]["workerPoolSpecs"] += [{}, {"pythonPackageSpec": package}]
    stand = Stand(CUSTOM, template("customJobs", body), created("customJobs"))

    stand.job.submit(stand.request({"RATE": 1e-7, "FLAG": True, "SHAPE": {"a": 1}}))

    job: Any = stand.body()["jobSpec"]
    first, empty, last = job["workerPoolSpecs"]
    given = [("RATE", "0.0000001"), ("FLAG", "true"), ("SHAPE", '{"a":1}')]
    assert _env(first["containerSpec"]) == [("MODE", "fast"), *given]
    assert empty == {}
    assert _env(last["pythonPackageSpec"]) == [("LEVEL", "2"), *given]


def _env(spec: Any) -> list[tuple[str, str]]:
    return [(each["name"], each["value"]) for each in spec["env"]]


def test_settings_change_the_first_pool_only() -> None:
    body = a_custom_job("echo")
    body["jobSpec"]["workerPoolSpecs"].append({"containerSpec": {"imageUri": "x"}})
    settings: dict[str, Any] = {"imageUri": "a/b:2", "replicaCount": 3, "acceleratorCount": 2}
    stand = Stand(CUSTOM, template("customJobs", body), created("customJobs"), **settings)

    stand.job.submit(stand.request())

    job: Any = stand.body()["jobSpec"]
    first, second = job["workerPoolSpecs"]
    assert (first["containerSpec"]["imageUri"], first["replicaCount"]) == ("a/b:2", 3)
    assert first["machineSpec"] == {"machineType": "n1-standard-4", "acceleratorCount": 2}
    assert second["containerSpec"]["imageUri"] == "x"


def test_a_parameter_sets_the_source_and_the_destination_of_a_run() -> None:
    body = a_batch_prediction("echo", "gs://acme-data/out", confidence=0.5)
    stand = Stand(
        BATCH,
        template("batchPredictionJobs", body),
        created("batchPredictionJobs"),
        bigquerySource="bq://p.d.t",
        gcsDestination="gs://acme-data/settings",
    )

    stand.job.submit(stand.request({"gcsSource": "gs://acme-data/today/*", "confidence": 0.9}))

    copy = stand.body()
    assert copy["inputConfig"] == {
        "instancesFormat": "jsonl",
        "gcsSource": {"uris": ["gs://acme-data/today/*"]},
    }
    output: Any = copy["outputConfig"]
    assert output["gcsDestination"] == {"outputUriPrefix": "gs://acme-data/settings"}
    assert copy["modelParameters"] == {"confidence": 0.9}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"gcsSource": "canary"}, "gcsSource"),
        ({"gcsDestination": 7}, "gcsDestination"),
        ({"gcsSource": "gs://acme/x", "bigquerySource": "bq://p.canary.t"}, "bigquerySource"),
    ],
)
def test_a_wrong_source_of_a_run_is_refused_without_the_value(
    values: dict[str, Any], name: str
) -> None:
    body = a_batch_prediction("echo", "gs://acme-data/out")
    stand = Stand(BATCH, template("batchPredictionJobs", body))

    with pytest.raises(PlatformRefused, match=rf"parameters\.{name}: ") as caught:
        stand.job.submit(stand.request(values))

    assert (caught.value.cause, caught.value.__context__) == (FailureCause.PARAMETERS, None)
    assert "canary" not in str(caught.value)


def test_another_source_and_destination_replace_those_of_the_template() -> None:
    body = a_batch_prediction("echo", "gs://acme-data/out", confidence=0.5)
    stand = Stand(
        BATCH,
        template("batchPredictionJobs", body),
        created("batchPredictionJobs"),
        model="projects/p/locations/l/models/2@1",
        bigquerySource="bq://p.d.t",
        bigqueryDestination="bq://p.d",
    )

    stand.job.submit(stand.request({"top": 3}))

    copy = stand.body()
    assert copy["model"] == "projects/p/locations/l/models/2@1"
    assert copy["modelParameters"] == {"confidence": 0.5, "top": 3}
    assert copy["inputConfig"] == {
        "instancesFormat": "bigquery",
        "bigquerySource": {"inputUri": "bq://p.d.t"},
    }
    assert copy["outputConfig"] == {
        "predictionsFormat": "bigquery",
        "bigqueryDestination": {"outputUri": "bq://p.d"},
    }
