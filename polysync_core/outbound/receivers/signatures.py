"""Signs outgoing webhook requests, so that receivers can verify the sender."""

from __future__ import annotations

import hashlib
import hmac

from polysync_core.domain.security.secrets import Secret


def signature(secret: Secret, timestamp: str, body: bytes) -> str:
    """Return the HMAC-SHA256 of `<timestamp>.<body>` in hexadecimal."""
    key = secret.reveal().encode()
    return hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def signed_headers(
    *, kind: str, delivery: str, timestamp: str, secret: Secret, body: bytes
) -> dict[str, str]:
    """Return the headers of a request to a webhook."""
    return {
        "X-Polysync-Event": kind,
        "X-Polysync-Delivery": delivery,
        "X-Polysync-Timestamp": timestamp,
        "X-Polysync-Signature": f"v1={signature(secret, timestamp, body)}",
    }
