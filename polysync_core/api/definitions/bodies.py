"""Parses JSON or YAML request bodies and the preconditions in If-Match and If-None-Match."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Query, Request

from polysync_core.application.definitions.editing import ANY, WriteCondition
from polysync_core.domain.errors import Malformed
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.strict_documents import read_json, read_yaml


async def _raw(request: Request) -> bytes:
    return await request.body()


def _json_first(request: Request, body: Annotated[bytes, Depends(_raw)]) -> JsonValue:
    """Read JSON, or YAML if the content type names YAML."""
    content_type = request.headers.get("content-type", "")
    return read_yaml(body) if "yaml" in content_type.lower() else read_json(body)


def _yaml_first(request: Request, body: Annotated[bytes, Depends(_raw)]) -> JsonValue:
    """Read YAML, or JSON if the content type names JSON."""
    content_type = request.headers.get("content-type", "")
    return read_json(body) if "json" in content_type.lower() else read_yaml(body)


PlanToken = Annotated[
    str | None,
    Query(
        alias="planToken",
        description="The token of a dry run: execute exactly this plan, or answer 412.",
    ),
]


async def _condition(
    if_match: Annotated[
        str | None, Header(description="The ETag from the last read, or *.")
    ] = None,
    if_none_match: Annotated[
        str | None, Header(description="* to create the definition only.")
    ] = None,
    plan_token: PlanToken = None,
) -> WriteCondition:
    if if_none_match not in {None, ANY}:
        raise Malformed.at("If-None-Match", "only * is supported")
    if if_match is not None and if_none_match is not None:
        raise Malformed.at("If-Match", "give either If-Match or If-None-Match")
    return WriteCondition(
        if_match=if_match.strip() if if_match is not None else None,
        if_absent=if_none_match is not None,
        plan_token=plan_token,
    )


JsonBody = Annotated[JsonValue, Depends(_json_first)]
DocumentBody = Annotated[JsonValue, Depends(_yaml_first)]
Precondition = Annotated[WriteCondition, Depends(_condition)]
