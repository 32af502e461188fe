"""Reads error codes in AWS responses, and explains a refused access key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from polysync_core.domain.json_types import JsonObject

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9._]{0,79}")
_SKEW = re.compile(r"\bSignature (?:expired|not yet current)\b", re.IGNORECASE)

_UNKNOWN_KEY = (
    "the AWS access key is unknown: it was deleted or deactivated, or the region belongs to another"
    " partition"
)
_WRONG_PAIR = (
    "secretAccessKey does not belong to accessKeyId: store the pair that AWS has handed out"
)
_CLOCK = "the clock of this machine differs from that of AWS by more than five minutes: correct it"
_EXPIRED = "the temporary AWS access key has expired or was revoked: renew it"
_INCOMPLETE = "the signature was lost on the way: check proxies between this app and AWS"
_KEY_REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "ExpiredToken": _EXPIRED,
        "ExpiredTokenException": _EXPIRED,
        "UnrecognizedClientException": _UNKNOWN_KEY,
        "InvalidClientTokenId": _UNKNOWN_KEY,
        "InvalidSignatureException": _WRONG_PAIR,
        "SignatureDoesNotMatch": _WRONG_PAIR,
        "RequestExpired": _CLOCK,
        "RequestTimeTooSkewed": _CLOCK,
        "AuthFailure": _UNKNOWN_KEY,
        "IncompleteSignature": _INCOMPLETE,
        "IncompleteSignatureException": _INCOMPLETE,
        "MissingAuthenticationToken": _INCOMPLETE,
        "MissingAuthenticationTokenException": _INCOMPLETE,
    }
)


def code_in(headers: Mapping[str, str], body: JsonObject) -> str:
    """Return the error code of an answer, or an empty text.

    It is in the header `x-amzn-ErrorType` (`Code:address`), or in the body's `__type`
    (`namespace#Code`) or `code`.
    """
    given = headers.get("x-amzn-errortype", "").partition(":")[0]
    for name in ("__type", "code", "Code"):
        text = body.get(name)
        given = given or (text if isinstance(text, str) else "")
    code = given.rpartition("#")[2].strip()
    return code if _CODE.fullmatch(code) else ""


def refuses_key(code: str) -> bool:
    """Return whether an error code refuses the access key or the signature."""
    return code in _KEY_REMEDIES


def key_remedy(code: str, text: str) -> str | None:
    """Return the remedy for a refused access key; `text` is the message of AWS."""
    return _CLOCK if _SKEW.search(text) else _KEY_REMEDIES.get(code)
