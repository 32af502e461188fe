"""Gets an AWS access key from a vault or from the AWS Security Token Service.

No error quotes an answer of the service, because it may hold a key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from types import MappingProxyType
from urllib.parse import urlencode

from polysync_core.domain.definitions.platforms import Auth, AuthMethod
from polysync_core.domain.errors import Invalid, PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret, is_secret_reference
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.read_client import HEADERS, ReadClient
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import SimulatorToken
from polysync_core.outbound.sign_in.aws.partitions import service_address
from polysync_core.outbound.sign_in.aws.signature import (
    AwsCredentials,
    AwsSignature,
    CredentialSource,
    SigningScope,
)
from polysync_core.outbound.sign_in.cached_token import CachedCredential, is_sendable
from polysync_core.outbound.sign_in.entra_subject import entra_subject
from polysync_core.outbound.sign_in.methods import ACCESS_KEY_ID

DEFAULT_SESSION_NAME = "polysync"
"""The name of the session in AWS's logs, unless `auth.sessionName` is set."""

_VERSION = "2011-06-15"
_FORM = {**HEADERS, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_ELEMENT = re.compile(r"<([A-Za-z]{1,40})>([^<>]{0,20000})</\1>")
_CODE = re.compile(r"[A-Za-z.]{1,80}")
_KEY_CODES = frozenset({"InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken"})
_BUSY_CODES = frozenset({"Throttling", "IDPCommunicationError", "ServiceUnavailable"})
_CLOCK = "check the clock of this machine"
_REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "InvalidClientTokenId": (
            "auth.accessKeyId is unknown: the key was deleted or deactivated, or region belongs to"
            " another partition"
        ),
        "SignatureDoesNotMatch": (
            f"auth.secretAccessKey does not belong to auth.accessKeyId; or {_CLOCK}"
        ),
        "ExpiredToken": "the access key has expired: store a new one",
        "ExpiredTokenException": f"the Entra token has expired: {_CLOCK}",
        "InvalidIdentityToken": (
            "AWS does not trust the Entra token: check the IAM identity provider, whose issuer and"
            " audience must be those of the token for auth.entraAudience"
        ),
        "IDPRejectedClaim": "the identity provider has rejected a claim of the Entra token",
        "RegionDisabledException": "activate the STS endpoint of the region in the account",
        "RequestExpired": _CLOCK,
    }
)
_DENIED = {
    AuthMethod.WEB_IDENTITY_FEDERATION: (
        "the role's trust policy must allow sts:AssumeRoleWithWebIdentity to the IAM identity"
        " provider, with the audience and the subject of the Entra token: check auth.roleArn"
    ),
    AuthMethod.ASSUME_ROLE: (
        "allow sts:AssumeRole to the owner of the access key, in its own policy and in the trust"
        " policy of the role: check auth.roleArn and auth.externalId"
    ),
}


