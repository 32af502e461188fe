"""Execute Now asks for values, starts one run, and shows the run until it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from httpx import Response

from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.outputs import Outputs
from polysync_core.domain.runs.run import RunStatus, TaskRun, begin_attempt, finish
from tests.unit.application.platforms.drift.notebooks import World
from tests.unit.console.browser import parsed, submit, text_of

# Each test builds the whole app.
pytestmark = pytest.mark.slow

PARAMETERS = (
    {"name": "day", "default": "2026-01-01", "description": "The day to load"},
    {"name": "rows", "dataType": "Int", "required": True},
    {"name": "full", "dataType": "Bool"},
    {"name": "token", "dataType": "Secret", "default": "vault://local/TOKEN"},
    {"name": "loaded", "direction": "Output"},
)


@pytest.fixture
def world() -> World:
    found = World()
    found.job("load", *PARAMETERS, settings={"outputsFromExitValue": True})
    return found


def form(world: World, query: str = "") -> Response:
    return world.app.browser.get(f"/jobs/load/run{query}")


def start(world: World, page: Response, **values: str) -> Response:
    names = [
        each.attributes["value"]
        for each in parsed(page.text).css('input[name^="params"][name$=".name"]')
    ]
    shown = {
        f"params[{index_of(page, name)}].value": text
        for name, text in values.items()
        if name in names
    }
    return submit(world.app.browser, page, shown, form="form#run")


def index_of(page: Response, name: str) -> int:
    for each in parsed(page.text).css('input[name^="params"][name$=".name"]'):
        if each.attributes["value"] == name:
            return int((each.attributes["name"] or "")[7:].partition("]")[0])
    raise AssertionError(name)


def started(world: World) -> TaskRun:
    run = world.app.services.job_runs.newest("load")
    assert run is not None
    return run


def end(world: World, status: RunStatus = RunStatus.SUCCEEDED, **facts: Any) -> None:
    """End the newest run as the engine does."""
    table, now = world.app.services.ports.runs, world.app.clock()
    stored = table.get(started(world).run_id)
    assert stored is not None
    running = table.save(stored, begin_attempt(stored.run, at=now, actor="platform"))
    outcome = Outcome(status=status, reason="It is over.", **facts)
    table.save(running, finish(running.run, outcome, at=now, actor="platform"))


def test_every_input_is_asked_for_and_the_required_ones_come_first(world: World) -> None:
    page = parsed(form(world).text)

    names = [each.attributes["value"] for each in page.css('form#run tbody input[name$=".name"]')]
    assert names == ["rows", "day", "full", "token"]
    first = page.css_first("form#run tbody tr")
    assert first is not None
    assert text_of(first, ".required") == "*"
    assert "The day to load" in text_of(page, "form#run tbody")
    assert page.css_first('form#run select[name$=".value"]') is not None


def test_a_run_starts_with_its_values_and_is_shown(world: World) -> None:
    answer = start(world, form(world), rows="5", full="true")

    run = started(world)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/console/jobs/load/run?run={run.run_id}"
    assert run.task is None
    assert run.parameters["rows"] == 5
    assert run.parameters["full"] is True
    assert run.parameters["day"] == "2026-01-01"
    shown = parsed(world.app.browser.get(answer.headers["location"].removeprefix("/console")).text)
    assert text_of(shown, "#job-run .status") == "Queued"
    stream = shown.css_first("#job-run")
    assert stream is not None
    address = f"/console/live/jobs/load/runs/{run.run_id}"
    assert stream.attributes["hx-sse:connect"] == address


def test_a_form_that_is_sent_twice_starts_one_run(world: World) -> None:
    page = form(world)

    first, second = start(world, page, rows="5"), start(world, page, rows="5")
    third = start(world, page, rows="6")

    assert first.headers["location"] == second.headers["location"] != third.headers["location"]


def test_a_script_shows_form_and_run_in_the_dialog_of_the_editor(world: World) -> None:
    editor = parsed(world.app.browser.get("/jobs/load").text)
    link = editor.css_first("#execute a")
    assert link is not None
    assert link.attributes["href"] == "/console/jobs/load/run"
    assert editor.css_first(f"#{link.attributes['data-open']} #execute-body") is not None

    shown = form(world, "?dialog=true")
    element = parsed(shown.text).css_first("form#run")
    assert element is not None
    assert element.attributes["hx-target"] == "#execute-body"
    answer = start(world, shown, rows="5")
    run = parsed(world.app.browser.get(answer.headers["location"].removeprefix("/console")).text)
    assert text_of(run, "#job-run .status") == "Queued"
    assert text_of(run, "#execute") == "Queued"


@pytest.mark.parametrize("rows", ["", "many"])
def test_wrong_values_are_shown_again_beside_their_fields(world: World, rows: str) -> None:
    answer = start(world, form(world), rows=rows, day="2027-01-01")

    page = parsed(answer.text)
    assert answer.status_code == 422
    assert world.app.services.job_runs.newest("load") is None
    link = page.css_first("#problems a")
    assert link is not None
    assert page.css_first(link.attributes["href"] or "") is not None
    kept = [each.attributes.get("value") for each in page.css("form#run tbody input")]
    assert "2027-01-01" in kept


def test_the_button_of_the_editor_leads_to_the_active_run(world: World) -> None:
    before = parsed(world.app.browser.get("/jobs/load").text)
    assert text_of(before, "#execute") == "Execute now"

    start(world, form(world), rows="5")
    during = parsed(world.app.browser.get("/jobs/load").text)
    run = started(world)
    link = during.css_first("#execute a")
    assert link is not None
    assert link.attributes["href"] == f"/console/jobs/load/run?run={run.run_id}"
    assert during.css_first("#execute .spin") is not None
    button = during.css_first("#execute")
    assert button is not None
    assert button.attributes["hx-sse:connect"] == "/console/live/jobs/load"

    end(world)
    after = parsed(world.app.browser.get("/jobs/load").text)
    assert text_of(after, "#execute") == "Execute now"


def test_an_ended_run_shows_its_outputs_and_offers_its_values_again(world: World) -> None:
    start(world, form(world), rows="5", full="false")
    run = started(world)
    end(world, outputs=Outputs(values={"loaded": 12}, redacted=("secret",)))

    page = parsed(form(world, f"?run={run.run_id}").text)
    assert "loaded 12" in text_of(page, "#job-run").replace("loaded12", "loaded 12")
    assert "2026-01-01" in text_of(page, "#job-run")
    assert "it holds a secret" in text_of(page, "#job-run")
    shown = page.css_first("#job-run")
    assert shown is not None
    assert "hx-sse:connect" not in shown.attributes
    again = page.css_first(f'a[href="/console/jobs/load/run?values={run.run_id}"]')
    assert again is not None

    world.app.clock.now += timedelta(seconds=1)
    filled = form(world, f"?values={run.run_id}")
    start(world, filled)
    second = started(world)
    assert second.run_id != run.run_id
    assert second.parameters == run.parameters


def test_a_stream_ends_with_the_run(world: World) -> None:
    start(world, form(world), rows="5")
    run = started(world)
    end(world)

    with world.app.browser.stream("GET", f"/live/jobs/load/runs/{run.run_id}") as answer:
        text = b"".join(answer.iter_raw()).decode()

    assert "Succeeded" in text
    assert text.rstrip().endswith("event: over\ndata: {}")


def test_a_part_is_sent_once_for_each_state(world: World) -> None:
    start(world, form(world), rows="5")
    path = f"/part/jobs/load/runs/{started(world).run_id}"

    first = world.app.browser.get(path)
    tag = {"If-None-Match": first.headers["etag"]}
    assert first.status_code == 200
    assert world.app.browser.get(path, headers=tag).status_code == 304
    end(world, RunStatus.FAILED)
    assert world.app.browser.get(path, headers=tag).status_code == 200


@pytest.mark.parametrize(
    "path", ["/jobs/load/run?run=r234", "/jobs/load/run?values=x", "/jobs/nothing/run"]
)
def test_an_unknown_run_or_job_is_not_found(world: World, path: str) -> None:
    assert world.app.browser.get(path).status_code in {400, 404}


def test_a_run_of_another_job_is_not_shown(world: World) -> None:
    start(world, form(world), rows="5")
    world.job("other")
    run = started(world).run_id

    assert world.app.browser.get(f"/jobs/other/run?run={run}").status_code == 404
    assert world.app.browser.get(f"/live/jobs/other/runs/{run}").status_code == 404
