"""The page of work that did not happen."""

from __future__ import annotations

from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.composition import identify_by
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.poison import ReceivedPoisonMessage
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.security.roles import Role
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.gates import GateWorld, after
from tests.fakes.scheduled import DAILY, MINUTELY, Scheduled
from tests.unit.api.security.protected_app import principal_header
from tests.unit.console.graph.graph_world import text


def task(name: str, *upstreams: str, **facts: Any) -> Task:
    return Task(name=name, job="job", dependencies=after(*upstreams), **facts)


def page(app: FakeApp, **query: str) -> LexborHTMLParser:
    answer = app.browser.get("/missed", params=query)
    assert answer.status_code == 200, answer.text
    return LexborHTMLParser(answer.text)


def tabs(tree: LexborHTMLParser) -> dict[str, str]:
    found = tree.css("nav.tabs a")
    return {each.css("span")[0].text(): each.css(".count")[0].text() for each in found}


def rows(tree: LexborHTMLParser) -> list[list[str]]:
    return [
        [" ".join(cell.text(separator=" ").split()) for cell in row.css("th, td")]
        for row in tree.css("main tbody tr")
    ]


def test_skipped_runs_stand_below_their_root_cause() -> None:
    world = GateWorld(task("ingest"), task("clean", "ingest"), task("report", "clean"))
    root = world.run("ingest", RunStatus.FAILED)
    tree = page(world.app)
    assert text(tree, "section.card h2") == "2 runs were skipped"
    assert text(tree, "section.card .in p") == "Because ingest failed : over"
    assert [each.text() for each in tree.css(".chips a span")] == ["clean", "report"]
    graph = tree.css_first("section.card header a").attributes["href"]
    assert graph == f"/console/graph?graphRunId={root.graph_run_id}&task=ingest"
    assert tabs(tree)["Skipped by an upstream"] == "2"


def test_repair_reruns_the_root_with_what_follows() -> None:
    world = GateWorld(task("ingest"), task("clean", "ingest"))
    root = world.run("ingest", RunStatus.FAILED)
    form = page(world.app).css_first("form[method=post][action$=repair]")
    fields = {each.attributes["name"]: each.attributes["value"] for each in form.css("input")}
    assert fields == {"run": root.run_id}
    answer = world.app.browser.post("/missed/repair", data=fields)
    assert answer.status_code == 303
    (first, again) = world.all_runs("ingest")
    assert (again.rerun_of, again.fan_out) == (first.run_id, True)
    expected = f"/console/graph?graphRunId={again.graph_run_id}&task=ingest"
    assert answer.headers["location"] == expected


def test_a_repair_of_an_unknown_run_is_refused() -> None:
    world = GateWorld(task("ingest"))
    assert world.app.browser.post("/missed/repair", data={"run": "rzzz"}).status_code == 404


def test_a_later_success_is_named() -> None:
    world = GateWorld(task("ingest"), task("clean", "ingest"))
    world.run("ingest", RunStatus.FAILED)
    success = world.run("ingest")
    links = [each.attributes["href"] for each in page(world.app).css("section.card .in a")]
    assert f"/console/runs/{success.run_id}" in links


def test_a_branch_that_was_not_taken_by_design_is_no_alarm() -> None:
    alert = Task(name="alert", job="job", dependencies=after("a", condition=Condition.ON_FAILURE))
    world = GateWorld(task("a"), alert)
    world.run("a")
    tree = page(world.app)
    assert tabs(tree)["Skipped by an upstream"] == "0"
    assert text(tree, "main details summary") == "1 branch was not taken by design"
    assert not tree.css("form[method=post][action$=repair]")


@pytest.mark.parametrize("kind", ["fire-times", "stopped", "dropped", "excluded", "messages"])
def test_a_kind_without_entries_says_so(kind: str) -> None:
    tree = page(FakeApp(), kind=kind, since="1d")
    assert "This covers the last 24 hours." in text(tree, ".empty")
    assert set(tabs(tree).values()) == {"0"}


def test_every_kind_has_its_table() -> None:
    world = Scheduled()
    world.define(Kind.CALENDAR, {"name": "holidays", "dates": ["2026-03-02"]})
    world.task({**DAILY, "misfire": "Skip"}, {**DAILY, "name": "free", "calendars": ["holidays"]})
    world.task(MINUTELY, name="other")
    world.tick(minutes=1)
    (run,) = world.made(RunStatus.QUEUED, task="other")
    world.services.run_finisher.fail_queued_run(
        run.run_id, 1, cause=FailureCause.CONTENTION_REJECTED, reason="The limit is full."
    )
    world.schedules.pause("other", schedule=None, reason="The source moves.", by="ann")
    world.tick(days=2)
    message = ReceivedPoisonMessage(message_id="m", payload="<script>", reason="No such task.")
    world.services.poison_messages.record("run-requests", message, at=world.clock())
    tree = page(world.app, kind="fire-times")
    assert tabs(tree) == {
        "Skipped by an upstream": "0",
        "Missed fire times": "2",
        "Paused and disabled": "1",
        "Dropped at a limit": "1",
        "Left out by calendars": "1",
        "Given-up messages": "1",
        "Missed deadlines": "0",
    }
    assert ["load-daily", "daily"] in [row[:2] for row in rows(tree)]
    assert rows(page(world.app, kind="stopped"))[0][:3] == ["other", "minutely", "Paused"]
    assert rows(page(world.app, kind="dropped"))[0][3:] == [
        "ContentionRejected",
        "The limit is full.",
    ]
    excluded = ["load-daily", "free", "holidays", "2026-03-02", "1"]
    assert rows(page(world.app, kind="excluded")) == [excluded]
    messages = page(world.app, kind="messages")
    assert messages.css_first("pre").text() == "<script>"


def test_the_period_is_in_the_address() -> None:
    world = GateWorld(task("a"), task("b", "a"))
    world.run("a", RunStatus.FAILED)
    world.app.clock.advance(days=2)
    assert tabs(page(world.app, since="1d"))["Skipped by an upstream"] == "0"
    tree = page(world.app, since="3d")
    assert tabs(tree)["Skipped by an upstream"] == "1"
    assert tree.css_first("#since option[selected]").attributes["value"] == "3d"
    assert world.app.browser.get("/missed", params={"since": "2y"}).status_code == 422


def test_a_reader_sees_the_causes_and_may_not_repair() -> None:
    world = GateWorld(task("ingest"), task("clean", "ingest"))
    root = world.run("ingest", RunStatus.FAILED)
    settings = settings_of(POLYSYNC_ENVIRONMENT="production", WEBSITE_AUTH_ENABLED="True")
    world.app._identify = identify_by(settings)
    reader = principal_header(Role.READER, oid="someone")
    answer = world.app.browser.get("/missed", headers=reader)
    assert "1 run was skipped" in answer.text
    assert "/missed/repair" not in answer.text
    refused = world.app.browser.post("/missed/repair", data={"run": root.run_id}, headers=reader)
    assert refused.status_code == 403
    assert len(world.all_runs("ingest")) == 1
