"""Tests for listing the runs of a job on its platform."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from polysync_core.api.app import create_app
from polysync_core.api.runs.platform_runs import platform_run_routes
from polysync_core.application.platforms.connections import Connections
from polysync_core.application.platforms.platform_runs import PlatformRuns
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused
from polysync_core.platforms.connector import (
    ExternalRun,
    ProviderStatus,
    Report,
    SearchLimitReached,
)
from tests.fakes.definitions import definition_reader
from tests.fakes.platform import FakePlatform

AT = datetime(2026, 3, 1, 6, tzinfo=UTC)
JOBS = {
    "load": Job(
        name="load",
        platform="lakehouse",
        job_type=JobType.DATABRICKS_NOTEBOOK,
        external_id="/etl/load",
    ),
    "publish": Job(
        name="publish",
        platform="functions",
        job_type=JobType.CLOUD_FUNCTION_HTTP,
        external_id="projects/p/locations/l/functions/publish",
    ),
}


class ListingPlatform(FakePlatform):
    """A platform that lists runs and then raises the configured failure."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: list[str] = ["3", "2", "1"]
        self.failure: Exception | None = None

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        for run_id in self.listed:
            report = Report(
                status=ProviderStatus.SUCCESS,
                provider_state="TERMINATED/SUCCESS",
                monitor_url=f"https://p/{run_id}",
                started_at=AT,
                outputs={"token": "t0ken"},
            )
            yield ExternalRun(external_run_id=run_id, report=report)
        if self.failure is not None:
            raise self.failure


class Api:
    def __init__(self, client: TestClient, platform: ListingPlatform) -> None:
        self.client, self.platform = client, platform

    def get(self, job: str = "load", **query: Any) -> Any:
        return self.client.get(f"/jobs/{job}/platform-runs", params=query)

    def ids(self, **query: Any) -> tuple[list[str], str | None]:
        answer = self.get(**query).json()
        return [each["externalRunId"] for each in answer["items"]], answer["continuationToken"]


def a_platform(name: str, platform_type: str) -> Platform:
    return Platform.model_validate(
        {"name": name, "type": platform_type, "auth": {"method": "DefaultCredential"}}
    )


DEFINITIONS = definition_reader(
    a_platform("lakehouse", "AzureDatabricks"),
    a_platform("functions", "GoogleCloudFunctions"),
    *JOBS.values(),
)


@pytest.fixture
def api() -> Iterator[Api]:
    platform = ListingPlatform()
    connections = Connections(DEFINITIONS, lambda _: platform)
    routes = platform_run_routes(PlatformRuns(definitions=DEFINITIONS, connections=connections))
    with TestClient(create_app([routes])) as client:
        yield Api(client, platform)


def test_runs_are_shown_as_the_platform_lists_them_without_their_outputs(api: Api) -> None:
    answer = api.get(limit=1)

    assert answer.json()["items"] == [
        {
            "externalRunId": "3",
            "providerStatus": "Success",
            "providerState": "TERMINATED/SUCCESS",
            "message": None,
            "monitorUrl": "https://p/3",
            "startedAt": "2026-03-01T06:00:00.000Z",
            "finishedAt": None,
        }
    ]
    assert "t0ken" not in answer.text


def test_pages_stay_consistent_while_new_runs_start(api: Api) -> None:
    first, token = api.ids(limit=2)
    api.platform.listed.insert(0, "4")

    assert (first, api.ids(limit=2, continuationToken=token)) == (["3", "2"], (["1"], None))


def test_a_run_that_is_no_longer_listed_ends_the_pages_with_a_remedy(api: Api) -> None:
    _, token = api.ids(limit=2)
    api.platform.listed.remove("2")

    answer = api.get(limit=2, continuationToken=token)

    assert answer.status_code == 409
    assert "start again" in answer.json()["detail"]


@pytest.mark.parametrize("token", ["x", "!", "W10", "WzFd", "e30"])
def test_an_invalid_continuation_token_is_refused(api: Api, token: str) -> None:
    answer = api.get(continuationToken=token)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "continuationToken"


def test_an_abandoned_search_returns_the_found_runs_with_a_note(api: Api) -> None:
    api.platform.failure = SearchLimitReached("Only the newest were looked at.")

    answer = api.get().json()

    assert (len(answer["items"]), answer["continuationToken"]) == (3, None)
    assert answer["note"] == "Only the newest were looked at."


def test_a_job_type_without_listed_runs_points_to_the_task_runs(api: Api) -> None:
    answer = api.get("publish")

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == "jobType"
    assert "task runs" in error["message"]


def test_a_refusal_by_the_platform_is_shown(api: Api) -> None:
    api.platform.failure = PlatformRefused("Who are you?", cause=FailureCause.SECRET, status=401)

    answer = api.get()

    assert (answer.status_code, answer.json()["detail"]) == (502, "Who are you?")


@pytest.mark.parametrize(
    ("job", "query", "status"),
    [("load", {"limit": 0}, 422), ("load", {"limit": 101}, 422), ("nothing", {}, 404)],
)
def test_an_invalid_query_is_refused(
    api: Api, job: str, query: dict[str, int], status: int
) -> None:
    assert api.get(job, **query).status_code == status


def test_the_answer_is_described_in_openapi(api: Api) -> None:
    description = api.client.get("/openapi.json").json()

    content = description["paths"]["/jobs/{name}/platform-runs"]["get"]["responses"]["200"]
    assert content["content"]["application/json"]["schema"]["$ref"].endswith("PlatformRunsView")
    properties = description["components"]["schemas"]["PlatformRunView"]["properties"]
    assert {"externalRunId", "providerStatus"} <= properties.keys()
