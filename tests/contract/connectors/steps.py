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
