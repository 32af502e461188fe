"""Builds CloudEvents as external senders such as Azure Event Grid write them."""

from __future__ import annotations

from typing import Any

ACCOUNT = (
    "/subscriptions/319a9601/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/lake"
)


def blob_created(path: str = "landing/orders/a.csv", **changes: Any) -> dict[str, Any]:
    """Return the event of a new blob, as Event Grid sends it.

    https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
    """
    container, _, name = path.partition("/")
    data: dict[str, Any] = {
        "api": "PutBlockList",
        "clientRequestId": "4c5dd7fb-2c48-4a27-bb30-5361b5de920a",
        "requestId": "9aeb0fdf-c01e-0131-0922-9eb549000000",
        "eTag": "0x8D76C39E4407333",
        "contentType": "text/csv",
        "contentLength": 30699,
        "blobType": "BlockBlob",
        "url": f"https://lake.blob.core.windows.net/{path}",
        "sequencer": "000000000000000000000000000099240000000000c41c18",
        "storageDiagnostics": {"batchId": "681fe319-3006-00a8-0022-9e7cde000000"},
    }
    event: dict[str, Any] = {
        "specversion": "1.0",
        "type": "Microsoft.Storage.BlobCreated",
        "source": ACCOUNT,
        "id": "9aeb0fdf-c01e-0131-0922-9eb54906e209",
        "time": "2019-11-18T15:13:39.4589254Z",
        "subject": f"/blobServices/default/containers/{container}/blobs/{name}",
        "data": data,
    }
    own = {key: value for key, value in changes.items() if key in event}
    return {**event, **own, "data": {**data, **{k: v for k, v in changes.items() if k not in own}}}


def in_event_grid_schema(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event in the own schema of Event Grid."""
    return {
        "topic": event["source"],
        "subject": event["subject"],
        "eventType": event["type"],
        "eventTime": event["time"],
        "id": event["id"],
        "data": event["data"],
        "dataVersion": "",
        "metadataVersion": "1",
    }


def order_placed(**changes: Any) -> dict[str, Any]:
    """Return an event of another sender."""
    return {
        "specversion": "1.0",
        "type": "com.example.order.placed",
        "source": "https://shop.example/orders",
        "id": "A234-1234-1234",
        "subject": "order/17",
        "comexampleregion": "eu",
        "data": {"total": 12.5, "items": [{"sku": "x1"}]},
        **changes,
    }
