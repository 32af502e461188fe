"""Tests of the dry run of one definition: its plan, token and consequences."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Task
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform

TASK = {"job": "sales-load", "schedules": [{"name": "night", "cron": "30 2 * * *"}]}
URL = "/tasks/orders"


@pytest.fixture
def client() -> TestClient:
    night = Schedule(name="night", cron="0 1 * * *")
    return FakeApp(
        a_platform(), a_job(), Task(name="orders", job="sales-load", schedules=(night,))
    ).http


def test_a_dry_run_answers_with_token_and_consequences(client: TestClient):
    plan = client.put(URL, params={"dryRun": "true"}, json=TASK).json()

    assert plan["update"][0]["differences"] == [
        {"path": "schedules.night.cron", "before": "0 1 * * *", "after": "30 2 * * *"}
    ]
    assert plan["consequences"] == [
        {
            "kind": "FireTimes",
            "text": "Schedule night continues from now: the next fire time moves from "
            "Mon 2026-03-02 01:00 (UTC) to Mon 2026-03-02 02:30 (UTC). "
            "Earlier fire times are not caught up.",
        }
    ]
    assert client.put(URL, params={"planToken": plan["planToken"]}, json=TASK).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_the_token_of_another_plan_is_refused(client: TestClient, method: str):
    body = None if method == "DELETE" else {"priority": 900} if method == "PATCH" else TASK
    planned = client.request(method, URL, params={"dryRun": "true"}, json=body)
    assert planned.status_code == 200
    client.patch(URL, json={"description": "meanwhile"})

    token = planned.json()["planToken"]
    refused = client.request(method, URL, params={"planToken": token}, json=body)

    assert refused.status_code == 412
    assert "plan it again" in refused.json()["detail"]
    assert client.get(URL).json()["description"] == "meanwhile"


def test_a_plan_of_nothing_has_no_consequences(client: TestClient):
    same = client.get(URL).json()

    plan = client.put(URL, params={"dryRun": "true"}, json=same).json()

    assert [each["name"] for each in plan["unchanged"]] == ["orders"]
    assert "consequences" not in plan
