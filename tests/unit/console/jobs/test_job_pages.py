"""The list of Jobs, Sync Parameters, Create Task, and the runs on the platform."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Parameter
from polysync_core.domain.security.roles import Role
from polysync_core.platforms.connector import ExternalRun, ProviderStatus, Report
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.builders import a_job, a_platform
from tests.unit.api.security.protected_app import principal_header
from tests.unit.application.platforms.drift.notebooks import AWAY, NOTEBOOK, World
from tests.unit.console.browser import parsed, submit, text_of

# Each test builds the whole app.
pytestmark = pytest.mark.slow


@pytest.fixture
def world() -> World:
    found = World()
    for name in ("load", "other", "third"):
        found.workspace.put(f"/etl/{name}", Parameter(name="region"))
    found.job("load", "area", displayName="Load sales", tags={"team": "data"})
    found.job("other", "region")
    return found


def names(page: str) -> list[str]:
    return [each.text() for each in parsed(page).css("tbody a.name")]


def get(world: World, path: str) -> str:
    answer = world.app.browser.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_an_empty_list_leads_to_the_next_step() -> None:
    page = parsed(World().app.browser.get("/jobs").text)

    assert page.css_first('.empty a[href="/console/jobs/-/new"]') is not None
    assert "polysync import" in text_of(page, ".empty")


def test_the_list_calls_no_platform(world: World) -> None:
    page = get(world, "/jobs")

    assert names(page) == ["load", "other"]
    assert world.workspace.described == []
    assert "Not compared" in text_of(parsed(page), "#row-load")


def test_a_comparison_on_demand_is_kept_for_later_views(world: World) -> None:
    page = parsed(get(world, "/jobs?drift=true"))
    assert "Differs" in text_of(page, "#row-load")
    assert "1 new, 1 gone." in text_of(page, "#row-load")
    assert "In sync" in text_of(page, "#row-other")

    world.workspace.described.clear()
    assert "Differs" in text_of(parsed(get(world, "/jobs")), "#row-load")
    assert world.workspace.described == []


def test_a_slow_platform_is_compared_in_several_steps(world: World) -> None:
    for number in range(18):
        world.job(f"slow-{number:02}", externalId="/etl/third")
    describe = world.workspace.describe

    def slowly(external_id: str) -> Any:
        world.app.clock.now += timedelta(seconds=6)
        return describe(external_id)

    world.workspace.describe = slowly  # type: ignore[method-assign]
    first = parsed(get(world, "/jobs?drift=true"))
    assert "12 Jobs are not compared yet" in text_of(first, ".notice.warning")
    again = first.css_first(".notice.warning a")
    assert again is not None
    for _ in range(2):
        page = get(world, (again.attributes["href"] or "").removeprefix("/console"))

    assert "not compared" not in page.casefold()


@pytest.mark.parametrize("query", ["after=x", "drift=perhaps"])
def test_a_wrong_query_is_refused(world: World, query: str) -> None:
    assert world.app.browser.get(f"/jobs?{query}").status_code in {400, 422}


def test_an_edit_discards_the_comparison(world: World) -> None:
    get(world, "/jobs?drift=true")
    world.job("load", "region")

    assert "Not compared" in text_of(parsed(get(world, "/jobs")), "#row-load")


def test_a_comparison_is_forgotten_after_some_minutes(world: World) -> None:
    get(world, "/jobs?drift=true")
    world.app.clock.now += timedelta(minutes=11)

    assert "Not compared" in text_of(parsed(get(world, "/jobs")), "#row-load")


def test_tasks_are_counted(world: World) -> None:
    for name in ("a", "b"):
        world.task(name, "load")

    link = parsed(get(world, "/jobs")).css_first('a[href="/console/tasks?q=load"]')

    assert link is not None
    assert link.text() == "2"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=LOA", ["load"]),
        ("q=sales", ["load"]),
        ("q=%2Fetl%2Fother", ["other"]),
        ("platform=lakehouse", ["load", "other"]),
        ("platform=nowhere", []),
        ("type=DatabricksNotebook", ["load", "other"]),
        ("type=ADFPipeline", []),
        ("tag=team", ["load"]),
        ("tag=team%3Ddata", ["load"]),
        ("tag=team%3Dother", []),
        ("tag=a%3Db%3Dc", ["odd"]),
    ],
)
def test_filters_select_jobs(world: World, query: str, found: list[str]) -> None:
    if "odd" in found:
        world.job("odd", tags={"a=b": "c"})
    page = get(world, f"/jobs?{query}")

    assert names(page) == found
    if not found:
        assert parsed(page).css_first('.empty a[href="/console/jobs"]') is not None


@pytest.mark.parametrize("query", ["", "platform=lakehouse", "q=job"])
def test_pages_have_fifty_jobs_and_keep_the_filters(world: World, query: str) -> None:
    for number in range(60):
        world.job(f"job-{number:02}")

    first = get(world, f"/jobs?{query}")
    link = parsed(first).css_first('a[rel="next"]')
    assert link is not None
    second = get(world, (link.attributes["href"] or "").removeprefix("/console"))

    seen = [*names(first), *names(second)]
    assert len(names(first)) == 50
    assert sorted(set(seen)) == seen
    assert len(seen) == (60 if query == "q=job" else 62)
    assert parsed(second).css_first('a[rel="next"]') is None


def test_the_difference_is_shown_and_taken_in_part(world: World) -> None:
    page = world.app.browser.get("/jobs/load/sync")
    boxes = {each.attributes["value"] for each in parsed(page.text).css("input[name=name]")}
    assert boxes == {"region", "area"}

    taken = submit(world.app.browser, page, {"name": "region"}, do="chosen", form="main form")
    assert taken.status_code == 303
    assert parameters(world) == ["area", "region"]

    rest = submit(
        world.app.browser, world.app.browser.get("/jobs/load/sync"), do="all", form="main form"
    )
    assert "notice=synced" in rest.headers["location"]
    assert parameters(world) == ["region"]
    assert "the parameters of its artefact" in text_of(
        parsed(get(world, "/jobs/load/sync")), ".notice.success"
    )


def test_a_parameter_that_was_not_found_is_removed_on_request_only(world: World) -> None:
    world.workspace.put("/etl/load", notes=("a cell is not valid Python",))
    page = world.app.browser.get("/jobs/load/sync")
    assert "Perhaps gone: area" in text_of(parsed(page.text), ".notice.warning")

    submit(world.app.browser, page, do="all", form="main form")
    assert parameters(world) == ["area"]

    submit(world.app.browser, page, {"remove": "true"}, do="all", form="main form")
    assert parameters(world) == []


def test_nothing_chosen_is_refused(world: World) -> None:
    page = world.app.browser.get("/jobs/load/sync")

    answer = submit(world.app.browser, page, do="chosen", form="main form")

    assert answer.status_code == 422
    assert parameters(world) == ["area"]


def test_tasks_that_contradict_the_artefact_are_named(world: World) -> None:
    world.task("daily", "load", parameters={"area": "1"})

    page = world.app.browser.get("/jobs/load/sync")
    assert "no longer reads parameter 'area'" in text_of(parsed(page.text), ".notice.warning")

    taken = submit(world.app.browser, page, do="all", form="main form")
    assert "notice=synced-partly" in taken.headers["location"]
    shown = get(world, taken.headers["location"].removeprefix("/console"))
    assert "gone from the artefact" in text_of(parsed(shown), "#panel-parameters")


def test_a_missing_artefact_differs_from_a_platform_without_answer(world: World) -> None:
    del world.workspace.notebooks["/etl/load"]
    assert "Artefact gone" in text_of(parsed(get(world, "/jobs/load/sync")), "main")

    world.workspace.notebooks["/etl/load"] = AWAY
    page = text_of(parsed(get(world, "/jobs/load/sync")), "main")
    assert "The artefact could not be read: The workspace does not answer." in page


def test_a_task_is_created_with_a_name_only(world: World) -> None:
    page = world.app.browser.get("/jobs/load/task")

    answer = submit(world.app.browser, page, {"task": "load-daily"}, form="main form")

    assert answer.headers["location"] == "/console/tasks/load-daily?tab=settings"
    assert world.get("/tasks/load-daily")["job"] == "load"


@pytest.mark.parametrize(("name", "status"), [("daily", 409), ("No Name", 422), ("", 422)])
def test_a_wrong_name_of_a_task_is_shown_again(world: World, name: str, status: int) -> None:
    world.task("daily", "load")
    page = world.app.browser.get("/jobs/load/task")

    answer = submit(world.app.browser, page, {"task": name}, form="main form")

    assert answer.status_code == status
    assert text_of(parsed(answer.text), ".notice.error")


def test_the_runs_of_the_platform_are_listed(world: World) -> None:
    world.app.vaults.values["local/DATABRICKS_TOKEN"] = "a-token-of-the-workspace"
    start = datetime(2026, 3, 1, tzinfo=UTC)

    def runs(job: Any) -> Iterator[ExternalRun]:
        for number, address in enumerate(("https://p.example/1", "javascript:alert(1)")):
            report = Report(
                status=ProviderStatus.FAILED,
                provider_state="TERMINATED",
                message="<script>",
                monitor_url=address,
                started_at=start,
                finished_at=start + timedelta(seconds=65),
            )
            yield ExternalRun(external_run_id=str(number), report=report)

    world.workspace.runs = runs  # type: ignore[method-assign]
    page = parsed(get(world, "/jobs/load/platform-runs"))

    links = [each.attributes["href"] for each in page.css("tbody a")]
    assert links == ["https://p.example/1"]
    assert "1 min 05 s" in text_of(page, "tbody")
    assert not page.css("tbody script")


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        (Role.READER, {"sync", "platform-runs", "versions"}),
        (Role.OPERATOR, {"sync", "platform-runs", "versions", "run"}),
        (Role.ADMINISTRATOR, {"sync", "platform-runs", "versions", "run", "task", "delete"}),
    ],
)
def test_actions_above_a_role_are_not_rendered(role: Role, shown: set[str]) -> None:
    settings = settings_of(POLYSYNC_ENVIRONMENT="production", WEBSITE_AUTH_ENABLED="True")
    job = a_job(name="load", platform="lakehouse", job_type=NOTEBOOK)
    app = FakeApp(a_platform(name="lakehouse"), job, settings=settings)
    headers = principal_header(role, oid="someone")

    page = parsed(app.browser.get("/jobs/load", headers=headers).text)

    start = "/console/jobs/load/"
    links = {each.attributes["href"] or "" for each in page.css(f'a[href^="{start}"]')}
    assert {each.removeprefix(start) for each in links} == shown
    saves = page.css('form#editor button[value="review"]')
    assert bool(saves) is (role is Role.ADMINISTRATOR)


def test_the_tasks_of_a_job_are_named(world: World) -> None:
    world.task("daily", "load")

    page = parsed(get(world, "/jobs/load"))

    assert page.css_first('.facts a[href="/console/tasks/daily"]') is not None
    assert page.css_first('.facts a[href="/console/runs?job=load"]') is not None


def parameters(world: World) -> list[str]:
    return [each["name"] for each in world.get("/jobs/load")["parameters"]]
