"""Reads the host's configuration from options, JSON files and the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    storage_port_base: int = 10000
    shared_storage: bool = False
    """The host starts no Azurite; another program has started it on the same ports."""
    simulators: bool = True
    databricks_port: int | None = None
    foundry_port: int | None = None
    google_functions_port: int | None = None
    data_factory_port: int | None = None
    aws_port: int | None = None
    storage_log: Path | None = None
    verbose: bool = False

    def simulator_ports(self) -> Mapping[str, int]:
        """Return the ports of the simulators to start, by name."""
        default = DATABRICKS_PORT + self.port - APP_PORT
        ports = {
            "databricks": self.databricks_port or default,
            "ai_foundry": self.foundry_port,
            "google_functions": self.google_functions_port,
            "data_factory": self.data_factory_port,
            "aws": self.aws_port,
        }
        return {name: port for name, port in ports.items() if port is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFile:
    """The parts of `host.json` that this host uses."""

    route_prefix: str = "api"
    mcp: McpServerInfo = field(default_factory=McpServerInfo)


def storage_connection(port_base: int) -> str:
    """Return the connection string of the Azurite whose blob port is `port_base`."""
    endpoints = "".join(
        f"{kind}Endpoint=http://127.0.0.1:{port_base + offset}/{_ACCOUNT};"
        for offset, kind in enumerate(("Blob", "Queue", "Table"))
    )
    return f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};{endpoints}"


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
        "POLYSYNC_RUN_EVENTS_QUEUE": "run-events",
        # Most activities wait for an answer, each on its own thread.
        "PYTHON_THREADPOOL_THREAD_COUNT": "48",
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
        StartRefused: the file is missing or cannot be read, or a value is invalid.
    """
    path = app / "host.json"
    if not path.is_file():
        raise StartRefused(f"There is no host.json in {app}.")
    extensions = _read(path).get("extensions") or {}
    try:
        return HostFile(
            route_prefix=str((extensions.get("http") or {}).get("routePrefix", "api")),
            mcp=_mcp_server_info(extensions.get("mcp") or {}),
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise StartRefused(f"host.json is invalid: {error}") from error


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


def _mcp_server_info(section: Mapping[str, Any]) -> McpServerInfo:
    defaults = McpServerInfo()
    return McpServerInfo(
        name=str(section.get("serverName", defaults.name)),
        version=str(section.get("serverVersion", defaults.version)),
        instructions=section.get("instructions"),
    )
