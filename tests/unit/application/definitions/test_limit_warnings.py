"""Tests the warnings about limits that a change puts below the weight of Tasks."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.tasks import Task
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform


def profile(name: str, slots: int) -> dict[str, Any]:
    return {"name": name, "type": "Concurrency", "settings": {"maxConcurrentTasks": slots}}


@pytest.fixture
def app() -> FakeApp:
    return FakeApp(
        *(read_definition(Kind.CONTENTION_PROFILE, profile(name, 4)) for name in ("own", "shared")),
        read_definition(
            Kind.CONTENTION_PROFILE,
            {"name": "rate", "type": "RateLimit", "settings": {"limit": 1, "windowSeconds": 60}},
        ),
        a_platform(
            contention_profiles=["shared"],
            attributes={
                "workspaceUrl": "https://adb-1.1.azuredatabricks.net",
                "computeType": "Serverless",
            },
        ),
        a_job(),
        Task(name="heavy", job="sales-load", weight=3, contention_profiles=("own",)),
        Task(name="light", job="sales-load", weight=2, contention_profiles=("own",)),
        Task(name="other", job="sales-load", weight=4),
    )


def warnings(app: FakeApp, path: str, body: dict[str, Any]) -> list[tuple[str, str]]:
    plan = app.http.put(path, json=body, params={"dryRun": True})
    assert plan.status_code == 200, plan.text
    return [(each["path"], each["message"]) for each in plan.json()["warnings"]]


def test_a_lowered_limit_names_the_tasks_above_it(app: FakeApp) -> None:
    ((path, message),) = warnings(app, "/contention-profiles/own", profile("own", 2))

    assert path == "settings.maxConcurrentTasks"
    assert message.startswith(
        "'own' has fewer slots (2) than the weight of these tasks: heavy (3). Each of their runs"
    )


def test_tasks_below_the_platform_of_a_limit_are_named_too(app: FakeApp) -> None:
    ((_, message),) = warnings(app, "/contention-profiles/shared", profile("shared", 1))

    assert "heavy (3), light (2), other (4)" in message


@pytest.mark.parametrize("slots", [4, 5])
def test_a_limit_that_is_not_lowered_has_no_warning(app: FakeApp, slots: int) -> None:
    body = profile("own", slots) | {"description": "changed"}
    assert warnings(app, "/contention-profiles/own", body) == []


def test_a_platform_that_takes_a_lower_limit_names_its_tasks(app: FakeApp) -> None:
    app.define(read_definition(Kind.CONTENTION_PROFILE, profile("tight", 3)))
    platform = app.http.get("/platforms/lakehouse").json()
    linked = platform | {"contentionProfiles": ["shared", "rate", "tight"]}

    ((path, message),) = warnings(app, "/platforms/lakehouse", linked)

    assert path == "contentionProfiles"
    assert "'tight' has fewer slots (3) than the weight of these tasks: other (4)" in message


def test_the_plan_of_a_document_warns_with_the_path_of_the_profile(app: FakeApp) -> None:
    document = {"contentionProfiles": [profile("own", 1)]}

    (first,) = app.http.put("/definitions", json=document, params={"dryRun": True}).json()[
        "warnings"
    ]

    assert first["path"] == "contentionProfiles[0].settings.maxConcurrentTasks"
    assert "heavy (3), light (2)" in first["message"]


def test_many_tasks_are_counted(app: FakeApp) -> None:
    app.define(*(Task(name=f"t{number}", job="sales-load", weight=4) for number in range(9)))

    ((_, message),) = warnings(app, "/contention-profiles/shared", profile("shared", 3))

    assert "other (4), t0 (4), t1 (4), t2 (4), t3 (4) and 5 more" in message
