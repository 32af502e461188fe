"""Authenticates requests to an HTTP service with a token, a password or OAuth."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from polysync_core.domain.definitions.platforms import Auth, AuthMethod
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.read_client import HEADERS, ReadClient
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Authenticator, HeaderToken, VaultToken
from polysync_core.outbound.sign_in.cached_token import CachedToken, IssuedToken
from polysync_core.outbound.sign_in.methods import FieldForm, SignInField, SignInMethod
from polysync_core.outbound.urls import CheckedUrl, read_url
from polysync_core.platforms.answer_messages import message_in
from polysync_core.platforms.platform_client import HttpOptions

_HEADER = FieldForm(
    re.compile(
        r"(?!(?i:host|connection|content-length|content-type|transfer-encoding)$)[A-Za-z0-9-]{1,64}"
    ),
    "is the name of a header, such as X-API-Key",
)
_SCHEME = FieldForm(re.compile(r"[A-Za-z0-9-]{1,32}"), "is a word such as Bearer or Token")
_NO_COLON = FieldForm(re.compile(r"[\x20-\x39\x3b-\x7e]{1,256}"), "has no colon, which ends it")
METHODS = (
    SignInMethod(
        name=AuthMethod.TOKEN,
        fields=(
            SignInField(name="token", is_secret=True),
            SignInField(name="header", required=False, form=_HEADER),
            SignInField(name="scheme", required=False, form=_SCHEME),
        ),
    ),
    SignInMethod(
        name=AuthMethod.USER_PASSWORD,
        fields=(
            SignInField(name="username", form=_NO_COLON),
            SignInField(name="password", is_secret=True),
        ),
    ),
    SignInMethod(
        name=AuthMethod.OAUTH,
        fields=(
            SignInField(name="tokenUrl"),
            SignInField(name="clientId"),
            SignInField(name="clientSecret", is_secret=True),
            SignInField(name="scope", required=False),
        ),
    ),
    SignInMethod(name=AuthMethod.ANONYMOUS),
)


def token_url(auth: Auth, *, allow_loopback: bool) -> CheckedUrl | None:
    """Return the checked address for OAuth tokens; raises `Invalid`. None for other methods."""
    text = auth.fields().get("tokenUrl")
    if auth.method != AuthMethod.OAUTH or text is None:
        return None
    return read_url(text, path="auth.tokenUrl", allow_loopback=allow_loopback, allow_port=True)


def authenticator_of(
    auth: Auth, secrets: Secrets, http: HttpOptions, *, allow_loopback: bool
) -> Authenticator | None:
    """Return the credential of a checked definition; this sends nothing."""
    fields = auth.fields()
    tokens = token_url(auth, allow_loopback=allow_loopback)
    if tokens is not None:
        client = ReadClient(
            transport_to=http.transport_to, timer=http.timer, private_hosts=http.private_hosts
        )
        return HeaderToken(OAuthClient(tokens, fields, secrets, client).cached())
    if auth.method == AuthMethod.TOKEN:
        header = fields.get("header")
        scheme = fields.get("scheme", "" if header else "Bearer")
        source = VaultToken(fields["token"], secrets)
        return HeaderToken(source, header or "Authorization", f"{scheme} " if scheme else "")
    if auth.method == AuthMethod.USER_PASSWORD:
        return BasicPassword(fields["username"], fields["password"], secrets)
    return None


@dataclass(frozen=True, slots=True)
class BasicPassword:
    """Signs in with a user name and a password in a vault (RFC 7617)."""

    username: str
    reference: str
    secrets: Secrets

    def sign(self, request: HttpRequest) -> HttpRequest:
        """Return the request with the user name and the password in its header."""
        password = self.secrets.resolve(self.reference).reveal()
        proof = base64.b64encode(f"{self.username}:{password}".encode()).decode()
        return replace(request, headers={**request.headers, "Authorization": f"Basic {proof}"})

    def renew(self) -> None:
        """Make the next call read the vault again: the password may have been rotated."""
        self.secrets.forget(self.reference)


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """Fetches tokens for client credentials (RFC 6749, section 4.4)."""

    address: CheckedUrl
    fields: dict[str, str]
    secrets: Secrets
    client: ReadClient

    def cached(self) -> CachedToken:
        """Return the token, which is fetched on first use."""
        return CachedToken(
            self.issue,
            forget=lambda: self.secrets.forget(self.fields["clientSecret"]),
            now=lambda: self.client.timer.now().timestamp(),
        )

    def issue(self) -> IssuedToken:
        """Return a token; raises `PlatformRefused` (cause `Secret`) or `Unavailable`."""
        answer = self._sent()
        if answer.status in {400, 401, 403}:
            # A rotated secret may still be cached.
            self.secrets.forget(self.fields["clientSecret"])
            answer = self._sent()
        host = self.address.base.host
        failure = self.client.failure_of(answer, host)
        if failure is not None:
            raise failure
        if answer.status != 200:
            raise self._refusal(answer)
        match answer.json():
            case {"access_token": str(token), **rest}:
                lifetime = rest.get("expires_in")
                seconds = lifetime if isinstance(lifetime, int | float) else _DEFAULT_LIFETIME
                return IssuedToken(Secret(token), self.client.timer.now().timestamp() + seconds)
            case _:
                raise Unavailable(f"{host} answered the sign-in with no token")

    def _sent(self) -> Answer:
        secret = self.secrets.resolve(self.fields["clientSecret"]).reveal().strip()
        form = {
            "grant_type": "client_credentials",
            "client_id": self.fields["clientId"],
            "client_secret": secret,
        }
        if scope := self.fields.get("scope"):
            form["scope"] = scope
        headers = {**HEADERS, "Content-Type": "application/x-www-form-urlencoded"}
        request = HttpRequest(
            method="POST", url=self.address.url, headers=headers, body=urlencode(form).encode()
        )
        return self.client.send(self.address.base, request)

    def _refusal(self, answer: Answer) -> PlatformRefused:
        error = PlatformRefused(
            f"{self.address.base.host} refused the sign-in with the credential"
            f" {self.fields['clientSecret']} (status {answer.status}): check clientId, clientSecret"
            " and scope",
            cause=FailureCause.SECRET,
            status=answer.status,
        )
        error.platform_message = message_in(answer)
        return error


_DEFAULT_LIFETIME = 600.0
"""Seconds for which a token is used if the answer names no lifetime."""
