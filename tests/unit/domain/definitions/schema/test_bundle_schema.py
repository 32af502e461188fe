"""The JSON Schema of documents knows the keys of bundles, and variables as values."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from polysync_core.domain.definitions.types.document_schema import document_schema
from tests.unit.console.editing.examples import TYPES

VALIDATOR = jsonschema_rs.Draft202012Validator(document_schema(TYPES))
PROFILE: dict[str, Any] = {"name": "cap", "type": "Concurrency"}


@pytest.mark.parametrize(
    "document",
    [
        {"bundle": "sales"},
        {"bundle": {"name": "sales"}},
        {"variables": {"size": 2, "url": None, "n": {"type": "Int", "description": "x"}}},
        {"targets": {"dev": {"default": True, "tasks": [{"name": "load", "enabled": None}]}}},
        {"contentionProfiles": [{**PROFILE, "settings": {"maxConcurrentTasks": "${var.size}"}}]},
        {
            "contentionProfiles": [
                {**PROFILE, "scope": "${var.scope}", "settings": "${var.settings}"}
            ]
        },
        {"tasks": [{"name": "load-${var.env}", "job": "load", "enabled": "${var.on}"}]},
    ],
)
def test_bundles_and_variables_are_accepted(document: dict[str, Any]) -> None:
    assert [each.message for each in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize(
    "document",
    [
        {"bundle": "Sales Team"},
        {"bundle": {"owner": "x"}},
        {"variables": []},
        {"variables": {"n": {"typ": "Int"}}},
        {"variables": {"n": {"type": "Integer"}}},
        {"targets": {"dev": {"task": []}}},
        {"targets": {"dev": {"tasks": [{"enabled": True}]}}},
        {"contentionProfiles": [{**PROFILE, "settings": {"maxConcurrentTasks": "${run.id}"}}]},
        {"contentionProfiles": [{**PROFILE, "settings": {"maxConcurrentTasks": "many"}}]},
        {"tasks": [{"name": "load", "job": "load", "enabled": "yes"}]},
    ],
)
def test_wrong_bundles_and_values_are_refused(document: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(document)
