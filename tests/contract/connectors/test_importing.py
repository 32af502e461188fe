"""Import of a whole workspace over HTTP: notebooks, jobs and pipelines."""

from __future__ import annotations

from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.platforms.artefact_import import ArtefactImport
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.import_report import ArtefactSelection, ImportResult
from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.validation.checks import Rules
from polysync_core.platforms.registry import check_job
from tests.contract.connectors.cases.azure_databricks import CASES
from tests.contract.connectors.job_type_case import ConnectorHarness, Simulators, Step
from tests.fakes.definitions import FakeDefinitions, editing_of


def test_a_whole_workspace_is_imported_and_one_broken_artefact_is_reported(
    simulators: Simulators,
) -> None:
    benches = {name: make(simulators) for name, make in CASES.items()}
    harness = ConnectorHarness(benches[JobType.DATABRICKS_NOTEBOOK])
    store = FakeDefinitions()
    definitions = DefinitionLookup(store)
    editing = editing_of(store, Rules(development=True, check_job=check_job))
    platform = harness.case.platform
    store.put(platform, replacing=None)
    importing = ArtefactImport(
        lookup=definitions,
        editing=editing,
        connections=Connections(definitions, lambda _: harness.connector),
    )
    harness.fault(Step.DESCRIBE, "status", status=403)

    items = []
    token, began = None, False
    while not began or token is not None:
        report = importing.import_artefacts(
            platform.name, ArtefactSelection(limit=5, token=token), engine=None
        )
        items += report.items
        token, began = report.token, True

    failed = [each for each in items if each.result is ImportResult.FAILED]
    created = {each.external_id: each for each in items if each.result is ImportResult.CREATED}
    assert len(failed) == 1
    assert "403" in str(failed[0].error)
    for case in benches.values():
        for job in case.jobs.values():
            found = created.get(job.external_id)
            if found is not None:
                assert found.job_type == job.job_type
                stored = definitions.job(str(found.job))
                assert stored.external_id == job.external_id
    kinds = {each.job_type for each in created.values()}
    assert kinds == set(CASES)

    is_resend = importing.import_artefacts(
        platform.name, ArtefactSelection(limit=500), engine=None
    ).items
    assert {each.result for each in is_resend} == {ImportResult.UNCHANGED, ImportResult.CREATED}
    assert [each.external_id for each in is_resend if each.result is ImportResult.CREATED] == [
        failed[0].external_id
    ]
