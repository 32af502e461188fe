"""Creates the storage, queue, connection and clock objects that the use cases call."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from polysync_core.appkit.configuration import AppKitConfiguration
from polysync_core.application.arrivals.store import ArrivalStore
from polysync_core.application.operations.audit import AuditStore
from polysync_core.application.ports import (
    BackfillStore,
    DeadlineStore,
    GateStore,
    HoldStore,
    PoisonStore,
    Queue,
    RunTable,
    ScheduleStore,
    WaitLimitStore,
)
from polysync_core.application.runs.retention import Purge
from polysync_core.domain.clock import Clock, utc_now
from polysync_core.domain.definitions.changes.versions import VersionReader
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.recent_results import RecentResults
from polysync_core.domain.definitions.stored import DefinitionStore
from polysync_core.domain.notifications.store import NotificationStore
from polysync_core.domain.security.secrets import Secret
from polysync_core.domain.security.token_issuer import TokenIssuer
from polysync_core.outbound.lineage.sending import OpenLineage, lineage_sender
from polysync_core.outbound.receivers.connections import azure_mail_token, smtp_sender
from polysync_core.outbound.receivers.posting import Post
from polysync_core.outbound.receivers.sender import SendSmtp
from polysync_core.outbound.references import Secrets
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.registry import open_connector
from polysync_core.platforms.webhook_client import WebhookClient
from polysync_core.settings import STORAGE, Settings
from polysync_core.storage.arrivals import TableArrivals
from polysync_core.storage.backfills import TableBackfills
from polysync_core.storage.deadlines import TableDeadlines
from polysync_core.storage.definitions import TableDefinitions
from polysync_core.storage.dependencies.gates import TableGates
from polysync_core.storage.dependencies.wait_limits import TableWaitLimits
from polysync_core.storage.holds import TableHolds
from polysync_core.storage.notifications import TableNotifications
from polysync_core.storage.operations.audit import TableAudit
from polysync_core.storage.operations.poison import TablePoison
from polysync_core.storage.operations.recent_results import TableRecentResults
from polysync_core.storage.runs.purge import ExpiredRuns
from polysync_core.storage.runs.table import TableRuns
from polysync_core.storage.schedules import TableSchedules
from polysync_core.storage.sqlite.database import path_of, shared_database
from polysync_core.storage.sqlite.queues import SqliteQueues
from polysync_core.storage.sqlite.tables import SqliteTables
from polysync_core.storage.tables import Tables
from polysync_core.storage.versions import TableVersions
from polysync_core.vaults.registry import open_vault
from polysync_core.vaults.resolver import OpenVault

if TYPE_CHECKING:
    from polysync_core.appkit.workspaces import Workspaces
    from polysync_core.outbound.signing_keys import SigningKeys

_INSTALLED = Path(__file__).with_name("docs")
"""The wheel holds the documentation as data of this package."""
_DOCUMENTATION = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[1] / "docs"


class OpenConnector(Protocol):
    """Opens a connection to a platform."""

    def __call__(self, platform: Platform, *, secrets: Secrets) -> Connector: ...


class OpenWorkspaces(Protocol):
    """Opens the Databricks workspaces of the AppKit jobs."""

    def __call__(
        self,
        configuration: AppKitConfiguration,
        read_platform: Callable[[str], Platform],
        secrets: Secrets,
    ) -> Workspaces: ...


def open_workspaces(
    configuration: AppKitConfiguration, read_platform: Callable[[str], Platform], secrets: Secrets
) -> Workspaces:
    """Return the workspaces of the AppKit jobs; imported on first use for a fast cold start."""
    from polysync_core.appkit.workspaces import Workspaces

    return Workspaces(configuration=configuration, read_platform=read_platform, secrets=secrets)


def open_issuer(issuer: TokenIssuer, settings: Settings) -> SigningKeys:
    """Return the keys of a token issuer, not read yet.

    The cryptography takes time to import, and only a host with an issuer needs it.
    """
    from polysync_core.outbound.signing_keys import SigningKeys, default_client

    return SigningKeys(
        issuer.issuer,
        allow_loopback=settings.development,
        client=default_client(settings.app_identity.private_hosts),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The stores, queues, connections and clock that the use cases call."""

    definitions: DefinitionStore
    versions: VersionReader
    schedules: ScheduleStore
    deadlines: DeadlineStore
    arrivals: ArrivalStore
    backfills: BackfillStore
    holds: HoldStore
    runs: RunTable
    gates: GateStore
    wait_limits: WaitLimitStore
    audit: AuditStore
    poison: PoisonStore
    recent_results: RecentResults
    purge_runs: Purge
    purge_outcomes: Purge
    purge_audit: Purge
    purge_versions: Purge
    purge_messages: Purge
    purge_results: Purge
    purge_backfills: Purge
    purge_deadlines: Purge
    purge_arrivals: Purge
    queue: Callable[[str], Queue]
    """Returns the queue of a name."""
    open_vault: OpenVault
    open_connector: OpenConnector
    post: Post
    """Posts an event to the address of a webhook."""
    notifications: NotificationStore
    purge_notifications: Purge
    send_smtp: SendSmtp
    """Sends a mail by the SMTP server of a receiver."""
    open_lineage: OpenLineage
    """Returns the function that sends the lineage of an event."""
    mail_token: Callable[[], Secret]
    """Returns a token of the app's identity for Azure Communication Services."""
    open_workspaces: OpenWorkspaces = open_workspaces
    open_issuer: Callable[[TokenIssuer, Settings], SigningKeys] = open_issuer
    clock: Clock = utc_now
    monotonic: Callable[[], float] = time.monotonic
    new_id: Callable[[], str] = lambda: uuid4().hex
    documentation: Path = _DOCUMENTATION


