"""The workspaces that the jobs are in, each as the app or one of its users sees it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from polysync_core.appkit.client import JobsApi
from polysync_core.appkit.configuration import Lakeflow
from polysync_core.appkit.tiers import Limits
from polysync_core.appkit.users import UserToken
from polysync_core.domain.definitions.auth import Auth, AuthMethod
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Invalid
from polysync_core.domain.secrets import Secret
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.identity import Delegation
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Credential, FixedToken
from polysync_core.outbound.sign_in.methods import Cloud
from polysync_core.platforms.azure_databricks.attributes import ComputeType, DatabricksAttributes
from polysync_core.platforms.azure_databricks.sign_in import ENTRA_SCOPE, credential_of
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient

MOST_USERS = 200
"""Users whose connections are kept; the one who has been away longest signs in anew."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a workspace is, and how the app signs in to it."""

    base: BaseAddress
    cloud: Cloud
    credential: Credential


def place_of_host(host: str, *, allow_loopback: bool) -> tuple[BaseAddress, Cloud]:
    """Return where `DATABRICKS_HOST` leads, or raise `Invalid` naming the rule it breaks."""
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
    raise problem or Invalid.at("", "is no address of a workspace")


class _NoSecrets:
    """For ways of signing in that hold no reference."""

    def resolve(self, reference: str) -> Secret:
        """Refuse."""
        raise Invalid.at("", f"{reference} cannot be looked up here")

    def forget(self, reference: str) -> None:
        """Do nothing."""


@dataclass(slots=True, kw_only=True)
class Workspaces:
    """Connections by Platform and user, shared by all threads of the process."""

    configuration: Lakeflow
    platform_named: Callable[[str], Platform] | None = None
    """Finds a stored Platform; None where there is no store."""
    secrets: Secrets = field(default_factory=_NoSecrets)
    http: HttpOptions = field(default_factory=HttpOptions)
    _places: dict[str, tuple[Platform, Place]] = field(
        default_factory=dict[str, tuple[Platform, Place]]
    )
    _host: Place | None = None
    _users: OrderedDict[tuple[str, str], Credential] = field(
        default_factory=OrderedDict[tuple[str, str], Credential]
    )
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, platform: str | None, user: UserToken | None = None) -> JobsApi:
        """Return the Jobs API of a Platform, or of the environment's workspace.

        Raises `NotFound` or `Invalid` where there is no such workspace.
        """
        place = self._of_environment() if platform is None else self._of_platform(platform)
        credential = place.credential if user is None else self._of_user(place, user)
        http = replace(self.http, private_hosts=self.configuration.app_identity.private_hosts)
        client = PlatformClient(place.base, credential, http=http)
        return JobsApi(client, Limits.of(self.configuration.timeout))

    def _of_environment(self) -> Place:
        with self._lock:
            if self._host is None:
                self._host = self._made_of_environment()
            return self._host

    def _made_of_environment(self) -> Place:
        host, token = self.configuration.host, self.configuration.token
        if host is None:
            raise Invalid.at("DATABRICKS_HOST", "is missing: it says which workspace has the job")
        loopback = self.configuration.allow_loopback
        base, cloud = place_of_host(host, allow_loopback=loopback)
        if token is not None:
            return Place(base, cloud, FixedToken(token))
        auth = Auth(method=AuthMethod.DEFAULT_CREDENTIAL)
        return Place(base, cloud, credential_of(auth, cloud, self.secrets))

    def _of_platform(self, name: str) -> Place:
        if self.platform_named is None:
            raise Invalid.at("platform", "stored Platforms are known to the deployed app only")
        platform = self.platform_named(name)
        with self._lock:
            known = self._places.get(name)
            # An unchanged Platform keeps its token.
            if known is None or known[0] != platform:
                known = self._places[name] = (platform, self._made_of(platform))
            return known[1]

    def _made_of(self, platform: Platform) -> Place:
        if platform.type != PlatformType.AZURE_DATABRICKS:
            raise Invalid.at("platform", f"'{platform.name}' is no Azure Databricks workspace")
        attributes = DatabricksAttributes.of(platform)
        base = attributes.base_address(allow_loopback=self.configuration.allow_loopback)
        auth = self.configuration.app_identity.complete_auth(platform.auth)
        credential = credential_of(auth, attributes.cloud, self.secrets)
        return Place(base, attributes.cloud, credential)

    def _of_user(self, place: Place, user: UserToken) -> Credential:
        if user.exchanged_by is None:
            return FixedToken(user.token)
        key = (place.cloud.value, user.fingerprint)
        with self._lock:
            credential = self._users.get(key)
            if credential is None:
                credential = _exchanged(user, user.exchanged_by, place.cloud)
            self._users[key] = credential
            self._users.move_to_end(key)
            while len(self._users) > MOST_USERS:
                self._users.popitem(last=False)
            return credential


def _exchanged(user: UserToken, by: Delegation, cloud: Cloud) -> Credential:
    # Costs start-up time, which only calls on behalf of users pay.
    from polysync_core.outbound.sign_in.entra import EntraToken
    from polysync_core.outbound.sign_in.on_behalf_of import Exchanger, OnBehalfToken

    exchanger = Exchanger(by=by, cloud=cloud)
    return OnBehalfToken(EntraToken(lambda: exchanger.credential(user.token), ENTRA_SCOPE))
