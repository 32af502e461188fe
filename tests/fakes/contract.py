"""Implements a test client that checks each API response against the OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from tests.fakes.client import DirectClient

PREFIX = "/api"


class CheckedClient(DirectClient):
    """A client that fails for an answer that is not in the OpenAPI document."""

    def request(self, method: str, url: Any, **options: Any) -> httpx.Response:
        answer = super().request(method, url, **options)
        check(method.upper(), answer)
        return answer


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document of the app."""
    from tests.fakes.app import FakeApp

    return FakeApp().api.openapi()


def check(method: str, answer: httpx.Response) -> None:
    """Raise `AssertionError` unless the document describes the answer."""
    path = answer.request.url.path.removeprefix(PREFIX).rstrip("/") or "/"
    template = _template_of(path)
    operation = document()["paths"].get(template, {}).get(_effective(method))
    if operation is None:
        assert answer.status_code >= 400 or method == "OPTIONS", f"{method} {path} is undocumented"
        return
    described = _described(operation, answer.status_code)
    assert described is not None, f"{method} {template} does not document {answer.status_code}"
    content_type = answer.headers.get("content-type", "").partition(";")[0]
    content = described.get("content", {})
    assert content_type in content or not (content or answer.content), (
        f"{method} {template} documents {[*content]} for {answer.status_code}, "
        f"and not {content_type}"
    )
    if method != "HEAD" and content_type.endswith("json"):
        _check_body(f"{method} {template} {answer.status_code}", content[content_type], answer)
    _check_headers(described, answer)


def _check_body(what: str, media: Mapping[str, Any], answer: httpx.Response) -> None:
    for error in _validator(json.dumps(media["schema"])).iter_errors(answer.json()):
        raise AssertionError(f"{what} at {error.instance_path}: {error.message[:500]}")


def _check_headers(described: Mapping[str, Any], answer: httpx.Response) -> None:
    for name in ("etag", "location", "www-authenticate", "retry-after"):
        documented = {each.lower() for each in described.get("headers", ())}
        assert name not in answer.headers or name in documented, f"{name} is not documented"


def _described(operation: Mapping[str, Any], status: int) -> Mapping[str, Any] | None:
    responses = operation["responses"]
    found = responses.get(str(status)) or responses.get(f"{status // 100}XX")
    if found is not None and "$ref" in found:
        return document()["components"]["responses"][found["$ref"].rsplit("/", 1)[-1]]
    return found


def _effective(method: str) -> str:
    return "get" if method == "HEAD" else method.lower()


def _template_of(path: str) -> str | None:
    return next((name for pattern, name in _templates() if pattern.fullmatch(path)), None)


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    paths = sorted(document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


@cache
def _validator(schema: str) -> Any:
    closed = {**json.loads(schema), "components": {"schemas": _closed()}}
    return jsonschema_rs.Draft202012Validator(closed, validate_formats=True)


@cache
def _closed() -> dict[str, Any]:
    """Return the schemas without room for fields that they do not describe."""
    schemas = deepcopy(document()["components"]["schemas"])
    for schema in schemas.values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return schemas
