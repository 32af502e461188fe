"""Parses the CloudEvents in an HTTP request, in structured, binary or batch format.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import unquote

from starlette.exceptions import HTTPException

from polysync_core.domain.errors import Malformed
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.strict_documents import read_json, read_text

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
JSON = "application/json"
_PREFIX = "ce-"
_VERSION = "ce-specversion"
_TYPES = (
    f"send one event as {STRUCTURED}, several as {BATCH}, "
    "or one in binary mode with the headers ce-id, ce-source, ce-specversion and ce-type"
)


def document_of(headers: Mapping[str, str], body: bytes) -> JsonValue:
    """Return the events of a request as a JSON document; a list for several events."""
    media_type = _media_type(headers)
    if media_type.startswith("application/cloudevents"):
        return _structured(media_type, body)
    if _VERSION in headers:
        return _binary(headers, media_type, body)
    if media_type == JSON:
        # Event Grid names no other type for its own schema.
        return read_json(body)
    raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The body holds no events: {_TYPES}.")


def _structured(media_type: str, body: bytes) -> JsonValue:
    if media_type not in {STRUCTURED, BATCH}:
        raise HTTPException(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Only the JSON format is supported: {_TYPES}."
        )
    document = read_json(body)
    if isinstance(document, list) != (media_type == BATCH):
        kind = "a list of events" if media_type == BATCH else "one event"
        raise Malformed.at("", f"the body of {media_type} must be {kind}")
    return document


def _binary(headers: Mapping[str, str], media_type: str, body: bytes) -> JsonObject:
    attributes: JsonObject = {
        name.removeprefix(_PREFIX): _decoded(value)
        for name, value in headers.items()
        if name.startswith(_PREFIX)
    }
    if content_type := headers.get("content-type"):
        attributes["datacontenttype"] = content_type
    if not body:
        return attributes
    if media_type == JSON or media_type.endswith("+json") or not media_type:
        return {**attributes, "data": read_json(body)}
    if media_type.startswith("text/"):
        return {**attributes, "data": read_text(body)}
    # The data is binary, which is known but not kept.
    return {**attributes, "data_base64": ""}


def _decoded(value: str) -> str:
    """Return the value of a header, whose characters may be percent-encoded UTF-8."""
    if len(value) > 1 and value.startswith('"') and value.endswith('"'):
        value = value[1:-1]
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError as error:
        raise Malformed.at("", "a ce- header holds no UTF-8") from error


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
