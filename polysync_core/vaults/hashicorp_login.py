"""Logs in to HashiCorp Vault, and caches the login token."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from polysync_core.domain.definitions.platforms import Auth, AuthMethod
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret, is_secret_reference
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.http_request import json_request
from polysync_core.outbound.read_client import HEADERS, ReadClient
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.cached_token import CachedToken, IssuedToken, is_sendable
from polysync_core.outbound.sign_in.methods import FieldForm, SignInField, SignInMethod
from polysync_core.outbound.urls import url

HINTS = {503: "Vault is sealed or in maintenance"}
"""Explanations of statuses that have a meaning of their own in Vault."""

_MOUNT = SignInField(
    name="mount",
    required=False,
    form=FieldForm(
        re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*){0,9}"),
        "a mount is a path such as approle, without slashes at its ends",
    ),
)
SIGN_IN = (
    SignInMethod(name=AuthMethod.TOKEN, fields=(SignInField(name="token", is_secret=True),)),
    SignInMethod(
        name=AuthMethod.APP_ROLE,
        fields=(
            SignInField(
                name="roleId",
                may_be_secret=True,
                form=FieldForm(
                    re.compile(r"[A-Za-z0-9_.-]{1,255}"),
                    "a role id is a word, such as a UUID, or a vault:// reference",
                ),
            ),
            SignInField(name="secretId", is_secret=True),
            _MOUNT,
        ),
    ),
    SignInMethod(
        name=AuthMethod.USER_PASSWORD,
        fields=(
            SignInField(
                name="username",
                form=FieldForm(
                    re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.@+-]{1,255}"),
                    "a user name holds letters, digits and _ . @ + -",
                ),
            ),
            SignInField(name="password", is_secret=True),
            _MOUNT,
        ),
    ),
)
_LONGEST_MARGIN_SECONDS = 60.0
_REFUSED = frozenset({400, 403})


@dataclass(frozen=True, slots=True)
class _Request:
    """The request of a login."""

    path: tuple[str, ...]
    body: JsonObject


@dataclass(frozen=True, slots=True)
class Login:
    """Fetches tokens for a checked `auth`, whose secrets are in another vault."""

    auth: Auth
    base: BaseAddress
    headers: Mapping[str, str]
    secrets: Secrets
    client: ReadClient

    def cached(self) -> CachedToken:
        """Return the token, which is fetched by a login on first use."""
        now = self.client.timer.now
        return CachedToken(
            self.issue, forget=self._forget, margin=0.0, now=lambda: now().timestamp()
        )

    def issue(self) -> IssuedToken:
        """Return a token; a token from a login expires shortly before its lease.

        Raises `PlatformRefused` (cause `Secret`) or `Unavailable`.
        """
        if self.auth.method == AuthMethod.TOKEN:
            return IssuedToken(self._resolved(self.auth.token), math.inf)
        request = self._request()
        answer = self._sent(request)
        if answer.status in _REFUSED:
            # A rotated secret may still be cached. The same secret is never sent twice, because
            # Vault locks out users after too many failures.
            self._forget()
            fresh = self._request()
            answer = self._sent(fresh) if fresh != request else answer
        return self._issued(answer)

    def _request(self) -> _Request:
        auth = self.auth
        if auth.method == AuthMethod.APP_ROLE:
            return _Request(
                ("auth", *(auth.mount or "approle").split("/"), "login"),
                {
                    "role_id": self._resolved(auth.role_id).reveal(),
                    "secret_id": self._resolved(auth.secret_id).reveal(),
                },
            )
        return _Request(
            ("auth", *(auth.mount or "userpass").split("/"), "login", auth.username or ""),
            {"password": self._resolved(auth.password).reveal()},
        )

    def _sent(self, login: _Request) -> Answer:
        headers = {**HEADERS, **self.headers}
        request = json_request("POST", url(self.base.url, "v1", *login.path), headers, login.body)
        return self.client.send(self.base, request)

    def _issued(self, answer: Answer) -> IssuedToken:
        failure = self.client.failure_of(answer, self.base.host, hints=HINTS)
        if failure is not None:
            raise failure
        if answer.status != 200:
            raise PlatformRefused(self._remedy(answer), cause=FailureCause.SECRET)
        found = (answer.json() or {}).get("auth")
        auth = cast("Mapping[str, object]", found if isinstance(found, dict) else {})
        token, lease = auth.get("client_token"), auth.get("lease_duration")
        if not isinstance(token, str) or not token or not isinstance(lease, int) or lease < 0:
            raise Unavailable(f"{self.base.host} answered the login with no token")
        return IssuedToken(Secret(token), self._end(lease))

    def _end(self, lease: int) -> float:
        # Vault writes 0 for a token that does not expire.
        if lease == 0:
            return math.inf
        margin = min(_LONGEST_MARGIN_SECONDS, lease / 10)
        return self.client.timer.now().timestamp() + lease - margin

    def _remedy(self, answer: Answer) -> str:
        is_app_role = self.auth.method == AuthMethod.APP_ROLE
        fields = "auth.roleId, auth.secretId" if is_app_role else "auth.username, auth.password"
        return (
            f"{self.base.host} refused the login (status {answer.status}): check {fields},"
            " auth.mount and attributes.namespace"
        )

    def _resolved(self, text: str | None) -> Secret:
        """Resolve a reference; other text is returned unchanged."""
        if is_secret_reference(text):
            return self.secrets.resolve(text or "")
        return Secret(text or "")

    def _forget(self) -> None:
        for reference in self.auth.secret_references():
            self.secrets.forget(reference)


def header_of(token: Secret) -> dict[str, str]:
    """Return the header with Vault's token; raises `PlatformRefused` for an unusable token."""
    text = token.reveal().strip()
    if not is_sendable(text):
        raise PlatformRefused(
            "the token for HashiCorp Vault is empty or holds characters that no token has:"
            " check what auth.token refers to",
            cause=FailureCause.SECRET,
        )
    return {"X-Vault-Token": text}
