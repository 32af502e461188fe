"""Maps error responses of Airflow's API to errors with a remedy."""

from __future__ import annotations

import re

from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import ArtefactNotFound, RunNotFound
from polysync_core.platforms.refusal_rules import (
    ADDRESS_REMEDY,
    asks_to_try_later,
    blocks_address,
)

_REMEDIES = {
    400: "Airflow does not accept the request",
    403: (
        "the user lacks a permission: grant it the role User or Op in Airflow, or can_read and"
        " can_edit on the DAG and can_create on DAG runs; a service account of Cloud Composer also"
        " needs roles/composer.user"
    ),
    404: (
        "Airflow has no DAG of this id: its file was renamed or removed; import the platform's DAGs"
        " again"
    ),
    405: "the web server does not allow the call: check airflowUrl and apiVersion",
}
_HAS_IMPORT_ERRORS = re.compile(r"\bimport errors?\b", re.IGNORECASE)
_PARAMETERS_DO_NOT_FIT = re.compile(r"\bparams?\b|\bconf\b", re.IGNORECASE)


def refused(refusal: Refusal) -> PolysyncError:
    """Return the error for a refusal, with a known remedy."""
    if refusal.status != 404 and asks_to_try_later(refusal):
        return Unavailable(f"Airflow is busy (status {refusal.status})")
    remedy = _REMEDIES.get(refusal.status, "the answer gives no known reason")
    return _error(refusal, ADDRESS_REMEDY if blocks_address(refusal) else remedy)


def refused_for_dag(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a DAG; a missing DAG is `ArtefactNotFound`."""
    error = refused(refusal)
    if refusal.status != 404 or blocks_address(refusal):
        return error
    return ArtefactNotFound(str(error), cause=FailureCause.SUBMIT, status=refusal.status)


def refused_start(refusal: Refusal) -> PolysyncError:
    """Return the error for the start of a DAG."""
    if refusal.status in {400, 422} and not asks_to_try_later(refusal):
        if _HAS_IMPORT_ERRORS.search(refusal.text):
            return _error(refusal, "the file of the DAG has import errors: correct it")
        if _PARAMETERS_DO_NOT_FIT.search(refusal.text):
            remedy = "the DAG does not accept these parameters: sync the job's parameters"
            return _error(refusal, remedy, FailureCause.PARAMETERS)
    return refused_for_dag(refusal)


def refused_for_run(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a run; a missing run is `RunNotFound`."""
    if refusal.status == 404 and not blocks_address(refusal):
        return RunNotFound("Airflow has no run with this id, or has deleted it")
    return refused(refusal)


def refused_repair(refusal: Refusal) -> PolysyncError:
    """Return the error for the repair of a failed run."""
    if refusal.status in {400, 404, 409, 422} and not blocks_address(refusal):
        return _error(
            refusal, "the failed tasks cannot run again: the DAG has changed; start a new run"
        )
    return refused(refusal)


def _error(
    refusal: Refusal, remedy: str, cause: FailureCause = FailureCause.SUBMIT
) -> PlatformRefused:
    return PlatformRefused(
        f"Airflow refused the request (status {refusal.status}): {remedy}",
        cause=cause,
        status=refusal.status,
    )
