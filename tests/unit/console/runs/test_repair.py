"""The button that reruns a failed run from its failure."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.runs.run import RunStatus
from tests.unit.application.runs.test_repairs import World


def actions(world: World, run_id: str) -> str:
    tree = LexborHTMLParser(world.app.browser.get(f"/runs/{run_id}").text)
    return tree.css_first("#run-actions").text()


def test_only_a_run_that_can_be_repaired_has_the_button_which_repairs_it() -> None:
    world = World()
    failed, ended = world.failed(), world.failed(status=RunStatus.SUCCEEDED)
    assert "Rerun from the failure" in actions(world, failed.run_id)
    assert "Rerun from the failure" not in actions(world, ended.run_id)

    answer = world.app.browser.post(
        f"/runs/{failed.run_id}/rerun", data={"fromFailure": "true", "key": "k"}
    )

    run_id, _, notice = answer.headers["location"].rpartition("/")[2].partition("?")
    assert notice == "notice=repair"
    assert world.runs.get(run_id).repairs == "7"


def test_a_repair_names_the_run_that_it_repairs() -> None:
    world = World()
    run = world.rerun(world.failed())
    world.app.services.attempt_steps.submit(run.run_id, 1, AttemptMemo())
    page = world.app.browser.get(f"/runs/{run.run_id}").text
    assert "repairs 7" in page
    assert "Submitting attempt 1, a repair of 7." in page
