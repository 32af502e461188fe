"""The contract of every job type: discovery, descriptions and checks."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.errors import (
    Invalid,
    Unavailable,
)
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ArtefactNotFound
from polysync_core.platforms.plugin import Capability
from polysync_core.platforms.registry import check_job, check_platform
from tests.contract.connectors.job_type_case import (
    ATTEMPTS,
    Behaviour,
    ConnectorHarness,
    Step,
)
from tests.contract.connectors.steps import UNREADABLE, needs, refusal


def test_an_artefact_is_found_by_discovery_and_by_its_name(harness: ConnectorHarness) -> None:
    needs(harness, Capability.DISCOVERY)
    external_id = harness.case.jobs[Behaviour.SUCCEEDS].external_id

    found = {
        each.external_id: each
        for each in harness.connector.artefacts(job_type=harness.case.job_type)
    }

    assert external_id in found
    assert {each.job_type for each in found.values()} == {harness.case.job_type}
    name = found[external_id].name
    searched = list(
        harness.connector.artefacts(job_type=harness.case.job_type, search=name.upper())
    )
    assert external_id in [each.external_id for each in searched]
    assert all(name.casefold() in each.name.casefold() for each in searched)
    assert not list(harness.connector.artefacts(search="no artefact has this name"))


def test_describe_returns_the_parameters_of_an_artefact(harness: ConnectorHarness) -> None:
    needs(harness, Capability.PARAMETERS)

    schema = harness.job.describe(harness.case.jobs[Behaviour.SUCCEEDS].external_id)

    assert list(schema.parameters) == list(harness.case.parameters)


def test_the_schema_in_a_list_equals_the_described_schema(
    harness: ConnectorHarness,
) -> None:
    needs(harness, Capability.DISCOVERY)
    for found in harness.connector.artefacts(job_type=harness.case.job_type):
        if found.schema is not None:
            assert found.schema == harness.job.describe(found.external_id)


def test_a_missing_artefact_cannot_be_described(harness: ConnectorHarness) -> None:
    needs(harness, Capability.PARAMETERS, Behaviour.MISSING)

    missing = harness.case.jobs[Behaviour.MISSING].external_id
    assert isinstance(refusal(lambda: harness.job.describe(missing)), ArtefactNotFound)


@pytest.mark.parametrize("fault", UNREADABLE[:2])
@pytest.mark.parametrize("step", [Step.FIND, Step.DESCRIBE])
def test_discovery_raises_unavailable_for_an_unreadable_answer(
    harness: ConnectorHarness, step: Step, fault: dict[str, Any]
) -> None:
    needs(harness, Capability.DISCOVERY, Capability.PARAMETERS)
    harness.fault(step, times=ATTEMPTS, **fault)

    with pytest.raises(Unavailable):
        if step is Step.FIND:
            list(harness.connector.artefacts(job_type=harness.case.job_type))
        else:
            harness.job.describe(harness.case.jobs[Behaviour.SUCCEEDS].external_id)


def test_a_connection_test_names_the_reached_host(harness: ConnectorHarness) -> None:
    assert "127.0.0.1" in harness.connector.test()


def test_a_connection_test_with_refused_credentials_has_the_cause_secret(
    harness: ConnectorHarness,
) -> None:
    harness.fault(Step.TEST, "status", status=401, times=2)

    assert refusal(harness.connector.test).cause is FailureCause.SECRET


def test_the_definitions_of_the_case_are_accepted(harness: ConnectorHarness) -> None:
    check_platform(harness.case.platform, allow_loopback=True)
    for job in harness.case.jobs.values():
        check_job(harness.case.platform, job)


def test_an_invalid_job_is_refused_before_a_call(harness: ConnectorHarness) -> None:
    job = harness.case.jobs[Behaviour.SUCCEEDS]
    for changes, path in harness.case.refused:
        with pytest.raises(Invalid) as caught:
            check_job(harness.case.platform, job.model_copy(update=dict(changes)))
        assert [problem.path for problem in caught.value.problems] == [path]
