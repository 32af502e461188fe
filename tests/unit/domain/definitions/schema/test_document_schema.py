"""Tests that the JSON Schema of documents agrees with the rules of Polysync."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.cli.commands.definitions.schema import schema_text
from polysync_core.cli.documents import JoinedDocument
from polysync_core.cli.files.offline_check import check_offline
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import write_definition
from polysync_core.domain.definitions.types.document_schema import document_schema
from tests.examples import examples
from tests.fakes.definitions import lakehouse
from tests.unit.console.editing.examples import (
    EXTERNAL_IDS,
    JOB_TYPES,
    PLATFORM_TYPES,
    PROVIDERS,
    TYPES,
    auth_of,
    object_of,
)
from tests.unit.console.forms.documents import definitions
from tests.unit.domain.definitions.bad_documents import set_value

ROOT = Path(__file__).parents[5]
PUBLISHED = ROOT / "docs" / "reference" / "polysync.schema.json"
SCHEMA = document_schema(TYPES)
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").rglob("definitions*.yaml"))


def errors_of(document: Any) -> list[str]:
    return [f"{each.instance_path}: {each.message}" for each in VALIDATOR.iter_errors(document)]


def test_the_published_schema_is_current() -> None:
    written = schema_text(SCHEMA)
    assert PUBLISHED.read_text("utf-8") == written, (
        "run: python -m polysync_core.cli schema -o docs/reference/polysync.schema.json"
    )


def test_the_schema_is_valid_and_has_only_patterns_that_every_editor_knows() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    patterns = re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', json.dumps(SCHEMA))
    assert patterns
    for each in map(json.loads, patterns):
        # ECMAScript has no possessive quantifier, no inline flag and no \A, \Z, \h.
        assert not re.search(r"\(\?[^:=!]|\\[AZzh]|[*+?}]\+", each), each


def test_every_field_and_type_has_a_description() -> None:
    missing = [
        f"{name}.{field}"
        for name, schema in SCHEMA["$defs"].items()
        for field, each in schema.get("properties", {}).items()
        if isinstance(each, dict) and not ({"description", "$ref"} & each.keys())
    ]
    assert missing == []


def documents_of_page(page: Path) -> list[Any]:
    """Return the documents with definitions in the code blocks of a page."""
    blocks = re.findall(r"^```(?:yaml|json|)\n(.*?)^```", page.read_text(), re.M | re.S)
    found = [each for block in blocks if (each := _parsed(block)) is not None]
    kinds = set(Kind)
    return [
        each
        for each in found
        if isinstance(each, dict) and each and each.keys() <= kinds and all(each.values())
    ]


def _parsed(block: str) -> Any:
    try:
        return yaml.safe_load(block)
    except yaml.YAMLError:
        return None


def test_every_example_of_the_documentation_is_valid() -> None:
    found = {page: documents_of_page(page) for page in PAGES}
    errors = {
        str(page.relative_to(ROOT)): problems
        for page, documents in found.items()
        for document in documents
        if (problems := errors_of(document))
    }
    assert errors == {}
    assert sum(map(len, found.values())) >= 5


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_example_project_is_valid(path: Path) -> None:
    assert errors_of(yaml.safe_load(path.read_text())) == []


@pytest.mark.parametrize("is_full", [True, False])
def test_every_type_is_valid_with_all_of_its_fields(is_full: bool) -> None:
    document = {
        "vaults": [
            {
                "name": "v",
                "provider": name,
                "attributes": object_of(TYPES.vault(name).attributes, is_full=is_full),
                "auth": auth_of(method, is_full=is_full) if method else None,
            }
            for name in PROVIDERS
            for method in TYPES.vault(name).auth or [None]
        ],
        "platforms": [
            {
                "name": "p",
                "type": name,
                "attributes": object_of(TYPES.platform(name).attributes, is_full=is_full),
                "auth": auth_of(method, is_full=is_full),
            }
            for name in PLATFORM_TYPES
            for method in TYPES.platform(name).auth
        ],
        "jobs": [
            {
                "name": "j",
                "platform": "p",
                "jobType": job,
                "externalId": EXTERNAL_IDS.get(job, "name"),
                "settings": object_of(TYPES.platform(name).jobs[job].settings, is_full=is_full),
            }
            for name, job in JOB_TYPES
        ],
    }
    assert errors_of(document) == []


def fails_for_a_type(kind: str, type_field: str, field: str, name: str) -> None:
    """Assert that an unknown field of a type's object is refused."""
    entry = {"name": "x", "platform": "p", "externalId": "x", type_field: name}
    assert any(
        "nonsense" in each for each in errors_of({kind: [{**entry, field: {"nonsense": 1}}]})
    ), name


