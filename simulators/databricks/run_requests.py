"""Defines the parameters and results of requests that list or repair runs."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.databricks.errors import invalid_parameter
from simulators.databricks.runs import Result, Run

MAX_PAGE = 25
DEFAULT_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Selects the runs of a list; the page token comes from the page before."""

    limit: int = DEFAULT_PAGE
    page_token: str | None = None
    active_only: bool = False
    completed_only: bool = False
    job_id: int = 0
    """0 selects all jobs."""
    run_type: str | None = None
    start_time_from: int = 0
    start_time_to: int = 2**63

    def admits(self, run: Run) -> bool:
        """Return whether the list contains a run."""
        if self.active_only and run.state.is_final:
            return False
        if self.completed_only and not run.state.is_final:
            return False
        if self.job_id not in {0, run.job_id}:
            return False
        if self.run_type not in {None, run.submission.run_type}:
            return False
        return self.start_time_from <= run.submitted_at <= self.start_time_to


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """One page of runs, newest first."""

    runs: tuple[Run, ...]
    next_token: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRequest:
    """A request to run tasks of a run again."""

    run_id: int
    latest_repair_id: int | None
    tasks: frozenset[str] | None
    """The keys of the tasks; None selects all tasks that have not succeeded."""
    with_dependents: bool

    def keys_of(self, run: Run) -> frozenset[str]:
        """Return the keys of the tasks that run again; raise for an unknown key."""
        unknown = (self.tasks or frozenset()) - run.tasks.keys()
        if unknown:
            raise invalid_parameter(f"The run has no task {min(unknown)}.")
        keys = self.tasks or {
            key for key, task in run.tasks.items() if task.state.result is not Result.SUCCESS
        }
        while self.with_dependents:
            more = {k for k, task in run.tasks.items() if keys & set(task.spec.depends_on)}
            if more <= keys:
                break
            keys |= more
        return frozenset(keys)
