"""Finds the failed platform run of which a rerun can repeat only the failed parts."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Conflict
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import RunStatus, TaskRun

REPAIRABLE = frozenset({RunStatus.FAILED, RunStatus.CANCELLED})
"""The statuses of runs of which a part may have failed."""


def failed_run_to_repair(run: TaskRun, job: Job) -> str:
    """Return the external id of an ended run whose failed parts can run again.

    Raises `Conflict` if nothing failed on the platform, or the Job runs another artefact now.
    """
    if run.status not in REPAIRABLE:
        raise Conflict(
            f"The run is {run.status}, so no part of it has failed: rerun it from the beginning."
        )
    if _artefact(run.job) != _artefact(job):
        raise Conflict(
            f"Job '{job.name}' runs another artefact now: rerun the run from the beginning."
        )
    known = [each for each in run.attempts if each.external_run_id is not None]
    if not known or known[-1].external_run_id is None or known[-1].cause is FailureCause.LOST:
        raise Conflict(
            "The platform does not know the run, so it has nothing to repair: rerun it from the"
            " beginning."
        )
    return known[-1].external_run_id


def _artefact(job: Job) -> tuple[str, str, str]:
    return job.platform, job.job_type, job.external_id
