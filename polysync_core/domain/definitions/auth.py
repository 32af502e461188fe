"""Sign-in methods for platforms and vaults."""

from __future__ import annotations

from enum import StrEnum

from polysync_core.domain.definitions.base import SecretText, Value
from polysync_core.domain.secrets import is_secret_reference


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
    TOKEN = "Token"  # noqa: S105 - a method's name
    APP_ROLE = "AppRole"
    USER_PASSWORD = "UserPassword"  # noqa: S105 - a method's name


class Auth(Value):
    """A sign-in method with its attributes; secrets are `vault://` references."""

    method: AuthMethod

    # Microsoft Entra
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: SecretText | None = None
    certificate: SecretText | None = None
    certificate_password: SecretText | None = None
    thumbprint: str | None = None

    # Azure Databricks
    personal_access_token: SecretText | None = None

    # Azure Functions
    function_key: SecretText | None = None
    system_key: SecretText | None = None

    # Google
    key_json: SecretText | None = None
    provider: str | None = None
    entra_audience: str | None = None
    service_account_email: str | None = None
    source_key: SecretText | None = None
    target_service_account_email: str | None = None

    # HashiCorp Vault
    token: SecretText | None = None
    role_id: str | None = None
    secret_id: SecretText | None = None
    username: str | None = None
    password: SecretText | None = None
    mount: str | None = None

    def secret_references(self) -> tuple[str, ...]:
        """Return every `vault://` reference that the sign-in needs."""
        values: dict[str, object] = self.model_dump()
        return tuple(str(each) for each in values.values() if is_secret_reference(each))
