"""How Polysync signs in to a platform or a vault."""

from __future__ import annotations

from enum import StrEnum

from polysync_core.domain.definitions.base import SecretText, Value


class AuthMethod(StrEnum):
    """The ways to sign in to a platform or a vault."""

    MANAGED_IDENTITY = "ManagedIdentity"
    SERVICE_PRINCIPAL = "ServicePrincipal"
    CERTIFICATE = "Certificate"
    DEFAULT_CREDENTIAL = "DefaultCredential"
    PERSONAL_ACCESS_TOKEN = "PersonalAccessToken"  # noqa: S105 - a method's name
    FUNCTION_KEY = "FunctionKey"
    SERVICE_ACCOUNT_KEY = "ServiceAccountKey"
    APPLICATION_DEFAULT = "ApplicationDefault"
    WORKLOAD_IDENTITY_FEDERATION = "WorkloadIdentityFederation"
    IMPERSONATED_SERVICE_ACCOUNT = "ImpersonatedServiceAccount"


class Auth(Value):
    """A method of signing in and its attributes; a secret is a `vault://` reference."""

    method: AuthMethod
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: SecretText | None = None
    personal_access_token: SecretText | None = None