def production_ports(settings: Settings) -> Ports:
    """Return the ports of the deployed app; only a SQLite file is opened here."""
    tables, queue = _open_storage(settings)
    loopback, app_identity = settings.allow_loopback_platforms, settings.app_identity
    ports = table_ports(
        tables,
        queue=queue,
        open_vault=partial(
            open_vault, app_identity=app_identity, secrets_folder=settings.secrets_folder
        ),
        open_connector=partial(open_connector, allow_loopback=loopback, app_identity=app_identity),
        post=WebhookClient(allow_loopback=loopback).post,
    )
    return replace(
        ports,
        send_smtp=smtp_sender(allow_loopback=loopback, private_hosts=app_identity.private_hosts),
        mail_token=azure_mail_token(app_identity),
        open_lineage=lineage_sender(app_identity.private_hosts),
    )


def _open_storage(settings: Settings) -> tuple[Tables, Callable[[str], Queue]]:
    """Return the tables and queues: of a storage account, or of a SQLite file."""
    path = path_of(settings.storage.get(STORAGE))
    if path is not None:
        database = shared_database(path)
        return SqliteTables(database), SqliteQueues(database).queue
    # The client of Azure takes a quarter of a second to import, which a SQLite file does not need.
    from polysync_core.storage.azure.connection import StorageConnection
    from polysync_core.storage.azure.queues import QueueStorage
    from polysync_core.storage.azure.schema import SCHEMA_VERSION
    from polysync_core.storage.azure.tables import AzureTables

    connection = StorageConnection.from_settings(settings.storage, name=STORAGE)
    return AzureTables(connection, schema_version=SCHEMA_VERSION), QueueStorage(connection).queue


def table_ports(
    tables: Tables,
    *,
    queue: Callable[[str], Queue],
    open_vault: OpenVault,
    open_connector: OpenConnector,
    post: Post,
) -> Ports:
    """Return ports whose stores are tables."""
    runs, gates = TableRuns(tables), TableGates(tables)
    audit, poison = TableAudit(tables), TablePoison(tables)
    versions, results = TableVersions(tables), TableRecentResults(tables)
    backfills, deadlines = TableBackfills(tables), TableDeadlines(tables)
    arrivals = TableArrivals(tables)
    notifications = TableNotifications(tables)
    return Ports(
        definitions=TableDefinitions(tables),
        versions=versions,
        schedules=TableSchedules(tables),
        deadlines=deadlines,
        arrivals=arrivals,
        backfills=backfills,
        holds=TableHolds(tables),
        runs=runs,
        gates=gates,
        wait_limits=TableWaitLimits(tables),
        audit=audit,
        poison=poison,
        recent_results=results,
        purge_runs=ExpiredRuns(tables, runs).purge,
        purge_outcomes=gates.delete_deduplication_rows,
        purge_audit=audit.purge,
        purge_versions=versions.purge,
        purge_messages=poison.purge,
        purge_results=results.purge,
        purge_backfills=backfills.purge,
        notifications=notifications,
        purge_notifications=notifications.purge,
        send_smtp=smtp_sender(),
        mail_token=azure_mail_token(),
        open_lineage=lineage_sender(),
        purge_deadlines=deadlines.purge,
        purge_arrivals=arrivals.purge,
        queue=queue,
        open_vault=open_vault,
        open_connector=open_connector,
        post=post,
    )
