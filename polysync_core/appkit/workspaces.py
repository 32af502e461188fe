"""Creates clients of Databricks workspaces that act as the app or as a user."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from polysync_core.appkit.client import JobsApi, Timeouts
from polysync_core.appkit.configuration import AppKitConfiguration, ServicePrincipal
from polysync_core.appkit.user_tokens import UserToken
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.errors import Invalid
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.identity import Delegation
from polysync_core.outbound.read_client import ReadClient
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Authenticator, FixedToken, HeaderToken
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure_databricks.attributes import ComputeType, DatabricksAttributes
from polysync_core.platforms.azure_databricks.sign_in import (
    ENTRA_SCOPE,
    OAuthSignIn,
    authenticator_of,
)
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient

CLIENT_SECRET = "DATABRICKS_CLIENT_SECRET"  # noqa: S105 - the name of a variable

MAX_USERS = 200
"""The number of cached user sign-ins; the least recently used one is evicted."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The address of a workspace and the app's sign-in to it."""

    base: BaseAddress
    cloud: Cloud
    authenticator: Authenticator


def workspace_address(host: str, *, allow_loopback: bool) -> tuple[BaseAddress, Cloud]:
    """Return the address and cloud of `DATABRICKS_HOST`, or raise `Invalid`."""
    address = host if "://" in host else f"https://{host}"
    problem: Invalid | None = None
    for cloud in Cloud:
        attributes = DatabricksAttributes(
            workspace_url=address, cloud=cloud, compute_type=ComputeType.SERVERLESS
        )
        try:
            return attributes.base_address(allow_loopback=allow_loopback), cloud
        except Invalid as error:
            problem = problem or error
    raise problem or Invalid.at(
        "", "is not the address of a workspace, such as https://adb-1.2.azuredatabricks.net"
    )


class _NoSecrets:
    """A resolver for sign-in methods without secret references."""

    def resolve(self, reference: str) -> Secret:
        """Raise `Invalid`."""
        raise Invalid.at("", f"{reference} cannot be resolved here")

    def forget(self, reference: str) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class _OneSecret:
    """A resolver for a secret of the environment, which does not change."""

    secret: Secret

    def resolve(self, reference: str) -> Secret:
        """Return the secret."""
        return self.secret

    def forget(self, reference: str) -> None:
        """Do nothing."""


@dataclass(slots=True, kw_only=True)
class Workspaces:
    """Opens connections by Platform and user. Safe for threads."""

    configuration: AppKitConfiguration
    read_platform: Callable[[str], Platform] | None = None
    """Returns a stored Platform; None if there is no store."""
    secrets: Secrets = field(default_factory=_NoSecrets)
    http_options: HttpOptions = field(default_factory=HttpOptions)
    _by_platform: dict[str, tuple[Platform, Workspace]] = field(
        default_factory=dict[str, tuple[Platform, Workspace]]
    )
    _default: Workspace | None = None
    _users: OrderedDict[tuple[str, str], Authenticator] = field(
        default_factory=OrderedDict[tuple[str, str], Authenticator]
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, platform: str | None, user: UserToken | None = None) -> JobsApi:
        """Return the Jobs API of a Platform, or of the environment's workspace.

        Raises `NotFound` or `Invalid` if the workspace does not exist or cannot be used.
        """
        workspace = self._default_workspace() if platform is None else self._of_platform(platform)
        authenticator = workspace.authenticator if user is None else self._of_user(workspace, user)
        client = PlatformClient(workspace.base, authenticator, http=self._options())
        return JobsApi(client, Timeouts.of(self.configuration.timeout))

    def _options(self) -> HttpOptions:
        private_hosts = self.configuration.app_identity.private_hosts
        return replace(self.http_options, private_hosts=private_hosts)

    def _authenticator(self, auth: Auth, cloud: Cloud, base: BaseAddress) -> Authenticator:
        return authenticator_of(auth, cloud, self.secrets, base, self._options())

    def _default_workspace(self) -> Workspace:
        with self._lock:
            if self._default is None:
                self._default = self._read_default()
            return self._default

    def _read_default(self) -> Workspace:
        host, token = self.configuration.host, self.configuration.token
        if host is None:
            raise Invalid.at("DATABRICKS_HOST", "is missing: it names the workspace of the job")
        loopback = self.configuration.allow_loopback
        base, cloud = workspace_address(host, allow_loopback=loopback)
        if token is not None:
            return Workspace(base, cloud, HeaderToken(FixedToken(token)))
        principal = self.configuration.service_principal
        if principal is not None:
            return Workspace(base, cloud, self._signed_in_as(principal, base))
        auth = Auth(method=AuthMethod.DEFAULT_CREDENTIAL)
        return Workspace(base, cloud, self._authenticator(auth, cloud, base))

    def _signed_in_as(self, principal: ServicePrincipal, base: BaseAddress) -> Authenticator:
        http = self._options()
        sign_in = OAuthSignIn(
            client_id=principal.client_id,
            client_secret=CLIENT_SECRET,
            base=base,
            secrets=_OneSecret(principal.client_secret),
            client=ReadClient(
                transport_to=http.transport_to, timer=http.timer, private_hosts=http.private_hosts
            ),
        )
        return HeaderToken(sign_in.cached())

    def _of_platform(self, name: str) -> Workspace:
        if self.read_platform is None:
            raise Invalid.at("platform", "stored Platforms are available in the deployed app only")
        platform = self.read_platform(name)
        with self._lock:
            cached = self._by_platform.get(name)
            # An unchanged Platform keeps its authenticator.
            if cached is None or cached[0] != platform:
                cached = self._by_platform[name] = (platform, self._connect(platform))
            return cached[1]

    def _connect(self, platform: Platform) -> Workspace:
        if platform.type != PlatformType.AZURE_DATABRICKS:
            raise Invalid.at("platform", f"'{platform.name}' is not an Azure Databricks workspace")
        attributes = DatabricksAttributes.of(platform)
        base = attributes.base_address(allow_loopback=self.configuration.allow_loopback)
        auth = self.configuration.app_identity.complete_auth(platform.auth)
        authenticator = self._authenticator(auth, attributes.cloud, base)
        return Workspace(base, attributes.cloud, authenticator)

    def _of_user(self, workspace: Workspace, user: UserToken) -> Authenticator:
        if user.exchanged_by is None:
            return HeaderToken(FixedToken(user.token))
        key = (workspace.cloud.value, user.fingerprint)
        with self._lock:
            authenticator = self._users.get(key)
            if authenticator is None:
                authenticator = _on_behalf_of(user, user.exchanged_by, workspace.cloud)
            self._users[key] = authenticator
            self._users.move_to_end(key)
            while len(self._users) > MAX_USERS:
                self._users.popitem(last=False)
            return authenticator


def _on_behalf_of(user: UserToken, by: Delegation, cloud: Cloud) -> Authenticator:
    # These imports cost start-up time, so only calls on behalf of users need them.
    from polysync_core.outbound.sign_in.entra import EntraToken
    from polysync_core.outbound.sign_in.on_behalf_of import Exchanger, OnBehalfToken

    exchanger = Exchanger(by=by, cloud=cloud)
    return HeaderToken(
        OnBehalfToken(EntraToken(lambda: exchanger.credential(user.token), ENTRA_SCOPE))
    )
