"""Builds authenticated clients for an Azure OpenAI account's models and Azure resource."""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.sign_in.authenticators import Authenticator, HeaderToken, VaultToken
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS, SignInField, SignInMethod
from polysync_core.platforms.azure.attributes import check_azure_platform
from polysync_core.platforms.azure.sign_in import entra_authenticator, management_client
from polysync_core.platforms.azure_openai.attributes import ModelAccountAttributes
from polysync_core.platforms.azure_openai.refusals import (
    MANAGEMENT_REFUSALS,
    MODEL_REFUSALS,
    ROLE,
    credential_remedy,
)
from polysync_core.platforms.calls import RefusalMapping
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.refusal_rules import (
    CredentialRules,
    credential_name,
    host_refuses_credential,
)

API_KEY = SignInMethod(
    name=AuthMethod.API_KEY, fields=(SignInField(name="apiKey", is_secret=True),)
)
MODEL_METHODS = (*ENTRA_METHODS, API_KEY)
"""The sign-in methods of an account."""
_KEY_HEADER = "api-key"


class AccountClients:
    """Makes the clients of one account; this sends nothing."""

    def __init__(
        self, platform: Platform, attributes: ModelAccountAttributes, context: PluginContext
    ) -> None:
        self._platform = platform
        self._attributes = attributes
        self._context = context
        self._base = attributes.account_address(allow_loopback=context.allow_loopback)
        self._management: PlatformClient | None = None

    @property
    def has_key(self) -> bool:
        """True if calls sign in with an API key."""
        return self._platform.auth.api_key is not None

    def to_models(self) -> PlatformClient:
        """Return the client that calls models; an answer may hold any text about tokens."""
        auth = self._platform.auth
        rules = CredentialRules(
            name=credential_name(auth),
            is_refused=host_refuses_credential,
            remedy=credential_remedy(ROLE),
        )
        return self._client(self._signed(self._attributes.model_scope()), MODEL_REFUSALS, rules)

    def to_account(self) -> PlatformClient:
        """Return the client for the other calls to the account."""
        signed = self._signed(self._attributes.model_scope())
        return self._client(signed, MODEL_REFUSALS, _rules(self._platform.auth, ROLE))

    def to_project(self, refused: RefusalMapping, *, permission: str) -> PlatformClient:
        """Return the client of a Foundry project, whose API takes no key."""
        signed = _NoKey() if self.has_key else self._signed(self._attributes.project_scope())
        return self._client(signed, refused, _rules(self._platform.auth, permission))

    def to_management(self) -> PlatformClient:
        """Return the client of Azure Resource Manager; raise an error without access to it."""
        arm = self._attributes.arm()
        if arm is None or self._attributes.account_name is None:
            raise Invalid.at(
                "attributes",
                "deployments are listed by Azure Resource Manager: set subscriptionId,"
                " resourceGroupName and accountName",
            )
        if self.has_key:
            raise PlatformRefused(
                "an API key cannot list deployments: set auth.method to ManagedIdentity or"
                " ServicePrincipal to list them",
                cause=FailureCause.SECRET,
            )
        # One client serves all calls, so that its token is cached.
        if self._management is None:
            self._management = management_client(
                self._platform, arm, self._context, refused=MANAGEMENT_REFUSALS
            )
        return self._management

    def _signed(self, scope: str) -> Authenticator:
        auth, secrets = self._platform.auth, self._context.secrets
        if auth.api_key is not None:
            return HeaderToken(VaultToken(auth.api_key, secrets), _KEY_HEADER, "")
        cloud = self._attributes.cloud
        return entra_authenticator(auth, cloud, secrets, scope=scope, base=self._base)

    def _client(
        self, signed: Authenticator, refused: RefusalMapping, rules: CredentialRules
    ) -> PlatformClient:
        return PlatformClient(
            self._base, signed, refused=refused, credential=rules, http=self._context.http
        )


class _NoKey:
    """Refuses to sign calls that no API key permits; implements `Authenticator`."""

    def sign(self, request: HttpRequest) -> HttpRequest:
        """Raise `PlatformRefused`."""
        raise PlatformRefused(
            "a Foundry project takes an API key for calls of models only: set auth.method to"
            " ManagedIdentity or ServicePrincipal",
            cause=FailureCause.SECRET,
        )

    def renew(self) -> None:
        """Do nothing."""


def check_account(
    platform: Platform, attributes: type[ModelAccountAttributes], *, allow_loopback: bool
) -> list[Problem]:
    """Return the problems of a platform on an account."""
    problems = check_azure_platform(platform, attributes, allow_loopback=allow_loopback)
    if problems:
        return problems
    given = attributes.of(platform)
    try:
        given.account_address(allow_loopback=allow_loopback)
    except Invalid as error:
        return list(error.problems)
    return _incomplete(given)


def _incomplete(given: ModelAccountAttributes) -> list[Problem]:
    """Return a problem for each missing attribute of the Azure resource, if one is given."""
    names = {
        "subscriptionId": given.subscription_id,
        "resourceGroupName": given.resource_group_name,
        "accountName": given.account_name,
    }
    if not any(names.values()):
        return []
    missing = [name for name, value in names.items() if value is None]
    given_names = " and ".join(name for name in names if name not in missing)
    return [Problem(f"attributes.{name}", f"is needed with {given_names}") for name in missing]


def _rules(auth: Auth, permission: str) -> CredentialRules:
    return CredentialRules(name=credential_name(auth), remedy=credential_remedy(permission))
