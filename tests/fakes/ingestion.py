"""Simulates the telemetry ingestion endpoint of Application Insights on localhost.

The received telemetry is read as rows of the tables that queries use:
https://learn.microsoft.com/azure/azure-monitor/app/data-model-complete
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TABLES = {
    "MessageData": "traces",
    "ExceptionData": "exceptions",
    "RequestData": "requests",
    "RemoteDependencyData": "dependencies",
    "MetricData": "customMetrics",
}


@dataclass(frozen=True)
class Item:
    """A row of a table, with the columns that the queries need."""

    table: str
    name: str
    dimensions: dict[str, str]
    operation: str
    id: str
    parent: str
    success: bool
    value: float


@dataclass
class Ingestion:
    """The telemetry that the endpoint received."""

    port: int = 0
    bodies: list[bytes] = field(default_factory=list)

    @property
    def connection_string(self) -> str:
        """The connection string for the exporter."""
        key = "00000000-0000-0000-0000-000000000000"
        return f"InstrumentationKey={key};IngestionEndpoint=http://127.0.0.1:{self.port}/"

    @property
    def environment(self) -> dict[str, str]:
        """The settings that make an app send everything to this endpoint at once."""
        return {
            "APPLICATIONINSIGHTS_CONNECTION_STRING": self.connection_string,
            "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
            "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "OTEL_BLRP_SCHEDULE_DELAY": "100",
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
        }

    def items(self, table: str) -> list[Item]:
        """Return the rows of a table."""
        envelopes = [each for body in list(self.bodies) for each in json.loads(body)]
        rows = map(_item, envelopes)
        return [row for row in rows if row.table == table]


@contextmanager
def ingestion() -> Iterator[Ingestion]:
    """Yield an endpoint that listens on a free port."""
    received = Ingestion()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            received.bodies.append(body)
            count = len(json.loads(body))
            answer = {"itemsReceived": count, "itemsAccepted": count, "errors": []}
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Write nothing to stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _item(envelope: dict[str, Any]) -> Item:
    base, tags = envelope["data"]["baseData"], envelope.get("tags", {})
    point = (base.get("metrics") or [{}])[0]
    return Item(
        table=TABLES[envelope["data"]["baseType"]],
        name=point.get("name") or base.get("name") or base.get("message") or "",
        dimensions=base.get("properties") or {},
        operation=tags.get("ai.operation.id", ""),
        id=base.get("id", ""),
        parent=tags.get("ai.operation.parentId", ""),
        success=base.get("success", True),
        value=point.get("value", 0.0),
    )
