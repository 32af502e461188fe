"""The web server of an environment: where its address comes from, and which hosts are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.sign_in.authenticators import Authenticator, FixedToken, HeaderToken
from polysync_core.platforms.google import sign_in
from polysync_core.platforms.registry import check_platform
from tests.fakes.http import Reply
from tests.fakes.scripted_platform import ScriptedPlatform

HOST = "https://abc-dot-europe-west1.composer.googleusercontent.com"
ENVIRONMENT = "GET /v1/projects/acme-data-1/locations/europe-west3/environments/daily"
JOB = Job(name="j", platform="p", job_type="ComposerDag", external_id="load")


@pytest.fixture(autouse=True)
def any_token(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def authenticator(*_: Any) -> Authenticator:
        return HeaderToken(FixedToken(Secret("token")))

    monkeypatch.setattr(sign_in, "access_authenticator", authenticator)
    yield


def a_platform(**attributes: Any) -> Platform:
    region = {"projectId": "acme-data-1", "region": "europe-west3"}
    return Platform.model_validate(
        {
            "name": "p",
            "type": "GoogleCloudComposer",
            "auth": {"method": "ApplicationDefault"},
            "attributes": {**region, **(attributes or {"environmentName": "daily"})},
        }
    )


def composer(answers: dict[str, Any], **attributes: Any) -> ScriptedPlatform:
    return ScriptedPlatform(a_platform(**attributes), "ComposerDag", answers)


def environment(uri: str = HOST, image: str = "composer-2.9.7-airflow-2.9.3") -> dict[str, Any]:
    config = {"airflowUri": uri, "softwareConfig": {"imageVersion": image}}
    return {"state": "RUNNING", "config": config}


@pytest.mark.parametrize(
    ("image", "version"),
    [("composer-2.9.7-airflow-2.9.3", "v1"), ("composer-3-airflow-3.1.0-build.2", "v2")],
)
def test_the_environment_tells_the_web_server_and_its_version(image: str, version: str) -> None:
    run = {"dag_id": "load", "dag_run_id": "r", "state": "running"}
    path = f"GET /api/{version}/dags/load/dagRuns/r"
    server = composer({ENVIRONMENT: environment(image=image), path: run})
    for _ in range(2):
        report = server.jobs.read(JOB, "r")
    assert server.sent == [ENVIRONMENT, path, path]
    assert (report.monitor_url or "").startswith(f"{HOST}/dags/load/")
    server.time.sleep(601)
    server.jobs.read(JOB, "r")
    assert server.sent.count(ENVIRONMENT) == 2


def test_a_given_web_server_is_called_without_the_environment() -> None:
    dags = {"dags": [], "total_entries": 0}
    server = composer(
        {"GET /api/v2/dags": dags}, airflowUrl=HOST, apiVersion="v2", environmentName="daily"
    )
    assert "Airflow 3" in server.connector.test()
    assert server.sent == ["GET /api/v2/dags"]


@pytest.mark.parametrize(
    "uri", ["https://evil.example", "http://abc.composer.googleusercontent.com", ""]
)
def test_a_web_server_on_another_host_gets_no_token(uri: str) -> None:
    server = composer({ENVIRONMENT: environment(uri)})
    with pytest.raises(PlatformRefused, match="state RUNNING") as refusal:
        server.jobs.read(JOB, "r")
    assert refusal.value.cause is FailureCause.PLATFORM_UNREACHABLE
    assert server.sent == [ENVIRONMENT]


def test_a_missing_environment_is_named() -> None:
    error = {"error": {"code": 404, "status": "NOT_FOUND"}}
    with pytest.raises(PlatformRefused, match="environmentName"):
        composer({ENVIRONMENT: Reply.json(error, 404)}).connector.test()


@pytest.mark.parametrize(
    ("attributes", "path"),
    [
        ({"apiVersion": "v2"}, "attributes.environmentName"),
        ({"environmentName": "a/b"}, "attributes.environmentName"),
        ({"airflowUrl": "https://airflow.example.com"}, "attributes.airflowUrl"),
        ({"airflowUrl": f"{HOST}/x"}, "attributes.airflowUrl"),
        ({"environmentName": "daily", "endpoint": "http://127.0.0.1:1"}, "attributes.endpoint"),
    ],
)
def test_wrong_attributes_are_refused(attributes: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_platform(a_platform(**attributes), allow_loopback=False)
    assert [each.path for each in caught.value.problems] == [path]
