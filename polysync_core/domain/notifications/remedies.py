"""Suggests a remedy for each failure cause of a run."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.runs.failures.causes import FailureCause

_REMEDIES: Mapping[str, str] = {
    FailureCause.ARTEFACT: "Read the error on the platform, correct the artefact or its data, and "
    "rerun the run.",
    FailureCause.SUBMIT: "Check the External Id, the settings of the Job, and the rights of the "
    "sign-in on the platform.",
    FailureCause.TIMEOUT: "Find out on the platform why the run took so long, or raise "
    "executionTimeoutSeconds of the Task.",
    FailureCause.QUEUE_TIMEOUT: "Raise the limit or queueTimeoutSeconds of the contention profile, "
    "or spread the schedules.",
    FailureCause.CONTENTION_REJECTED: "Raise the limit of the contention profile, or set its "
    "exceedAction to Queue.",
    FailureCause.PARAMETERS: "Correct the values of the Task, or the parameters of the Job.",
    FailureCause.SECRET: "Test the vault with polysync test vault NAME, and check that the secret "
    "exists and that the app may read it.",
    FailureCause.PLATFORM_UNREACHABLE: "Test the platform with polysync test platform NAME, and "
    "rerun the run when it answers.",
    FailureCause.LOST: "Check on the platform if the artefact has run, and rerun the run if it has "
    "not.",
    FailureCause.INTERNAL: "Search the log of Polysync for the run id.",
}


def remedy_for(cause: str | None) -> str | None:
    """Return the remedy for a failure cause; None for an unknown cause."""
    return None if cause is None else _REMEDIES.get(cause)
