"""Counts storage operations by kind from the log of the Azure storage emulator."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_ACCESS = re.compile(r'"[A-Z]+ /devstoreaccount1/(?P<path>[^ ?]*)')
_APP_TABLES = "Polysync"


class Operations(StrEnum):
    """The kinds of operations; each kind has its own price or its own cause."""

    APP_TABLES = "single operations on tables of the app"
    ENGINE_TABLES = "single operations on tables of the engine"
    TRANSACTIONS = "table transactions of both"
    """The path of a transaction does not say who has sent it."""
    ENGINE_QUEUES = "operations on queues of the engine"
    APP_QUEUES = "operations on queues of the app"
    BLOBS = "operations on blobs"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageLog:
    """The access log of an emulator that serves one app."""

    file: Path
    task_hub: str

    def count(self) -> Counter[Operations]:
        """Return the number of all operations up to now, by kind."""
        found = _ACCESS.finditer(self.file.read_text())
        return Counter(self._kind(match["path"]) for match in found)

    def _kind(self, path: str) -> Operations:
        resource = path.partition("(")[0]
        if resource == "$batch":
            return Operations.TRANSACTIONS
        if resource.startswith(_APP_TABLES):
            return Operations.APP_TABLES
        if not resource.startswith(self.task_hub):
            is_blob = resource.startswith("azure-webjobs-")
            return Operations.BLOBS if is_blob else Operations.APP_QUEUES
        rest = resource.removeprefix(self.task_hub)
        if rest.startswith(("-control-", "-workitems")):
            return Operations.ENGINE_QUEUES
        return Operations.BLOBS if rest.startswith("-") else Operations.ENGINE_TABLES
