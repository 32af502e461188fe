"""Parameters of Fabric items, read from their definitions."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType, JobType, Parameter
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable
from polysync_core.platforms.connector import ArtefactNotFound
from polysync_core.platforms.microsoft_fabric.notebook_parameters import parameters_of
from tests.fakes.http import Reply
from tests.unit.platforms.microsoft_fabric.stand import HOST, ITEM, Stand

OPERATION = "0acd697c-1550-43cd-b998-91bfbfbd47c6"
PATH = f"/v1/operations/{OPERATION}"


def definition(**files: str) -> dict[str, Any]:
    parts = [
        {"path": path, "payload": base64.b64encode(text.encode()).decode(), "payloadType": "x"}
        for path, text in files.items()
    ]
    return {"definition": {"parts": [*parts, {"path": ".platform", "payload": "e30="}]}}


def cell(source: Any, *tags: str, **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {"tags": [*tags], **metadata}}


def notebook(*cells: Any, language: str = "python") -> bytes:
    metadata = {"language_info": {"name": language}}
    return json.dumps({"cells": cells, "metadata": metadata}).encode()


def test_the_assignments_of_the_parameters_cell_are_the_parameters() -> None:
    source = [
        "%%pyspark\n",
        "# the day\n",
        "day = '2030-01-01'\n",
        "rows: int = -7\n",
        "share = 0.5\n",
        "is_full = True\n",
        "nothing = None\n",
        "table: str\n",
        "_private = 1\n",
        "import os\n",
        "first = second = 2\n",
    ]
    schema = parameters_of(notebook(cell("x = 1"), cell(source, "parameters")))

    assert schema.parameters == (
        Parameter(name="day", default="2030-01-01"),
        Parameter(name="rows", data_type=DataType.INT, default=-7),
        Parameter(name="share", data_type=DataType.FLOAT, default=0.5),
        Parameter(name="is_full", data_type=DataType.BOOL, default=True),
        Parameter(name="nothing"),
        Parameter(name="table"),
        Parameter(name="first", data_type=DataType.INT, default=2),
        Parameter(name="second", data_type=DataType.INT, default=2),
    )
    assert (schema.notes, schema.is_complete) == ((), True)


def test_a_default_that_a_run_cannot_send_is_left_out_with_a_note() -> None:
    source = "day = today()\nnames = ['a']\nlimits = {'a': 1}\ntext = b'x'\nbig = 1e999\n"
    schema = parameters_of(notebook(cell(source, "parameters")))

    assert schema.parameters == (
        Parameter(name="day"),
        Parameter(name="names", data_type=DataType.JSON_ARRAY),
        Parameter(name="limits", data_type=DataType.JSON),
        Parameter(name="text"),
        Parameter(name="big"),
    )
    assert len(schema.notes) == 5


@pytest.mark.parametrize(
    "document",
    [
        b"not json",
        b"[]",
        b'{"cells": 5}',
        b'{"cells": [5]}',
        notebook(cell(5, "parameters")),
        notebook(cell("def", "parameters")),
        notebook(cell("x = 1\0", "parameters")),
        b"[" * 100_000,
        notebook(cell("x = " + "(" * 5000, "parameters")),
    ],
)
def test_an_unreadable_notebook_has_a_note_and_no_parameters(document: bytes) -> None:
    schema = parameters_of(document)
    assert schema.parameters == ()
    assert "cannot be read" in schema.notes[0]
    assert not schema.is_complete


@pytest.mark.parametrize(
    "document",
    [
        notebook(cell("val x = 1", "parameters"), language="scala"),
        notebook(cell("val x = 1", "parameters", microsoft={"language": "scala"})),
    ],
)
def test_a_cell_of_another_language_is_named(document: bytes) -> None:
    assert "scala" in parameters_of(document).notes[0]


def test_a_notebook_without_the_cell_has_no_parameters() -> None:
    assert parameters_of(notebook(cell("x = 1"))).parameters == ()
    assert parameters_of(notebook()).parameters == ()


def test_a_definition_is_read_after_its_operation_has_ended() -> None:
    parts = definition(
        **{"notebook-content.ipynb": notebook(cell("rows = 1", "parameters")).decode()}
    )
    accepted = Reply(202, b"", {"Location": f"{HOST}{PATH}", "Retry-After": "30"})
    running = Reply.json({"status": "Running"}, headers={"Retry-After": "2"})
    stand = Stand(accepted, running, {"status": "Succeeded"}, parts)

    schema = stand.job.describe(ITEM)

    assert [each.name for each in schema.parameters] == ["rows"]
    assert stand.sent() == [
        f"POST items/{ITEM}/getDefinition?format=ipynb",
        f"GET {PATH}",
        f"GET {PATH}",
        f"GET {PATH}/result",
    ]
    assert stand.time.naps == [5.0, 2.0]


def test_the_id_of_the_operation_may_be_in_a_header_beside_a_regional_address() -> None:
    headers = {
        "Location": f"https://wabi-eu.analysis.windows.net{PATH}",
        "x-ms-operation-id": OPERATION,
    }
    stand = Stand(Reply(202, b"", headers), {"status": "Succeeded"}, definition(a="b"))
    with pytest.raises(Unavailable):
        stand.job.describe(ITEM)  # The definition has no notebook.
    assert stand.sent()[1] == f"GET {PATH}"

    foreign = Reply(202, b"", {"Location": f"https://evil.example{PATH}"})
    with pytest.raises(Unavailable):
        Stand(foreign).job.describe(ITEM)


def test_an_operation_that_fails_or_never_ends_is_an_error() -> None:
    accepted = Reply(202, b"", {"x-ms-operation-id": OPERATION})
    failed = {"status": "Failed", "error": {"message": "x"}}
    with pytest.raises(PlatformRefused, match="save it again"):
        Stand(accepted, failed).job.describe(ITEM)
    stand = Stand(accepted, {"status": "Running"})
    with pytest.raises(Unavailable, match="try again later"):
        stand.job.describe(ITEM)
    assert 60 <= stand.time.seconds < 70


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"definition": {"parts": "x"}},
        {"definition": {"parts": [{"path": "notebook-content.ipynb"}]}},
        {"definition": {"parts": [{"path": "notebook-content.ipynb", "payload": "%%"}]}},
    ],
)
def test_an_unreadable_definition_is_unavailable(answer: Any) -> None:
    with pytest.raises(Unavailable):
        Stand(answer).job.describe(ITEM)


def test_a_protected_definition_says_what_to_do() -> None:
    refusal = Reply.json({"errorCode": "OperationNotSupportedForItem"}, 400)
    with pytest.raises(PlatformRefused, match="declare the parameters by hand"):
        Stand(refusal).job.describe(ITEM)
    with pytest.raises(ArtefactNotFound):
        Stand(Reply.json({"errorCode": "ItemNotFound"}, 404)).job.describe(ITEM)
    with pytest.raises(Invalid):
        Stand({}).job.describe("../x")


def test_the_parameters_of_a_dataflow_have_the_declared_types() -> None:
    declared = [
        {"name": "maker", "type": "String", "description": "The maker", "defaultValue": "a"},
        {"name": "rows", "type": "Integer", "description": "", "defaultValue": 1},
        {"name": "share", "type": "Number", "defaultValue": 3},
        {"name": "is_new", "type": "Boolean", "defaultValue": True},
        {"name": "day", "type": "Date", "defaultValue": "2025-09-15"},
        {"name": "wrong", "type": "Integer", "defaultValue": "x"},
        {"name": "", "type": "String"},
    ]
    schema = Stand({"value": declared}, job_type=JobType.FABRIC_DATAFLOW).job.describe(ITEM)

    assert schema.parameters == (
        Parameter(name="maker", description="The maker", default="a"),
        Parameter(name="rows", data_type=DataType.INT, default=1),
        Parameter(name="share", data_type=DataType.FLOAT, default=3),
        Parameter(name="is_new", data_type=DataType.BOOL, default=True),
        Parameter(name="day", default="2025-09-15"),
        Parameter(name="wrong", data_type=DataType.INT),
    )
    assert len(schema.notes) == 1


def test_a_dataflow_whose_parameters_are_off_has_none() -> None:
    refusal = Reply.json({"errorCode": "DataflowNotParametricError"}, 400)
    stand = Stand(refusal, job_type=JobType.FABRIC_DATAFLOW)
    assert stand.job.describe(ITEM).parameters == ()
    missing = Reply.json({"errorCode": "ItemNotFound"}, 404)
    with pytest.raises(ArtefactNotFound):
        Stand(missing, job_type=JobType.FABRIC_DATAFLOW).job.describe(ITEM)


@pytest.mark.parametrize(
    ("content", "default"),
    [
        ({"commandLineArguments": "--x 1"}, "--x 1"),
        ({"commandLineArguments": ""}, None),
        ({}, None),
    ],
)
def test_a_spark_job_has_one_parameter_for_its_arguments(content: Any, default: Any) -> None:
    files = definition(**{"SparkJobDefinitionV1.json": json.dumps(content)})
    stand = Stand(files, job_type=JobType.FABRIC_SPARK_JOB)
    (found,) = stand.job.describe(ITEM).parameters
    assert (found.name, found.default) == ("commandLineArguments", default)


@pytest.mark.parametrize("job_type", [JobType.FABRIC_PIPELINE, JobType.FABRIC_SPARK_JOB])
@pytest.mark.parametrize("text", ["", "[]", "not json"])
def test_a_definition_in_another_form_is_unavailable(job_type: JobType, text: str) -> None:
    files = definition(**{"pipeline-content.json": text, "SparkJobDefinitionV1.json": text})
    with pytest.raises(Unavailable):
        Stand(files, job_type=job_type).job.describe(ITEM)


def test_items_with_odd_fields_are_listed_with_what_they_have() -> None:
    items = [
        {"id": ITEM.upper(), "displayName": "Sales (月次)", "description": None},
        {"id": "x", "displayName": "Sales without an id"},
        {"id": OPERATION, "displayName": None},
        {"displayName": "Sales"},
        {"id": ITEM, "displayName": "other", "description": "Sums up"},
    ]
    stand = Stand({"value": items})

    found = list(stand.connector.artefacts(job_type=JobType.FABRIC_NOTEBOOK, search="SALES"))

    assert [(each.external_id, each.name, bool(each.problem)) for each in found] == [
        (ITEM, "Sales (月次)", False),
        ("x", "Sales without an id", True),
    ]
    assert stand.sent() == ["GET items?type=Notebook"]
    (unnamed,) = stand.connector.artefacts(job_type=JobType.FABRIC_NOTEBOOK, search=OPERATION)
    assert unnamed.name == OPERATION
