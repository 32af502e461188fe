"""Maps error responses of AWS services, by their error codes, to errors with a remedy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from polysync_core.domain.definitions.platforms import Auth
from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.sign_in.aws.errors import code_in, key_remedy, refuses_key
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import ArtefactNotFound
from polysync_core.platforms.refusal_rules import (
    ADDRESS_REMEDY,
    CREDENTIAL_REMEDY,
    CredentialRules,
    asks_to_try_later,
    blocks_address,
    credential_name,
    refuses_credential,
)

_UNAUTHORIZED = 401
_TRANSIENT = frozenset(
    {
        "EC2ThrottledException",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
"""Error codes of transient faults, which the JSON protocols report with the status 400."""
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_REMEDIES = {
    "OptInRequired": "the account has not activated the service or the region: activate it",
    "UnknownOperationException": "the service does not exist in this region: check region",
    "KmsAccessDeniedException": "allow the identity to use the KMS key of the resource",
    "KMSAccessDeniedException": "allow the identity to use the KMS key of the resource",
}


def error_code(refusal: Refusal) -> str:
    """Return the error code of an answer, or an empty text."""
    return code_in(refusal.headers, refusal.body)


def _refuses_key(refusal: Refusal) -> bool:
    code = error_code(refusal) if refusal.status >= 400 else ""
    if code and refusal.status != _UNAUTHORIZED:
        return refuses_key(code)
    # A proxy in front of AWS answers without a code.
    return refuses_credential(refusal)


def aws_credential_rules(auth: Auth) -> CredentialRules:
    """Return the rules for the access key of an AWS platform."""

    def remedy(refusal: Refusal) -> str:
        return key_remedy(error_code(refusal), refusal.text) or CREDENTIAL_REMEDY

    return CredentialRules(name=credential_name(auth), is_refused=_refuses_key, remedy=remedy)


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRefusals:
    """Maps the refusals of one service to errors; call it with a `Refusal`."""

    service: str
    """The display name of the service."""
    permission: str
    """The remedy for a missing permission, as the end of a sentence."""
    remedies: Mapping[str, str] = field(default_factory=dict[str, str])
    """The remedies for error codes of this service."""
    missing: Mapping[str, str] = field(default_factory=dict[str, str])
    """The remedies for error codes that say that an artefact does not exist."""
    parameters: Collection[str] = ()
    """Error codes about the values of parameters."""
    transient: Collection[str] = ()
    """Error codes of this service that ask to try later."""

    def __call__(self, refusal: Refusal) -> PolysyncError:
        """Return the error for a refusal, with its code and a known remedy."""
        code = error_code(refusal)
        detail = f"{code}, " if code else ""
        if code in _TRANSIENT or code in self.transient or asks_to_try_later(refusal):
            return Unavailable(f"{self.service} is busy ({detail}status {refusal.status})")
        is_blocked = blocks_address(refusal)
        is_missing = code in self.missing and not is_blocked
        error = ArtefactNotFound if is_missing else PlatformRefused
        is_about_values = code in self.parameters
        return error(
            f"{self.service} refused the request ({detail}status {refusal.status}):"
            f" {ADDRESS_REMEDY if is_blocked else self._remedy(code)}",
            cause=FailureCause.PARAMETERS if is_about_values else FailureCause.SUBMIT,
            status=refusal.status,
        )

    def _remedy(self, code: str) -> str:
        if code in _DENIED:
            return f"the identity lacks a permission: {self.permission}"
        for remedies in (self.missing, self.remedies, _REMEDIES):
            if code in remedies:
                return remedies[code]
        return "the answer gives no known reason"
