"""Tests that an import reports the entries of a list that cannot become a Job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from polysync_core.platforms.connector import Artefact, ArtefactSchema
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform

NOTEBOOK = "DatabricksNotebook"
PRIVATE = Artefact(
    external_id="/private", job_type=NOTEBOOK, name="private", problem="unread", is_skipped=True
)
HIDDEN = Artefact(external_id="/a\tb", job_type=NOTEBOOK, name="a\tb", problem="a tab")
LOAD = Artefact(external_id="/load", job_type=NOTEBOOK, name="load")


class Listing:
    """A platform whose list has entries with problems."""

    def __init__(self) -> None:
        self.described: list[str] = []

    def artefacts(
        self, *, job_type: str | None = None, search: str | None = None
    ) -> Iterator[Artefact]:
        yield from (PRIVATE, HIDDEN, LOAD)

    def job(self, job_type: str) -> Any:
        return self

    def describe(self, external_id: str) -> ArtefactSchema:
        self.described.append(external_id)
        return ArtefactSchema(parameters=())


def test_entries_with_a_problem_are_reported_and_never_described() -> None:
    listing = Listing()
    app = FakeApp(a_platform(), open_connector=lambda *_, **__: listing)
    with app.http as client:
        report = client.post("/platforms/lakehouse/import", json={}).json()

    assert [(each["externalId"], each["error"]) for each in report["skipped"]] == [
        ("/private", "unread")
    ]
    assert [(each["externalId"], each["error"]) for each in report["failed"]] == [
        ("/a\tb", "a tab")
    ]
    assert [each["job"] for each in report["created"]] == ["load"]
    assert listing.described == ["/load"]


def test_the_list_has_the_reason_and_the_job_of_an_entry() -> None:
    job = a_job(name="mine", external_id="/load")
    app = FakeApp(a_platform(), job, open_connector=lambda *_, **__: Listing())
    with app.http as client:
        items = client.get("/platforms/lakehouse/artefacts").json()["items"]

    assert [(each["externalId"], each["problem"], each["jobs"]) for each in items] == [
        ("/private", "unread", []),
        ("/a\tb", "a tab", []),
        ("/load", None, ["mine"]),
    ]
