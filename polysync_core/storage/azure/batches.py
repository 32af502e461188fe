"""Encodes batch transactions of Azure Table Storage, and decodes the responses.

The SDK builds a transaction with a thread pool and the email package, which costs 5 ms of CPU for
two rows. This encoding is as cheap as a single write.
https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote

from polysync_core.storage.azure.entities import FINGERPRINT, INT32
from polysync_core.storage.rows import Change, Operation, Row, RowValue, check_key, check_size

_METHODS = {Change.REPLACE: "PUT", Change.MERGE: "PATCH", Change.DELETE: "DELETE"}
_HEADERS = (
    "Content-Type: application/json\r\n"
    "Accept: application/json;odata=minimalmetadata\r\n"
    "Prefer: return-no-content\r\n"
    "DataServiceVersion: 3.0\r\n"
)


@dataclass(frozen=True, slots=True)
class Part:
    """The answer to one operation, or the single answer to a rejected transaction."""

    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])
    """Names in lower case."""
    body: bytes = b""

    @property
    def etag(self) -> str:
        """The row's new ETag; empty for a delete."""
        return self.headers.get("etag", "")

    @property
    def error_code(self) -> str:
        """The error code of the service."""
        if code := self.headers.get("x-ms-error-code"):
            return code
        try:
            return str(json.loads(self.body)["odata.error"]["code"])
        except (ValueError, KeyError, TypeError):
            return ""


def encode_batch(
    operations: Sequence[Operation], *, table_url: str, fingerprint: str
) -> tuple[str, bytes]:
    """Return the content type and body of a transaction; written rows carry the fingerprint."""
    batch, changes = f"batch_{secrets.token_hex(8)}", f"changeset_{secrets.token_hex(8)}"
    parts = [_part(operation, table_url, fingerprint) for operation in operations]
    body = f"--{batch}\r\nContent-Type: multipart/mixed; boundary={changes}\r\n\r\n"
    body += "".join(f"--{changes}\r\n{part}\r\n" for part in parts)
    body += f"--{changes}--\r\n\r\n--{batch}--\r\n"
    return f"multipart/mixed; boundary={batch}", body.encode()


def decode_batch(body: bytes) -> Iterator[Part]:
    """Yield the answer to each operation of a transaction, in order.

    Each answer begins with a line such as `HTTP/1.1 204 No Content`. No header or JSON body of the
    service has a line that begins with two hyphens, so such lines are boundaries.
    """
    for text in body.split(b"\r\nHTTP/1.1 ")[1:]:
        answer = text.partition(b"\r\n--")[0]
        head, _, content = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = (line.partition(":") for line in lines)
        status = first.split(" ", 1)[0]
        if status.isdecimal():
            named = {name.strip().lower(): value.strip() for name, _, value in headers}
            yield Part(int(status), named, content)


def _part(operation: Operation, table_url: str, fingerprint: str) -> str:
    row = operation.row
    key = f"(PartitionKey='{_quoted(row.partition)}',RowKey='{_quoted(row.key)}')"
    if operation.change is Change.INSERT:
        request = f"POST {table_url} HTTP/1.1\r\n{_HEADERS}"
    else:
        request = f"{_METHODS[operation.change]} {table_url}{key} HTTP/1.1\r\n{_HEADERS}"
        request += _condition(operation)
    content = (
        ""
        if operation.change is Change.DELETE
        else json.dumps(_json_of(row, fingerprint), allow_nan=False)
    )
    return (
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        f"{request}\r\n{content}\r\n"
    )


def _condition(operation: Operation) -> str:
    """Return the If-Match header; a write without it also creates a missing row."""
    etag = operation.row.etag
    if "\r" in etag or "\n" in etag:
        raise ValueError("an ETag is one line")
    if etag or operation.change is Change.DELETE:
        return f"If-Match: {etag or '*'}\r\n"
    return ""


def _json_of(row: Row, fingerprint: str) -> dict[str, object]:
    check_size(row)
    entity: dict[str, object] = {
        "PartitionKey": check_key(row.partition),
        "RowKey": check_key(row.key),
    }
    for name, value in row.values.items():
        type_name, plain = _typed(value)
        entity[name] = plain
        if type_name is not None:
            entity[f"{name}@odata.type"] = type_name
    entity[FINGERPRINT] = fingerprint
    return entity


def _typed(value: RowValue) -> tuple[str | None, object]:
    match value:
        case bool() | str():
            return None, value
        case int():
            return (None, value) if value in INT32 else ("Edm.Int64", str(value))
        case float():
            return "Edm.Double", value
        case bytes():
            return "Edm.Binary", base64.b64encode(value).decode("ascii")
        case datetime():
            text = value.astimezone(UTC).isoformat(timespec="microseconds")
            return "Edm.DateTime", text.replace("+00:00", "Z")


def _quoted(key: str) -> str:
    return quote(check_key(key).replace("'", "''"), safe="'")
