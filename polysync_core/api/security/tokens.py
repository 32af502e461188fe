"""Identifies callers by a validated bearer token of an OpenID Connect issuer.

https://www.rfc-editor.org/rfc/rfc6750
https://www.rfc-editor.org/rfc/rfc8725
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, cast

import jwt
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import Scope

from polysync_core.api.security.callers import Caller, Identify, printable
from polysync_core.domain.errors import Unauthenticated
from polysync_core.domain.security.roles import Role
from polysync_core.domain.security.token_issuer import TokenIssuer
from polysync_core.outbound.signing_keys import ALGORITHMS, SigningKey, SigningKeys

_log = logging.getLogger(__name__)

AUTHORIZATION = "authorization"
MAX_TOKEN = 16 * 1024
LEEWAY_SECONDS = 60
"""The difference that the clocks of the issuer and this machine may have."""
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_PERSON = ("preferred_username", "upn")
_APPLICATION = ("azp", "appid", "client_id")
_OBJECT = ("oid", "sub")
_RESERVED = ("app:", "key:")

_REASONS: Mapping[type[Exception], str] = {
    jwt.ExpiredSignatureError: "the token has expired: request a new one",
    jwt.ImmatureSignatureError: "the token is not valid yet: check the clock of this machine",
    jwt.InvalidAudienceError: "the token is for another audience",
    jwt.InvalidIssuerError: "the token is from another issuer",
    jwt.MissingRequiredClaimError: "the token lacks one of the claims exp, iss and aud",
}
_UNREADABLE = (jwt.PyJWTError, ArithmeticError, RecursionError, TypeError, ValueError)
"""The errors of a token that is not as the standard describes it."""


def by_token(issuer: TokenIssuer, keys: SigningKeys, *, otherwise: Identify) -> Identify:
    """Identify callers by bearer token; `otherwise` identifies callers without a token."""
    tokens = _Tokens(issuer, keys)

    async def identify(scope: Scope) -> Caller:
        values = Headers(scope=scope).getlist(AUTHORIZATION)
        return await tokens.caller(values) if values else await otherwise(scope)

    return identify


class _Tokens:
    """Verifies tokens; only one request at a time waits for the issuer."""

    def __init__(self, issuer: TokenIssuer, keys: SigningKeys) -> None:
        self._issuer = issuer
        self._keys = keys
        self._refreshing = asyncio.Lock()

    async def caller(self, values: list[str]) -> Caller:
        """Return the caller of the headers `Authorization`, or raise `Unauthenticated`."""
        try:
            token = _bearer(values)
            return _caller(await self._claims(token), self._issuer.roles_claim)
        except Unauthenticated as refusal:
            _log.warning(
                "A token was refused.", extra={"action": "token_refused", "reason": str(refusal)}
            )
            raise

    async def _claims(self, token: str) -> dict[str, Any]:
        header = _header(token)
        key = await self._key(header.get("kid"))
        if key is None or header["alg"] not in key.algorithms:
            raise Unauthenticated(
                "the issuer has no key that fits this token: get a new token from the issuer"
            )
        return self._verified(token, key)

    async def _key(self, key_id: str | None) -> SigningKey | None:
        if self._keys.is_due(key_id):
            async with self._refreshing:
                # Another request may have read the keys in the meantime.
                if self._keys.is_due(key_id):
                    await run_in_threadpool(self._keys.refresh)
        return self._keys.find(key_id)

    def _verified(self, token: str, key: SigningKey) -> dict[str, Any]:
        """Return the claims of a token with a valid signature, in about 0.1 ms."""
        try:
            return jwt.decode(
                token,
                key.key,
                algorithms=list(key.algorithms),
                audience=self._issuer.audience,
                issuer=self._issuer.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except _UNREADABLE as error:
            reason = _REASONS.get(type(error), "the token is invalid")
        raise Unauthenticated(reason)


def _bearer(values: list[str]) -> str:
    scheme, _, token = values[0].strip().partition(" ")
    if len(values) > 1 or scheme.lower() != "bearer":
        raise Unauthenticated("the header Authorization must be 'Bearer', a space and a token")
    if len(token) > MAX_TOKEN:
        raise Unauthenticated(
            f"the token is longer than {MAX_TOKEN} characters: get a token with fewer claims"
        )
    return token.strip()


def _header(token: str) -> dict[str, Any]:
    """Return the header of a token, which is not verified yet."""
    try:
        header = jwt.get_unverified_header(token)
    except _UNREADABLE:
        header = {}
    kind, key_id = header.get("typ", "JWT"), header.get("kid")
    if header.get("alg") not in ALGORITHMS:
        raise Unauthenticated(
            "the token is not a JSON Web Token with an accepted algorithm: get an access token"
        )
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise Unauthenticated("the type of the token identifies no caller: send an access token")
    if key_id is not None and not isinstance(key_id, str):
        raise Unauthenticated(
            "the key id of the token is not text: get a new token from the issuer"
        )
    return header


def _caller(claims: Mapping[str, Any], roles_claim: str) -> Caller:
    object_id, person = _text(claims, _OBJECT), _text(claims, _PERSON)
    application = _text(claims, _APPLICATION)
    if person is not None and person.startswith(_RESERVED):
        # The issuer may let people choose their names; this one would look like a machine's.
        person = f"user:{person}"
    name = person or (f"app:{application}" if application else object_id)
    if name is None:
        raise Unauthenticated("the token names neither a person nor an application")
    values = _values(claims, roles_claim)
    roles = frozenset(role for role in Role if role.value in values)
    return Caller(name=printable(name), object_id=object_id, roles=roles)


def _text(claims: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    texts = (claims.get(name) for name in names)
    return next((each for each in texts if isinstance(each, str) and each), None)


def _values(claims: Mapping[str, Any], name: str) -> list[Any]:
    """Return the values of a claim; if no claim has this name, its dots lead into objects."""
    found: Any = claims
    for part in [name] if name in claims else name.split("."):
        found = cast("dict[str, Any]", found).get(part) if isinstance(found, dict) else None
    return cast("list[Any]", found) if isinstance(found, list) else [found]
