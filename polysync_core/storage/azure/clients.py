"""Creates SDK clients of Azure Table Storage with little overhead per call."""

from __future__ import annotations

import threading
from typing import Any, cast

from azure.core.pipeline.policies import (
    CustomHookPolicy,
    DistributedTracingPolicy,
    HttpLoggingPolicy,
    NetworkTraceLoggingPolicy,
    ProxyPolicy,
    RedirectPolicy,
    RequestIdPolicy,
)
from azure.core.rest import HttpRequest
from azure.data.tables import TableClient

from polysync_core.storage.azure.batches import Part, decode_batch
from polysync_core.storage.azure.connection import StorageConnection, StorageIdentity
from polysync_core.storage.azure.transport import PooledTransport

_THREADS = 32
"""The largest thread pool that shares the connections: the Functions worker's."""
_UNUSED = (
    CustomHookPolicy,
    DistributedTracingPolicy,
    HttpLoggingPolicy,
    NetworkTraceLoggingPolicy,
    ProxyPolicy,
    RedirectPolicy,
    RequestIdPolicy,
)


class LeanTableClient(TableClient):
    """A table client without the pipeline policies that this app does not use."""

    def _configure_policies(self, **kwargs: Any) -> list[Any]:
        policies: list[Any] = super()._configure_policies(**kwargs)
        return [policy for policy in policies if not isinstance(policy, _UNUSED)]

    @property
    def table_url(self) -> str:
        """The address of the table itself."""
        return f"{self.url}/{self.table_name}"

    def send_batch(self, content_type: str, body: bytes) -> list[Part]:
        """Send a transaction and return its answers. Raises as other SDK calls do."""
        headers = {
            "Content-Type": content_type,
            "Accept": "application/json",
            "x-ms-version": self.api_version,
            "DataServiceVersion": "3.0",
            "MaxDataServiceVersion": "3.0;NetFx",
        }
        request = HttpRequest("POST", f"{self.url}/$batch", headers=headers, content=body)
        # Protected, but the only way to use the SDK's signing; integration tests cover it.
        # Streamed, so that the SDK does not parse the multipart answer.
        response = self._client.send_request(request, stream=True)
        response.raise_for_status()
        return list(decode_batch(response.content))


class TableClients:
    """Creates one client per table; all share a connection pool and a credential."""

    def __init__(self, connection: StorageConnection) -> None:
        self._connection = connection
        self._transport = PooledTransport(connections=_THREADS)
        self._identity = StorageIdentity(connection)
        self._clients: dict[str, LeanTableClient] = {}
        self._lock = threading.Lock()

    def client(self, table: str) -> LeanTableClient:
        """Return the client of a table."""
        with self._lock:
            if table not in self._clients:
                self._clients[table] = self._open(table)
            return self._clients[table]

    def close(self) -> None:
        """Close the pooled connections."""
        self._transport.close()

    def _open(self, table: str) -> LeanTableClient:
        options: dict[str, Any] = {
            # `AzureTable` retries by itself: the SDK would repeat a completed insert.
            "retry_total": 0,
            "transport": self._transport,
        }
        if self._connection.connection_string is not None:
            client = LeanTableClient.from_connection_string(
                self._connection.connection_string, table, **options
            )
            return cast("LeanTableClient", client)
        endpoint = self._connection.table_endpoint or ""
        return LeanTableClient(endpoint, table, credential=self._identity.credential(), **options)
