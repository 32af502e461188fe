"""Only an absent artefact raises `ArtefactNotFound`; an absent platform and a refusal do not."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.platforms.azure.refusals import RESOURCE_IS_GONE
from polysync_core.platforms.azure_ai_foundry.refusals import refused_for_template
from polysync_core.platforms.azure_databricks.refusals import (
    refused_for_job,
    refused_for_notebook,
)
from polysync_core.platforms.azure_databricks.refusals import (
    refused_for_pipeline as refused_for_databricks_pipeline,
)
from polysync_core.platforms.azure_functions.refusals import refused_for_function
from polysync_core.platforms.azure_logic_apps.refusals import refused_for_workflow
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import ArtefactNotFound
from polysync_core.platforms.google_functions.refusals import REFUSED as GOOGLE_FUNCTIONS

AZURE = [refused_for_template, refused_for_function, refused_for_workflow]
ALL = [*AZURE, refused_for_job, refused_for_notebook, refused_for_databricks_pipeline]
GOOGLE = GOOGLE_FUNCTIONS.for_artefact


def refusal(status: int, body: dict[str, Any] | None = None, text: str = "") -> Refusal:
    return Refusal(status=status, body=body or {}, host="h.example", text=text)


@pytest.mark.parametrize("mapping", [*AZURE, refused_for_databricks_pipeline, GOOGLE])
def test_404_about_an_artefact_means_that_it_is_absent(mapping: Any) -> None:
    error = mapping(refusal(404, {"error": {"code": "SomethingNotFound"}}))

    assert isinstance(error, ArtefactNotFound)
    assert error.status == 404


@pytest.mark.parametrize(
    ("mapping", "status", "body"),
    [
        (refused_for_job, 404, {}),
        (
            refused_for_job,
            400,
            {"error_code": "INVALID_PARAMETER_VALUE", "message": "Job 5 does not exist."},
        ),
        (refused_for_notebook, 404, {"error_code": "RESOURCE_DOES_NOT_EXIST"}),
        (refused_for_notebook, 400, {"error_code": "RESOURCE_DOES_NOT_EXIST"}),
    ],
)
def test_databricks_names_an_absent_artefact_in_several_ways(
    mapping: Any, status: int, body: dict[str, Any]
) -> None:
    assert isinstance(mapping(refusal(status, body)), ArtefactNotFound)


@pytest.mark.parametrize("code", sorted(RESOURCE_IS_GONE - {"ResourceNotFound"}))
@pytest.mark.parametrize("mapping", AZURE)
def test_an_absent_platform_is_no_absent_artefact(mapping: Any, code: str) -> None:
    error = mapping(refusal(404, {"error": {"code": code}}))

    assert isinstance(error, PlatformRefused)
    assert not isinstance(error, ArtefactNotFound)


@pytest.mark.parametrize("status", [400, 401, 403, 405, 409, 451])
@pytest.mark.parametrize("mapping", [*ALL, GOOGLE])
def test_another_refusal_says_nothing_about_the_artefact(mapping: Any, status: int) -> None:
    assert not isinstance(mapping(refusal(status)), ArtefactNotFound)


@pytest.mark.parametrize("mapping", ALL)
def test_a_busy_service_says_nothing_about_the_artefact(mapping: Any) -> None:
    error = mapping(refusal(404, text="Please try again later."))

    assert isinstance(error, Unavailable)
