"""Discovery and parameters of templates of Dataflow."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.platforms.connector import ArtefactNotFound
from tests.fakes.http import Reply
from tests.unit.platforms.google.stand import Stand
from tests.unit.platforms.google_dataflow.test_definitions import CLASSIC, FLEX, PAST, PATH
from tests.unit.platforms.google_dataflow.test_runs import a_run, a_stand, refusal


def test_templates_are_the_files_of_a_folder_without_their_metadata() -> None:
    names = [
        "latest/Word_Count",
        "latest/Word_Count_metadata",
        "latest/flex/Kafka",
        "latest/load.json",
        "latest/odd name",
        "latest/",
    ]
    pages = [
        {"items": [{"name": name} for name in names[:3]], "nextPageToken": "n"},
        {"items": [{"name": name} for name in names[3:]]},
    ]
    stand = a_stand(*pages)

    found = list(stand.connector.artefacts())

    assert [(each.name, each.job_type) for each in found] == [
        ("Word_Count", CLASSIC),
        ("flex/Kafka", FLEX),
        ("load.json", FLEX),
        ("odd name", CLASSIC),
    ]
    assert found[0].external_id == "gs://dataflow-templates-europe-west3/latest/Word_Count"
    assert [each.problem is None for each in found] == [True, True, True, False]
    first, second = [str(each.path_url) for each in stand.transport.requests]
    assert first.startswith("/storage/v1/b/dataflow-templates-europe-west3/o?maxResults=1000")
    assert "prefix=latest%2F" in first
    assert "pageToken=n" in second


def test_a_missing_bucket_names_the_attribute() -> None:
    with pytest.raises(PlatformRefused, match=r"attributes\.templateFolder"):
        list(a_stand(refusal(404)).connector.artefacts())


def test_parameters_come_from_the_metadata() -> None:
    declared: list[Any] = [
        {"name": "input", "label": "Input", "helpText": "The files.", "regexes": ["^gs://"]},
        {"name": "rows", "label": "Rows", "isOptional": True, "defaultValue": "7"},
        {"name": "fast", "isOptional": True, "paramType": "BOOLEAN", "defaultValue": "true"},
        {"name": ""},
        "odd",
    ]
    stand = a_stand({"metadata": {"name": "load", "parameters": declared}, "templateType": "FLEX"})

    schema = stand.job.describe(PATH)

    assert list(schema.parameters) == [
        Parameter(name="input", description="The files.", required=True),
        Parameter(name="rows", description="Rows", default="7"),
        Parameter(name="fast", data_type=DataType.BOOL, default="true"),
    ]
    assert schema.is_complete
    assert "templates:get?gcsPath=" in stand.sent()[0]


def test_a_template_without_metadata_has_a_note() -> None:
    stand = a_stand({"status": {"code": 5, "message": f"Unable to open {PATH}_metadata"}})

    schema = stand.job.describe(PATH)

    assert schema.parameters == ()
    assert "_metadata" in schema.notes[0]


def test_a_past_job_has_a_note_and_a_missing_one_is_not_found() -> None:
    assert "past job" in a_stand(a_run("DONE")).job.describe(PAST).notes[0]
    with pytest.raises(ArtefactNotFound):
        a_stand(refusal(404)).job.describe(PAST)
    with pytest.raises(ArtefactNotFound):
        a_stand({}).job.describe("no-id")


@pytest.mark.parametrize("page", [Reply(404, b"<html>not found</html>")])
def test_a_page_of_another_server_says_nothing_about_a_run(page: Reply) -> None:
    stand = Stand(CLASSIC, page, external_id=PATH)

    with pytest.raises(PlatformRefused):
        stand.job.read(stand.definition, PAST)