def test_an_unknown_field_of_a_type_is_refused() -> None:
    for name in PLATFORM_TYPES:
        fails_for_a_type("platforms", "type", "attributes", name)
    for name in PROVIDERS:
        fails_for_a_type("vaults", "provider", "attributes", name)
    for _, name in JOB_TYPES:
        fails_for_a_type("jobs", "jobType", "settings", name)


def changed(*path: str | int, to: Any) -> Any:
    return pytest.param(set_value(*path, to=to), id=".".join(map(str, path)) + f"={to!r}"[:40])


@pytest.mark.parametrize(
    "change",
    [
        changed("task", to=[]),
        changed("tasks", to={}),
        changed("tasks", 0, to="x"),
        changed("tasks", 0, "jbo", to="x"),
        changed("tasks", 0, "name", to="Not A Name"),
        changed("tasks", 0, "max_concurrent_runs", to=1),
        changed("tasks", 0, "priority", to="high"),
        changed("tasks", 0, "retry", to={"backoff": "Fix"}),
        changed("tasks", 0, "retry", to={"maxRetryAttempts": 101}),
        changed("tasks", 0, "dependencies", to=[{"condition": "OnSuccess"}]),
        changed("tasks", 1, "schedules", 0, "timezone", to="UTC"),
        changed("tasks", 1, "schedules", 0, "overlap", to="Never"),
        changed("tasks", 1, "schedules", 0, "startAt", to="tomorrow"),
        changed("jobs", 0, "jobType", to="DatabricksNotebok"),
        changed("jobs", 0, "externalId", to=""),
        changed("jobs", 0, "settings", to={"resubmit": "Always"}),
        changed("jobs", 0, "parameters", to=[{"name": "x", "dataType": "Integer"}]),
        changed("platforms", 0, "type", to="Databricks"),
        changed("platforms", 0, "attributes", to={}),
        changed("platforms", 0, "attributes", "computeType", to="serverless"),
        changed("platforms", 0, "attributes", "workspace_url", to="https://example.com"),
        changed("platforms", 0, "auth", to={"method": "FunctionKey"}),
        changed("platforms", 0, "auth", to={"method": "PersonalAccessToken"}),
        changed("platforms", 0, "auth", "personalAccessToken", to="dapi123"),
        changed("platforms", 0, "auth", "clientId", to="x"),
        changed("vaults", 0, "provider", to="KeyVault"),
        changed("vaults", 0, "auth", to={"method": "ManagedIdentity"}),
        changed("vaults", to=[{"name": "kv", "provider": "AzureKeyVault"}]),
        changed("contentionProfiles", to=[{"name": "c", "type": "Concurrency"}]),
        changed("contentionProfiles", to=[{"name": "c", "type": "Rate", "settings": {}}]),
        changed(
            "contentionProfiles",
            to=[{"name": "c", "type": "Concurrency", "settings": {"limit": 1, "windowSeconds": 1}}],
        ),
        changed("calendars", to=[{"name": "c", "dates": ["soon"]}]),
        changed("calendars", to=[{"name": "c", "ranges": [{"from": "2026-01-01"}]}]),
        changed("webhooks", to=[{"name": "w", "url": "https://example.com"}]),
        changed(
            "webhooks",
            to=[{"name": "w", "url": "https://x.example", "secret": "s", "events": {"tags": []}}],
        ),
    ],
)
def test_a_wrong_document_is_refused_as_polysync_refuses_it(
    change: Callable[[dict[str, Any]], None],
) -> None:
    document = lakehouse()
    assert errors_of(document) == []
    change(document)
    assert errors_of(document)
    assert is_refused(document)


def is_refused(document: dict[str, Any]) -> bool:
    """Return whether Polysync refuses the document by the rules of its parts alone."""
    joined = JoinedDocument(content=document)
    return bool(check_offline(joined, is_partial=True, is_production=False).problems)


def test_a_variable_may_replace_every_value_and_a_bundle_has_its_own_keys() -> None:
    document = lakehouse() | {
        "bundle": "sales",
        "variables": {"slots": 2, "zone": {"type": "String", "default": "UTC"}},
        "targets": {"prod": {"default": True, "variables": {"slots": 9}, "tasks": []}, "dev": {}},
    }
    document["tasks"][0]["priority"] = "${var.priority}"
    document["platforms"][0]["attributes"]["computeType"] = "${var.compute}"
    assert errors_of(document) == []
    document["tasks"][0]["priority"] = "${run.id}"
    assert errors_of(document)


UNTYPED = [Kind.TASK, Kind.CALENDAR, Kind.WEBHOOK, Kind.CONTENTION_PROFILE]


@pytest.mark.parametrize("kind", UNTYPED)
@examples(20)
@given(data=st.data())
def test_every_accepted_definition_is_valid(kind: Kind, data: st.DataObject) -> None:
    definition = data.draw(definitions(kind))
    sparse = write_definition(definition)
    full = definition.model_dump(mode="json", by_alias=True)
    assert errors_of({kind.value: [sparse, full]}) == []
