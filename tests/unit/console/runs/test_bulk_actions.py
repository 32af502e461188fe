"""Actions on many runs."""

from __future__ import annotations

import pytest

from polysync_core.domain.runs.run import RunStatus
from tests.unit.console.browser import parsed, submit
from tests.unit.console.runs.runs_world import RunsWorld, text_of


@pytest.fixture
def world() -> RunsWorld:
    return RunsWorld()


def act(world: RunsWorld, action: str, *runs: str, back: str = "", key: str = "k") -> str:
    """Send the form of the page, and return the address of the next page."""
    body = {"run": [*runs], "action": action, "back": back, "key": key}
    answer = world.app.browser.post("/runs/actions", data=body)
    if action == "cancel":
        answer = submit(world.app.browser, answer, {"confirmed": "true"}, form="main form")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_chosen_runs_are_cancelled_and_the_filters_survive(world: RunsWorld) -> None:
    runs = [world.accept() for _ in range(3)]
    back = "/console/runs?task=load&status=active"
    address = act(world, "cancel", *(run.run_id for run in runs[:2]), back=back)
    assert address == f"{back}&notice=cancel.2.0"
    tree = world.get(address.removeprefix("/console"))
    assert text_of(tree.css_first(".notice")) == "2 runs were asked to stop."
    assert [row.attributes["id"] for row in tree.css(".rows tr")] == [runs[2].run_id]


def test_runs_are_cancelled_only_after_a_page_that_counts_and_lists_them(world: RunsWorld) -> None:
    active = [world.accept() for _ in range(2)]
    ended = world.end(world.accept(), RunStatus.SUCCEEDED)
    chosen = [ended.run_id, *(run.run_id for run in active)]
    body = {"run": chosen, "action": "cancel", "back": "/console/runs?task=load", "key": "k"}

    question = parsed(world.app.browser.post("/runs/actions", data=body).text)

    assert text_of(question.css_first("h1")) == "Cancel 2 runs?"
    links = [a.attributes["href"] for a in question.css("td .mono")]
    assert links == [f"/console/runs/{run_id}" for run_id in chosen]
    assert "1 run ended meanwhile" in text_of(question.css_first(".notice"))
    back = question.css_first("main form a.button")
    assert back is not None
    assert back.attributes["href"] == "/console/runs?task=load"
    statuses = {run["status"] for run in world.app.http.get("/task-runs").json()["items"]}
    assert statuses == {"Queued", "Succeeded"}


def test_nothing_is_cancelled_if_every_chosen_run_has_ended(world: RunsWorld) -> None:
    ended = world.end(world.accept(), RunStatus.SUCCEEDED)
    body = {"run": [ended.run_id, "r" + "a" * 25, "../x"], "action": "cancel"}

    question = parsed(world.app.browser.post("/runs/actions", data=body).text)

    assert text_of(question.css_first("h1")) == "Nothing to cancel"
    assert question.css_first("main form button") is None


def test_the_question_before_a_cancellation_is_no_change_in_the_audit(world: RunsWorld) -> None:
    run = world.accept()
    world.app.browser.post("/runs/actions", data={"run": run.run_id, "action": "cancel"})

    assert world.app.http.get("/audit").json()["items"][0]["status"] == 200


def test_runs_that_cannot_be_rerun_do_not_stop_the_others(world: RunsWorld) -> None:
    ended = world.end(world.accept(), RunStatus.FAILED)
    active = world.accept()
    address = act(world, "rerun", ended.run_id, active.run_id, "r" + "a" * 25)
    assert address == "/console/runs?notice=rerun.1.2"
    notice = text_of(world.get(address.removeprefix("/console")).css_first(".notice"))
    assert notice.startswith("1 run was started again. 2 runs could not be started again")
    reruns = [run for run in world.app.http.get("/task-runs").json()["items"] if run["rerunOf"]]
    assert [run["rerunOf"] for run in reruns] == [ended.run_id]


def test_a_form_that_is_sent_twice_starts_each_rerun_once(world: RunsWorld) -> None:
    ended = world.end(world.accept(), RunStatus.FAILED)
    for _ in range(2):
        act(world, "downstream", ended.run_id, key="one-page")
    act(world, "downstream", ended.run_id, key="another-page")
    reruns = [run for run in world.app.http.get("/task-runs").json()["items"] if run["rerunOf"]]
    assert len(reruns) == 2


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/console/runs",
        "//evil.example",
        "/console/runs\\@evil.example",
        "/console/jobs",
        "/console/runs?x=1#y",
        "javascript:alert(1)",
        "",
    ],
)
def test_no_other_page_is_opened_after_an_action(world: RunsWorld, back: str) -> None:
    run = world.accept()
    assert act(world, "cancel", run.run_id, back=back) == "/console/runs?notice=cancel.1.0"


@pytest.mark.parametrize(
    "body",
    [
        {"action": "cancel"},
        {"action": "explode", "run": "r" + "a" * 25},
        {"run": "r" + "a" * 25},
        {"action": "cancel", "run": [f"r{number:025}" for number in range(101)]},
    ],
)
def test_a_form_without_runs_or_action_is_refused(world: RunsWorld, body: dict[str, str]) -> None:
    assert world.app.browser.post("/runs/actions", data=body).status_code == 422


@pytest.mark.parametrize("notice", ["cancel.1", "cancel.9999.0", "<script>", "evil.1.1"])
def test_an_unknown_notice_shows_nothing(world: RunsWorld, notice: str) -> None:
    assert world.get("/runs", notice=notice).css_first(".notice") is None


def test_all_active_runs_that_match_are_cancelled_after_their_list(world: RunsWorld) -> None:
    matching = [world.accept() for _ in range(2)]
    ended = world.end(world.accept(), RunStatus.SUCCEEDED)
    link = world.get("/runs?task=load").css_first(".bulk a")
    assert link is not None
    address = str(link.attributes["href"]).removeprefix("/console")

    answer = world.app.browser.get(address)
    question = parsed(answer.text)
    assert text_of(question.css_first("h1")) == "Cancel 2 runs?"
    assert ended.run_id not in answer.text
    done = submit(world.app.browser, answer, {"confirmed": "true"}, form="main form")

    assert done.headers["location"] == "/console/runs?task=load&notice=cancel.2.0"
    statuses = {
        run["runId"]: run["status"] for run in world.app.http.get("/task-runs").json()["items"]
    }
    assert {statuses[run.run_id] for run in matching} == {"Cancelled"}


def test_a_list_of_ended_runs_offers_no_cancellation_of_all(world: RunsWorld) -> None:
    world.end(world.accept(), RunStatus.FAILED)

    assert world.get("/runs?status=Failed").css_first(".bulk a") is None


def test_more_matching_runs_than_one_page_are_announced(
    world: RunsWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polysync_core.console.pages.runs.bulk.MAX_RUNS", 1)
    for _ in range(2):
        world.accept()

    question = world.get("/runs/cancel?task=load")

    assert "More runs match" in text_of(question.css_first(".notice"))
