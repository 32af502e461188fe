"""The inputs that a trigger's schema tells, and those that it does not."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType
from polysync_core.platforms.azure_logic_apps.workflow_definition import Workflow
from polysync_core.platforms.connector import ArtefactSchema


def read(schema: Any, *actions: str) -> ArtefactSchema:
    definition = {
        "triggers": {"manual": {"type": "Request", "inputs": {"schema": schema}}},
        "actions": {f"a{index}": {"inputs": text} for index, text in enumerate(actions)},
    }
    return Workflow(trigger="manual", is_stateless=False, definition=definition).schema()


def one(declared: Any, **root: Any) -> ArtefactSchema:
    return read({"type": "object", "properties": {"x": declared}, **root})


@pytest.mark.parametrize(
    "schema", [None, {}, {"type": "object"}, {"type": "object", "properties": {}}]
)
def test_a_schema_without_properties_is_a_doubt(schema: Any) -> None:
    found = read(schema)

    assert (found.parameters, found.is_complete) == ((), False)
    assert "the trigger has no schema" in found.notes[0]


@pytest.mark.parametrize(
    ("declared", "data_type"),
    [
        ({"type": "integer"}, DataType.INT),
        ({"type": ["integer", "null"]}, DataType.INT),
        ({"type": ["number", "integer"]}, DataType.FLOAT),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, DataType.BOOL),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, DataType.FLOAT),
        ({"allOf": [{"type": "array"}, {"minItems": 1}]}, DataType.JSON_ARRAY),
        ({"$ref": "#/definitions/n"}, DataType.INT),
        ({"$ref": "#/definitions/again"}, DataType.INT),
        ({"anyOf": [{"$ref": "#/definitions/n"}]}, DataType.INT),
        ({"enum": ["a", "b"]}, DataType.STRING),
        ({"enum": [1, 2]}, DataType.INT),
        ({"const": True}, DataType.BOOL),
        ({"properties": {"y": {}}}, DataType.JSON),
        ({"items": {}}, DataType.JSON_ARRAY),
    ],
)
def test_a_type_of_the_schema_is_taken(declared: Any, data_type: DataType) -> None:
    definitions = {"n": {"type": "integer"}, "again": {"$ref": "#/definitions/n"}}
    found = one(declared, definitions=definitions)

    assert [each.data_type for each in found.parameters] == [data_type]
    assert (found.guessed, found.notes) == (frozenset(), ())


@pytest.mark.parametrize(
    "declared",
    [
        {},
        {"anyOf": [{"type": "string"}, {"type": "object"}]},
        {"anyOf": [{"type": "string"}, {}]},
        {"$ref": "https://example.com/schema"},
        {"$ref": "#/definitions/missing"},
        {"$ref": "#/properties/x"},
        {"anyOf": [{"$ref": "#/properties/x"}] * 30},
        {"type": "odd"},
        {"type": ["string", "object"]},
    ],
)
def test_a_type_that_the_schema_lacks_is_a_guess_with_a_note(declared: Any) -> None:
    found = read({"properties": {"x": declared}})

    assert found.typed
    assert found.guessed == {"x"}
    assert [each.data_type for each in found.parameters] == [DataType.STRING]
    assert "does not tell the type of x" in found.notes[0]
    assert found.is_complete


def test_properties_of_combined_schemas_are_inputs() -> None:
    found = read(
        {
            "$ref": "#/definitions/all",
            "definitions": {
                "all": {
                    "allOf": [
                        {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
                        {"$ref": "#/definitions/b"},
                    ]
                },
                "b": {"properties": {"b": {"type": "string"}}},
            },
        }
    )

    assert [(each.name, each.data_type, each.required) for each in found.parameters] == [
        ("a", DataType.INT, True),
        ("b", DataType.STRING, False),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "@triggerBody()?['order']",
        "@{triggerBody()['order']}",
        "@triggerBody().order",
        "@triggerOutputs()?['body']?['order']['id']",
        "@triggerOutputs()['body'].order",
        "@trigger()['outputs']['body']['order']",
        "@trigger().outputs.body.order",
    ],
)
def test_a_property_that_only_the_workflow_reads_is_a_doubt(text: str) -> None:
    found = read({"properties": {"x": {"type": "string"}}}, text, "@triggerBody()?['x']")

    assert not found.is_complete
    assert found.notes == (
        "the workflow reads order, which the trigger's schema does not declare: add them to the job"
        " by hand",
    )


def test_other_parts_of_the_call_are_noted() -> None:
    found = one({"type": "string"})
    other = read({"properties": {"x": {"type": "string"}}}, "@triggerOutputs()['queries']['day']")

    assert found.notes == ()
    assert "queries of the call" in other.notes[0]
