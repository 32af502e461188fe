"""Maps refusals of AWS services to errors with a remedy, by their error codes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from polysync_core.domain.definitions.platforms import Auth
from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
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

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9._]{0,79}")
_UNAUTHORIZED = 401

_UNKNOWN_KEY = (
    "the access key is unknown: it was deleted or deactivated, or the region belongs to another"
    " partition"
)
_WRONG_PAIR = (
    "secretAccessKey does not belong to accessKeyId: store the pair that AWS has handed out"
)
_CLOCK = "the clock of this machine differs from that of AWS by more than five minutes: correct it"
_EXPIRED = "the temporary access key has expired or was revoked: renew it"
_INCOMPLETE = "the signature was lost on the way: check proxies between this app and AWS"
_CREDENTIAL_REMEDIES = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "UnrecognizedClientException": _UNKNOWN_KEY,
    "InvalidClientTokenId": _UNKNOWN_KEY,
    "InvalidSignatureException": _WRONG_PAIR,
    "SignatureDoesNotMatch": _WRONG_PAIR,
    "RequestExpired": _CLOCK,
    "RequestTimeTooSkewed": _CLOCK,
    "AuthFailure": CREDENTIAL_REMEDY,
    "IncompleteSignature": _INCOMPLETE,
    "IncompleteSignatureException": _INCOMPLETE,
    "MissingAuthenticationToken": _INCOMPLETE,
    "MissingAuthenticationTokenException": _INCOMPLETE,
}
_SKEW = re.compile(r"\bSignature (?:expired|not yet current)\b", re.IGNORECASE)
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
    """Return the error code of an answer, or an empty text.

    It is in the header `x-amzn-ErrorType` (`Code:address`), or in the body's `__type`
    (`namespace#Code`) or `code`.
    """
    given = refusal.headers.get("x-amzn-errortype", "").partition(":")[0]
    for name in ("__type", "code", "Code"):
        text = refusal.body.get(name)
        given = given or (text if isinstance(text, str) else "")
    code = given.rpartition("#")[2].strip()
    return code if _CODE.fullmatch(code) else ""


def _refuses_key(refusal: Refusal) -> bool:
    code = error_code(refusal) if refusal.status >= 400 else ""
    if code and refusal.status != _UNAUTHORIZED:
        return code in _CREDENTIAL_REMEDIES
    # A proxy in front of AWS answers without a code.
    return refuses_credential(refusal)


def aws_credential_rules(auth: Auth) -> CredentialRules:
    """Return the rules for the access key of an AWS platform."""

    def remedy(refusal: Refusal) -> str:
        if _SKEW.search(refusal.text):
            return _CLOCK
        return _CREDENTIAL_REMEDIES.get(error_code(refusal), CREDENTIAL_REMEDY)

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
