"""Writes the chosen storage backend of Durable Functions into host.json.

    python -m scripts.choose_backend DurableTaskScheduler
    python -m scripts.choose_backend AzureStorage 16

The number is that of the partitions, 1 to 16; a task hub keeps the number of its first start.
The scale controller of Azure reads the provider from the deployed host.json and never from the
settings, so the package must name the right one. Without an argument, the script takes
POLYSYNC_BACKEND and POLYSYNC_PARTITION_COUNT, as azd sets them. `azd package` runs the script
before it packages the app, and writes the default back afterwards.

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
PARTITIONS = "partitionCount"
MOST_PARTITIONS = 16
"""The limit of the storage provider (Microsoft Learn, Durable Functions on Azure Storage)."""
PROVIDERS: Mapping[str, Mapping[str, Any]] = {
    "AzureStorage": {
        "type": "AzureStorage",
        PARTITIONS: 4,
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


def choose(backend: str, partitions: int | None = None, file: Path = HOST_FILE) -> None:
    """Write the provider of a backend; everything else in the file stays."""
    document = json.loads(file.read_text(encoding="utf-8"))
    provider = dict(PROVIDERS[backend])
    if partitions is not None:
        provider[PARTITIONS] = partitions
    document["extensions"]["durableTask"]["storageProvider"] = provider
    text = json.dumps(document, indent=2, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")


def main(arguments: Sequence[str], variables: Mapping[str, str], file: Path = HOST_FILE) -> int:
    """Choose the backend of the command line or of azd; return the exit code."""
    given = list(arguments) or [
        variables.get("POLYSYNC_BACKEND") or DEFAULT,
        *filter(None, [variables.get("POLYSYNC_PARTITION_COUNT")]),
    ]
    problem = _problem(given)
    if problem is not None:
        print(problem, file=sys.stderr)
        return 2
    choose(given[0], int(given[1]) if len(given) == 2 else None, file)
    return 0


def _problem(given: Sequence[str]) -> str | None:
    backend, *partitions = given
    if backend not in PROVIDERS or len(partitions) > 1:
        return f"The backend must be one of {', '.join(PROVIDERS)}."
    if not partitions:
        return None
    if PARTITIONS not in PROVIDERS[backend]:
        return f"The backend {backend} has no partitions: remove the number."
    if partitions[0] not in map(str, range(1, MOST_PARTITIONS + 1)):
        return f"The number of partitions must be 1 to {MOST_PARTITIONS}."
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
