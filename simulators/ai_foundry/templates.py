"""Defines the template jobs that exist in every new simulated workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ENVIRONMENT = "azureml:sklearn:1"


def literal(value: str, description: str | None = None) -> dict[str, Any]:
    """Return an input that a run may set."""
    return {"jobInputType": "literal", "value": value, "description": description}


def output() -> dict[str, Any]:
    """Return an output."""
    return {"jobOutputType": "uri_file", "mode": "ReadWriteMount"}


def step(component: str, inputs: list[str], outputs: list[str]) -> dict[str, Any]:
    """Return a pipeline step with the inputs and outputs of the pipeline."""
    return {
        "type": "command",
        "componentId": f"azureml://registries/demo/components/{component}/versions/1",
        "inputs": {
            name: {"job_input_type": "literal", "value": f"${{{{parent.inputs.{name}}}}}"}
            for name in inputs
        },
        "outputs": {
            name: {"type": "literal", "value": f"${{{{parent.outputs.{name}}}}}"}
            for name in outputs
        },
    }


TEMPLATES: Mapping[str, Mapping[str, Any]] = {
    "score-sales": {
        "jobType": "Pipeline",
        "displayName": "Score sales",
        "description": "Forecasts the revenue of the next period: revenue_cents, grown.",
        "experimentName": "sales",
        "inputs": {
            "revenue_cents": literal("0", "Revenue of the period."),
            "growth_percent": literal("5", "Expected growth of the revenue."),
        },
        "jobs": {
            "score": step("score_sales", ["revenue_cents", "growth_percent"], ["forecast_cents"])
        },
        "outputs": {"forecast_cents": output()},
        "settings": {"default_compute": "cpu-cluster"},
    },
    "train-forecast": {
        "jobType": "Command",
        "displayName": "Train the forecast",
        "command": "python train_forecast.py --rate ${{inputs.learning_rate}}",
        "environmentId": _ENVIRONMENT,
        "inputs": {"learning_rate": literal("0.1")},
        "outputs": {"loss": output()},
    },
    "tune-forecast": {
        "jobType": "Sweep",
        "displayName": "Tune the forecast",
        "trial": {
            "command": "python train_forecast.py --rate ${{search_space.learning_rate}}",
            "environmentId": _ENVIRONMENT,
        },
        "objective": {"goal": "Minimize", "primaryMetric": "loss"},
        "samplingAlgorithm": {"samplingAlgorithmType": "Random"},
        "limits": {"jobLimitsType": "Sweep", "maxTotalTrials": 4, "maxConcurrentTrials": 2},
        "searchSpace": {"learning_rate": ["uniform", [0.01, 0.5]]},
        "outputs": {"loss": output()},
    },
}
