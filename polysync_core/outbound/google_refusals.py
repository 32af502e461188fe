"""What a sign-in that Google refuses means, without quoting Google's answer."""

from __future__ import annotations

import re

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.auth import Auth, AuthMethod
from polysync_core.domain.errors import PlatformRefused

_CODES = re.compile(
    r"\b(invalid_grant|invalid_client|unauthorized_client|invalid_target|invalid_request"
    r"|invalid_scope|access_denied|PERMISSION_DENIED|NOT_FOUND|UNAUTHENTICATED|SERVICE_DISABLED"
    r"|INVALID_ARGUMENT)\b"
)


def sign_in_refused(auth: Auth, asked: str, error: Exception) -> PlatformRefused:
    """Return the error for a refused sign-in; `asked` is the host that was asked last."""
    found = _CODES.search(" ".join(str(part) for part in error.args))
    detail = f" ({found[0]})" if found else ""
    return PlatformRefused(
        f"Google refused the sign-in{detail}: {_remedy(auth, asked)}", cause=FailureCause.SECRET
    )


def _remedy(auth: Auth, asked: str) -> str:
    at_iam = asked.startswith("iamcredentials.")
    match auth.method:
        case AuthMethod.WORKLOAD_IDENTITY_FEDERATION if at_iam:
            return (
                "grant the federated identity the role roles/iam.workloadIdentityUser on"
                f" {auth.service_account_email} (auth.serviceAccountEmail), and enable the"
                " IAM Service Account Credentials API"
            )
        case AuthMethod.WORKLOAD_IDENTITY_FEDERATION:
            return (
                "check auth.provider, and that it trusts this app's Entra tenant, its managed"
                " identity and the audience in auth.entraAudience"
            )
        case AuthMethod.IMPERSONATED_SERVICE_ACCOUNT if at_iam:
            return (
                "grant the source account the role roles/iam.serviceAccountTokenCreator on"
                f" {auth.target_service_account_email} (auth.targetServiceAccountEmail), and enable"
                " the IAM Service Account Credentials API"
            )
        case AuthMethod.IMPERSONATED_SERVICE_ACCOUNT if auth.source_key is not None:
            return "check auth.sourceKey: its key may be deleted, or its service account disabled"
        case AuthMethod.SERVICE_ACCOUNT_KEY:
            return "check auth.keyJson: the key may be deleted, or its service account disabled"
        case _:
            return (
                "this host has no application default credentials that can do this: set"
                " GOOGLE_APPLICATION_CREDENTIALS, or choose another auth.method"
            )
