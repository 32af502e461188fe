"""Tests for the OpenAPI document as a contract for generated clients."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.fakes.app import FakeApp
from tests.fakes.contract import document


def _operations() -> dict[str, dict[str, Any]]:
    """Return each operation by its method and path."""
    return {
        f"{method.upper()} {path}": operation
        for path, item in document()["paths"].items()
        for method, operation in item.items()
    }


def _properties(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, schema in node.items():
        for field, each in schema.get("properties", {}).items():
            yield f"{name}.{field}", each


def test_operation_ids_are_unique_names() -> None:
    ids = [each["operationId"] for each in _operations().values()]

    assert [each for each, count in Counter(ids).items() if count > 1] == []
    assert [each for each in ids if not re.fullmatch("[a-z][a-zA-Z]+", each)] == []


def test_every_operation_is_described_with_its_parameters() -> None:
    for name, operation in _operations().items():
        assert len(operation["tags"]) == 1, name
        assert operation["summary"], name
        assert operation["description"], name
        undescribed = [
            each["name"] for each in operation.get("parameters", ()) if not each.get("description")
        ]
        assert undescribed == [], name


def test_every_operation_has_a_typed_answer_and_problem_documents() -> None:
    for name, operation in _operations().items():
        assert {status for status in operation["responses"] if status.startswith("2")}, name
        for status, answer in operation["responses"].items():
            assert "$ref" in answer or answer["description"], (name, status)
            for kind, each in answer.get("content", {}).items():
                _check_schema(operation, status, kind, each["schema"])


def _check_schema(operation: dict[str, Any], status: str, kind: str, schema: Any) -> None:
    """Assert that an answer has a schema, and an error that of problem documents."""
    where = (operation["operationId"], status, kind)
    assert schema, where
    if not status.startswith("2"):
        assert kind in {"application/problem+json", "application/json"}, where
        # Clients of AppKit read the same document under the second type.
        assert schema == _problem_schema(operation, status), where


def _problem_schema(operation: dict[str, Any], status: str) -> Any:
    return operation["responses"][status]["content"]["application/problem+json"]["schema"]


def test_every_operation_but_health_names_the_statuses_of_access() -> None:
    for path, item in document()["paths"].items():
        for operation in item.values():
            guarded = {"401", "403", "503"} & operation["responses"].keys()
            assert guarded == (set() if path == "/health" else {"401", "403", "503"}), path


def test_every_field_is_described() -> None:
    schemas = document()["components"]["schemas"]

    assert [path for path, each in _properties(schemas) if not each.get("description")] == []


def test_times_and_statuses_have_narrow_types() -> None:
    run = document()["components"]["schemas"]["TaskRun"]["properties"]

    assert run["status"]["$ref"].endswith("/RunStatus")
    assert run["queuedAt"]["format"] == "date-time"
    assert {"type": "null"} in run["finishedAt"]["anyOf"]


def test_bodies_refuse_unknown_fields_and_answers_may_grow() -> None:
    schemas = document()["components"]["schemas"]

    for name in ("TaskBody", "TaskPatch", "RunOnceBody", "DefinitionDocument", "BackfillBody"):
        assert schemas[name]["additionalProperties"] is False, name
    for name in ("TaskRun", "StoredTask", "ProblemDocument"):
        assert "additionalProperties" not in schemas[name], name


def test_the_security_schemes_are_those_of_the_deployment() -> None:
    found = document()

    assert found["components"]["securitySchemes"].keys() == {
        "accessKey",
        "appService",
        "entraToken",
        "issuerToken",
    }
    assert found["paths"]["/health"]["get"]["security"] == []


def test_the_served_document_is_the_one_that_the_tests_use() -> None:
    assert FakeApp().http.get("/openapi.json").json() == document()
