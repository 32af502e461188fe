"""The page of one run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from polysync_core.console.pages.run.state_card import REMEDIES
from polysync_core.console.pages.run.time_axis import bars_of
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.problem import Failure, ProblemKind, ProblemStep
from polysync_core.domain.runs.identity import new_run_id
from polysync_core.domain.runs.interruptions import with_failure
from polysync_core.domain.runs.run import MappedInput, Parent, RunStatus, TaskRun
from polysync_core.domain.security.roles import Role
from tests.unit.console.runs.runs_world import (
    HOSTILE,
    RunsWorld,
    azure_world,
    headers_of,
    text_of,
)


@pytest.fixture
def world() -> RunsWorld:
    return RunsWorld()


def page_of(world: RunsWorld, run: TaskRun, **query: Any) -> LexborHTMLParser:
    return world.get(f"/runs/{run.run_id}", **query)


def card(tree: LexborHTMLParser, title: str) -> Any:
    return next(each for each in tree.css("section.card") if each.attributes["aria-label"] == title)


def state_card(tree: LexborHTMLParser) -> str:
    return text_of(tree.css_first("#state-card"))


def test_the_beginning_of_an_id_leads_to_the_run(world: RunsWorld) -> None:
    run = world.accept()
    answer = world.app.browser.get(f"/runs/{run.run_id[:9]}")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/console/runs/{run.run_id}"


@pytest.mark.parametrize("run_id", ["r" + "a" * 25, "nonsense", "r2a", "4711"])
def test_an_unknown_run_is_not_found(world: RunsWorld, run_id: str) -> None:
    for path in (f"/runs/{run_id}", f"/runs/{run_id}/details", f"/live/runs/{run_id}"):
        assert world.app.browser.get(path).status_code == 404


def test_a_waiting_run_says_for_what_and_for_whom(world: RunsWorld) -> None:
    holder = world.accept()
    world.accept()
    run = world.accept()
    tree = page_of(world, run)
    assert "It waits for slots : 1 of 1 taken, held by load . It is 2nd in line." in state_card(
        tree
    )
    held = tree.css_first(f"#state-card a[href='/console/runs/{holder.run_id}']")
    assert held is not None
    assert tree.css_first("#state-card a").attributes["href"] == "/console/limits/slots"
    assert len(tree.css("#state-card .meter .taken")) == 1
    assert "not been submitted" in text_of(card(tree, "Attempts"))


def test_a_running_run_names_its_platform_and_the_state(world: RunsWorld) -> None:
    run = world.accept()
    world.begin(run, "Pending", url="https://example.net/4711")
    tree = page_of(world, run)
    assert "Attempt 1 is on lakehouse, which says Pending ." in state_card(tree)
    links = [each.attributes["href"] for each in tree.css("a[target=_blank]")]
    assert set(links) == {"https://example.net/4711"}


@pytest.mark.parametrize("cause", FailureCause)
def test_every_cause_has_a_remedy(world: RunsWorld, cause: FailureCause) -> None:
    run = world.end(world.accept(), RunStatus.FAILED, error="It broke.", cause=cause)
    shown = state_card(page_of(world, run))
    assert "It broke." in shown
    assert REMEDIES[cause] in shown


def test_a_problem_shows_its_tries_and_the_next_try(world: RunsWorld) -> None:
    run = world.accept()
    world.begin(run)
    runs = world.app.services.ports.runs
    stored = runs.get(run.run_id)
    assert stored is not None
    failure = Failure(
        step=ProblemStep.POLL,
        kind=ProblemKind.UNREACHABLE,
        target="platform lakehouse",
        message="connection refused",
    )
    at = world.app.clock()
    runs.save(stored, with_failure(stored.run, failure, at=at, next_try=at))
    shown = state_card(page_of(world, run))
    assert "cannot reach the platform: connection refused" in shown
    assert "The next try is at 2026-03-01" in shown


def test_values_show_what_was_written_what_was_sent_and_from_where(world: RunsWorld) -> None:
    run = world.accept()
    world.begin(run)
    rows = card(page_of(world, run), "Values").css("tbody tr")
    shown = [[text_of(cell) for cell in row.css("th, td")] for row in rows]
    assert [row[0] for row in shown] == ["day", "rows"]
    assert shown[0][1] == "${run.scheduledTime:%Y}"
    assert shown[1] == ["rows", "7", "7", "the Job's default"]


def test_outputs_show_the_runs_that_took_them(world: RunsWorld) -> None:
    parent = world.end(world.accept(), outputs={"total": 12})
    taken = MappedInput(task="load", run_id=parent.run_id, output="total")
    child = world.accept("clean")
    runs = world.app.services.ports.runs
    stored = runs.get(child.run_id)
    assert stored is not None
    follower = replace(
        stored.run,
        run_id=new_run_id(),
        graph_run_id=parent.run_id,
        parents=(Parent(task="load", run_id=parent.run_id),),
        mapped_inputs={"rows": taken},
    )
    runs.index_active(follower)
    runs.insert(follower)
    tree = page_of(world, parent)
    assert text_of(card(tree, "Outputs").css_first("tbody tr")) == "total 12 clean as rows"
    assert "What followed clean Queued" in text_of(card(tree, "Parents and children"))
    below = world.get(f"/runs/{follower.run_id}")
    assert "output total of load" in text_of(card(below, "Values"))


def test_reruns_are_named_both_ways(world: RunsWorld) -> None:
    former = world.end(world.accept(), RunStatus.FAILED)
    answer = world.app.browser.post(f"/runs/{former.run_id}/rerun", data={"key": "k"})
    assert answer.status_code == 303
    address = answer.headers["location"].removeprefix("/console")
    assert "Rerun of" in text_of(card(world.get(address), "Parents and children"))
    assert "Rerun by load Queued" in text_of(card(page_of(world, former), "Parents and children"))


def test_the_last_runs_are_bars_that_lead_to_the_runs(world: RunsWorld) -> None:
    ended = [world.end(world.accept()) for _ in range(14)]
    tree = page_of(world, ended[-1])
    bars = card(tree, "The last 12 runs").css(".bars a")
    assert [bar.attributes["href"] for bar in bars] == [
        f"/console/runs/{run.run_id}" for run in ended[2:]
    ]
    assert bars[-1].attributes["aria-current"] == "true"


def test_the_time_axis_draws_waits_apart_from_attempts(world: RunsWorld) -> None:
    run = world.accept()
    world.app.clock.advance(seconds=5)
    ended = world.end(run, RunStatus.FAILED)
    bars = list(bars_of(ended, now=world.app.clock()))
    assert [(bar.label, bar.kind) for bar in bars] == [
        ("attempt 1", "waiting"),
        ("attempt 1", "failed"),
    ]
    assert bars[0].end == bars[1].start
    waiting = world.accept("clean")
    (bar,) = bars_of(waiting, now=world.app.clock())
    assert (bar.label, bar.kind) == ("next", "waiting")


def test_commands_can_be_copied(world: RunsWorld) -> None:
    run = world.end(world.accept(), RunStatus.FAILED)
    commands = card(page_of(world, run), "In a terminal").css_first("code").text().split("\n")
    assert commands[:2] == [f"polysync show {run.run_id}", f"polysync logs {run.run_id}"]


def test_hostile_texts_are_escaped(world: RunsWorld) -> None:
    run = world.end(world.accept(), RunStatus.FAILED, error=HOSTILE)
    answer = world.app.browser.get(f"/runs/{run.run_id}")
    assert HOSTILE not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_failure_details_are_read_on_demand_and_can_be_unavailable(world: RunsWorld) -> None:
    run = world.end(world.accept(), RunStatus.FAILED, error="It broke.")
    link = card(page_of(world, run), "Attempts").css_first("a[hx-get]")
    address = f"/console/runs/{run.run_id}/details?attempt=1"
    assert link.attributes["href"] == link.attributes["hx-get"] == address
    tree = world.get(address.removeprefix("/console"))
    assert tree.css_first("#details")
    assert "It broke." in text_of(tree.css_first("#details"))


def test_the_actions_fit_the_state_and_the_role() -> None:
    world = azure_world()
    active, ended = world.accept(), world.end(world.accept("clean"))
    reader, operator = headers_of(Role.READER), headers_of(Role.OPERATOR)

    def actions(run: TaskRun, headers: dict[str, str]) -> list[str]:
        answer = world.app.browser.get(f"/runs/{run.run_id}", headers=headers)
        tree = LexborHTMLParser(answer.text)
        found = tree.css("#run-actions form, #run-actions a.button:not([target])")
        return [text_of(each) for each in found]

    assert actions(active, operator) == ["Cancel"]
    assert actions(ended, operator) == [
        "Rerun with other values",
        "Rerun",
        "Rerun with what follows",
    ]
    assert actions(active, reader) == actions(ended, reader) == []
    for path in ("cancel", "rerun"):
        answer = world.app.browser.post(f"/runs/{active.run_id}/{path}", headers=reader)
        assert answer.status_code == 403


def test_a_run_is_cancelled_and_says_so(world: RunsWorld) -> None:
    world.accept()
    run = world.accept()
    answer = world.app.browser.post(f"/runs/{run.run_id}/cancel")
    tree = world.get(answer.headers["location"].removeprefix("/console"))
    assert "was asked to stop" in text_of(tree.css_first(".notice"))
    assert "Cancelled before it started." in state_card(tree)


def test_a_rerun_takes_other_values(world: RunsWorld) -> None:
    former = world.end(world.accept(), RunStatus.FAILED)
    form = world.get(f"/runs/{former.run_id}/rerun")
    fields = {each.attributes["name"]: each.text() for each in form.css("textarea")}
    assert fields == {"value.day": "${run.scheduledTime:%Y}", "value.rows": "7"}
    body = {**fields, "value.rows": "8", "downstream": "true", "key": "k", "value.evil": "x"}
    answers = [world.app.browser.post(f"/runs/{former.run_id}/rerun", data=body) for _ in range(2)]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    run_id = answers[0].headers["location"].rpartition("/")[2].partition("?")[0]
    run = world.app.services.task_runs.get(run_id)
    assert run.parameters["rows"] == 8
    assert "evil" not in run.parameters
    assert (run.rerun_of, run.fan_out) == (former.run_id, True)


def test_a_wrong_value_of_a_rerun_is_refused(world: RunsWorld) -> None:
    former = world.end(world.accept())
    body = {"value.rows": "many", "key": "k"}
    answer = world.app.browser.post(f"/runs/{former.run_id}/rerun", data=body)
    assert answer.status_code == 422
    assert "rows" in answer.text


def test_an_active_run_has_a_stream_and_an_ended_one_has_none(world: RunsWorld) -> None:
    run = world.accept()
    element = page_of(world, run).css_first("[hx-sse\\:connect]")
    assert element.attributes["hx-sse:connect"] == f"/console/live/runs/{run.run_id}"
    assert element.attributes["hx-sse:close"] == "over"
    assert "data-look" not in element.attributes
    world.end(run)
    tree = page_of(world, run)
    assert tree.css_first("[hx-sse\\:connect], [data-look]") is None
    assert tree.css_first("[data-live]") is None


def test_the_stream_of_an_ended_run_sends_it_and_is_over(world: RunsWorld) -> None:
    run = world.end(world.accept())
    text = world.app.browser.get(f"/live/runs/{run.run_id}").text
    assert 'id="run"' in text
    assert 'id="run-actions"' in text
    assert "event: over" in text


def test_a_dispatcher_that_is_away_leaves_the_page_standing(world: RunsWorld) -> None:
    run = world.accept()

    def away(_: str) -> Any:
        raise Unavailable("The engine is starting.")

    world.app.engine.dispatcher = away  # type: ignore[method-assign]
    assert "cannot be reached" in state_card(page_of(world, run))


def test_a_run_of_a_deleted_task_or_of_a_job_is_shown(world: RunsWorld) -> None:
    run = world.end(world.accept())
    world.app.tables.tables["Definitions"].pop(("task", "load"), None)
    answer = world.app.browser.get(f"/runs/{run.run_id}")
    assert answer.status_code == 200
    job_run = world.app.http.post("/jobs/sales-load/run").json()["runId"]
    tree = world.get(f"/runs/{job_run}")
    assert "sales-load on lakehouse" in text_of(card(tree, "Origin"))


def test_ids_are_unique_on_the_page(world: RunsWorld) -> None:
    run = world.end(world.accept(), RunStatus.FAILED)
    found = [node.attributes["id"] for node in page_of(world, run).css("[id]")]
    assert len(found) == len(set(found))
