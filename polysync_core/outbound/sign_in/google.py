"""Gets Google access tokens and identity tokens for calls to Google Cloud.

Import this module on first use: google-auth is slow to import.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from google import auth as google_auth
from google.auth import identity_pool, impersonated_credentials, jwt
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.oauth2 import id_token, service_account

from polysync_core.domain.definitions.platforms import Auth, AuthMethod
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.read_client import ReadClient
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.cached_token import CachedToken, IssuedToken, is_sendable
from polysync_core.outbound.sign_in.entra_subject import entra_subject
from polysync_core.outbound.sign_in.google_transport import GoogleReach, GoogleTransport

SCOPE = "https://www.googleapis.com/auth/cloud-platform"

_STS = "https://sts.googleapis.com/v1/token"
_IAM = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
_JWT = "urn:ietf:params:oauth:token-type:jwt"

# google-auth is only partly annotated, so these are used without types.
_defaults: Any = google_auth
_pools: Any = identity_pool
_impersonated: Any = impersonated_credentials
_accounts: Any = service_account
_identities: Any = id_token
_jwt: Any = jwt

_CODES = re.compile(
    r"\b(invalid_grant|invalid_client|unauthorized_client|invalid_target|invalid_request"
    r"|invalid_scope|access_denied|PERMISSION_DENIED|NOT_FOUND|UNAUTHENTICATED|SERVICE_DISABLED"
    r"|INVALID_ARGUMENT)\b"
)

type _Issue = Callable[[GoogleTransport], IssuedToken]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleSignIn:
    """A checked `auth` of one of Google's methods; nothing is sent before a token is asked for."""

    auth: Auth
    secrets: Secrets | None = None
    endpoint: BaseAddress | None = None
    """The address of a simulator that replaces all of Google's services."""
    allow_loopback: bool = False
    client: ReadClient = field(default_factory=ReadClient)
    subject: Callable[[Auth], Secret] = entra_subject

    def access_token(self) -> CachedToken:
        """Return the token for Google's own APIs."""
        return self._held(lambda transport: _refreshed(self._caller(transport), transport))

    def identity_token(self, audience: str) -> CachedToken:
        """Return the OIDC token that proves the caller to a service of that audience."""
        return self._held(lambda transport: self._identity(audience, transport))

    def _held(self, issue: _Issue) -> CachedToken:
        now = self.client.timer.now
        return CachedToken(
            lambda: self._issued(issue), forget=self._forget, now=lambda: now().timestamp()
        )

    def _issued(self, issue: _Issue) -> IssuedToken:
        outcome = self._outcome(issue)
        # Raised outside the `except` block that saw google-auth's error, which quotes answers.
        if isinstance(outcome, PolysyncError):
            raise outcome
        return outcome

    def _outcome(self, issue: _Issue) -> IssuedToken | PolysyncError:
        transport = GoogleTransport(self._reach(), self.client)
        try:
            return issue(transport)
        except PolysyncError as error:
            return error
        except (GoogleAuthError, ValueError, TypeError, KeyError, AttributeError) as error:
            return self._failed(error, transport)

    def _failed(self, error: Exception, transport: GoogleTransport) -> PolysyncError:
        if isinstance(error, DefaultCredentialsError):
            return sign_in_refused(self.auth, transport.asked, error)
        if transport.failure is not None:
            return transport.failure
        if transport.status == 200:
            return Unavailable(f"{transport.asked} answered the sign-in with no token")
        return sign_in_refused(self.auth, transport.asked, error)

    def _reach(self) -> GoogleReach:
        auth = self.auth
        asks_the_host = auth.method == AuthMethod.APPLICATION_DEFAULT or (
            auth.method == AuthMethod.IMPERSONATED_SERVICE_ACCOUNT and auth.source_key is None
        )
        return GoogleReach(
            endpoint=self.endpoint, allow_loopback=self.allow_loopback, metadata=asks_the_host
        )

    def _caller(self, transport: GoogleTransport) -> Any:
        """Return google-auth's credentials for the account that calls."""
        auth = self.auth
        match auth.method:
            case AuthMethod.SERVICE_ACCOUNT_KEY:
                return self._key_holder(auth.key_json, "auth.keyJson")
            case AuthMethod.APPLICATION_DEFAULT:
                return _default_credentials(transport)
            case AuthMethod.WORKLOAD_IDENTITY_FEDERATION:
                return self._federated(impersonate=True)
            case AuthMethod.IMPERSONATED_SERVICE_ACCOUNT:
                return _impersonated.Credentials(
                    self._source(transport), auth.target_service_account_email, [SCOPE]
                )
            case _:
                raise Invalid.at("auth.method", f"{auth.method} is not a sign-in method of Google")

    def _source(self, transport: GoogleTransport) -> Any:
        if self.auth.source_key is None:
            return _default_credentials(transport)
        return self._key_holder(self.auth.source_key, "auth.sourceKey")

    def _key_holder(self, reference: str | None, path: str) -> Any:
        info = self._key(reference, path)
        return _accounts.Credentials.from_service_account_info(info, scopes=[SCOPE])

    def _federated(self, *, impersonate: bool) -> Any:
        provider = (self.auth.provider or "").removeprefix("//iam.googleapis.com/")
        email = self.auth.service_account_email
        return _pools.Credentials(
            audience=f"//iam.googleapis.com/{provider}",
            subject_token_type=_JWT,
            token_url=_STS,
            subject_token_supplier=_Subject(lambda: self.subject(self.auth)),
            service_account_impersonation_url=(
                f"{_IAM}/{email}:generateAccessToken" if impersonate else None
            ),
            scopes=[SCOPE],
        )

    def _identity(self, audience: str, transport: GoogleTransport) -> IssuedToken:
        auth = self.auth
        match auth.method:
            case AuthMethod.SERVICE_ACCOUNT_KEY:
                info = self._key(auth.key_json, "auth.keyJson")
                found: Any = _accounts.IDTokenCredentials.from_service_account_info(
                    info, target_audience=audience
                )
                return _refreshed(found, transport)
            case AuthMethod.APPLICATION_DEFAULT:
                found = _identities.fetch_id_token_credentials(audience, request=transport)
                return _refreshed(found, transport)
            case AuthMethod.WORKLOAD_IDENTITY_FEDERATION:
                caller = self._federated(impersonate=False)
                return _identity_of(auth.service_account_email, audience, caller, transport)
            case _:
                caller = self._source(transport)
                return _identity_of(auth.target_service_account_email, audience, caller, transport)

    def _key(self, reference: str | None, path: str) -> dict[str, Any]:
        if self.secrets is None or reference is None:
            raise Invalid.at(path, "is needed to sign in")
        found = _read_key(self.secrets.resolve(reference).reveal())
        if found is None:
            raise PlatformRefused(
                f"{path} is not a service account key: store the JSON file that Google hands out,"
                " as it is or in base64",
                cause=FailureCause.SECRET,
            )
        return found

    def _forget(self) -> None:
        for reference in self.auth.secret_references():
            if self.secrets is not None:
                self.secrets.forget(reference)


