"""The usage of all contention profiles."""

from __future__ import annotations

import pytest

from polysync_core.application.dispatch.limit_usage import Usage
from polysync_core.domain.definitions.contention import (
    ConcurrencyProfile,
    ConcurrencySettings,
    ProfileType,
    RateLimitProfile,
    RateLimitSettings,
)
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import NotFound
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform


def slots(name: str, many: int, *, enabled: bool = True) -> ConcurrencyProfile:
    settings = ConcurrencySettings(max_concurrent_tasks=many)
    return ConcurrencyProfile(
        name=name, type=ProfileType.CONCURRENCY, settings=settings, enabled=enabled
    )


def starts(name: str, many: int) -> RateLimitProfile:
    settings = RateLimitSettings(limit=many, window_seconds=60)
    return RateLimitProfile(name=name, type=ProfileType.RATE_LIMIT, settings=settings)


@pytest.fixture
def app() -> FakeApp:
    return FakeApp(
        slots("cap", 1),
        starts("pace", 5),
        slots("off", 1, enabled=False),
        slots("unused", 3),
        a_platform(name="warehouse", contention_profiles=("cap", "pace", "off")),
        a_job(name="load", platform="warehouse"),
        Task(name="orders", job="load"),
        Task(name="rates", job="load"),
    )


def run(app: FakeApp, task: str) -> str:
    answer = app.http.post(f"/api/tasks/{task}/run", json={})
    assert answer.status_code == 202, answer.text
    return answer.json()["runId"]


def usages(app: FakeApp) -> dict[str, Usage]:
    page = app.services.limit_usage.page(app.engine, limit=10)
    assert page.continuation_token is None
    return {usage.profile.name: usage for usage in page.items}


def test_every_profile_has_its_holders_and_its_queue(app: FakeApp) -> None:
    first, second = run(app, "orders"), run(app, "rates")
    found = usages(app)
    assert list(found) == ["cap", "off", "pace", "unused"]
    (cap,) = found["cap"].counters
    assert (cap.scope, cap.used, cap.limit) == ("warehouse", 1, 1)
    assert [lease.run_id for lease in cap.holders] == [first]
    assert [entry.run_id for entry in cap.queue] == [second]
    (pace,) = found["pace"].counters
    assert (pace.used, pace.limit, pace.queue) == (1, 5, ())
    assert found["off"].counters == ()
    assert found["unused"].counters == []


def test_the_usage_of_one_profile_is_the_same(app: FakeApp) -> None:
    run(app, "orders")
    assert app.services.limit_usage.of("cap", app.engine) == usages(app)["cap"]
    with pytest.raises(NotFound, match="cap"):
        app.services.limit_usage.of("capp", app.engine)


def test_one_page_reads_each_dispatcher_once(app: FakeApp) -> None:
    run(app, "orders")
    asked: list[str] = []
    read = app.engine.dispatcher

    def counted(shard: str) -> object:
        asked.append(shard)
        return read(shard)

    app.engine.dispatcher = counted  # type: ignore[method-assign]
    usages(app)
    assert asked == ["main"]


def test_the_list_has_pages(app: FakeApp) -> None:
    first = app.http.get("/api/limits", params={"limit": "3"}).json()
    rest = app.http.get(
        "/api/limits", params={"limit": "3", "continuationToken": first["continuationToken"]}
    ).json()
    names = [each["name"] for page in (first, rest) for each in page["items"]]
    assert names == ["cap", "off", "pace", "unused"]
    assert rest["continuationToken"] is None
    assert first["items"][0]["settings"]["maxConcurrentTasks"] == 1
