"""Maps error responses of a called function to errors with a remedy."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.domain.errors import PlatformRefused, PolysyncError
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.refusal_rules import (
    ADDRESS_REMEDY,
    STOPPED_REMEDY,
    CredentialRules,
    blocks_address,
    host_refuses_credential,
    says_app_is_stopped,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRefusals:
    """Maps 4xx answers of a function to errors; call it with a `Refusal`."""

    credential: str
    """The remedy for a refused credential, as the end of a sentence."""
    permission: str
    """The remedy for a missing permission."""
    missing: str
    """The remedy for a missing function."""

    def __call__(self, refusal: Refusal) -> PolysyncError:
        """Return the error for a refusal, with the remedy for its status."""
        if blocks_address(refusal):
            return self.error(refusal, ADDRESS_REMEDY)
        if says_app_is_stopped(refusal):
            return self.error(refusal, STOPPED_REMEDY)
        remedies = {
            403: self.permission,
            404: self.missing,
            405: "it does not accept this method: change the job's setting httpMethod",
        }
        remedy = remedies.get(
            refusal.status, "it does not accept the request: check the values of the parameters"
        )
        return self.error(refusal, remedy)

    def error(self, refusal: Refusal, remedy: str) -> PolysyncError:
        """Return the error for a refusal, with a more specific remedy of the call."""
        return PlatformRefused(
            f"the function refused the call (status {refusal.status}): {remedy}",
            cause=FailureCause.SUBMIT,
            status=refusal.status,
        )

    def credential_rules(self, name: str) -> CredentialRules:
        """Return the rules for the credential of a client that calls functions."""
        return CredentialRules(
            name=name, is_refused=host_refuses_credential, remedy=lambda _: self.credential
        )
