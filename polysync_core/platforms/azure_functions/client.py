"""Builds the HTTP clients of a function app and of Azure Resource Manager.

| auth | functions | Durable Functions' API | Resource Manager |
|---|---|---|---|
| Entra | a token for `audience`, else the app's host key | the app's system key | a token |
| function key | `functionKey` | `systemKey`, else `functionKey` | no access |
"""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.sign_in.authenticators import (
    Authenticator,
    HeaderToken,
    TokenSource,
    VaultToken,
)
from polysync_core.platforms.azure.clouds import management_scope
from polysync_core.platforms.azure.sign_in import entra_authenticator
from polysync_core.platforms.azure_functions.attributes import FunctionsAttributes
from polysync_core.platforms.azure_functions.refusals import MANAGEMENT_REFUSALS
from polysync_core.platforms.azure_functions.sign_in import KEY_HEADER, AppKeys
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import PluginContext


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
            return self._with_key(app, self._referenced(self._auth.function_key))
        if self._attributes.audience is not None:
            scope = f"{self._attributes.audience}/.default"
            return PlatformClient(app, self._entra(scope, app), http=self._context.http)
        return self._with_key(app, self._keys().for_functions())

    def to_durable(self, app: BaseAddress) -> PlatformClient:
        """Return the client for Durable Functions' own API."""
        key = self._auth.system_key or self._auth.function_key
        if key:
            return self._with_key(app, self._referenced(key))
        return self._with_key(app, self._keys().for_durable())

    def _to_management(self) -> PlatformClient:
        base = self._attributes.management_address(allow_loopback=self._context.allow_loopback)
        credential = self._entra(management_scope(self._attributes.cloud), base)
        return PlatformClient(
            base, credential, refused=MANAGEMENT_REFUSALS, http=self._context.http
        )

    def _keys(self) -> AppKeys:
        management = self.management or self._to_management()
        return AppKeys(management, self._attributes.site, self._context.http.timer.now)

    def _with_key(self, app: BaseAddress, key: TokenSource) -> PlatformClient:
        return PlatformClient(app, HeaderToken(key, KEY_HEADER, ""), http=self._context.http)

    def _referenced(self, reference: str) -> TokenSource:
        return VaultToken(reference, self._context.secrets)

    def _entra(self, scope: str, base: BaseAddress) -> Authenticator:
        return entra_authenticator(
            self._auth, self._attributes.cloud, self._context.secrets, scope=scope, base=base
        )
