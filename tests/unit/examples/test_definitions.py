"""The definitions of the examples are valid and match the simulators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from polysync_core.application.definitions.plans import ChangeAction
from polysync_core.domain.definitions.document import read_document
from polysync_core.domain.definitions.jobs import Direction
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.domain.strict_documents import read_yaml
from polysync_core.platforms.azure_ai_foundry.pipeline_job import describe_inputs
from polysync_core.platforms.registry import check_job, check_platform
from simulators.ai_foundry.templates import TEMPLATES
from simulators.aws.lambda_functions import EXAMPLE
from simulators.data_factory.examples import PIPELINES
from simulators.google_functions.pages import NAME
from tests.fakes.definitions import FakeDefinitions, documents_of

EXAMPLES = Path(__file__).parents[3] / "examples"
RULES = Rules(
    development=True,
    check_platform=lambda platform: check_platform(platform, allow_loopback=True),
    check_job=check_job,
)


def document(example: str) -> Any:
    return read_yaml((EXAMPLES / example / "definitions.yaml").read_bytes())


def job(name: str) -> Any:
    return next(job for job in document("lakehouse")["jobs"] if job["name"] == name)


@pytest.mark.parametrize("example", ["lakehouse", "bench"])
def test_each_example_is_valid_as_a_document(example: str) -> None:
    plan = documents_of(FakeDefinitions(), RULES).apply(
        read_document(document(example)), engine=None
    )

    assert len(plan.with_action(ChangeAction.CREATE)) == len(plan.steps) > 0


def test_the_forecast_has_the_parameters_of_its_template() -> None:
    forecast = job("forecast-revenue")

    template: Any = TEMPLATES[forecast["externalId"]]
    declared = {each.name: each.direction for each in describe_inputs(template).parameters}
    defined = {
        each["name"]: each.get("direction", Direction.INPUT) for each in forecast["parameters"]
    }
    assert defined == declared


def test_the_artefacts_of_the_other_simulators_exist() -> None:
    assert job("archive-delivery")["externalId"] in PIPELINES
    assert job("send-figures")["externalId"] == EXAMPLE


def test_the_figures_are_published_by_the_function_of_the_simulator() -> None:
    assert job("publish-figures")["externalId"].endswith(f"/functions/{NAME}")
