"""The tables and queues."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.settings import STORAGE, Settings
from polysync_core.storage.audit import TableAudit
from polysync_core.storage.connection import StorageConnection
from polysync_core.storage.definitions import TableDefinitions
from polysync_core.storage.gates import TableGates
from polysync_core.storage.old_runs import OldRuns
from polysync_core.storage.poison import TablePoison
from polysync_core.storage.queues import QueueStorage
from polysync_core.storage.runs import TableRuns
from polysync_core.storage.schedules import TableSchedules
from polysync_core.storage.tables import TableStorage


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What one app keeps."""

    definitions: TableDefinitions
    schedules: TableSchedules
    runs: TableRuns
    old_runs: OldRuns
    gates: TableGates
    audit: TableAudit
    poison: TablePoison
    queues: QueueStorage


def open_storage(settings: Settings) -> Stored:
    """Return the tables and queues; nothing is asked of them yet."""
    connection = StorageConnection.from_settings(settings.storage, name=STORAGE)
    tables = TableStorage(connection)
    runs = TableRuns(tables)
    return Stored(
        definitions=TableDefinitions(tables),
        schedules=TableSchedules(tables),
        runs=runs,
        old_runs=OldRuns(tables, runs),
        gates=TableGates(tables),
        audit=TableAudit(tables),
        poison=TablePoison(tables),
        queues=QueueStorage(connection),
    )
