"""Tests for listing the runs of a job on its platform."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import (
    ExternalRun,
    ProviderStatus,
    Report,
    SearchLimitReached,
)
from tests.fakes.app import FakeApp
from tests.fakes.platform import FakePlatform

AT = datetime(2026, 3, 1, 6, tzinfo=UTC)
PLATFORMS = [
    Platform.model_validate(
        {"name": name, "type": platform_type, "auth": {"method": "DefaultCredential"}}
    )
    for name, platform_type in (
        ("lakehouse", "AzureDatabricks"),
        ("functions", "GoogleCloudFunctions"),
    )
]
JOBS = [
    Job(
        name="load",
        platform="lakehouse",
        job_type=JobType.DATABRICKS_NOTEBOOK,
        external_id="/etl/load",
    ),
    Job(
        name="publish",
        platform="functions",
        job_type=JobType.CLOUD_FUNCTION_HTTP,
        external_id="projects/p/locations/l/functions/publish",
    ),
]


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
    """An app with two jobs, whose platform lists runs."""

    def __init__(self) -> None:
        self.app = FakeApp(*PLATFORMS, *JOBS)
        self.app.platform = self.platform = ListingPlatform()
        self.client = self.app.http

    def reset(self) -> None:
        """Return to the initial state; building the app takes longer than a test."""
        vars(self.platform).update(vars(ListingPlatform()))

    def get(self, job: str = "load", **query: Any) -> Any:
        return self.client.get(f"/jobs/{job}/platform-runs", params=query)

    def ids(self, **query: Any) -> tuple[list[str], str | None]:
        answer = self.get(**query).json()
        return [each["externalRunId"] for each in answer["items"]], answer["continuationToken"]


@pytest.fixture(scope="module")
def shared_api() -> Iterator[Api]:
    api = Api()
    with api.client:
        yield api


@pytest.fixture
def api(shared_api: Api) -> Api:
    shared_api.reset()
    return shared_api


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
    assert content["content"]["application/json"]["schema"]["$ref"].endswith("PlatformRuns")
    properties = description["components"]["schemas"]["PlatformRun"]["properties"]
    assert {"externalRunId", "providerStatus"} <= properties.keys()
