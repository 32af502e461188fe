"""The three services behind one function app, and what opens each.

| auth | functions | Durable Functions' API | Resource Manager |
|---|---|---|---|
| Entra | a token for `audience`, else the app's host key | the app's system key | a token |
| function key | `functionKey` | `systemKey`, else `functionKey` | closed |
"""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.sign_in.authenticators import Credential, VaultToken
from polysync_core.platforms.azure.clouds import management_scope
from polysync_core.platforms.azure.sign_in import entra_credential
from polysync_core.platforms.azure_functions.attributes import FunctionsAttributes
from polysync_core.platforms.azure_functions.refusals import MANAGEMENT_REFUSALS
from polysync_core.platforms.azure_functions.sign_in import FUNCTION_KEY, AppKeys
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import PluginContext


class FunctionClients:
    """Makes the clients of one platform; nothing is sent yet."""

    def __init__(
        self, platform: Platform, attributes: FunctionsAttributes, context: PluginContext
    ) -> None:
        self._auth = platform.auth
        self._attributes = attributes
        self._around = context
        self.management = None if self._auth.function_key else self._to_management()
        """The client for Resource Manager; None where a function key is all there is."""

    def to_functions(self, app: BaseAddress) -> PlatformClient:
        """Return the client that calls functions."""
        if self._auth.function_key:
            return self._with_key(app, self._referenced(self._auth.function_key))
        if self._attributes.audience is not None:
            scope = f"{self._attributes.audience}/.default"
            return PlatformClient(app, self._entra(scope, app), http=self._around.http)
        return self._with_key(app, self._keys().for_functions())

    def to_durable(self, app: BaseAddress) -> PlatformClient:
        """Return the client for Durable Functions' own API."""
        key = self._auth.system_key or self._auth.function_key
        if key:
            return self._with_key(app, self._referenced(key))
        return self._with_key(app, self._keys().for_durable())

    def _to_management(self) -> PlatformClient:
        base = self._attributes.management_address(allow_loopback=self._around.allow_loopback)
        credential = self._entra(management_scope(self._attributes.cloud), base)
        return PlatformClient(base, credential, refused=MANAGEMENT_REFUSALS, http=self._around.http)

    def _keys(self) -> AppKeys:
        management = self.management or self._to_management()
        return AppKeys(management, self._attributes.site, self._around.http.timer.now)

    def _with_key(self, app: BaseAddress, key: Credential) -> PlatformClient:
        return PlatformClient(app, key, scheme=FUNCTION_KEY, http=self._around.http)

    def _referenced(self, reference: str) -> Credential:
        return VaultToken(reference, self._around.secrets)

    def _entra(self, scope: str, base: BaseAddress) -> Credential:
        return entra_credential(
            self._auth, self._attributes.cloud, self._around.secrets, scope=scope, base=base
        )
