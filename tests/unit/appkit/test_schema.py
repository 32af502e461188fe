"""Judging parameters by a pydantic model or a JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from polysync_core.appkit.errors import ParametersRefused
from polysync_core.appkit.schema import accepted, schema_problem
from polysync_core.domain.json_types import JsonObject


class Window(BaseModel):
    day: str = "today"
    dry_run: bool | None = Field(default=None, alias="dryRun")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    day: str = "today"


def an_object(**more: Any) -> JsonObject:
    properties = {"day": {"type": "string", "default": "today"}, "dryRun": {"type": "boolean"}}
    return {"type": "object", "properties": properties, **more}


BOTH = pytest.mark.parametrize("schema", [Window, an_object()], ids=["a model", "a JSON Schema"])
STRICT = pytest.mark.parametrize("schema", [Strict, an_object(additionalProperties=False)])


@BOTH
def test_what_fits_is_given_and_the_rest_is_dropped(schema: Any) -> None:
    given: JsonObject = {"day": "x", "dryRun": True, "more": {}}
    assert accepted(schema, given) == {"day": "x", "dryRun": True}


@BOTH
@pytest.mark.parametrize("given", [None, {}])
def test_defaults_stand_in_for_what_is_absent(schema: Any, given: JsonObject | None) -> None:
    assert accepted(schema, given) == {"day": "today"}


@BOTH
def test_a_refusal_names_the_place_and_not_the_value(schema: Any) -> None:
    with pytest.raises(ParametersRefused) as refused:
        accepted(schema, {"day": {"password": "hunter2"}})
    assert refused.value.text == "Invalid job parameters"
    assert [problem.path for problem in refused.value.problems] == ["params.day"]
    assert "hunter2" not in str(refused.value)


@STRICT
def test_a_strict_schema_refuses_what_it_does_not_name(schema: Any) -> None:
    with pytest.raises(ParametersRefused):
        accepted(schema, {"more": 1})


def test_an_open_schema_lets_further_fields_pass() -> None:
    schema = an_object(additionalProperties={"type": "number"})
    assert accepted(schema, {"day": "x", "n": 1}) == {"day": "x", "n": 1}


def test_a_schema_without_names_lets_everything_pass() -> None:
    assert accepted({"type": "object"}, {"a": 1}) == {"a": 1}


def test_a_whole_number_may_be_written_as_a_fraction() -> None:
    schema: JsonObject = {"type": "object", "properties": {"n": {"type": "integer"}}}
    assert accepted(schema, {"n": 5.0}) == {"n": 5.0}
    with pytest.raises(ParametersRefused):
        accepted(schema, {"n": 5.5})


@pytest.mark.parametrize(
    ("schema", "usable"),
    [
        ({"type": "object"}, True),
        ({"type": "array"}, False),
        ({}, False),
        ({"type": "object", "properties": 5}, False),
    ],
)
def test_a_schema_must_be_one_of_an_object(schema: JsonObject, usable: bool) -> None:
    assert (schema_problem(schema) is None) is usable


@pytest.mark.parametrize(
    "more",
    [
        {"$ref": "https://example.com/schema"},
        {"properties": {"a": {"$ref": "#/$defs/mistyped"}}},
        {"allOf": [{"items": {"$ref": "other.json"}}]},
    ],
)
def test_a_reference_that_leads_nowhere_makes_a_schema_unusable(more: JsonObject) -> None:
    """The start of the app tells it, and not the first request."""
    problem = schema_problem({"type": "object", **more})
    assert problem is not None
    assert "leads nowhere" in problem


def test_references_within_a_schema_are_fine() -> None:
    tree: JsonObject = {"properties": {"next": {"$ref": "#/$defs/tree"}}}
    assert (
        schema_problem({"type": "object", "$ref": "#/$defs/tree", "$defs": {"tree": tree}}) is None
    )


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_a_field_that_a_part_of_the_schema_names_is_not_dropped(keyword: str) -> None:
    schema = an_object(**{keyword: [{"properties": {"n": {"type": "number"}}, "required": ["n"]}]})
    given = {"day": "x", "n": 1}
    assert accepted(schema, {**given, "unknown": 1}) == given


def test_a_field_that_a_condition_names_is_not_dropped() -> None:
    schema = an_object(**{"if": {"required": ["n"]}, "then": {"properties": {"n": {}}}})
    assert accepted(schema, {"day": "x", "n": 1, "unknown": 1}) == {"day": "x", "n": 1}


def test_a_schema_that_refers_to_others_lets_further_fields_pass() -> None:
    """What they name is not looked up, and what is not known to be unnamed is not dropped."""
    other: JsonObject = {"properties": {"n": {}}}
    schema = an_object(allOf=[{"$ref": "#/$defs/other"}], **{"$defs": {"other": other}})
    assert accepted(schema, {"day": "x", "n": 1}) == {"day": "x", "n": 1}


def test_a_reference_to_another_document_is_never_fetched() -> None:
    schema: JsonObject = {
        "type": "object",
        "properties": {"a": {"$ref": "http://127.0.0.1:9/schema"}},
    }
    with pytest.raises(Exception, match="Unresolvable"):
        accepted(schema, {"a": 1})
