"""Builds the authenticator of a Databricks workspace, and gets OAuth tokens from Databricks."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import NoReturn

from polysync_core.domain.definitions.platforms import Auth, AuthMethod
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.read_client import HEADERS, ReadClient
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Authenticator, HeaderToken, VaultToken
from polysync_core.outbound.sign_in.cached_token import CachedToken, IssuedToken
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.outbound.sign_in.methods import SignInField, SignInMethod
from polysync_core.outbound.urls import url
from polysync_core.platforms.answer_messages import message_in
from polysync_core.platforms.platform_client import HttpOptions

PERSONAL_ACCESS_TOKEN = SignInMethod(
    name=AuthMethod.PERSONAL_ACCESS_TOKEN,
    fields=(SignInField(name="personalAccessToken", is_secret=True),),
)
OAUTH = SignInMethod(
    name=AuthMethod.OAUTH,
    fields=(SignInField(name="clientId"), SignInField(name="clientSecret", is_secret=True)),
)
ENTRA_SCOPE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
"""The token scope of every Azure Databricks workspace in every cloud."""

_TOKEN_PATH = ("oidc", "v1", "token")
_REQUEST = b"grant_type=client_credentials&scope=all-apis"


def authenticator_of(
    auth: Auth, cloud: Cloud, secrets: Secrets, base: BaseAddress, http: HttpOptions
) -> Authenticator:
    """Return the credential of a definition; this sends nothing."""
    if auth.method == AuthMethod.PERSONAL_ACCESS_TOKEN and auth.personal_access_token:
        return HeaderToken(VaultToken(auth.personal_access_token, secrets))
    if auth.method == AuthMethod.OAUTH and auth.client_id and auth.client_secret:
        sign_in = OAuthSignIn(
            client_id=auth.client_id,
            client_secret=auth.client_secret,
            base=base,
            secrets=secrets,
            client=ReadClient(
                transport_to=http.transport_to, timer=http.timer, private_hosts=http.private_hosts
            ),
        )
        return HeaderToken(sign_in.cached())
    # Imported on first use: the import is slow, and the other methods do not need it.
    from polysync_core.outbound.sign_in.entra import entra_token

    return HeaderToken(entra_token(auth, cloud, secrets, ENTRA_SCOPE))


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthSignIn:
    """Signs a service principal in with its OAuth secret of Databricks (machine to machine).

    https://learn.microsoft.com/azure/databricks/dev-tools/auth/oauth-m2m
    """

    client_id: str
    client_secret: str
    """The `vault://` reference of the secret."""
    base: BaseAddress
    secrets: Secrets
    client: ReadClient = field(default_factory=ReadClient)

    def cached(self) -> CachedToken:
        """Return the token, which is fetched on first use."""
        return CachedToken(
            self.issue,
            forget=lambda: self.secrets.forget(self.client_secret),
            now=lambda: self.client.timer.now().timestamp(),
        )

    def issue(self) -> IssuedToken:
        """Return a token; raises `PlatformRefused` (cause `Secret`) or `Unavailable`."""
        answer = self._sent()
        if answer.status in {400, 401, 403}:
            # A rotated secret may still be cached.
            self.secrets.forget(self.client_secret)
            answer = self._sent()
        failure = self.client.failure_of(answer, self.base.host)
        if failure is not None:
            raise failure
        if answer.status != 200:
            self._refuse(answer)
        return self._issued(answer)

    def _sent(self) -> Answer:
        secret = self.secrets.resolve(self.client_secret).reveal().strip()
        proof = base64.b64encode(f"{self.client_id}:{secret}".encode()).decode()
        headers = {
            **HEADERS,
            "Authorization": f"Basic {proof}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        request = HttpRequest(
            method="POST", url=url(self.base.url, *_TOKEN_PATH), headers=headers, body=_REQUEST
        )
        return self.client.send(self.base, request)

    def _issued(self, answer: Answer) -> IssuedToken:
        match answer.json():
            case {"access_token": str(token), "expires_in": int() | float() as seconds}:
                expires_on = self.client.timer.now().timestamp() + seconds
                return IssuedToken(Secret(token), expires_on)
            case _:
                raise Unavailable(f"{self.base.host} answered the sign-in with no token")

    def _refuse(self, answer: Answer) -> NoReturn:
        error = PlatformRefused(
            f"{self.base.host} refused the sign-in with the credential {self.client_secret}"
            f" (status {answer.status}): check clientId and clientSecret, and that the service"
            " principal belongs to the workspace",
            cause=FailureCause.SECRET,
            status=answer.status,
        )
        error.platform_message = message_in(answer)
        raise error
