"""Maps error responses of Azure services to errors with a remedy."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from polysync_core.domain.definitions.platforms import Auth
from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import ArtefactNotFound
from polysync_core.platforms.refusal_rules import (
    ADDRESS_REMEDY,
    CREDENTIAL_REMEDY,
    STOPPED_REMEDY,
    CredentialRules,
    asks_to_try_later,
    blocks_address,
    credential_name,
    says_app_is_stopped,
)

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,79}")

_TENANT = "the identity belongs to another tenant than the subscription: check tenantId and cloud"
_GONE = (
    "the resource does not exist: it was deleted, or a name in the platform's attributes is wrong"
)
_CREDENTIAL_REMEDIES = {
    "InvalidAuthenticationToken": "the token was refused: check the cloud and the identity",
    "ExpiredAuthenticationToken": "the token has expired: check this machine's clock",
    "InvalidAuthenticationTokenTenant": _TENANT,
}
_REMEDIES = {
    "InvalidSubscriptionId": "the subscription does not exist: check subscriptionId",
    "SubscriptionNotFound": "the subscription does not exist: check subscriptionId and cloud",
    "ResourceGroupNotFound": "the resource group does not exist: check resourceGroupName",
    "ResourceNotFound": _GONE,
    "ParentResourceNotFound": _GONE,
    "MissingSubscriptionRegistration": (
        "the subscription is not registered for this resource provider: register it"
    ),
    "RequestDisallowedByPolicy": (
        "a policy of the subscription forbids it: ask its owner for an exemption"
    ),
    "ScopeLocked": "a lock on the resource forbids it: remove the lock",
    "ReadOnlyDisabledSubscription": "the subscription is disabled and read-only: enable it",
}
RESOURCE_IS_GONE = frozenset(
    {
        "InvalidSubscriptionId",
        "SubscriptionNotFound",
        "ResourceGroupNotFound",
        "ResourceNotFound",
        "ParentResourceNotFound",
    }
)
"""Error codes that say that the platform itself does not exist."""
_TRANSIENT = frozenset(
    {
        "AnotherOperationInProgress",
        "InternalServerError",
        "RetryableError",
        "ServerBusy",
        "ServerTimeout",
        "ServiceUnavailable",
        "SubscriptionRequestsThrottled",
        "TooManyRequests",
    }
)
"""Error codes of transient faults, which some services report with a status such as 400."""
_PARAMETERS = frozenset({"TriggerInputSchemaMismatch"})


def azure_credential_rules(auth: Auth) -> CredentialRules:
    """Return the rules for the token of an Azure platform."""

    def remedy(refusal: Refusal) -> str:
        return _CREDENTIAL_REMEDIES.get(error_code(refusal.body), CREDENTIAL_REMEDY)

    return CredentialRules(name=credential_name(auth), remedy=remedy)


def error_code(body: JsonObject) -> str:
    """Return the error code of a body, or an empty text.

    Synapse omits `error`, and Fabric calls the code `errorCode`.
    """
    error = body.get("error")
    holder = error if isinstance(error, dict) else body
    code = holder.get("code") or holder.get("errorCode")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureRefusals:
    """Maps the refusals of one service to errors; call it with a `Refusal`."""

    service: str
    """The display name of the service."""
    permission: str
    """The remedy for a missing permission, as the end of a sentence."""
    remedies: dict[str, str] = field(default_factory=dict[str, str])
    """The remedies for error codes of this service."""

    def __call__(self, refusal: Refusal) -> PolysyncError:
        """Return the error for a refusal, with its code and a known remedy."""
        return self.error(refusal)

    def error(self, refusal: Refusal, remedy: str | None = None) -> PolysyncError:
        """Return the error for a refusal, with a more specific remedy of the call."""
        code = error_code(refusal.body)
        code_text = f"{code}, " if code else ""
        if code in _TRANSIENT or asks_to_try_later(refusal):
            return Unavailable(f"{self.service} is busy ({code_text}status {refusal.status})")
        if blocks_address(refusal):
            remedy = ADDRESS_REMEDY
        elif says_app_is_stopped(refusal):
            remedy = STOPPED_REMEDY
        remedy = remedy or self._remedy(code, refusal.status)
        return PlatformRefused(
            f"{self.service} refused the request ({code_text}status {refusal.status}): {remedy}",
            cause=FailureCause.PARAMETERS if code in _PARAMETERS else FailureCause.SUBMIT,
            status=refusal.status,
        )

    def missing(self, refusal: Refusal, remedy: str) -> PolysyncError:
        """Return the error for a call about an artefact that does not exist."""
        error = self.error(refusal, remedy)
        if not isinstance(error, PlatformRefused) or blocks_address(refusal):
            return error
        return ArtefactNotFound(str(error), cause=error.cause, status=error.status)

    def _remedy(self, code: str, status: int) -> str:
        known = self.remedies.get(code) or _REMEDIES.get(code)
        if known is not None:
            return known
        match status:
            case 403:
                return f"the identity lacks a permission: {self.permission}"
            case 404:
                return _GONE
            case _:
                return "the answer gives no known reason"
