"""The contract of every job type: the drift between a Job and its artefact."""

from __future__ import annotations

import pytest

from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.platforms.artefact_import import ArtefactImport
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.drift import Drift, DriftState
from polysync_core.domain.definitions.drift.schemas import as_job_parameter
from polysync_core.domain.definitions.jobs import Job, Parameter
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.platforms.plugin import Capability
from polysync_core.platforms.registry import check_job
from tests.contract.connectors.job_type_case import ATTEMPTS, Behaviour, ConnectorHarness, Step
from tests.contract.connectors.steps import needs
from tests.fakes.definitions import FakeDefinitions, editing_of


def drift_of(harness: ConnectorHarness, job: Job) -> Drift:
    """Return the use case over a store that has the job and its platform."""
    store = FakeDefinitions()
    store.put(harness.case.platform, replacing=None)
    store.put(job, replacing=None)
    lookup = DefinitionLookup(store)
    editing = editing_of(store, Rules(development=True, check_job=check_job))
    connections = Connections(lookup, lambda _: harness.connector)
    importing = ArtefactImport(lookup=lookup, editing=editing, connections=connections)
    return Drift(lookup=lookup, editing=editing, connections=connections, artefact_import=importing)


@pytest.fixture
def imported(harness: ConnectorHarness) -> Job:
    """A Job with the parameters of its artefact, as an import writes them."""
    needs(harness, Capability.PARAMETERS)
    parameters = tuple(map(as_job_parameter, harness.case.parameters))
    return harness.case.jobs[Behaviour.SUCCEEDS].model_copy(update={"parameters": parameters})


def test_an_imported_job_is_equal_to_its_artefact(harness: ConnectorHarness, imported: Job) -> None:
    found = drift_of(harness, imported).of_job(imported.name)

    assert (found.state, found.error, found.unseen) == (DriftState.EQUAL, None, ())


def test_a_lost_and_a_foreign_parameter_are_named(harness: ConnectorHarness, imported: Job) -> None:
    foreign = Parameter(name="nothing_reads_it")
    changed = imported.model_copy(update={"parameters": (*imported.parameters[1:], foreign)})

    found = drift_of(harness, changed).of_job(changed.name)

    assert found.state is DriftState.CHANGED or not imported.parameters
    assert found.difference.added == tuple(each.name for each in imported.parameters[:1])
    assert foreign.name in (*found.difference.removed, *found.unseen)


def test_a_missing_artefact_is_gone(harness: ConnectorHarness) -> None:
    needs(harness, Capability.PARAMETERS, Behaviour.MISSING)
    job = harness.case.jobs[Behaviour.MISSING]

    found = drift_of(harness, job).of_job(job.name)

    assert found.state is DriftState.GONE
    assert found.error


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_an_artefact_that_cannot_be_read_is_unknown(
    harness: ConnectorHarness, imported: Job, status: int
) -> None:
    harness.fault(Step.DESCRIBE, "status", status=status, times=2 * ATTEMPTS)

    found = drift_of(harness, imported).of_job(imported.name)

    assert (found.state, bool(found.error)) == (DriftState.UNKNOWN, True)
    assert found.difference.is_empty
