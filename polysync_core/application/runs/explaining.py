"""Explains why a run waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from polysync_core.application.ports import Engine, RunReader
from polysync_core.application.runs.run_lookup import read_run
from polysync_core.domain.clock import Clock, rfc3339
from polysync_core.domain.dispatch.explain import Explanation, WaitReasonKind, explain
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.problem import ProblemKind
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.warnings import warnings_of


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
    clock: Clock

    def run(self, run_id: RunId, engine: Engine) -> Explained:
        """Explain a run; raises `NotFound`."""
        run = read_run(self.runs, run_id).run
        found = self._explained(run, engine)
        return replace(found, sentences=(*found.sentences, *warnings_of(run)))

    def _explained(self, run: TaskRun, engine: Engine) -> Explained:
        if run.status is not RunStatus.QUEUED:
            return Explained(run=run, explanation=None, sentences=tuple(_not_waiting(run)))
        try:
            dispatcher = engine.dispatcher(run.shard)
        except Unavailable as error:
            sentence = (
                f"The Dispatcher {run.shard} cannot be reached: {str(error).rstrip('.')}. "
                "The run starts after it is back."
            )
            return Explained(run=run, explanation=None, sentences=(sentence,))
        if run.run_id in dispatcher.leases:
            sentence = "The run may start: its start is under way."
            return Explained(run=run, explanation=None, sentences=(sentence,))
        found = explain(dispatcher, run.run_id, now=self.clock())
        if found is None:
            sentence = (
                "The Dispatcher does not know the run yet; if the signal was lost, it is repeated "
                "within a minute."
            )
            sentences = (sentence, *_problem_sentences(run))
            return Explained(run=run, explanation=None, sentences=sentences)
        sentences = (*_sentences(found), *_problem_sentences(run))
        return Explained(run=run, explanation=found, sentences=sentences)


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
    if any(reason.kind is WaitReasonKind.LIMITS_UNKNOWN for reason in found.reasons):
        sentences.append("The Dispatcher checks it again within a minute.")
    elif found.next_possible is None:
        sentences.append("The start depends on the end of the runs that use the slots.")
    return sentences
