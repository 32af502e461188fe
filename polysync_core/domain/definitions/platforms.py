"""Defines platforms: connections to external execution services, with sign-in and attributes."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from polysync_core.domain.definitions.base import (
    Definition,
    FieldError,
    ObjectName,
    SecretText,
    TypeName,
    Value,
)
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import is_secret_reference

MAX_FIELD_LENGTH = 2048


class AuthMethod(StrEnum):
    """The sign-in methods of Polysync's own plugins; packages may add more."""

    MANAGED_IDENTITY = "ManagedIdentity"
    SERVICE_PRINCIPAL = "ServicePrincipal"
    CERTIFICATE = "Certificate"
    DEFAULT_CREDENTIAL = "DefaultCredential"
    PERSONAL_ACCESS_TOKEN = "PersonalAccessToken"  # noqa: S105 - a method's name
    OAUTH = "OAuth"
    KEY_PAIR = "KeyPair"
    FUNCTION_KEY = "FunctionKey"
    SERVICE_ACCOUNT_KEY = "ServiceAccountKey"
    APPLICATION_DEFAULT = "ApplicationDefault"
    WORKLOAD_IDENTITY_FEDERATION = "WorkloadIdentityFederation"
    IMPERSONATED_SERVICE_ACCOUNT = "ImpersonatedServiceAccount"
    WEB_IDENTITY_FEDERATION = "WebIdentityFederation"
    ASSUME_ROLE = "AssumeRole"
    ACCESS_KEY = "AccessKey"
    TOKEN = "Token"  # noqa: S105 - a method's name
    APP_ROLE = "AppRole"
    USER_PASSWORD = "UserPassword"  # noqa: S105 - a method's name
    ANONYMOUS = "Anonymous"
    API_KEY = "ApiKey"


class Auth(Value):
    """A sign-in method and its fields; a secret is a `vault://` reference.

    The fields below belong to Polysync's own plugins. A package's plugin declares the fields of
    its own methods, and the check of the definition refuses every undeclared field.
    """

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"additionalProperties": {"type": "string"}}
    )

    method: Annotated[TypeName, Field(json_schema_extra={"examples": [*AuthMethod]})]

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

    # Azure OpenAI
    api_key: SecretText | None = None

    # Google
    key_json: SecretText | None = None
    provider: str | None = None
    entra_audience: str | None = None
    service_account_email: str | None = None
    source_key: SecretText | None = None
    target_service_account_email: str | None = None

    # AWS
    role_arn: str | None = None
    session_name: str | None = None
    external_id: str | None = None
    access_key_id: str | None = None
    secret_access_key: SecretText | None = None
    session_token: SecretText | None = None

    # HashiCorp Vault
    token: SecretText | None = None
    role_id: str | None = None
    secret_id: SecretText | None = None
    username: str | None = None
    password: SecretText | None = None
    mount: str | None = None

    @model_validator(mode="after")
    def _extra_fields_are_texts(self) -> Self:
        for name, value in (self.model_extra or {}).items():
            if not isinstance(value, str) or not 1 <= len(value) <= MAX_FIELD_LENGTH:
                message = f"must be a text of 1-{MAX_FIELD_LENGTH} characters"
                raise FieldError(name, message, is_name=True)
        return self

    def secret_references(self) -> tuple[str, ...]:
        """Return every `vault://` reference among the fields."""
        return tuple(value for value in self.fields().values() if is_secret_reference(value))

    def fields(self) -> dict[str, str]:
        """Return the given fields by their names in a definition."""
        given = self.model_dump(by_alias=True, exclude_none=True, exclude={"method"})
        return {name: str(value) for name, value in given.items()}


class PlatformType(StrEnum):
    """The platform types of Polysync itself; packages may add more."""

    # Azure: data platforms
    AZURE_DATABRICKS = "AzureDatabricks"
    MICROSOFT_FABRIC = "MicrosoftFabric"
    AZURE_DATA_EXPLORER = "AzureDataExplorer"
    # Azure: machine learning and models
    AZURE_AI_FOUNDRY = "AzureAIFoundry"
    AZURE_OPENAI = "AzureOpenAI"
    AZURE_AI_FOUNDRY_PROJECT = "AzureAIFoundryProject"
    # Azure: pipelines and functions
    AZURE_DATA_FACTORY = "AzureDataFactory"
    AZURE_SYNAPSE = "AzureSynapse"
    AZURE_FUNCTIONS = "AzureFunctions"
    AZURE_LOGIC_APPS = "AzureLogicApps"
    # Azure: containers and batches
    AZURE_KUBERNETES = "AzureKubernetes"
    AZURE_CONTAINER_APPS = "AzureContainerApps"
    AZURE_BATCH = "AzureBatch"

    # Google Cloud: functions
    GOOGLE_CLOUD_FUNCTIONS = "GoogleCloudFunctions"
    # Google Cloud: data and models
    GOOGLE_VERTEX_AI = "GoogleVertexAI"
    GOOGLE_DATAFLOW = "GoogleDataflow"

    # AWS: functions and workflows
    AWS_LAMBDA = "AwsLambda"
    AWS_STEP_FUNCTIONS = "AwsStepFunctions"

    # AWS: data and batches
    AWS_GLUE = "AwsGlue"
    AWS_BATCH = "AwsBatch"
    AWS_SAGEMAKER = "AwsSageMaker"

    # Workflow services
    APACHE_AIRFLOW = "ApacheAirflow"
    GOOGLE_CLOUD_COMPOSER = "GoogleCloudComposer"
    DBT_CLOUD = "DbtCloud"
    SNOWFLAKE = "Snowflake"

    # Any service
    HTTP_SERVICE = "HttpService"


class Platform(Definition):
    """A connection to an external execution service: type, auth method and attributes."""

    type: TypeName
    auth: Auth = Auth(method=AuthMethod.MANAGED_IDENTITY)
    """The default is the identity of the app, which needs no secret."""
    attributes: Annotated[dict[str, JsonValue], Field(max_length=100)] = Field(default_factory=dict)
    contention_profiles: Annotated[tuple[ObjectName, ...], Field(max_length=100)] = ()
    shard: ObjectName = "main"
    """The Dispatcher that starts the runs of this platform (ADR 1)."""
