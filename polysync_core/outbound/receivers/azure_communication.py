"""Sends e-mail by the REST API of Azure Communication Services.

https://learn.microsoft.com/rest/api/communication/email/email/send
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.receivers import EmailReceiver
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.notifications.messages import Message
from polysync_core.domain.runs.events import encode_message
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import BaseAddress, HostRule
from polysync_core.outbound.receivers.mail import html_of, subject_of, text_of, thread_headers
from polysync_core.outbound.receivers.posting import Post

SCOPE = "https://communication.azure.com/.default"
"""The scope of tokens for the service."""
ROLE = "Communication and Email Service Owner"
"""The role that the app's identity needs on the resource."""
_PATH = "/emails:send?api-version=2023-03-31"
_SUFFIXES = (".communication.azure.com", ".communication.azure.us")


def endpoint_of(receiver: EmailReceiver, *, allow_loopback: bool) -> BaseAddress:
    """Return the checked address of the resource; raises `Invalid`."""
    rule = HostRule(
        suffixes=_SUFFIXES,
        example="https://my-resource.communication.azure.com",
        allow_loopback=allow_loopback,
    )
    return rule.read(receiver.endpoint or "", path="endpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureMail:
    """Sends e-mails by the resource that a receiver names."""

    post: Post
    token: Callable[[], Secret]
    """Returns a token of the app's identity for `SCOPE`."""
    clock: Clock
    allow_loopback: bool = False

    def send(self, message: Message, receiver: EmailReceiver, key: Secret | None) -> None:
        """Send a message; the operation id makes a repetition harmless."""
        base = endpoint_of(receiver, allow_loopback=self.allow_loopback)
        body = encode_message(_request(message, receiver)).encode()
        address = f"{base.url}{_PATH}"
        operation = str(uuid5(NAMESPACE_URL, f"{receiver.name}/{message.id}"))
        headers = {"Operation-Id": operation, "x-ms-client-request-id": operation}
        self.post(address, {**headers, **self._signed(address, body, key)}, body)

    def _signed(self, address: str, body: bytes, key: Secret | None) -> dict[str, str]:
        if key is None:
            return {"Authorization": f"Bearer {self.token().reveal()}"}
        return signed_by_key(address, body, key, date=format_datetime(self.clock(), usegmt=True))


def signed_by_key(address: str, body: bytes, key: Secret, *, date: str) -> dict[str, str]:
    """Return the headers that sign a POST by an access key.

    https://learn.microsoft.com/azure/communication-services/tutorials/hmac-header-tutorial
    """
    parts = urlsplit(address)
    content = base64.b64encode(hashlib.sha256(body).digest()).decode()
    target = f"{parts.path}?{parts.query}"
    text = f"POST\n{target}\n{date};{parts.netloc};{content}"
    signed = hmac.new(_decoded(key), text.encode(), hashlib.sha256).digest()
    return {
        "x-ms-date": date,
        "x-ms-content-sha256": content,
        "Authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="
        + base64.b64encode(signed).decode(),
    }


def _decoded(key: Secret) -> bytes:
    try:
        return base64.b64decode(key.reveal(), validate=True)
    except (binascii.Error, ValueError):
        found = PlatformRefused(
            "the access key of Azure Communication Services is not base64: store the key of the "
            "resource itself, without endpoint=",
            cause=FailureCause.SECRET,
        )
    raise found


def _request(message: Message, receiver: EmailReceiver) -> JsonObject:
    return {
        "senderAddress": receiver.sender,
        "recipients": {"to": [{"address": each} for each in receiver.to]},
        "content": {
            "subject": subject_of(message),
            "plainText": text_of(message),
            "html": html_of(message),
        },
        "headers": {**thread_headers(message, receiver.name)},
        "userEngagementTrackingDisabled": True,
    }
