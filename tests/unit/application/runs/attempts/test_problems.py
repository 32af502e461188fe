"""The problem that a run shows while a call fails, and its end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polysync_core.application.runs.attempts.services import LOST_TIMEOUT, SUBMIT_TIMEOUT
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.errors import (
    PlatformRefused,
    PolysyncError,
    Unavailable,
    Uncertain,
    VaultUnavailable,
)
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.problem import ProblemKind, ProblemStep
from polysync_core.domain.runs.interruptions import MAX_PROBLEM_NOTES, status_text
from polysync_core.domain.runs.run import ProblemChange, RunStatus
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import RunNotFound
from tests.fakes.builders import a_run
from tests.fakes.platform import RUNNING, SUCCESS
from tests.unit.application.runs.attempt_bench import Bench

VAULT_SILENT = "the secret databricks-token of the vault team cannot be read: {} does not answer"


def silent_vault(service: str = "Key Vault") -> VaultUnavailable:
    return VaultUnavailable(VAULT_SILENT.format(service), vault="team")


def submitted(**facts: object) -> Bench:
    bench = Bench(a_run(**facts)) if facts else Bench()
    bench.platform.reports = [RUNNING]
    bench.submit()
    bench.clock.advance(seconds=10)
    return bench


def fail(bench: Bench, error: PolysyncError, times: int, *, submit: bool) -> StepResult:
    """Let a step fail some times, and pass the time until its next try."""
    result = StepResult(submitted=not submit)
    for _ in range(times):
        if submit:
            bench.platform.submit_answers = [error]
        else:
            bench.platform.reports = [error]
        result = (bench.submit if submit else bench.poll)(result.memo)
        bench.clock.advance(seconds=result.after_seconds)
    return result


@pytest.mark.parametrize("service", ["Key Vault", "HashiCorp Vault", "Google Secret Manager"])
def test_a_run_whose_vault_does_not_answer_says_so(service: str) -> None:
    bench = Bench()
    fail(bench, silent_vault(service), 1, submit=True)
    first = bench.run
    assert first.problem is not None
    assert first.status is RunStatus.RUNNING
    assert (first.problem.step, first.problem.kind) == (ProblemStep.SUBMIT, ProblemKind.UNREACHABLE)
    assert first.problem.target == "vault team"
    fail(bench, silent_vault(service), 6, submit=True)
    problem = bench.run.problem
    assert problem is not None
    assert (problem.tries, problem.since) == (7, first.problem.since)
    assert problem.next_try == bench.clock()
    next_try = f"{bench.clock():%H:%M:%SZ}"
    assert status_text(bench.run).startswith(
        f"Cannot reach the platform: {VAULT_SILENT.format(service)} (7 tries, next at {next_try}"
    )
    assert "given up at" in status_text(bench.run)


def test_the_final_error_names_the_vault_that_did_not_answer() -> None:
    bench = Bench()
    result = fail(bench, silent_vault(), 20, submit=True)
    assert result.done
    attempt = bench.run.attempts[0]
    assert attempt.cause is FailureCause.SECRET
    assert attempt.error == (
        "The platform could not be asked to start the run for 15 minutes; last error: "
        f"{VAULT_SILENT.format('Key Vault')}."
    )
    assert bench.run.problem is None


def test_an_outage_of_the_vault_is_retried_as_infrastructure() -> None:
    retry = Retry(enabled=True, max_retry_attempts=0, max_infrastructure_attempts=1)
    bench = Bench(a_run(retry=retry))
    assert fail(bench, silent_vault(), 20, submit=True).retry is not None
    bench.platform.submit_answers = []
    result = StepResult()
    for _ in range(20):
        bench.platform.submit_answers = [silent_vault()]
        result = bench.submit(result.memo, attempt=2)
        bench.clock.advance(seconds=result.after_seconds)
    assert result.done
    assert result.retry is None


def test_the_final_error_names_the_host_that_did_not_answer() -> None:
    bench = Bench()
    fail(bench, Unavailable("adb-999.9.azuredatabricks.net cannot be reached"), 20, submit=True)
    attempt = bench.run.attempts[0]
    assert attempt.cause is FailureCause.PLATFORM_UNREACHABLE
    assert attempt.error == (
        "The platform gave no answer to the submit for 15 minutes; last error: "
        "adb-999.9.azuredatabricks.net cannot be reached."
    )


def test_a_vault_is_not_the_cause_if_the_platform_may_have_the_run() -> None:
    bench = Bench()
    fail(bench, Uncertain("the answer is missing"), 1, submit=True)
    fail(bench, silent_vault(), 20, submit=True)
    attempt = bench.run.attempts[0]
    assert attempt.cause is FailureCause.PLATFORM_UNREACHABLE
    assert "check the run there" in (attempt.error or "")


@pytest.mark.parametrize("clock_step", [0, -3600])
def test_the_submit_time_out_counts_from_the_first_try_across_lost_memos(
    clock_step: int,
) -> None:
    bench = Bench()
    bench.platform.submit_answers = [silent_vault()]
    memo = bench.submit().memo
    if clock_step:
        bench.clock.advance(seconds=clock_step)
    spent = 0.0
    while bench.run.status is RunStatus.RUNNING:
        bench.platform.submit_answers = [silent_vault()]
        result = bench.submit(memo if clock_step else AttemptMemo())
        memo = result.memo
        bench.clock.advance(seconds=result.after_seconds)
        spent += result.after_seconds
    assert spent <= SUBMIT_TIMEOUT.total_seconds() + 301


def test_a_poll_that_fails_is_the_runs_problem_until_one_succeeds() -> None:
    bench = submitted()
    result = fail(bench, Unavailable("adb.example is unavailable (status 503)"), 3, submit=False)
    assert status_text(bench.run).startswith(
        "Cannot reach the platform: adb.example is unavailable (status 503) (3 tries, next at "
    )
    bench.platform.reports = [RUNNING]
    bench.poll(result.memo)
    assert bench.run.problem is None
    notes = [entry for entry in bench.run.history if entry.problem is not None]
    assert [entry.problem for entry in notes] == [ProblemChange.BEGINS, ProblemChange.ENDS]
    assert notes[0].reason == "Cannot reach the platform: adb.example is unavailable (status 503)."
    assert notes[1].reason.startswith("The problem is over after 3 tries since ")


@pytest.mark.parametrize(
    "message",
    [
        "auth.systemKey must be the key of the durable extension",
        "the identity may not view the run: grant it Can View",
    ],
)
def test_a_refused_poll_says_what_to_do_and_is_repeated_less_often(message: str) -> None:
    bench = submitted()
    refusal = PlatformRefused(message, cause=FailureCause.SUBMIT, status=403)
    delays = []
    for _ in range(6):
        bench.platform.reports = [refusal]
        delays.append(bench.poll().after_seconds)
    assert delays == [60, 120, 240, 480, 600, 600]
    assert bench.run.status is RunStatus.RUNNING
    problem = bench.run.problem
    assert problem is not None
    assert problem.kind is ProblemKind.REFUSED
    assert status_text(bench.run).startswith(f"Cannot read the state of the run: {message} (6 tr")


def test_a_good_poll_writes_nothing_and_reads_nothing_more() -> None:
    bench = submitted()
    bench.poll()
    writes = bench.runs.writes
    for _ in range(50):
        bench.clock.advance(seconds=30)
        bench.poll()
    assert bench.runs.writes == writes


def test_the_notes_about_problems_are_bounded() -> None:
    bench = submitted()
    for _ in range(3 * MAX_PROBLEM_NOTES):
        fail(bench, Unavailable("adb.example cannot be reached"), 1, submit=False)
        bench.platform.reports = [RUNNING]
        bench.poll()
    notes = [entry for entry in bench.run.history if entry.problem is not None]
    assert len(notes) == MAX_PROBLEM_NOTES
    assert notes[-1].reason.endswith("The history lists no further problems of this run.")


def test_denials_count_from_the_first_denial_across_lost_memos() -> None:
    bench = submitted()
    fail(bench, Unavailable("adb.example cannot be reached"), 8, submit=False)
    assert not fail(bench, RunNotFound(), 1, submit=False).done
    assert status_text(bench.run).startswith("The platform does not know the run (")
    bench.clock.now += LOST_TIMEOUT
    bench.platform.reports = [RunNotFound()]
    assert bench.poll(AttemptMemo()).done
    assert bench.run.attempts[0].cause is FailureCause.LOST


def test_an_end_leaves_no_problem() -> None:
    bench = submitted()
    fail(bench, Unavailable("adb.example cannot be reached"), 2, submit=False)
    bench.platform.reports = [SUCCESS]
    assert bench.poll().done
    assert bench.run.problem is None
    assert bench.run.status is RunStatus.SUCCEEDED


def with_words(error: PolysyncError) -> PolysyncError:
    error.platform_message = "PERMISSION_DENIED: hunter2-hunter2 may not view"
    return error


def test_a_problem_and_a_final_error_have_the_platforms_own_words_without_secrets() -> None:
    bench = Bench(a_run(parameters={"key": "vault://team/key"}))
    bench.secrets["vault://team/key"] = Secret("hunter2-hunter2")
    bench.platform.reports = [RUNNING]
    bench.submit()
    refusal = PlatformRefused("grant it Can View", cause=FailureCause.SUBMIT, status=403)
    bench.platform.reports = [with_words(refusal)]
    bench.poll()
    words = "the platform says: PERMISSION_DENIED: (holds a secret) may not view"
    assert bench.run.problem is not None
    assert bench.run.problem.message == f"grant it Can View; {words}"


def test_a_refused_submit_has_the_platforms_own_words() -> None:
    bench = Bench()
    refusal = PlatformRefused("grant it Can Run", cause=FailureCause.SUBMIT, status=403)
    bench.platform.submit_answers = [with_words(refusal)]
    bench.submit()
    assert bench.run.attempts[0].error == (
        "grant it Can Run; the platform says: PERMISSION_DENIED: hunter2-hunter2 may not view"
    )


def test_a_silent_vault_is_asked_once_for_each_try() -> None:
    bench = Bench(a_run(parameters={"key": "vault://team/key"}))
    asked: list[str] = []

    def silent(reference: str) -> Secret:
        asked.append(reference)
        raise silent_vault()

    steps = bench.attempts
    bench.attempts = replace(steps, submissions=replace(steps.submissions, resolve_secret=silent))
    bench.submit()
    assert asked == ["vault://team/key"]
    assert bench.run.problem is not None
