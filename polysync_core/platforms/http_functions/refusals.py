"""Maps a function's refusals to errors with a remedy."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.errors import PlatformRefused, PolysyncError
from polysync_core.platforms.calls import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRefusals:
    """The mapping of a function's 4xx to errors; call it with a `Refusal`."""

    credential: str
    """What to do where the caller is not known, as the end of a sentence."""
    permission: str
    """What to do where the caller lacks a right."""
    missing: str
    """What to do where there is no such function."""

    def __call__(self, refusal: Refusal) -> PolysyncError:
        """Return the error for a refusal, with the remedy for its status."""
        remedies = {
            401: self.credential,
            403: self.permission,
            404: self.missing,
            405: "it does not take this method: change the job's setting httpMethod",
        }
        remedy = remedies.get(refusal.status, "it does not accept the request: check its values")
        return self.error(refusal, remedy)

    def error(self, refusal: Refusal, remedy: str) -> PolysyncError:
        """Return the error for a refusal, with a remedy that the call knows better."""
        return PlatformRefused(
            f"the function refused the call (status {refusal.status}): {remedy}",
            cause=FailureCause.SECRET if refusal.status == 401 else FailureCause.SUBMIT,
            status=refusal.status,
        )