@dataclass(frozen=True, slots=True)
class _KeyInVault:
    """A long-lived access key, which the resolver caches for some minutes."""

    sign_in: AwsSignIn

    def current(self) -> AwsCredentials:
        """Return the key of the vault."""
        return self.sign_in.vault_key()

    def renew(self) -> None:
        """Make the next call read the vault again: the key may have been rotated."""
        self.sign_in.forget()


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSignIn:
    """A checked `auth` of one of AWS's methods; nothing is sent before a key is asked for."""

    auth: Auth
    region: str
    secrets: Secrets | None = None
    endpoint: BaseAddress | None = None
    """The address of a simulator that replaces all of AWS's services."""
    client: ReadClient = field(default_factory=ReadClient)
    subject: Callable[[Auth], Secret] = entra_subject
    """Returns the Entra token of this app's identity."""

    def source(self) -> CredentialSource:
        """Return the source of access keys, which caches temporary keys."""
        match self.auth.method:
            case AuthMethod.ACCESS_KEY:
                return _KeyInVault(self)
            case AuthMethod.ASSUME_ROLE:
                return self._cached(self._assumed_role)
            case AuthMethod.WEB_IDENTITY_FEDERATION:
                return self._cached(self._federated)
            case _:
                raise Invalid.at(
                    "auth.method", f"{self.auth.method} is not a sign-in method of AWS"
                )

    def vault_key(self) -> AwsCredentials:
        """Return the access key of `auth`; raises `PlatformRefused` (cause `Secret`)."""
        auth = self.auth
        key_id, secret = self._text(auth.access_key_id), self._text(auth.secret_access_key)
        token = self._text(auth.session_token)
        if ACCESS_KEY_ID.fullmatch(key_id) is None:
            raise _unusable("auth.accessKeyId is not the id of an access key: correct it")
        if not secret:
            raise _unusable("auth.secretAccessKey is empty: store the secret access key")
        if token and not is_sendable(token):
            raise _unusable("auth.sessionToken holds a character that no token has: correct it")
        return AwsCredentials(
            access_key_id=key_id,
            secret_access_key=Secret(secret),
            session_token=Secret(token) if token else None,
        )

    def forget(self) -> None:
        """Drop the cached secrets of `auth`."""
        for reference in self.auth.secret_references():
            if self.secrets is not None:
                self.secrets.forget(reference)

    def _cached(self, issue: Callable[[], AwsCredentials]) -> CachedCredential[AwsCredentials]:
        now = self.client.timer.now
        return CachedCredential(issue, forget=self.forget, now=lambda: now().timestamp())

    def _text(self, value: str | None) -> str:
        """Return a field of `auth`, which is a text or a reference."""
        if value is None or not is_secret_reference(value):
            return value or ""
        if self.secrets is None:
            raise Invalid.at("auth", "a vault's own access key is in another vault")
        return self.secrets.resolve(value).reveal().strip()

    def _assumed_role(self) -> AwsCredentials:
        form = {**self._form("AssumeRole"), "ExternalId": self._text(self.auth.external_id)}
        answer = self._ask(form, sign=self._signed)
        if _code_of(answer) in _KEY_CODES:
            # The key may have been rotated since the resolver has cached it.
            self.forget()
            answer = self._ask(form, sign=self._signed)
        return self._issued(answer)

    def _federated(self) -> AwsCredentials:
        is_simulator = self._sts().scope is AddressScope.LOOPBACK
        # Real tokens never go over plain HTTP.
        subject = SimulatorToken().token() if is_simulator else self.subject(self.auth)
        form = {
            **self._form("AssumeRoleWithWebIdentity"),
            "WebIdentityToken": subject.reveal(),
        }
        return self._issued(self._ask(form))

    def _form(self, action: str) -> dict[str, str]:
        return {
            "Action": action,
            "Version": _VERSION,
            "RoleArn": self.auth.role_arn or "",
            "RoleSessionName": self.auth.session_name or DEFAULT_SESSION_NAME,
        }

    def _sts(self) -> BaseAddress:
        return self.endpoint or service_address("sts", self.region)

    def _signed(self, request: HttpRequest) -> HttpRequest:
        scope = SigningScope(service="sts", region=self.region)
        return AwsSignature(_KeyInVault(self), scope, self.client.timer.now).sign(request)

    def _ask(
        self,
        form: Mapping[str, str],
        sign: Callable[[HttpRequest], HttpRequest] = lambda request: request,
    ) -> Answer:
        base = self._sts()
        body = urlencode({name: value for name, value in form.items() if value}).encode()
        request = HttpRequest(method="POST", url=f"{base.url}/", headers=_FORM, body=body)
        answer = self.client.send(base, sign(request))
        failure = self.client.failure_of(answer, base.host)
        if failure is not None:
            raise failure
        return answer

    def _issued(self, answer: Answer) -> AwsCredentials:
        outcome = _credentials_in(answer) if answer.status == 200 else self._refusal(answer)
        if isinstance(outcome, PolysyncError):
            raise outcome
        return outcome

    def _refusal(self, answer: Answer) -> PolysyncError:
        code, host = _code_of(answer), self._sts().host
        if code in _BUSY_CODES:
            return Unavailable(f"{host} is busy ({code})")
        remedy = _REMEDIES.get(code)
        if code == "AccessDenied":
            remedy = _DENIED.get(AuthMethod(self.auth.method))
        detail = f"{code}, " if code else ""
        return PlatformRefused(
            f"{host} refused the sign-in ({detail}status {answer.status}):"
            f" {remedy or 'check the fields of auth'}",
            cause=FailureCause.SECRET,
            status=answer.status,
        )


def _credentials_in(answer: Answer) -> AwsCredentials | PolysyncError:
    found = _elements(answer)
    key_id, token = found.get("AccessKeyId", ""), found.get("SessionToken", "")
    secret, expires_on = found.get("SecretAccessKey"), _expiry(found.get("Expiration", ""))
    is_usable = ACCESS_KEY_ID.fullmatch(key_id) is not None and is_sendable(token)
    if not (is_usable and secret and expires_on):
        return Unavailable("the AWS Security Token Service answered the sign-in with no key")
    return AwsCredentials(
        access_key_id=key_id,
        secret_access_key=Secret(secret),
        session_token=Secret(token),
        expires_on=expires_on,
    )


def _expiry(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None


def _elements(answer: Answer) -> dict[str, str]:
    """Return the texts of the innermost elements in an XML answer."""
    text = answer.content.decode(errors="replace")
    return {name: unescape(value).strip() for name, value in _ELEMENT.findall(text)}


def _code_of(answer: Answer) -> str:
    """Return the error code of an answer; an empty text if it has none."""
    code = _elements(answer).get("Code", "")
    return code if answer.status != 200 and _CODE.fullmatch(code) else ""


def _unusable(problem: str) -> PlatformRefused:
    return PlatformRefused(problem, cause=FailureCause.SECRET)
