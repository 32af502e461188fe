"""Targets of bundles: the choice of a target, and its overlay."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.bundles.bundle import Bundle, resolve_bundle
from polysync_core.domain.bundles.variables import Assigned

BASE: dict[str, Any] = {
    "bundle": {"name": "sales"},
    "variables": {"url": "http://127.0.0.1"},
    "platforms": [
        {"name": "lake", "attributes": {"workspaceUrl": "${var.url}", "computeType": "Serverless"}},
        {"name": "warehouse", "contentionProfiles": ["a", "b"]},
    ],
    "tasks": [
        {"name": "load", "schedules": [{"name": "daily", "cron": "0 6 * * *"}, {"name": "weekly"}]}
    ],
    "targets": {
        "dev": {"default": True},
        "prod": {
            "variables": {"url": "https://prod"},
            "platforms": [
                {"name": "lake", "attributes": {"computeType": None, "clusterId": "c"}},
                {"name": "warehouse", "contentionProfiles": ["c"]},
                {"name": "extra", "type": "X", "attributes": {"a": None}},
            ],
            "tasks": [{"name": "load", "schedules": [{"name": "daily", "cron": "0 7 * * *"}]}],
        },
    },
}


def resolved(target: str | None = None, **changes: Any) -> Bundle:
    return resolve_bundle({**BASE, **changes}, target=target)


def test_the_default_target_is_chosen() -> None:
    bundle = resolved()
    assert (bundle.name, bundle.target, bundle.problems) == ("sales", "dev", [])
    assert list(bundle.content) == ["platforms", "tasks"]
    assert bundle.content["tasks"] == BASE["tasks"]


def test_a_target_merges_objects_keyed_lists_and_values() -> None:
    bundle = resolved("prod")
    assert bundle.problems == []
    assert bundle.content["platforms"] == [
        {"name": "lake", "attributes": {"workspaceUrl": "https://prod", "clusterId": "c"}},
        {"name": "warehouse", "contentionProfiles": ["c"]},
        {"name": "extra", "type": "X", "attributes": {}},
    ]
    assert bundle.content["tasks"] == [
        {"name": "load", "schedules": [{"name": "daily", "cron": "0 7 * * *"}, {"name": "weekly"}]}
    ]


def test_the_values_of_the_caller_replace_those_of_the_target() -> None:
    assigned = [Assigned(source="--var", values={"url": "https://mine"})]
    bundle = resolve_bundle(BASE, target="prod", assigned=assigned)
    platforms: Any = bundle.content["platforms"]
    assert platforms[0]["attributes"]["workspaceUrl"] == "https://mine"


def test_an_empty_target_changes_nothing() -> None:
    bundle = resolved("test", targets={"test": None})
    assert (bundle.target, bundle.problems) == ("test", [])
    assert bundle.content["tasks"] == BASE["tasks"]


def test_an_overlay_does_not_change_the_document() -> None:
    before = repr(BASE)
    resolved("prod")
    assert repr(BASE) == before


@pytest.mark.parametrize(
    ("target", "changes", "message"),
    [
        ("prd", {}, "targets: there is no target 'prd', did you mean 'prod'?"),
        (None, {"targets": []}, "targets: must be an object"),
        (None, {"targets": {"a": 1}}, "targets.a: must be an object"),
        (
            None,
            {"targets": {"a": {"task": []}}},
            "targets.a.task: is not known, did you mean 'tasks'?",
        ),
        (None, {"targets": {"a": {"tasks": {}}}}, "targets.a.tasks: must be a list"),
        (None, {"targets": {"a": {"tasks": [{}]}}}, "targets.a.tasks[0]: needs the name"),
        (None, {"targets": {"a": {"default": "yes"}}}, "targets.a.default: must be true or false"),
        (None, {"targets": {"a": {"variables": []}}}, "targets.a.variables: must be an object"),
        (
            None,
            {"targets": {"a": {"default": True}, "b": {"default": True}}},
            "targets: only one target can be the default",
        ),
        (
            "a",
            {"targets": {"a": {"variables": {"urk": "x"}}}},
            "targets.a.variables: target 'a': no definition uses 'urk', did you mean 'url'?",
        ),
        (None, {"bundle": "Sales Team"}, "bundle: must be a name"),
        (None, {"bundle": {"name": "a", "owner": "b"}}, "bundle: must be a name"),
    ],
)
def test_problems_have_their_paths(
    target: str | None, changes: dict[str, Any], message: str
) -> None:
    found = [str(each) for each in resolved(target, **changes).problems]
    assert any(each.startswith(message) for each in found), found


def test_an_overlay_keeps_definitions_that_share_a_name() -> None:
    """The API then reports the duplicate."""
    twice = [{"name": "lake"}, {"name": "lake"}]
    content = resolved("prod", platforms=twice, variables=None).content["platforms"]
    assert isinstance(content, list)
    assert len(content) == 4
