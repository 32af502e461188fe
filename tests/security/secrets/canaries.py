"""Secrets to search for, in every form in which an artefact may repeat them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

CANARIES = {
    "key": "canary-key-7Q/x+9=",
    "text": 'canary text with "quotes" & spaces',
    "token": "dapi-canary-token-55aa",
}


def encoded(secret: str) -> list[str]:
    """Return a secret in the forms in which an artefact may repeat it."""
    data = secret.encode()
    return [
        secret,
        secret[::-1],
        secret.upper(),
        *(base64.b64encode(b"u" * n + data).decode() for n in range(3)),
        *(base64.urlsafe_b64encode(b"u" * n + data).decode().rstrip("=") for n in range(3)),
        data.hex(),
        data.hex(":").upper(),
        quote(secret, safe=""),
        quote(quote(secret, safe="")),
        "".join(f"%{byte:02x}" for byte in data),
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps({"a": secret})),
        "".join(f"\\u{ord(each):04x}" for each in secret),
        "".join(f"&#{ord(each)};" for each in secret),
        "-".join(secret),
    ]


FORMS = [form for secret in CANARIES.values() for form in encoded(secret)]
TEXT = " | ".join(FORMS)


def found_in(text: str) -> list[str]:
    """Return the forms that a text holds; short pieces of separated forms do not count."""
    return [form for form in FORMS if form in text or json.dumps(form)[1:-1] in text]
