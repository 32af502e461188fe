"""Tests for validating parameters against a pydantic model or a JSON Schema."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from polysync_core.appkit.errors import InvalidParameters
from polysync_core.appkit.named_jobs import UnknownFields
from polysync_core.appkit.schema import validated
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
def test_named_fields_are_kept_and_unnamed_fields_are_dropped(schema: Any) -> None:
    given: JsonObject = {"day": "x", "dryRun": True, "more": {}}
    assert validated(schema, given) == {"day": "x", "dryRun": True}


@BOTH
@pytest.mark.parametrize("given", [None, {}])
def test_defaults_replace_absent_fields(schema: Any, given: JsonObject | None) -> None:
    assert validated(schema, given) == {"day": "today"}


@BOTH
def test_a_problem_names_the_field_and_not_the_value(schema: Any) -> None:
    with pytest.raises(InvalidParameters) as caught:
        validated(schema, {"day": {"password": "hunter2"}})
    assert caught.value.text == "Invalid job parameters"
    assert [problem.path for problem in caught.value.problems] == ["params.day"]
    assert "hunter2" not in str(caught.value)


@STRICT
def test_a_strict_schema_refuses_unnamed_fields(schema: Any) -> None:
    with pytest.raises(InvalidParameters):
        validated(schema, {"more": 1})


def test_an_open_schema_keeps_unnamed_fields() -> None:
    schema = an_object(additionalProperties={"type": "number"})
    assert validated(schema, {"day": "x", "n": 1}) == {"day": "x", "n": 1}


def test_a_schema_without_properties_drops_all_fields() -> None:
    """`z.object({})` has no fields either."""
    assert validated({"type": "object"}, {"a": 1}) == {}


def test_a_closed_schema_drops_unnamed_fields_if_the_job_says_so() -> None:
    schema = an_object(additionalProperties=False)
    given: JsonObject = {"day": "x", "more": 1}
    assert validated(schema, given, UnknownFields.DROP) == {"day": "x"}


def test_a_whole_number_may_be_written_as_a_fraction() -> None:
    schema: JsonObject = {"type": "object", "properties": {"n": {"type": "integer"}}}
    assert validated(schema, {"n": 5.0}) == {"n": 5.0}
    with pytest.raises(InvalidParameters):
        validated(schema, {"n": 5.5})


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_a_field_that_a_subschema_names_is_kept(keyword: str) -> None:
    schema = an_object(**{keyword: [{"properties": {"n": {"type": "number"}}, "required": ["n"]}]})
    given = {"day": "x", "n": 1}
    assert validated(schema, {**given, "unknown": 1}) == given


def test_a_field_that_a_condition_names_is_kept() -> None:
    schema = an_object(**{"if": {"required": ["n"]}, "then": {"properties": {"n": {}}}})
    assert validated(schema, {"day": "x", "n": 1, "unknown": 1}) == {"day": "x", "n": 1}


def test_a_field_that_a_referenced_schema_names_is_kept() -> None:
    other: JsonObject = {"properties": {"n": {"default": 1}}}
    schema = an_object(allOf=[{"$ref": "#/$defs/other"}], **{"$defs": {"other": other}})
    assert validated(schema, {"unknown": 1}) == {"day": "today", "n": 1}


def test_each_problem_names_its_field_and_its_rule() -> None:
    schema: JsonObject = {
        "type": "object",
        "properties": {
            "day": {"type": "string", "format": "date"},
            "size": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 2}},
        },
        "required": ["day", "region"],
    }
    with pytest.raises(InvalidParameters) as caught:
        validated(schema, {"day": "yesterday", "size": {}, "tags": ["ok", "long"]})
    assert {problem.path: problem.message for problem in caught.value.problems} == {
        "params.day": "must be a date such as 2026-01-31",
        "params.size.n": "is missing",
        "params.tags[1]": "must have at most 2 characters",
        "params.region": "is missing",
    }
