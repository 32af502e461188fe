"""Import from a platform over HTTP: notebooks, jobs and pipelines in one go."""

from __future__ import annotations

from polysync_core.application.definitions.lookup import DefinitionLookup
from polysync_core.application.platforms.artefact_import import ArtefactImport
from polysync_core.application.platforms.import_report import ArtefactSelection, ImportResult
from polysync_core.domain.definitions.checks import Rules
from polysync_core.domain.definitions.jobs import JobType
from polysync_core.platforms.registry import check_job
from tests.contract.connectors.bench import Rig, Stage, Step
from tests.contract.connectors.benches.azure_databricks import BENCHES
from tests.fakes.definitions import FakeDefinitions, editing_of


def test_all_that_a_workspace_has_is_imported_with_one_broken_artefact_told(stage: Stage) -> None:
    benches = {name: make(stage) for name, make in BENCHES.items()}
    rig = Rig(benches[JobType.DATABRICKS_NOTEBOOK])
    store = FakeDefinitions()
    definitions = DefinitionLookup(store)
    editing = editing_of(store, Rules(development=True, check_job=check_job))
    platform = rig.bench.platform
    store.put(platform, replacing=None)
    importing = ArtefactImport(
        lookup=DefinitionLookup(store), editing=editing, connect=lambda _: rig.connector
    )
    rig.fault(Step.DESCRIBE, "status", status=403)

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
    for bench in benches.values():
        for job in bench.jobs.values():
            found = created.get(job.external_id)
            if found is not None:
                assert found.job_type == job.job_type
                stored = definitions.job(str(found.job))
                assert stored.external_id == job.external_id
    kinds = {each.job_type for each in created.values()}
    assert kinds == set(BENCHES)

    again = importing.import_artefacts(
        platform.name, ArtefactSelection(limit=500), engine=None
    ).items
    assert {each.result for each in again} == {ImportResult.UNCHANGED, ImportResult.CREATED}
    assert [each.external_id for each in again if each.result is ImportResult.CREATED] == [
        failed[0].external_id
    ]
