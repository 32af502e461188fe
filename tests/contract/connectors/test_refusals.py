"""The contract of every job type: refusals state their cause and no secret."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.domain.errors import (
    PolysyncError,
)
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from tests.contract.connectors.job_type_case import (
    CANARY,
    ConnectorHarness,
    Step,
)
from tests.contract.connectors.steps import action, reading, refusal


def test_refused_credentials_have_the_cause_secret(harness: ConnectorHarness) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "status", status=401, times=2)

    error = refusal(lambda: harness.job.submit(request))

    assert (error.status, error.cause) == (401, FailureCause.SECRET)
    assert not harness.case.started_runs(request)


PLATFORM_STEPS = [Step.READ, Step.CANCEL, Step.FIND, Step.DESCRIBE, Step.TEST]


def platform_action(harness: ConnectorHarness, step: Step) -> Callable[[], object]:
    """Return the call of a step; skip the calls that a user's own code may answer."""
    if step in {Step.READ, Step.CANCEL} and "Function" in harness.case.job_type:
        pytest.skip("the text may come from the code of the function")
    return action(harness, step)


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("body", ["html", "json"])
@pytest.mark.parametrize("step", PLATFORM_STEPS)
def test_a_refused_token_has_the_cause_secret_with_any_status_and_content_type(
    harness: ConnectorHarness, step: Step, body: str, status: int
) -> None:
    call = platform_action(harness, step)
    harness.fault(
        step, "status", status=status, body=body, message="The access token is expired.", times=2
    )

    error = refusal(call)

    assert (error.status, error.cause) == (status, FailureCause.SECRET)
    assert error.platform_message is not None
    assert "expired" in error.platform_message


@pytest.mark.parametrize("step", PLATFORM_STEPS)
def test_a_blocked_address_names_the_network_rules(harness: ConnectorHarness, step: Step) -> None:
    call = platform_action(harness, step)
    message = "Source IP address: 10.1.2.3 is blocked by the IP ACL"
    harness.fault(step, "status", status=403, message=message)

    error = refusal(call)

    assert (error.status, error.cause) == (403, FailureCause.SUBMIT)
    assert "IP access list" in str(error)


def test_a_missing_permission_is_reported_with_a_remedy(harness: ConnectorHarness) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "status", status=403, message=f"{CANARY} may not")

    error = refusal(lambda: harness.job.submit(request))

    assert error.status == 403
    assert CANARY not in str(error)
    assert ":" in str(error)
    assert not harness.case.started_runs(request)


def test_a_refused_submit_is_not_sent_twice(harness: ConnectorHarness) -> None:
    request = harness.request()
    harness.fault(Step.SUBMIT, "status", status=400)

    error = refusal(lambda: harness.job.submit(request))

    assert error.status == 400
    assert not harness.case.started_runs(request)


@pytest.mark.parametrize("step", [Step.SUBMIT, Step.READ])
def test_a_redirect_is_refused(harness: ConnectorHarness, step: Step) -> None:
    action = submitting(harness) if step is Step.SUBMIT else reading(harness)
    harness.fault(step, "redirect", location=f"https://evil.example/?t={CANARY}")

    error = refusal(action)

    assert "redirects to evil.example" in str(error)
    assert CANARY not in str(error)


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "status", "status": 403},
        {"fault": "status", "status": 400},
        {"fault": "redirect"},
        {"fault": "malformed", "times": 9},
        {"fault": "lost-response", "times": 9},
    ],
    ids=lambda fault: f"{fault['fault']}{fault.get('status', '')}",
)
def test_no_error_and_no_context_of_an_error_contains_a_secret(
    harness: ConnectorHarness, fault: dict[str, Any]
) -> None:
    """The engine stores an error together with its `__context__`."""
    request = harness.request(parameters={"rows": Secret(CANARY)})
    harness.fault(Step.SUBMIT, **fault)

    try:
        harness.job.submit(request)
    except PolysyncError as error:
        assert error.__context__ is None
        assert CANARY not in "".join(traceback.format_exception(error))
    else:
        # An unreadable answer is not an error if the run is found or has answered.
        assert fault["fault"] == "malformed"


def submitting(harness: ConnectorHarness) -> Callable[[], Any]:
    request = harness.request()
    return lambda: harness.job.submit(request)
