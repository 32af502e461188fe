"""The inputs of the steps of a pipeline: literals, and data of the pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.ai_foundry.definitions import check_definition, steps
from simulators.ai_foundry.errors import ApiError


def pipeline(**inputs: Any) -> dict[str, Any]:
    bound = {
        name: {"job_input_type": "literal", "value": f"${{{{parent.inputs.{name}}}}}"}
        for name in ("rate", "data")
    }
    component = "azureml://registries/demo/components/echo/versions/1"
    step = {"componentId": component, "inputs": bound}
    rate = {"jobInputType": "literal", "value": "1"}
    return {"jobType": "Pipeline", "jobs": {"a": step}, "inputs": {"rate": rate, **inputs}}


@pytest.mark.parametrize("kind", ["uri_file", "uri_folder", "mltable", "mlflow_model"])
def test_a_step_may_take_data_of_the_pipeline(kind: str) -> None:
    definition = pipeline(data={"jobInputType": kind, "uri": "azureml:x:1", "mode": "Download"})

    check_definition(definition)

    [step] = steps(definition)
    assert step.inputs == {"rate": "1", "data": "azureml:x:1"}


@pytest.mark.parametrize(
    "data",
    [
        {"jobInputType": "uri_file"},
        {"jobInputType": "odd", "uri": "azureml:x:1"},
        {"uri": "azureml:x:1"},
    ],
)
def test_data_without_a_type_or_an_address_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ApiError):
        check_definition(pipeline(data=data))


def test_a_binding_to_a_missing_input_is_refused() -> None:
    with pytest.raises(ApiError, match="does not exist"):
        check_definition(pipeline())
