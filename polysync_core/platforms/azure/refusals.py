"""What the refusals of Azure Resource Manager and its services mean, and what to do about them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.errors import PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.calls import Refusal

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,79}")

_TENANT = "the identity is of another tenant than the subscription: check tenantId and cloud"
_GONE = "there is no such thing: it was deleted, or a name among the platform's attributes is wrong"
_REMEDIES = {
    "InvalidAuthenticationToken": "the token was refused: check the cloud and the identity",
    "ExpiredAuthenticationToken": "the token has expired: check this machine's clock",
    "InvalidAuthenticationTokenTenant": _TENANT,
    "InvalidSubscriptionId": "there is no such subscription: check subscriptionId",
    "SubscriptionNotFound": "there is no such subscription in this cloud: check subscriptionId",
    "ResourceGroupNotFound": "there is no such resource group: check resourceGroupName",
    "ResourceNotFound": _GONE,
    "ParentResourceNotFound": _GONE,
    "MissingSubscriptionRegistration": (
        "the subscription is not registered for this resource provider: register it"
    ),
    "RequestDisallowedByPolicy": "a policy of the subscription forbids it",
    "ScopeLocked": "a lock on the resource forbids it",
    "ReadOnlyDisabledSubscription": "the subscription is disabled: it can only be read",
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
"""Codes by which the platform itself is missing, not what a call names in it."""
_PASSING = frozenset(
    {"TooManyRequests", "SubscriptionRequestsThrottled", "ServerBusy", "RetryableError"}
)


def error_code(body: JsonObject) -> str:
    """Return the code of an error if it is one, else nothing; Synapse gives it without `error`."""
    error = body.get("error")
    code = (error if isinstance(error, dict) else body).get("code")
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureRefusals:
    """The mapping of one service's refusals to errors; call it with a `Refusal`."""

    service: str
    """The service's name, for people."""
    permission: str
    """What to grant the identity where it lacks a right, as the end of a sentence."""
    remedies: dict[str, str] = field(default_factory=dict[str, str])
    """What to do about codes of the service's own."""

    def __call__(self, refusal: Refusal) -> PolysyncError:
        """Return the error for a refusal: the code, and the remedy where one is known."""
        return self.error(refusal)

    def error(self, refusal: Refusal, remedy: str | None = None) -> PolysyncError:
        """Return the error for a refusal, with a remedy that the call knows better."""
        code = error_code(refusal.body)
        shown = f"{code}, " if code else ""
        if code in _PASSING:
            return Unavailable(f"{self.service} is busy ({shown}status {refusal.status})")
        remedy = remedy or self._remedy(code, refusal.status)
        cause = FailureCause.SECRET if refusal.status == 401 else FailureCause.SUBMIT
        return PlatformRefused(
            f"{self.service} refused the request ({shown}status {refusal.status}): {remedy}",
            cause=cause,
            status=refusal.status,
        )

    def _remedy(self, code: str, status: int) -> str:
        known = self.remedies.get(code) or _REMEDIES.get(code)
        if known is not None:
            return known
        match status:
            case 401:
                return "the credential was refused: it is wrong, expired or revoked"
            case 403:
                return f"the identity may not do this: {self.permission}"
            case 404:
                return _GONE
            case _:
                return "it gives no known reason"
