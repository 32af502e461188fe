"""Faults and steps that the tests of every job type share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.domain.errors import (
    PlatformRefused,
)
from polysync_core.platforms.plugin import Capability
from tests.contract.connectors.job_type_case import (
    Behaviour,
    ConnectorHarness,
    Step,
)

LOST = [
    pytest.param({"fault": "lost-response"}, id="the connection is reset after the act"),
    pytest.param({"fault": "cut"}, id="the connection is reset within the answer"),
    pytest.param({"fault": "truncated"}, id="half of the JSON"),
    pytest.param({"fault": "malformed"}, id="no JSON"),
    pytest.param({"fault": "huge", "megabytes": 1}, id="more than is accepted"),
    pytest.param({"fault": "status", "status": 500, "effect": True}, id="an error after the act"),
    pytest.param(
        {"fault": "status", "status": 504, "effect": True, "body": "html"}, id="a gateway gives up"
    ),
]
UNREADABLE = [
    pytest.param({"fault": "truncated"}, id="half of the JSON"),
    pytest.param({"fault": "malformed"}, id="no JSON"),
    pytest.param({"fault": "cut"}, id="reset within the answer"),
    pytest.param({"fault": "lost-response"}, id="no answer"),
    pytest.param({"fault": "huge", "megabytes": 1}, id="more than is accepted"),
    pytest.param({"fault": "status", "status": 500}, id="the server fails"),
    pytest.param({"fault": "status", "status": 503, "body": "html"}, id="a proxy's page"),
]


def needs(harness: ConnectorHarness, *wanted: Capability | Behaviour) -> None:
    """Skip a test for job types without a capability or behaviour."""
    for each in wanted:
        has = harness.case.capabilities if isinstance(each, Capability) else harness.case.jobs
        if each not in has:
            pytest.skip(f"{harness.case.job_type} has no {each}")


def start_hanging_run(harness: ConnectorHarness) -> str:
    """Return the id of an active run."""
    needs(harness, Behaviour.HANGS)
    request = harness.request(Behaviour.HANGS)
    return harness.job.submit(request).external_run_id


def refusal(action: Callable[[], object]) -> PlatformRefused:
    with pytest.raises(PlatformRefused) as caught:
        action()
    return caught.value


def reading(harness: ConnectorHarness) -> Callable[[], Any]:
    run_id = start_hanging_run(harness)
    return lambda: harness.job.read(harness.case.jobs[Behaviour.HANGS], run_id)


def action(harness: ConnectorHarness, step: Step) -> Callable[[], object]:
    """Return the call that receives the answer of a step."""
    job = harness.case.jobs[Behaviour.SUCCEEDS]
    match step:
        case Step.SUBMIT:
            # Only continuing work can have a status address.
            request = harness.request(Behaviour.HANGS)
            return lambda: harness.job.submit(request)
        case Step.READ | Step.CANCEL:
            needs(harness, Behaviour.HANGS)
            running = harness.request(Behaviour.HANGS)
            run_id = harness.job.submit(running).external_run_id
            poll = harness.job.read if step is Step.READ else harness.job.cancel
            return lambda: poll(running.job, run_id)
        case Step.FIND:
            needs(harness, Capability.DISCOVERY)
            return lambda: list(harness.connector.artefacts(job_type=harness.case.job_type))
        case Step.DESCRIBE:
            needs(harness, Capability.PARAMETERS)
            return lambda: harness.job.describe(job.external_id)
        case Step.TEST:
            return harness.connector.test
