"""Refusals of Google's APIs become errors with a remedy."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import ArtefactNotFound, RunNotFound
from polysync_core.platforms.google.refusals import GoogleRefusals

REFUSED = GoogleRefusals(
    service="The API",
    permission="grant it the role roles/x",
    missing="it was deleted",
    remedies={"FAILED_PRECONDITION": "check the quotas"},
)


def refusal(code: int, text: str = "", **error: Any) -> Refusal:
    body = {"error": {"code": code, **error}}
    return Refusal(status=code, body=body, host="h.googleapis.com", text=text)


@pytest.mark.parametrize(
    ("given", "remedy"),
    [
        (refusal(403), "grant it the role roles/x"),
        (refusal(403, details=[{"reason": "SERVICE_DISABLED"}]), "enable it"),
        (refusal(403, details=["odd", {"reason": "BILLING_DISABLED"}]), "billing"),
        (refusal(403, details=[{"reason": "IAM_PERMISSION_DENIED"}]), "roles/x"),
        (refusal(403, details=[{"reason": "CONSUMER_INVALID"}]), "projectId"),
        (refusal(403, "blocked: vpcServiceControlsUniqueIdentifier"), "IP access list"),
        (refusal(404), "it was deleted"),
        (refusal(400, status="FAILED_PRECONDITION"), "check the quotas"),
        (refusal(400, status="INVALID_ARGUMENT"), "no known reason"),
        (refusal(400, details={"reason": "SERVICE_DISABLED"}), "no known reason"),
    ],
)
def test_a_refusal_has_a_remedy(given: Refusal, remedy: str) -> None:
    error = REFUSED(given)

    assert type(error) is PlatformRefused
    assert error.status == given.status
    assert remedy in str(error)


@pytest.mark.parametrize("text", ["RESOURCE_EXHAUSTED", "UNAVAILABLE", "ABORTED", "try later"])
def test_a_busy_service_is_called_again(text: str) -> None:
    for mapping in (REFUSED, REFUSED.for_run, REFUSED.for_artefact):
        assert isinstance(mapping(refusal(400, text)), Unavailable)


def test_only_an_error_of_the_api_says_that_something_is_missing() -> None:
    page = Refusal(status=404, body={}, host="h", text="The requested URL was not found")

    assert isinstance(REFUSED.for_artefact(refusal(404)), ArtefactNotFound)
    assert isinstance(REFUSED.for_run(refusal(404)), RunNotFound)
    assert type(REFUSED.for_artefact(page)) is PlatformRefused
    assert type(REFUSED.for_run(page)) is PlatformRefused
    assert not isinstance(REFUSED.for_run(refusal(403)), RunNotFound)
