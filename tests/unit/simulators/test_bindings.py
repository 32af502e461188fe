"""Bound values in definitions: data and steps of Azure Machine Learning, waits of Data Factory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulators.ai_foundry.definitions import steps
from simulators.data_factory.runs import start
from simulators.serving import Refusal

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def pipeline(bound: str) -> dict[str, Any]:
    """Return a pipeline job whose second step reads a bound value."""
    component = "/components/echo/versions/1"
    value = {"job_input_type": "literal", "value": bound}
    return {
        "jobType": "Pipeline",
        "inputs": {
            "rate": {"jobInputType": "literal", "value": "1"},
            "data": {"jobInputType": "uri_folder", "uri": "azureml://datastores/x/paths/y"},
        },
        "jobs": {
            "train": {"componentId": component, "outputs": {"model": {"type": "uri_folder"}}},
            "score": {"componentId": component, "inputs": {"given": value}},
        },
    }


@pytest.mark.parametrize(
    ("bound", "value"),
    [
        ("${{parent.inputs.rate}}", "1"),
        ("${{parent.inputs.data}}", "azureml://datastores/x/paths/y"),
        ("${{parent.jobs.train.outputs.model}}", "azureml://jobs/train/outputs/model"),
        ("plain", "plain"),
    ],
)
def test_a_step_reads_literals_data_and_outputs_of_other_steps(bound: str, value: str) -> None:
    *_, last = steps(pipeline(bound))
    assert last.inputs == {"given": value}


@pytest.mark.parametrize(
    "bound", ["${{parent.inputs.none}}", "${{parent.jobs.train.outputs.none}}"]
)
def test_a_bound_value_that_does_not_exist_is_refused(bound: str) -> None:
    with pytest.raises(Refusal):
        list(steps(pipeline(bound)))


def waiting(seconds: Any) -> dict[str, Any]:
    activity = {"name": "w", "type": "Wait", "typeProperties": {"waitTimeInSeconds": seconds}}
    return {"parameters": {"pause": {"type": "Int"}}, "activities": [activity]}


def test_a_wait_may_be_an_expression_over_the_parameters() -> None:
    expression = {"value": "@pipeline().parameters.pause", "type": "Expression"}
    run = start("p", waiting(expression), {"pause": 30}, NOW)
    assert run.natural_end == NOW + timedelta(seconds=30)


def test_a_wait_of_another_expression_is_refused() -> None:
    expression = {"value": "@utcnow()", "type": "Expression"}
    with pytest.raises(Refusal, match="seconds"):
        start("p", waiting(expression), {"pause": 30}, NOW)
