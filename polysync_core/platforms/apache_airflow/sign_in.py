"""Signs in to an Airflow server by a token or by user name and password.

Airflow 2 accepts the password with each call (HTTP Basic). Airflow 3 issues a token for it:
https://airflow.apache.org/docs/apache-airflow/stable/security/api.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from polysync_core.domain.definitions.platforms import Auth
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.json_types import text_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.read_client import HEADERS, ReadClient
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Authenticator, HeaderToken
from polysync_core.outbound.sign_in.cached_token import CachedToken, IssuedToken
from polysync_core.outbound.urls import url
from polysync_core.platforms.answer_messages import message_in
from polysync_core.platforms.apache_airflow.attributes import ApiVersion
from polysync_core.platforms.http_service.sign_in import BasicPassword

_LIFETIME = 900.0
"""Seconds for which a token is used; the shortest lifetime in Airflow's documentation is longer."""


@dataclass(frozen=True, slots=True)
class PasswordSignIn:
    """Sends the password as the version of the API wants it."""

    version: Callable[[], ApiVersion]
    basic: BasicPassword
    token: HeaderToken

    @classmethod
    def of(
        cls,
        auth: Auth,
        secrets: Secrets,
        version: Callable[[], ApiVersion],
        tokens: TokenEndpoint,
    ) -> PasswordSignIn:
        """Return the sign-in of a checked definition; this sends nothing."""
        fields = auth.fields()
        basic = BasicPassword(fields["username"], fields["password"], secrets)
        return cls(version, basic, HeaderToken(tokens.cached(fields, secrets)))

    @property
    def _current(self) -> Authenticator:
        return self.basic if self.version() is ApiVersion.V1 else self.token

    def sign(self, request: HttpRequest) -> HttpRequest:
        """Return the request with the password or with a token."""
        return self._current.sign(request)

    def renew(self) -> None:
        """Drop the token, and read the password again."""
        self._current.renew()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEndpoint:
    """Fetches tokens of Airflow 3 for a user name and a password."""

    base: BaseAddress
    prefix: tuple[str, ...]
    client: ReadClient

    def cached(self, fields: Mapping[str, str], secrets: Secrets) -> CachedToken:
        """Return the token, which is fetched on first use."""
        return CachedToken(
            lambda: self._issue(fields, secrets),
            forget=lambda: secrets.forget(fields["password"]),
            now=lambda: self.client.timer.now().timestamp(),
        )

    def _issue(self, fields: Mapping[str, str], secrets: Secrets) -> IssuedToken:
        answer = self._sent(fields, secrets)
        if answer.status in {400, 401, 403}:
            # A rotated password may still be cached.
            secrets.forget(fields["password"])
            answer = self._sent(fields, secrets)
        failure = self.client.failure_of(answer, self.base.host)
        if failure is not None:
            raise failure
        if answer.status not in {200, 201}:
            raise self._refusal(fields, answer)
        token = text_in(answer.json() or {}, "access_token")
        if not token:
            raise Unavailable(f"{self.base.host} answered the sign-in with no token")
        return IssuedToken(Secret(token), self.client.timer.now().timestamp() + _LIFETIME)

    def _sent(self, fields: Mapping[str, str], secrets: Secrets) -> Answer:
        password = secrets.resolve(fields["password"]).reveal()
        body = json.dumps({"username": fields["username"], "password": password}).encode()
        request = HttpRequest(
            method="POST",
            url=url(self.base.url, *self.prefix, "auth", "token"),
            headers={**HEADERS, "Content-Type": "application/json"},
            body=body,
        )
        return self.client.send(self.base, request)

    def _refusal(self, fields: Mapping[str, str], answer: Answer) -> PlatformRefused:
        error = PlatformRefused(
            f"{self.base.host} refused the sign-in with the credential {fields['password']}"
            f" (status {answer.status}): check username and password; if Airflow's auth manager"
            " issues no tokens for passwords, use the method Token",
            cause=FailureCause.SECRET,
            status=answer.status,
        )
        error.platform_message = message_in(answer)
        return error
