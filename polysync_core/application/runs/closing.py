"""Taking runs that have ended off the active ones, once nobody is owed anything of them."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.ports import Engine, Runs
from polysync_core.application.runs.accepting import tell
from polysync_core.domain.runs.run import TaskRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Settles what has ended, or says who is to be told before."""

    runs: Runs
    neighbours: TaskGraphCache

    def close(self, run: TaskRun) -> tuple[str, ...]:
        """Settle a run that has ended and that nobody depends on; return the Tasks to be told."""
        tasks = self.neighbours.downstream(run.task) if run.fan_out else ()
        if not tasks:
            self.runs.settle(run)
        return tasks

    def hand_over(self, run: TaskRun, engine: Engine) -> None:
        """Close a run that no orchestration carries; one is started where dependents wait."""
        if self.close(run):
            tell("complete", lambda: engine.complete(run.run_id))
