"""Reads the connection settings of the Azure Storage account, and creates the credential."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from polysync_core.domain.errors import Broken


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConnection:
    """A storage account: a connection string, or endpoints and the app's identity."""

    connection_string: str | None = None
    table_endpoint: str | None = None
    queue_endpoint: str | None = None
    client_id: str | None = None
    """The user-assigned identity; None: the system-assigned one or the developer's."""

    def __repr__(self) -> str:
        shown = self.table_endpoint or "a connection string"
        return f"StorageConnection({shown})"

    @classmethod
    def from_settings(
        cls, settings: Mapping[str, str], *, name: str = "AzureWebJobsStorage"
    ) -> StorageConnection:
        """Return the connection that `NAME` or the variables `NAME__…` describe, as the host does.

        https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
        """
        if text := settings.get(name):
            return cls(connection_string=text)
        account = settings.get(f"{name}__accountName")
        tables = settings.get(f"{name}__tableServiceUri") or _address(account, "table")
        if tables is None:
            raise Broken(f"the setting {name} (or {name}__accountName) is missing")
        return cls(
            table_endpoint=tables,
            queue_endpoint=settings.get(f"{name}__queueServiceUri") or _address(account, "queue"),
            client_id=settings.get(f"{name}__clientId"),
        )


def _address(account: str | None, service: str) -> str | None:
    return f"https://{account}.{service}.core.windows.net" if account else None


class StorageIdentity:
    """The app's credential for a storage account; all clients share it."""

    def __init__(self, connection: StorageConnection) -> None:
        self._client_id = connection.client_id
        self._credential: Any = None
        self._lock = threading.Lock()

    def credential(self) -> Any:
        """Return the credential, which caches its token."""
        with self._lock:
            if self._credential is None:
                # Imported on first use: it takes half a second, and local hosts never need it.
                from azure.identity import DefaultAzureCredential

                self._credential = DefaultAzureCredential(
                    managed_identity_client_id=self._client_id
                )
            return self._credential
