"""Descriptions and lists of pipelines with scripted answers."""

from __future__ import annotations

import pytest

from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.json_types import JsonObject
from tests.unit.platforms.azure_data_pipelines.stand import Stand

DEFINITION: JsonObject = {
    "properties": {
        "parameters": {
            "text": {"type": "String", "defaultValue": "a"},
            "number": {"type": "int", "defaultValue": 3},
            "share": {"type": "Float", "defaultValue": 0.5},
            "flag": {"type": "bool", "defaultValue": False},
            "about": {"type": "Object", "defaultValue": {"a": 1}},
            "days": {"type": "Array", "defaultValue": [1]},
            "password": {"type": "SecureString", "defaultValue": "hunter2"},
            "plain": {"type": "String"},
        },
        "activities": [
            {
                "name": "If",
                "type": "IfCondition",
                "typeProperties": {
                    "ifTrueActivities": [
                        {
                            "type": "SetVariable",
                            "typeProperties": {
                                "variableName": "pipelineReturnValue",
                                "value": [
                                    {"key": "rows", "value": {"type": "Int", "content": 1}},
                                    {"key": "any", "value": {"type": "Expression"}},
                                    {"key": "text", "value": {"type": "String"}},
                                    {"key": ""},
                                    7,
                                ],
                            },
                        }
                    ]
                },
            },
            {
                "type": "Switch",
                "typeProperties": {
                    "cases": [
                        {
                            "value": "a",
                            "activities": [
                                {
                                    "type": "SetVariable",
                                    "typeProperties": {
                                        "variableName": "pipelineReturnValue",
                                        "value": [{"key": "days2", "value": {"type": "Array"}}],
                                    },
                                }
                            ],
                        }
                    ]
                },
            },
            {"type": "SetVariable", "typeProperties": {"variableName": "v", "value": "x"}},
            "nothing",
        ],
    }
}
INPUTS = (
    Parameter(name="number", data_type=DataType.INT, default=3),
    Parameter(name="share", data_type=DataType.FLOAT, default=0.5),
    Parameter(name="flag", data_type=DataType.BOOL, default=False),
    Parameter(name="about", data_type=DataType.JSON, default={"a": 1}),
    Parameter(name="days", data_type=DataType.JSON_ARRAY, default=[1]),
    Parameter(name="password", data_type=DataType.SECRET),
    Parameter(name="plain"),
)


@pytest.mark.parametrize("kind", ["AzureDataFactory", "AzureSynapse"])
def test_a_pipeline_is_described_by_its_parameters_and_return_value(kind: str) -> None:
    schema = Stand(DEFINITION, kind=kind).job.describe("pl_load")

    assert schema.parameters == (
        Parameter(name="text", default="a", direction=Direction.INPUT_OUTPUT),
        *INPUTS,
        Parameter(name="rows", data_type=DataType.INT, direction=Direction.OUTPUT),
        Parameter(name="any", data_type=DataType.JSON, direction=Direction.OUTPUT),
        Parameter(name="days2", data_type=DataType.JSON_ARRAY, direction=Direction.OUTPUT),
    )
    assert (schema.typed, schema.notes) == (True, ())


def test_an_unknown_type_becomes_a_string_with_a_note() -> None:
    schema = Stand({"properties": {"parameters": {"when": {"type": "Date"}}}}).job.describe("p")

    assert schema.parameters == (Parameter(name="when"),)
    assert "'when'" in schema.notes[0]


def test_an_invalid_parameter_name_is_left_out_with_a_note() -> None:
    long = "x" * 256
    returned: JsonObject = {
        "type": "SetVariable",
        "typeProperties": {
            "variableName": "pipelineReturnValue",
            "value": [{"key": long, "value": {"type": "Int"}}],
        },
    }
    declared: JsonObject = {long: {"type": "Int"}, "": {"type": "Int"}, "day": {"type": "String"}}
    definition: JsonObject = {"parameters": declared, "activities": [returned]}

    schema = Stand({"properties": definition}).job.describe("pl_load")

    assert schema.parameters == (Parameter(name="day"),)
    assert len(schema.notes) == 2


@pytest.mark.parametrize("answer", [{}, {"properties": []}])
def test_a_description_of_another_shape_is_an_unexpected_answer(answer: JsonObject) -> None:
    with pytest.raises(Unavailable):
        Stand(answer).job.describe("pl_load")


def test_a_list_continues_only_on_its_own_host() -> None:
    here = "http://127.0.0.1:1/subscriptions/x/pipelines?api-version=2018-06-01&%24skiptoken=50"
    pages = [{"value": [{"name": "Load"}], "nextLink": here}, {"value": [{"name": "Unload"}, 7]}]

    found = list(Stand(*pages).connector.artefacts(search="LOAD"))

    assert [each.name for each in found] == ["Load", "Unload"]
    assert [each.schema for each in found] == [None, None]
    elsewhere = Stand({"value": [], "nextLink": "https://evil.example/pipelines"})
    with pytest.raises(Unavailable):
        list(elsewhere.connector.artefacts())
    assert len(elsewhere.transport.requests) == 1
