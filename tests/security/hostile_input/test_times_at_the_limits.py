"""Times at the limits of the calendar are refused, and stored ones break no read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.fakes.app import FakeApp
from tests.security.hostile_input.test_error_bounds import DEFINITIONS

BEYOND = [
    f"{day}T{time}{offset}"
    for day, time in (("0001-01-01", "00:00:00"), ("1899-12-31", "09:00:00"))
    for offset in ("Z", "+14:00", "-14:00", "+23:59")
] + [
    f"9999-12-31T23:59:59{fraction}{offset}"
    for fraction in ("", ".999999")
    for offset in ("Z", "+14:00", "-14:00", "-23:59")
]


@pytest.fixture
def app() -> FakeApp:
    app = FakeApp()
    for path, body in DEFINITIONS.items():
        assert app.http.put(path, json=body).status_code == 201
    return app


@pytest.fixture
def client(app: FakeApp) -> TestClient:
    return app.http


def task(**schedule: Any) -> dict[str, Any]:
    return {"job": "j", "schedules": [{"name": "s", "cron": "* * * * *", **schedule}]}


@pytest.mark.parametrize("field", ["startAt", "endAt"])
@pytest.mark.parametrize("moment", BEYOND)
def test_a_schedule_beyond_the_supported_times_is_refused(
    client: TestClient, field: str, moment: str
) -> None:
    answer = client.put("/api/tasks/x", json=task(**{field: moment}))
    document = client.put(
        "/api/definitions", json={"tasks": [{"name": "x", **task(**{field: moment})}]}
    )

    assert (answer.status_code, document.status_code) == (422, 422)
    assert answer.json()["errors"][0]["path"] == f"schedules[0].{field}"
    assert "1900-01-01 to 8999-12-31" in answer.json()["errors"][0]["message"]
    assert client.get("/api/tasks/x").status_code == 404


@pytest.mark.parametrize("field", ["from", "to"])
@pytest.mark.parametrize("moment", BEYOND)
def test_a_backfill_beyond_the_supported_times_is_refused(
    client: TestClient, field: str, moment: object
) -> None:
    assert client.put("/api/tasks/x", json=task()).status_code == 201
    body = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "dryRun": True}

    answer = client.post("/api/tasks/x/backfill", json={**body, field: moment})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == field


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "9999-12-31"])
def test_a_calendar_beyond_the_supported_times_is_refused(client: TestClient, day: str) -> None:
    dates = client.put("/api/calendars/c", json={"dates": [day]})
    ranges = client.put("/api/calendars/c", json={"ranges": [{"from": day, "to": day}]})

    assert dates.json()["errors"][0]["path"] == "dates[0]"
    assert ranges.json()["errors"][0]["path"] == "ranges[0].from"


@pytest.mark.parametrize(
    "day",
    [
        "0",
        "1",
        "1767225600",
        "2026-11-29T00:00:00",
        "2026-11-29T00:00:00Z",
        "20261129",
        "2026-W48-7",
        "2026-11-9",
        "\u0662\u0660\u0662\u0666-11-29",
        "2026-11-29 ",
        "2026-02-30",
        "0001-01-01",
        "9999-12-31",
        "",
    ],
)
def test_the_audit_takes_a_day_only(client: TestClient, day: str) -> None:
    answer = client.get("/api/audit", params={"day": day})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "day"


def test_the_audit_of_a_day_is_listed(client: TestClient) -> None:
    assert client.get("/api/audit", params={"day": "2026-11-29"}).status_code == 200


@pytest.mark.parametrize("field", ["startAt", "endAt"])
@pytest.mark.parametrize("moment", BEYOND)
def test_a_stored_time_beyond_the_supported_times_breaks_no_read(
    app: FakeApp, field: str, moment: str
) -> None:
    client = app.http
    valid = "2026-01-01T00:00:00Z"
    assert client.put("/api/tasks/x", json=task(**{field: valid})).status_code == 201
    rows = app.tables.tables["Definitions"]
    key = ("tasks", "x")
    for name, value in rows[key].values.items():
        if isinstance(value, str):
            rows[key].values[name] = value.replace(valid, moment)
    # A process keeps the definitions that it has read.
    app.restart()
    client = app.http
    assert moment in json.dumps(client.get("/api/tasks/x").json())

    for path in ("tasks", "tasks/x", "definitions", "graph", "tasks/x/fire-times"):
        assert client.get(f"/api/{path}").status_code == 200, path
    backfill = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z", "dryRun": True}
    assert client.post("/api/tasks/x/backfill", json=backfill).status_code == 200
