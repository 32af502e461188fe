"""The problem of a run in the API, the event stream and tools for copilots."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from polysync_core.api.runs.events import changes
from polysync_core.domain.errors import PlatformRefused, VaultUnavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun
from polysync_core.mcp.tools.runs import run_view
from tests.fakes.platform import RUNNING
from tests.unit.application.runs.attempt_bench import Bench

MESSAGE = "the secret databricks-token of the vault team cannot be read: Key Vault does not answer"


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.platform.submit_answers = [VaultUnavailable(MESSAGE, vault="team")]
    bench.submit()
    return bench


def get(bench: Bench, *path: str) -> Any:
    answer = bench.app.http.get("/".join(("/api/task-runs", bench.run_id, *path)))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_run_and_the_list_show_the_problem(bench: Bench) -> None:
    run = get(bench)
    text = f"cannot reach the platform: {MESSAGE} (1 try, next at 12:00:05Z, given up at 12:15Z)"
    assert run["problem"] == {
        "step": "Submit",
        "kind": "Unreachable",
        "target": "vault team",
        "message": MESSAGE,
        "since": "2026-03-01T12:00:00.000Z",
        "tries": 1,
        "lastTryAt": "2026-03-01T12:00:00.000Z",
        "nextTryAt": "2026-03-01T12:00:05.000Z",
        "givenUpAt": "2026-03-01T12:15:00.000Z",
        "text": text,
    }
    assert run["reason"] == f"C{text[1:]}."
    (listed,) = bench.app.http.get("/api/task-runs").json()["items"]
    assert listed["problem"] == run["problem"]


def test_the_history_has_the_begin_of_the_problem(bench: Bench) -> None:
    last = get(bench, "history")["items"][-1]
    assert (last["from"], last["to"], last["actor"]) == ("Running", "Running", "polysync")
    assert last["reason"] == f"Cannot reach the platform: {MESSAGE}."


def test_the_explanation_has_the_problem_and_its_begin(bench: Bench) -> None:
    sentences = get(bench, "explain")["sentences"]
    assert sentences[0] == "Attempt 1 is under way, but does not go on."
    assert MESSAGE in sentences[1]
    assert "2026-03-01T12:00:00.000Z" in sentences[2]


def test_the_explanation_of_a_refused_poll_says_that_it_is_to_correct() -> None:
    bench = Bench()
    bench.platform.reports = [RUNNING]
    bench.submit()
    refusal = PlatformRefused("grant it Can View", cause=FailureCause.SUBMIT, status=403)
    bench.platform.reports = [refusal]
    bench.poll()
    sentences = " ".join(get(bench, "explain")["sentences"])
    assert "grant it Can View" in sentences
    assert "after this is corrected" in sentences


def test_the_explanation_names_a_dispatcher_that_cannot_be_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()

    def absent(shard: str) -> Any:
        raise VaultUnavailable("The durable engine does not answer.", vault="")

    monkeypatch.setattr(bench.app.engine, "dispatcher", absent)
    (sentence,) = get(bench, "explain")["sentences"]
    assert "The durable engine does not answer" in sentence


def test_a_copilot_gets_the_problem_as_untrusted_text(bench: Bench) -> None:
    shown = run_view(get(bench))
    assert MESSAGE in str(shown["problem"])
    bench.submit()
    assert "problem" not in run_view(get(bench))


def test_the_stream_shows_each_state_and_not_only_each_change_of_the_history(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason changes without a new line of the history."""
    states = iter([replace(bench.run, reason="Submitted."), replace(bench.run, reason="Runs.")])
    monkeypatch.setattr("polysync_core.api.runs.events._FIRST_DELAY", 0.0)

    def read(run_id: RunId) -> TaskRun:
        return next(states)

    async def first_states() -> list[str]:
        stream = changes(read, bench.run, after=0, every_state=True)
        return [(await anext(stream)).reason for _ in range(3)]

    assert asyncio.run(first_states()) == [bench.run.reason, "Submitted.", "Runs."]
