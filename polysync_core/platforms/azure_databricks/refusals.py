"""What Databricks' refusals mean, and what to do about them."""

from __future__ import annotations

import re

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.platforms.calls import Refusal, RefusalMapping
from polysync_core.platforms.connector import RunNotFound

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
# The service says so with INVALID_PARAMETER_VALUE; the official SDK tells it by these words too.
_RUN_IS_GONE = re.compile(r"Run .* does not exist|Run: .* in job: .* doesn't exist")

_TOKEN_IS_SPENT = re.compile(r"idempotency.{0,100}deleted|deleted.{0,100}idempotency", re.I | re.S)

NOTEBOOK_MISSING = (
    "there is no notebook at this path: it was moved or deleted, or the path is wrong;"
    " import the platform's notebooks again"
)
_REMEDIES = {
    "RESOURCE_DOES_NOT_EXIST": NOTEBOOK_MISSING,
    "DIRECTORY_NOT_FOUND": "there is no such folder in the workspace",
    "PERMISSION_DENIED": (
        "the identity may not do this: add it to the workspace's users or service principals, and"
        " grant it the notebook (Can Run) and the compute (Can Attach To, or cluster creation)"
    ),
    "INVALID_PARAMETER_VALUE": (
        "the request does not fit the workspace: check the compute attributes of the platform and"
        " the notebook's path"
    ),
    "FEATURE_DISABLED": "the workspace does not offer this feature, such as serverless compute",
    "QUOTA_EXCEEDED": "a quota of the workspace is used up",
    "MAX_NOTEBOOK_SIZE_EXCEEDED": "the notebook is too large to be exported",
    "INVALID_STATE": "the present state does not allow it",
}
_BY_STATUS = {
    401: "the credential was refused: it is wrong, expired or revoked",
    403: _REMEDIES["PERMISSION_DENIED"],
    404: "it does not exist in this workspace",
}
_PASSING = frozenset(
    {"TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED"}
)


def error_code(refusal: Refusal) -> str:
    """Return the `error_code` of a refusal if it is one, else nothing."""
    code = refusal.body.get("error_code")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def says_run_is_gone(refusal: Refusal) -> bool:
    """Tell whether a call that names a run was refused because there is no such run."""
    message = refusal.body.get("message")
    gone = isinstance(message, str) and _RUN_IS_GONE.search(message[:1000]) is not None
    return gone or refusal.status == 404 or error_code(refusal) == "RESOURCE_DOES_NOT_EXIST"


def run_of_token_is_gone(refusal: Refusal) -> PlatformRefused | None:
    """Return the error for a submit whose token belongs to a run that was deleted."""
    message = refusal.body.get("message")
    if not isinstance(message, str) or not _TOKEN_IS_SPENT.search(message[:1000]):
        return None
    return PlatformRefused(
        "the run of this attempt was deleted in Databricks; only a new attempt can run again",
        cause=FailureCause.LOST,
        status=refusal.status,
    )


def refused(refusal: Refusal) -> PolysyncError:
    """Return the error for a refusal: the code, and the remedy where one is known."""
    code = error_code(refusal)
    shown = f"{code}, " if code else ""
    if code in _PASSING:
        return Unavailable(f"Databricks is busy ({shown}status {refusal.status})")
    remedy = _REMEDIES.get(code) or _BY_STATUS.get(refusal.status) or "it gives no known reason"
    cause = FailureCause.SECRET if refusal.status == 401 else FailureCause.SUBMIT
    return PlatformRefused(
        f"Databricks refused the request ({shown}status {refusal.status}): {remedy}",
        cause=cause,
        status=refusal.status,
    )


def refused_for_run(run_id: str) -> RefusalMapping:
    """Return the mapping for calls about one run, where "not there" is `RunNotFound`."""

    def mapping(refusal: Refusal) -> PolysyncError:
        if says_run_is_gone(refusal):
            return RunNotFound(f"Databricks does not know the run {run_id}")
        return refused(refusal)

    return mapping


def refused_for_pipeline(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about a pipeline, which may be gone or busy."""
    if refusal.status == 409:
        return PlatformRefused(
            "the pipeline is being updated already, and has one update at a time: limit its runs"
            " to one by a concurrency profile, and look who else updates it",
            cause=FailureCause.CONTENTION_REJECTED,
            status=refusal.status,
        )
    if refusal.status == 404:
        return PlatformRefused(
            "there is no pipeline of this id in the workspace: it was deleted, or the id is wrong;"
            " import the platform's pipelines again",
            cause=FailureCause.SUBMIT,
            status=refusal.status,
        )
    return refused(refusal)


def refused_for_update(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about an update."""
    if refusal.status == 404:
        return RunNotFound("Databricks does not know this update of the pipeline")
    return refused(refusal)


def refused_for_job(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about one job, which may be gone."""
    message = refusal.body.get("message")
    gone = isinstance(message, str) and "does not exist" in message and "Job" in message
    if not gone and refusal.status != 404:
        return refused(refusal)
    return PlatformRefused(
        "there is no job of this id in the workspace: it was deleted, or the id is wrong;"
        " import the platform's jobs again",
        cause=FailureCause.SUBMIT,
        status=refusal.status,
    )