@dataclass(frozen=True, slots=True)
class _Subject(identity_pool.SubjectTokenSupplier):
    """Gives google-auth the token to exchange."""

    token: Callable[[], Secret]

    def get_subject_token(self, context: object, request: object) -> str:
        """Return the token."""
        return self.token().reveal()


def _default_credentials(transport: GoogleTransport) -> Any:
    found, _ = _defaults.default(scopes=[SCOPE], request=transport)
    return found


def _refreshed(credentials: Any, transport: GoogleTransport) -> IssuedToken:
    credentials.refresh(transport)
    # google-auth's times are naive UTC.
    expiry = cast("datetime", credentials.expiry).replace(tzinfo=UTC)
    return _issued(credentials.token, expiry.timestamp())


def _identity_of(
    email: str | None, audience: str, caller: Any, transport: GoogleTransport
) -> IssuedToken:
    """Get an identity token of a service account that the caller may impersonate."""
    caller.refresh(transport)
    answer = transport(
        f"{_IAM}/{email}:generateIdToken",
        method="POST",
        body=json.dumps({"audience": audience, "includeEmail": True}),
        headers={"Authorization": f"Bearer {caller.token}", "Content-Type": "application/json"},
    )
    if answer.status != 200:
        raise GoogleAuthError(answer.data)
    token = json.loads(answer.data)["token"]
    claims = cast("Mapping[str, Any]", _jwt.decode(token, verify=False))
    return _issued(token, float(claims["exp"]))


def _issued(token: object, expires_on: float) -> IssuedToken:
    if not isinstance(token, str) or not is_sendable(token):
        raise ValueError("no header can hold the token")
    return IssuedToken(Secret(token), expires_on)


def _read_key(text: str) -> dict[str, Any] | None:
    """Return the key of a service account, given as JSON or as JSON in base64."""
    try:
        if not text.lstrip().startswith("{"):
            text = base64.b64decode("".join(text.split()), validate=True).decode()
        value = json.loads(text)
    except (ValueError, binascii.Error, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    key = cast("dict[str, Any]", value)
    # Another universe belongs to another company, whose addresses are not Google's.
    foreign = key.get("universe_domain", "googleapis.com") != "googleapis.com"
    return None if foreign or key.get("type") != "service_account" else key


def sign_in_refused(auth: Auth, asked: str, error: Exception) -> PlatformRefused:
    """Return the error for a refused sign-in; `asked` is the host that was asked last."""
    found = _CODES.search(" ".join(str(part) for part in error.args))
    detail = f" ({found[0]})" if found else ""
    return PlatformRefused(
        f"Google refused the sign-in{detail}: {_remedy(auth, asked)}", cause=FailureCause.SECRET
    )


def _remedy(auth: Auth, asked: str) -> str:
    at_iam = asked.startswith("iamcredentials.")
    match auth.method:
        case AuthMethod.WORKLOAD_IDENTITY_FEDERATION if at_iam:
            return (
                "grant the federated identity the role roles/iam.workloadIdentityUser on"
                f" {auth.service_account_email} (auth.serviceAccountEmail), and enable the"
                " IAM Service Account Credentials API"
            )
        case AuthMethod.WORKLOAD_IDENTITY_FEDERATION:
            return (
                "check auth.provider, and that it trusts this app's Entra tenant, its managed"
                " identity and the audience in auth.entraAudience"
            )
        case AuthMethod.IMPERSONATED_SERVICE_ACCOUNT if at_iam:
            return (
                "grant the source account the role roles/iam.serviceAccountTokenCreator on"
                f" {auth.target_service_account_email} (auth.targetServiceAccountEmail), and enable"
                " the IAM Service Account Credentials API"
            )
        case AuthMethod.IMPERSONATED_SERVICE_ACCOUNT if auth.source_key is not None:
            return "check auth.sourceKey: its key may be deleted, or its service account disabled"
        case AuthMethod.SERVICE_ACCOUNT_KEY:
            return "check auth.keyJson: the key may be deleted, or its service account disabled"
        case _:
            return (
                "this host has no application default credentials that can do this: set"
                " GOOGLE_APPLICATION_CREDENTIALS, or choose another auth.method"
            )
