"""Collects the data that the HTML page of one run shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends

from polysync_core.api.use_cases import use_case
from polysync_core.application.ports import Engine
from polysync_core.application.runs.explaining import Explained, Explanations
from polysync_core.application.runs.lists.related_runs import Relatives, RelativesReader
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun

CurrentRelatives = Annotated[RelativesReader, Depends(use_case(RelativesReader))]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContent:
    """The content of the page of a run at one moment."""

    run: TaskRun
    explained: Explained
    relatives: Relatives
    at: datetime
    may_repair: bool = False
    """True if the platform can run only the failed parts again."""

    @property
    def state(self) -> str:
        """A text that changes if the content changes, but not with the time alone."""
        relatives = [
            (each.run_id, each.status) for each in (*self.relatives.children, *self.relatives.last)
        ]
        explanation = (self.explained.explanation, self.explained.sentences)
        return repr((self.run, explanation, relatives))


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPageReader:
    """Reads the content of a run page with the use cases of one request."""

    runs: TaskRuns
    explanations: Explanations
    relatives: RelativesReader
    engine: Engine

    def read(self, run_id: RunId) -> RunContent:
        """Return the content of the page; raises `NotFound`."""
        explained = self.explanations.run(run_id, self.engine)
        run = explained.run
        return RunContent(
            run=run,
            explained=explained,
            relatives=self.relatives.of(run),
            at=self.runs.clock(),
            may_repair=self.runs.may_repair(run),
        )
