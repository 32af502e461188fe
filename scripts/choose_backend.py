"""Writes the storage provider of the orchestrations into host.json.

    python -m scripts.choose_backend DurableTaskScheduler

The scale controller of Azure reads the provider from the deployed host.json and never from the
settings, so the package must name the right one. Without an argument, the script takes
POLYSYNC_BACKEND, as azd sets it. `azd package` runs the script before it packages the app, and
writes the default back afterwards.

https://github.com/Azure/azure-functions-durable-extension/issues/2622
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HOST_FILE = Path(__file__).parents[1] / "host.json"
DEFAULT = "AzureStorage"
PROVIDERS: Mapping[str, Mapping[str, Any]] = {
    "AzureStorage": {
        "type": "AzureStorage",
        "partitionCount": 4,
        "maxQueuePollingInterval": "00:00:05",
        "controlQueueVisibilityTimeout": "00:01:00",
        "workItemQueueVisibilityTimeout": "00:01:00",
    },
    "DurableTaskScheduler": {
        "type": "azureManaged",
        "connectionStringName": "DURABLE_TASK_SCHEDULER_CONNECTION_STRING",
    },
}
"""The providers by the values of the parameter `backend` of infra/bicep/main.bicep."""


def choose(backend: str, file: Path = HOST_FILE) -> None:
    """Write the provider of a backend; everything else in the file stays."""
    document = json.loads(file.read_text(encoding="utf-8"))
    document["extensions"]["durableTask"]["storageProvider"] = PROVIDERS[backend]
    text = json.dumps(document, indent=2, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")


def main(arguments: Sequence[str], variables: Mapping[str, str], file: Path = HOST_FILE) -> int:
    """Choose the backend of the command line or of azd; return the exit code."""
    backend = arguments[0] if arguments else variables.get("POLYSYNC_BACKEND") or DEFAULT
    if len(arguments) > 1 or backend not in PROVIDERS:
        print(f"The backend must be one of {', '.join(PROVIDERS)}.", file=sys.stderr)
        return 2
    choose(backend, file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
