"""Tests that both spellings of a notebook's path name one artefact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.application.platforms.artefact_keys import ArtefactKeys
from polysync_core.application.platforms.import_report import ArtefactSelection
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import Artefact, ArtefactNotFound, ArtefactSchema
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform

NOTEBOOK = "DatabricksNotebook"
SHORT, LONG = "/Shared/load", "/Workspace/Shared/load"
SPELLINGS = pytest.mark.parametrize(
    ("stored", "listed"), [(SHORT, LONG), (LONG, SHORT), (SHORT, SHORT), (LONG, LONG)]
)


class Listing:
    """A platform that lists some notebooks, and knows only these."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths

    def artefacts(
        self, *, job_type: str | None = None, search: str | None = None
    ) -> Iterator[Artefact]:
        for path in self.paths:
            yield Artefact(external_id=path, job_type=NOTEBOOK, name=path.rpartition("/")[2])

    def job(self, job_type: str) -> Any:
        return self

    def describe(self, external_id: str) -> ArtefactSchema:
        if external_id not in self.paths:
            raise ArtefactNotFound("It is absent.", cause=FailureCause.SUBMIT, status=404)
        return ArtefactSchema(parameters=())


def app_with(listing: Listing, *jobs: Job) -> FakeApp:
    platform = a_platform(name="lakehouse")
    return FakeApp(platform, *jobs, open_connector=lambda *_, **__: listing)


def stored_job(path: str) -> Job:
    return a_job(name="mine", platform="lakehouse", job_type=NOTEBOOK, external_id=path)


@SPELLINGS
def test_an_import_updates_the_job_of_the_other_spelling(stored: str, listed: str) -> None:
    app = app_with(Listing(listed), stored_job(stored))
    importing = app.services.artefact_import

    report = importing.import_artefacts("lakehouse", ArtefactSelection(), engine=None)

    assert [(each.result, each.job) for each in report.items] == [("unchanged", "mine")]
    jobs = [*app.services.definitions.jobs_on("lakehouse")]
    assert [(each.name, each.external_id) for each in jobs] == [("mine", stored)]


@SPELLINGS
def test_the_list_shows_the_job_of_the_other_spelling(stored: str, listed: str) -> None:
    app = app_with(Listing(listed), stored_job(stored))
    page = app.services.artefact_import.artefacts("lakehouse", ArtefactSelection())
    assert [(each.artefact.external_id, each.jobs) for each in page.items] == [(listed, ("mine",))]


@SPELLINGS
def test_an_artefact_is_selected_by_either_spelling(stored: str, listed: str) -> None:
    app = app_with(Listing("/other", listed))
    selection = ArtefactSelection(external_ids=frozenset({stored}))

    report = app.services.artefact_import.import_artefacts("lakehouse", selection, engine=None)

    assert [(each.result, each.external_id) for each in report.items] == [("created", listed)]


def test_both_spellings_in_one_selection_import_the_artefact_once() -> None:
    app = app_with(Listing("/other", SHORT))
    selection = ArtefactSelection(external_ids=frozenset({SHORT, LONG}))

    report = app.services.artefact_import.import_artefacts("lakehouse", selection, engine=None)

    assert [(each.result, each.external_id) for each in report.items] == [("created", SHORT)]
    assert [each.requested for each in report.items] == [(SHORT, LONG)]


def test_a_name_without_an_artefact_is_its_own_request() -> None:
    app = app_with(Listing(SHORT))
    selection = ArtefactSelection(external_ids=frozenset({"/Workspace/nowhere"}))

    report = app.services.artefact_import.import_artefacts("lakehouse", selection, engine=None)

    assert [(each.result, each.requested) for each in report.items] == [
        ("failed", ("/Workspace/nowhere",))
    ]


def test_the_names_of_azure_functions_differ_in_more_than_their_case() -> None:
    keys = ArtefactKeys(platform_plugin("AzureFunctions"))
    key = keys.key("AzureHttpFunction", "Report/users/{id}")

    assert keys.key("AzureHttpFunction", "report/Users/{id}") == key
    assert keys.key("AzureHttpFunction", "reports/users/{id}") != key


def test_a_job_of_another_type_is_compared_literally() -> None:
    other = a_job(name="mine", platform="lakehouse", job_type="DatabricksJob", external_id="7")
    page = app_with(Listing(SHORT), other).services.artefact_import.artefacts(
        "lakehouse", ArtefactSelection()
    )
    assert [each.jobs for each in page.items] == [()]


@pytest.mark.parametrize("path", ["/Workspaces/Shared/load", "/Workspace2/Shared/load"])
def test_a_similar_folder_is_another_artefact(path: str) -> None:
    app = app_with(Listing(SHORT), stored_job(path))
    page = app.services.artefact_import.artefacts("lakehouse", ArtefactSelection())
    assert [each.jobs for each in page.items] == [()]
