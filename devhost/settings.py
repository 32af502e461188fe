"""Reads the host's configuration from options, JSON files and the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devhost.durable.work_pump import Limits
from devhost.triggers.ncrontab import BadSchedule, span
from devhost.triggers.queues import QueueRules
from polysync_core.storage.sqlite.database import FILE_NAME, SCHEME
from polysync_embedded.mcp.catalogue import McpServerInfo
from polysync_embedded.options import StartRefused

#: The account that every Azurite has. The key is public:
#: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

#: The port of the Databricks simulator beside an app on port 7071.
DATABRICKS_PORT = 8787
APP_PORT = 7071


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the command line."""

    app: Path
    data: Path
    port: int = APP_PORT
    azurite: bool = False
    """Store in Azurite instead of in a SQLite file."""
    durable_extension: bool = False
    """Run the real Durable and queue extensions instead of the engine in memory."""
    storage_port_base: int = 10000
    simulators: bool = True
    databricks_port: int | None = None
    foundry_port: int | None = None
    google_functions_port: int | None = None
    storage_log: Path | None = None
    verbose: bool = False

    def simulator_ports(self) -> Mapping[str, int]:
        """Return the ports of the simulators to start, by name."""
        default = DATABRICKS_PORT + self.port - APP_PORT
        ports = {
            "databricks": self.databricks_port or default,
            "ai_foundry": self.foundry_port,
            "google_functions": self.google_functions_port,
        }
        return {name: port for name, port in ports.items() if port is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFile:
    """The parts of `host.json` that this host uses."""

    route_prefix: str = "api"
    queues: QueueRules = field(default_factory=QueueRules)
    limits: Limits = field(default_factory=Limits)
    mcp: McpServerInfo = field(default_factory=McpServerInfo)


def storage_connection(port_base: int) -> str:
    """Return the connection string of the Azurite whose blob port is `port_base`."""
    endpoints = "".join(
        f"{kind}Endpoint=http://127.0.0.1:{port_base + offset}/{_ACCOUNT};"
        for offset, kind in enumerate(("Blob", "Queue", "Table"))
    )
    return f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};{endpoints}"


def storage_of(options: Options) -> str:
    """Return the storage setting: the Azurite of this host, or a SQLite file in its data."""
    if options.azurite:
        return storage_connection(options.storage_port_base)
    return f"{SCHEME}{options.data.absolute() / FILE_NAME}"


def settings(app: Path, storage: str) -> Mapping[str, str]:
    """Return the settings of the app: `local.settings.json`, then the defaults for development.

    Raises:
        StartRefused: the file cannot be read.
    """
    defaults = {
        "AzureWebJobsStorage": storage,
        "POLYSYNC_STORAGE": storage,
        "POLYSYNC_ENVIRONMENT": "development",
        "POLYSYNC_ALLOW_LOOPBACK_PLATFORMS": "true",
        "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "TASKHUB_NAME": "polysyncdev",
        # A consumer can read the queues of the emulator, but no queue of a SQLite file.
        "POLYSYNC_RUN_EVENTS_QUEUE": "" if storage.startswith(SCHEME) else "run-events",
        # Most activities wait for an answer, each on its own thread.
        "PYTHON_THREADPOOL_THREAD_COUNT": "32",
    }
    configured = _read(app / "local.settings.json").get("Values") or {}
    both = defaults | {str(name): str(value) for name, value in configured.items()}
    return {
        name: storage if value.strip().rstrip(";") == "UseDevelopmentStorage=true" else value
        for name, value in both.items()
    }


def apply(values: Mapping[str, str]) -> None:
    """Add the settings to the environment; existing variables have priority."""
    for name, value in values.items():
        os.environ.setdefault(name, value)


def host_file(app: Path) -> HostFile:
    """Return the `host.json` of the app, with the defaults of the Functions host.

    Raises:
        StartRefused: the file cannot be read, or a value is invalid.
    """
    extensions = _read(app / "host.json").get("extensions") or {}
    try:
        return HostFile(
            route_prefix=str((extensions.get("http") or {}).get("routePrefix", "api")),
            queues=_queue_rules(extensions.get("queues") or {}),
            limits=_limits(extensions.get("durableTask") or {}),
            mcp=_mcp_server_info(extensions.get("mcp") or {}),
        )
    except (BadSchedule, TypeError, ValueError, AttributeError) as error:
        raise StartRefused(f"host.json is invalid: {error}") from error


def connection(name: str) -> str:
    """Return the storage connection of a binding; an empty text if the setting has no value."""
    name = name or "AzureWebJobsStorage"
    return os.environ.get(f"AzureWebJobs{name}") or os.environ.get(name) or ""


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise StartRefused(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise StartRefused(f"{path} must contain an object.")
    return content


def _queue_rules(section: Mapping[str, Any]) -> QueueRules:
    defaults = QueueRules()
    batch = int(section.get("batchSize", defaults.batch_size))
    return QueueRules(
        batch_size=batch,
        new_batch_threshold=int(section.get("newBatchThreshold", batch // 2)),
        max_dequeue_count=int(section.get("maxDequeueCount", defaults.max_dequeue_count)),
        max_pause=_seconds(section.get("maxPollingInterval"), defaults.max_pause),
        visibility_timeout=int(
            _seconds(section.get("visibilityTimeout"), defaults.visibility_timeout)
        ),
        base64=str(section.get("messageEncoding", "base64")).lower() == "base64",
    )


def _limits(section: Mapping[str, Any]) -> Limits:
    defaults = Limits()
    orchestrators = int(section.get("maxConcurrentOrchestratorFunctions", defaults.orchestrators))
    return Limits(
        orchestrators=orchestrators,
        entities=int(section.get("maxConcurrentEntityFunctions", orchestrators)),
        activities=int(section.get("maxConcurrentActivityFunctions", defaults.activities)),
    )


def _mcp_server_info(section: Mapping[str, Any]) -> McpServerInfo:
    defaults = McpServerInfo()
    return McpServerInfo(
        name=str(section.get("serverName", defaults.name)),
        version=str(section.get("serverVersion", defaults.version)),
        instructions=section.get("instructions"),
    )


def _seconds(text: object, default: float) -> float:
    return default if text is None else span(str(text)).total_seconds()
