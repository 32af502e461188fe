"""Names that no definition has: every route answers with the most similar names."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from polysync_core.domain.definitions.contention import (
    ConcurrencyProfile,
    ConcurrencySettings,
)
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job
from tests.unit.api.run_api import PLATFORM

JOB = a_job(name="sales-load")


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    app = FakeApp(
        PLATFORM,
        JOB,
        Task(name="sleepy", job=JOB.name),
        ConcurrencyProfile(
            name="orders-cap",
            type="Concurrency",
            settings=ConcurrencySettings(maxConcurrentTasks=1),
        ),
        Vault(name="team", provider=VaultProvider.ENVIRONMENT),
    )
    with app.http as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "nearest"),
    [
        ("GET", "/tasks/slepy", "sleepy"),
        ("GET", "/tasks/SLEEPY", "sleepy"),
        ("POST", "/tasks/slepy/run", "sleepy"),
        ("GET", "/tasks/slepy/gate", "sleepy"),
        ("GET", "/tasks/slepy/schedules", "sleepy"),
        ("GET", "/tasks/slepy/fire-times", "sleepy"),
        ("POST", "/tasks/slepy/resume", "sleepy"),
        ("PATCH", "/tasks/slepy", "sleepy"),
        ("GET", "/graph?task=slepy", "sleepy"),
        ("GET", "/contention-profiles/orders-cpa/usage", "orders-cap"),
        ("POST", "/platforms/lakehuose/import", "lakehouse"),
        ("POST", "/platforms/lakehuose/test", "lakehouse"),
        ("GET", "/platforms/lakehuose/artefacts", "lakehouse"),
        ("POST", "/vaults/taem/test", "team"),
        ("POST", "/jobs/sales-laod/run", "sales-load"),
        ("GET", "/jobs/sales-laod/runs", "sales-load"),
        ("POST", "/jobs/sales-laod/sync-parameters", "sales-load"),
        ("GET", "/jobs/sales-laod/platform-runs", "sales-load"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(
    client: TestClient, method: str, path: str, nearest: str
) -> None:
    body = None if method == "GET" else {}
    answer = client.request(method, path, json=body)
    problem = answer.json()
    assert (answer.status_code, problem["nearest"]) == (404, [nearest])
    assert f"did you mean '{nearest}'?" in problem["detail"]


def test_a_name_like_no_other_is_answered_with_the_few_names_that_exist(
    client: TestClient,
) -> None:
    problem = client.get("/tasks/xyzzy").json()
    assert (problem["name"], problem["nearest"], problem["allowed"]) == ("xyzzy", [], ["sleepy"])
    assert problem["detail"] == "There is no task 'xyzzy'."
