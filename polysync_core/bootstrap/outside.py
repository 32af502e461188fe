"""The ways out of the app: vaults, platforms, workspaces and the receivers of webhooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from polysync_core.appkit.jobs import LakeflowJobs
from polysync_core.application.events.announcing import EventPublisher
from polysync_core.application.events.subscriptions import Subscriptions
from polysync_core.application.events.webhooks import Persistence, WebhookDelivery
from polysync_core.application.platforms.connection_tests import ConnectionTests
from polysync_core.application.platforms.connections import Connections
from polysync_core.bootstrap.definitions import Defined
from polysync_core.bootstrap.storage import Stored
from polysync_core.domain.clock import utc_now
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.receivers import Receivers
from polysync_core.platforms.registry import open_connector
from polysync_core.settings import DELIVERIES, Settings
from polysync_core.vaults.registry import open_vault
from polysync_core.vaults.resolver import SecretResolver
from polysync_core.vaults.source import SecretSource

if TYPE_CHECKING:
    from polysync_core.appkit.workspaces import Workspaces


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The ways to what is defined of others."""

    secrets: SecretResolver
    open_connector: Callable[[Platform], Connector]
    connections: Connections


def open_outside(settings: Settings, defined: Defined) -> Outside:
    """Return the ways to the platforms; nothing is asked of one yet."""
    definitions = defined.definitions
    app_identity = settings.app_identity
    secrets = SecretResolver(
        definitions.vault,
        development=settings.development,
        open_vault=partial(open_vault, app_identity=app_identity),
    )

    def connect(platform: Platform) -> Connector:
        loopback = settings.allow_loopback_platforms
        return open_connector(
            platform, secrets=secrets, allow_loopback=loopback, app_identity=app_identity
        )

    return Outside(
        secrets=secrets,
        open_connector=connect,
        connections=Connections(definitions.platform, connect),
    )


def connectivity(settings: Settings, defined: Defined, outside: Outside) -> ConnectionTests:
    """Return what tries whether vaults and platforms can be reached."""

    def connect(vault: Vault) -> SecretSource:
        return open_vault(
            vault,
            development=settings.development,
            secrets=outside.secrets,
            app_identity=settings.app_identity,
        )

    return ConnectionTests(
        vault_named=defined.definitions.vault,
        platform_named=defined.definitions.platform,
        open_vault=connect,
        open_connector=outside.open_connector,
    )


def lakeflow_jobs(settings: Settings, outside: Outside) -> LakeflowJobs:
    """Return the jobs of the Lakeflow surface."""

    @cache
    def workspaces() -> Workspaces:
        # Only who calls a workspace pays for what knows it.
        from polysync_core.appkit.workspaces import Workspaces

        return Workspaces(
            configuration=settings.lakeflow,
            platform_named=outside.connections.platform,
            secrets=outside.secrets,
        )

    return LakeflowJobs(configuration=settings.lakeflow, workspaces=workspaces)


def announcements(settings: Settings, stored: Stored, defined: Defined) -> EventPublisher:
    """Return what tells others of runs."""
    return EventPublisher(
        events=stored.queues.queue(settings.run_events_queue),
        deliveries=stored.queues.queue(DELIVERIES),
        subscriptions=Subscriptions(defined.definitions.webhooks),
    )


def webhook_delivery(
    settings: Settings, stored: Stored, defined: Defined, outside: Outside
) -> WebhookDelivery:
    """Return what brings announcements to their receivers."""
    return WebhookDelivery(
        webhook_named=defined.definitions.webhook,
        secrets=outside.secrets,
        post=Receivers(allow_loopback=settings.allow_loopback_platforms).post,
        again=stored.queues.queue(DELIVERIES),
        given_up=stored.queues.queue(f"{DELIVERIES}-poison"),
        clock=utc_now,
        persistence=Persistence(
            attempts=settings.webhook_attempts, first_delay=settings.webhook_first_delay
        ),
    )
