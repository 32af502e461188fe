"""Explains why a queued run waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from polysync_core.application.ports import Engine, RunReader
from polysync_core.application.runs.prerequisites import Prerequisites
from polysync_core.application.runs.run_lookup import read_run
from polysync_core.domain.clock import Clock, rfc3339
from polysync_core.domain.dispatch.explain import Explanation, WaitReasonKind, explain_many
from polysync_core.domain.dispatch.state import DispatcherState
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.problem import ProblemKind
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.parameters.warnings import warnings_of
from polysync_core.domain.runs.run import RunStatus, TaskRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A run with the reasons why it waits, as data and as sentences."""

    run: TaskRun
    explanation: Explanation | None
    """None for a run that does not wait."""
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanations:
    """Explains runs; changes nothing."""

    runs: RunReader
    prerequisites: Prerequisites
    clock: Clock

    def run(self, run_id: RunId, engine: Engine) -> Explained:
        """Explain a run; raises `NotFound`."""
        run = read_run(self.runs, run_id).run
        found = self.many([run], engine)[run.run_id]
        if run.unmet:
            sentences = tuple(self.prerequisites.sentences(run)) or found.sentences
            found = replace(found, sentences=sentences)
        return replace(found, sentences=(*found.sentences, *warnings_of(run)))

    def many(self, runs: Iterable[TaskRun], engine: Engine) -> dict[RunId, Explained]:
        """Explain runs; each Dispatcher of a queued run is read once."""
        found: dict[RunId, Explained] = {}
        by_shard: dict[str, list[TaskRun]] = {}
        for run in runs:
            if run.status is RunStatus.QUEUED:
                by_shard.setdefault(run.shard, []).append(run)
            else:
                found[run.run_id] = Explained(
                    run=run, explanation=None, sentences=tuple(_not_waiting(run))
                )
        for shard, queued in by_shard.items():
            found |= self.queued(queued, lambda shard=shard: engine.dispatcher(shard))
        return found

    def queued(
        self, runs: Sequence[TaskRun], dispatcher: Callable[[], DispatcherState]
    ) -> dict[RunId, Explained]:
        """Explain queued runs of one shard by the state of its Dispatcher."""
        try:
            state = dispatcher()
        except Unavailable as error:
            return {run.run_id: _unreachable(run, error) for run in runs}
        waiting = {run.run_id: _with_unmet(run) for run in runs if run.unmet}
        runs = [run for run in runs if not run.unmet]
        leased = {run.run_id for run in runs if run.run_id in state.leases}
        reasons = explain_many(state, [run.run_id for run in runs], now=self.clock())
        return waiting | {
            run.run_id: _starting(run)
            if run.run_id in leased
            else _waiting(run, reasons.get(run.run_id))
            for run in runs
        }


def _unreachable(run: TaskRun, error: Unavailable) -> Explained:
    sentence = (
        f"The Dispatcher {run.shard} cannot be reached: {str(error).rstrip('.')}. "
        "The run starts after it is back."
    )
    return Explained(run=run, explanation=None, sentences=(sentence,))


def _with_unmet(run: TaskRun) -> Explained:
    return Explained(run=run, explanation=None, sentences=(run.reason,))


def _starting(run: TaskRun) -> Explained:
    sentence = "The run may start: its start is under way."
    return Explained(run=run, explanation=None, sentences=(sentence,))


def _waiting(run: TaskRun, found: Explanation | None) -> Explained:
    if found is None:
        unknown = (
            "The Dispatcher does not know the run yet; if the signal was lost, it is repeated "
            "within a minute."
        )
        sentences = [unknown]
    else:
        sentences = _sentences(found)
    return Explained(run=run, explanation=found, sentences=(*sentences, *_problem_sentences(run)))


def _not_waiting(run: TaskRun) -> Iterator[str]:
    """Yield sentences about a run that does not wait for its start."""
    if run.status.is_terminal:
        yield f"The run does not wait: it ended as {run.status}. {run.reason}"
    elif run.problem is None:
        yield f"The run does not wait: attempt {len(run.attempts)} is under way. {run.reason}"
    else:
        yield f"Attempt {len(run.attempts)} is under way, but does not go on."
    yield from _problem_sentences(run)


def _problem_sentences(run: TaskRun) -> Iterator[str]:
    """Yield sentences about the problem of a run, and what a person can do."""
    problem = run.problem
    if problem is None:
        return
    yield f"{problem.text[0].upper()}{problem.text[1:]}."
    yield f"The first try failed at {rfc3339(problem.since)}, in the step {problem.step}."
    if problem.kind is ProblemKind.REFUSED:
        yield "Polysync continues by itself after this is corrected; the platform is not affected."
    if run.status is RunStatus.RUNNING and run.cancel_requested is None:
        yield "Cancel the run to end it sooner."


def _sentences(found: Explanation) -> list[str]:
    if not found.reasons:
        return ["No limit blocks the run: it is about to start."]
    sentences = [reason.sentence for reason in found.reasons]
    if found.position is not None:
        ahead = found.position - 1
        many = "runs are" if ahead > 1 else "run is"
        sentences.append(f"{ahead} waiting {many} ahead." if ahead else "The run is next.")
    kinds = {reason.kind for reason in found.reasons}
    if WaitReasonKind.LIMITS_UNKNOWN in kinds:
        sentences.append("The Dispatcher checks it again within a minute.")
    elif WaitReasonKind.HELD in kinds:
        sentences.append("After the release the run starts as its limits allow.")
    elif found.next_possible is None:
        sentences.append("The start depends on the end of the runs that use the slots.")
    return sentences
