"""The version of the API decides the path and the sign-in of each call."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.registry import check_platform
from tests.fakes.http import Reply
from tests.unit.platforms.apache_airflow.stand import (
    RUN,
    a_job,
    a_platform,
    a_run,
    airflow2,
    airflow3,
)

PASSWORD = {"method": "UserPassword", "username": "me", "password": "vault://v/p"}


def test_the_version_is_detected_once_for_each_connection() -> None:
    server = airflow2({"GET /api/v1/dags/load/dagRuns/polysync-t0k": a_run("running")})
    for _ in range(2):
        server.jobs.read(a_job(), "polysync-t0k")
    assert server.sent == [
        "GET /api/v2/version",
        "GET /api/v1/version",
        *["GET /api/v1/dags/load/dagRuns/polysync-t0k"] * 2,
    ]


def test_a_version_in_the_definition_is_not_detected() -> None:
    platform = a_platform().model_copy(
        update={"attributes": {"airflowUrl": "https://airflow.example.com", "apiVersion": "v1"}}
    )
    server = airflow2({"GET /api/v1/dags": {"dags": [], "total_entries": 0}})
    server = type(server)(platform, "AirflowDag", {"GET /api/v1/dags": {"dags": []}})
    assert "Airflow 2" in server.connector.test()
    assert server.sent == ["GET /api/v1/dags"]


def test_a_server_without_an_api_is_named() -> None:
    server = airflow3({"GET /api/v2/version": Reply(404)})
    with pytest.raises(PlatformRefused, match="no REST API of Airflow") as refusal:
        server.connector.test()
    assert refusal.value.cause is FailureCause.PLATFORM_UNREACHABLE


def test_a_path_of_the_web_server_stands_before_each_call_and_page() -> None:
    prefix = "/team a/d123"
    server = airflow3(
        {
            f"GET {prefix}/api/v2/version": {"version": "3.0.1"},
            f"GET {prefix}/api/v2/dags/load/dagRuns/polysync-t0k": a_run("running"),
        },
        url="https://x.astronomer.run/team%20a/d123/",
    )
    report = server.jobs.read(a_job(), "polysync-t0k")
    page = "https://x.astronomer.run/team%20a/d123/dags/load/runs/polysync-t0k"
    assert report.monitor_url == page


def test_airflow_2_gets_the_password_and_airflow_3_a_token_for_it() -> None:
    old = airflow2({"GET /api/v1/dags": {"dags": [], "total_entries": 0}}, **PASSWORD)
    old.connector.test()
    assert old.requests[-1].headers["Authorization"] == "Basic bWU6c2VjcmV0LW9mLXA="

    tokens = {"POST /auth/token": Reply.json({"access_token": "a.b.c"}, 201), RUN: a_run("running")}
    new = airflow3(tokens, **PASSWORD)
    for _ in range(2):
        new.jobs.read(a_job(), "polysync-t0k")
    assert new.sent == ["GET /api/v2/version", "POST /auth/token", RUN, RUN]
    assert new.body("POST /auth/token") == {"username": "me", "password": "secret-of-p"}
    assert new.requests[-1].headers["Authorization"] == "Bearer a.b.c"
    new.time.sleep(3600)
    new.jobs.read(a_job(), "polysync-t0k")
    assert new.sent.count("POST /auth/token") == 2


def test_a_refused_password_is_read_again_and_then_named_by_its_reference() -> None:
    server = airflow3({"POST /auth/token": Reply(401)}, **PASSWORD)
    with pytest.raises(PlatformRefused, match="vault://v/p") as refusal:
        server.jobs.read(a_job(), "polysync-t0k")
    assert refusal.value.cause is FailureCause.SECRET
    assert server.vault.forgotten == ["vault://v/p"]
    assert "secret-of-p" not in str(refusal.value)


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"airflowUrl": "http://airflow.example.com"}, "attributes.airflowUrl"),
        ({"airflowUrl": "https://airflow.example.com/api/v1"}, "attributes.airflowUrl"),
        ({"airflowUrl": "https://airflow.example.com/a?b=c"}, "attributes.airflowUrl"),
        ({"airflowUrl": "https://airflow.example.com/../x"}, "attributes.airflowUrl"),
        ({"airflowUrl": "https://10.0.0.1"}, "attributes.airflowUrl"),
        ({"airflowUrl": "https://a.example.com", "apiVersion": "v3"}, "attributes.apiVersion"),
        ({}, "attributes.airflowUrl"),
        (
            {"airflowUrl": "https://a.example.com", "endpoint": "http://127.0.0.1:1"},
            "attributes.endpoint",
        ),
    ],
)
def test_wrong_attributes_are_refused(attributes: dict[str, Any], path: str) -> None:
    platform = a_platform().model_copy(update={"attributes": attributes})
    with pytest.raises(Invalid) as caught:
        check_platform(platform, allow_loopback=False)
    assert [each.path for each in caught.value.problems] == [path]
