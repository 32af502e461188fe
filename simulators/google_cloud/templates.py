"""Builds the example jobs and Dataflow templates that exist when the simulator starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BUCKET = "acme-data"
FOLDER = f"gs://{BUCKET}/templates"


def a_pipeline(program: str, inputs: Mapping[str, Any], outputs: list[str]) -> dict[str, Any]:
    """Return a pipeline job with one task, which runs a program with all inputs."""
    results = {"parameters": {name: inputs[name] for name in outputs}}
    return {
        "displayName": program,
        "pipelineSpec": {
            "schemaVersion": "2.1.0",
            "sdkVersion": "kfp-2.7.0",
            "pipelineInfo": {"name": program},
            "root": {
                "inputDefinitions": {"parameters": dict(inputs)},
                **({"outputDefinitions": results} if outputs else {}),
                "dag": {
                    "tasks": {"only": _task({name: _given(name) for name in inputs})},
                    "outputs": {"parameters": {name: _output(name) for name in outputs}},
                },
            },
            "components": {
                "comp-only": {
                    "executorLabel": "exec-only",
                    "inputDefinitions": {"parameters": dict(inputs)},
                    "outputDefinitions": {"parameters": dict(inputs)},
                }
            },
            "deploymentSpec": {"executors": {"exec-only": {"container": _image(program)}}},
        },
        "runtimeConfig": {"gcsOutputDirectory": f"gs://{BUCKET}/runs"},
        "serviceAccount": "pipelines@acme-data-1.iam.gserviceaccount.com",
    }


def a_custom_job(program: str, **env: str) -> dict[str, Any]:
    """Return a custom job with one worker, which runs a program."""
    variables = [{"name": name, "value": value} for name, value in env.items()]
    container = {"imageUri": _image(program)["image"], "env": variables}
    pool = {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": "1",
        "containerSpec": container,
    }
    return {"displayName": program, "jobSpec": {"workerPoolSpecs": [pool]}}


def a_batch_prediction(program: str, folder: str, **parameters: Any) -> dict[str, Any]:
    """Return a batch prediction job of a model, which runs a program."""
    return {
        "displayName": program,
        "model": f"projects/acme-data-1/locations/europe-west3/models/{program}",
        "inputConfig": {
            "instancesFormat": "jsonl",
            "gcsSource": {"uris": [f"gs://{BUCKET}/instances.jsonl"]},
        },
        "outputConfig": {
            "predictionsFormat": "jsonl",
            "gcsDestination": {"outputUriPrefix": folder},
        },
        "modelParameters": parameters,
    }


def a_flow(*names: str, kind: str = "classic", **facts: Any) -> dict[str, Any]:
    """Return a Dataflow template with optional parameters; the path names its program.

    The fact `defaults` has the values of the parameters that a launch does not give.
    """
    parameters = [
        {"name": name, "label": name, "helpText": f"The {name}.", "isOptional": True}
        for name in names
    ]
    usual = {"type": "JOB_TYPE_BATCH", "defaults": {}}
    return {"kind": kind, "parameters": parameters, **usual, **facts}


def _image(program: str) -> dict[str, str]:
    return {"image": f"europe-docker.pkg.dev/acme-data-1/images/{program}:1"}


def _given(name: str) -> dict[str, Any]:
    return {"componentInputParameter": name}


def _output(name: str) -> dict[str, Any]:
    source = {"producerSubtask": "only", "outputParameterKey": name}
    return {"valueFromParameter": source}


def _task(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "taskInfo": {"name": "only"},
        "componentRef": {"name": "comp-only"},
        "inputs": {"parameters": dict(parameters)},
        "cachingOptions": {"enableCache": True},
        "retryPolicy": {"maxRetryCount": 2},
    }


JOBS: Mapping[str, Mapping[str, dict[str, Any]]] = {
    "pipelineJobs": {
        "score-sales": {
            **a_pipeline("echo", {"revenue": {"parameterType": "NUMBER_INTEGER"}}, ["revenue"]),
            "displayName": "Score sales",
        }
    },
    "customJobs": {
        "4811000000000000001": {
            **a_custom_job("echo", RATE="0.1"),
            "displayName": "Train the forecast",
        }
    },
    "batchPredictionJobs": {
        "4811000000000000002": {
            **a_batch_prediction("echo", f"gs://{BUCKET}/predictions", confidence=0.5),
            "displayName": "Predict churn",
        }
    },
}
FLOWS: Mapping[str, dict[str, Any]] = {
    f"{FOLDER}/echo": a_flow("rows"),
    f"{FOLDER}/flex/echo.json": a_flow("rows", kind="flex"),
}
