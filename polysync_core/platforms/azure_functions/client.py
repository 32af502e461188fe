"""Builds authenticated HTTP clients of a function app, Durable Functions and Resource Manager.

| auth | functions | Durable Functions' API | Resource Manager |
|---|---|---|---|
| Entra | a token for `audience`, else the app's host key | the app's system key | a token |
| function key | `functionKey` | `systemKey`, else `functionKey` | no access |
"""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.authenticators import (
    Authenticator,
    HeaderToken,
    TokenSource,
    VaultToken,
)
from polysync_core.platforms.azure.clouds import management_scope
from polysync_core.platforms.azure.refusals import azure_credential_rules
from polysync_core.platforms.azure.sign_in import entra_authenticator
from polysync_core.platforms.azure_functions.attributes import FunctionsAttributes
from polysync_core.platforms.azure_functions.refusals import (
    DURABLE_REFUSALS,
    FUNCTION_REFUSALS,
    MANAGEMENT_REFUSALS,
)
from polysync_core.platforms.azure_functions.sign_in import KEY_HEADER, AppKeys, CheckedHost
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.refusal_rules import CredentialRules, credential_name

_OWN_KEY = FUNCTION_REFUSALS.credential_rules("the app's host key default")
_OWN_DURABLE_KEY = DURABLE_REFUSALS.credential_rules("the app's system key durabletask_extension")


class FunctionClients:
    """Makes the clients of one platform; this sends nothing."""

    def __init__(
        self, platform: Platform, attributes: FunctionsAttributes, context: PluginContext
    ) -> None:
        self._auth = platform.auth
        self._attributes = attributes
        self._context = context
        self.management = None if self._auth.function_key else self._to_management()
        """The client for Resource Manager; None with a function key."""

    def to_functions(self, app: BaseAddress) -> PlatformClient:
        """Return the client that calls functions."""
        if self._auth.function_key:
            reference = self._auth.function_key
            rules = FUNCTION_REFUSALS.credential_rules(f"the key {reference}")
            return self._with(app, self._key(self._referenced(reference)), rules)
        if self._attributes.audience is not None:
            scope = f"{self._attributes.audience}/.default"
            return PlatformClient(
                app,
                self._checked(app, self._entra(scope, app)),
                credential=FUNCTION_REFUSALS.credential_rules(credential_name(self._auth)),
                http=self._context.http,
            )
        key = self._key(self._keys().for_functions())
        return self._with(app, self._checked(app, key), _OWN_KEY)

    def to_durable(self, app: BaseAddress) -> PlatformClient:
        """Return the client for Durable Functions' own API."""
        key = self._auth.system_key or self._auth.function_key
        if key:
            rules = DURABLE_REFUSALS.credential_rules(f"the key {key}")
            return self._with(app, self._key(self._referenced(key)), rules)
        own = self._key(self._keys().for_durable())
        return self._with(app, self._checked(app, own), _OWN_DURABLE_KEY)

    def _to_management(self) -> PlatformClient:
        base = self._attributes.management_address(allow_loopback=self._context.allow_loopback)
        credential = self._entra(management_scope(self._attributes.cloud), base)
        return PlatformClient(
            base,
            credential,
            refused=MANAGEMENT_REFUSALS,
            credential=azure_credential_rules(self._auth),
            http=self._context.http,
        )

    def _keys(self) -> AppKeys:
        management = self.management or self._to_management()
        return AppKeys(management, self._attributes.site, self._context.http.timer.now)

    def _with(
        self, app: BaseAddress, signed: Authenticator, rules: CredentialRules
    ) -> PlatformClient:
        return PlatformClient(app, signed, credential=rules, http=self._context.http)

    def _key(self, source: TokenSource) -> Authenticator:
        return HeaderToken(source, KEY_HEADER, "")

    def _checked(self, app: BaseAddress, inner: Authenticator) -> Authenticator:
        """Return an authenticator that signs nothing for the host of another app."""
        if app.scope is AddressScope.LOOPBACK:
            return inner
        management = self.management or self._to_management()
        return CheckedHost(inner, app.host, management, self._attributes.site)

    def _referenced(self, reference: str) -> TokenSource:
        return VaultToken(reference, self._context.secrets)

    def _entra(self, scope: str, base: BaseAddress) -> Authenticator:
        return entra_authenticator(
            self._auth, self._attributes.cloud, self._context.secrets, scope=scope, base=base
        )
