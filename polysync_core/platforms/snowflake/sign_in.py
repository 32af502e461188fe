"""Signs in to Snowflake by a key pair, an access token or OAuth.

https://docs.snowflake.com/en/developer-guide/sql-api/authenticating
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.platforms import Auth, AuthMethod
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Authenticator, HeaderToken, VaultToken
from polysync_core.outbound.sign_in.cached_token import CachedToken, IssuedToken
from polysync_core.outbound.sign_in.methods import FieldForm, SignInField, SignInMethod
from polysync_core.platforms.http_service.sign_in import METHODS as HTTP_METHODS
from polysync_core.platforms.http_service.sign_in import authenticator_of as http_authenticator
from polysync_core.platforms.platform_client import HttpOptions

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_USER = FieldForm(re.compile(r"[\x21-\x7e]{1,255}"), "is the login name of the user")
METHODS = (
    SignInMethod(
        name=AuthMethod.KEY_PAIR,
        fields=(
            SignInField(name="user", form=_USER),
            SignInField(name="privateKey", is_secret=True),
            SignInField(name="privateKeyPassphrase", is_secret=True, required=False),
        ),
    ),
    SignInMethod(name=AuthMethod.TOKEN, fields=(SignInField(name="token", is_secret=True),)),
    *(method for method in HTTP_METHODS if method.name == AuthMethod.OAUTH),
)
_LIFETIME = 3300.0
"""Seconds; Snowflake accepts tokens that live for at most one hour."""
_TYPE_HEADER = "X-Snowflake-Authorization-Token-Type"
_TYPES = {
    AuthMethod.KEY_PAIR: "KEYPAIR_JWT",
    AuthMethod.TOKEN: "PROGRAMMATIC_ACCESS_TOKEN",
    AuthMethod.OAUTH: "OAUTH",
}


@dataclass(frozen=True, slots=True)
class TypedToken:
    """Sends a token together with its type."""

    signed: Authenticator
    kind: str

    def sign(self, request: HttpRequest) -> HttpRequest:
        """Return the request with the token and its type in headers."""
        signed = self.signed.sign(request)
        return replace(signed, headers={**signed.headers, _TYPE_HEADER: self.kind})

    def renew(self) -> None:
        """Drop the refused token."""
        self.signed.renew()


def authenticator_of(
    auth: Auth,
    secrets: Secrets,
    http: HttpOptions,
    *,
    account: str,
    allow_loopback: bool,
) -> Authenticator:
    """Return the credential of a checked definition; this sends nothing."""
    fields = auth.fields()
    kind = _TYPES[AuthMethod(auth.method)]
    if auth.method == AuthMethod.KEY_PAIR:
        keys = KeyPair(
            account=account,
            user=fields["user"].upper(),
            key=fields["privateKey"],
            passphrase=fields.get("privateKeyPassphrase"),
            secrets=secrets,
            now=http.timer.now,
        )
        return TypedToken(HeaderToken(keys.cached()), kind)
    if auth.method == AuthMethod.TOKEN:
        return TypedToken(HeaderToken(VaultToken(fields["token"], secrets)), kind)
    signed = http_authenticator(auth, secrets, http, allow_loopback=allow_loopback)
    return TypedToken(signed or HeaderToken(VaultToken("", secrets)), kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """Issues tokens that the private key of a user signs."""

    account: str
    user: str
    key: str
    """The reference of the private key, PEM in PKCS #8."""
    passphrase: str | None
    secrets: Secrets
    now: Clock

    def cached(self) -> CachedToken:
        """Return the token, which is signed on first use."""
        return CachedToken(self._issue, forget=self._forget, now=lambda: self.now().timestamp())

    def _forget(self) -> None:
        self.secrets.forget(self.key)
        if self.passphrase is not None:
            self.secrets.forget(self.passphrase)

    def _issue(self) -> IssuedToken:
        # Imported on first use, because the import is slow.
        import jwt

        key = self._private_key()
        subject = f"{self.account}.{self.user}"
        issued_at = self.now().timestamp()
        expires_on = issued_at + _LIFETIME
        claims = {
            "iss": f"{subject}.SHA256:{_fingerprint(key)}",
            "sub": subject,
            "iat": int(issued_at),
            "exp": int(expires_on),
        }
        return IssuedToken(Secret(jwt.encode(claims, key, algorithm="RS256")), expires_on)

    def _private_key(self) -> RSAPrivateKey:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        text = self.secrets.resolve(self.key).reveal().strip().encode()
        passphrase = None
        if self.passphrase is not None:
            passphrase = self.secrets.resolve(self.passphrase).reveal().encode()
        key = _loaded(lambda: load_pem_private_key(text, passphrase))
        if not isinstance(key, RSAPrivateKey):
            raise PlatformRefused(
                f"the secret {self.key} is no RSA private key in PEM, or its passphrase is wrong:"
                " correct privateKey and privateKeyPassphrase",
                cause=FailureCause.SECRET,
            )
        return key


def _loaded(load: Callable[[], object]) -> object:
    """Return the loaded key; None if it cannot be loaded."""
    try:
        return load()
    except (ValueError, TypeError):
        return None


def _fingerprint(key: RSAPrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(public).digest()).decode()
