"""Defines the sign-in methods of plugins, and validates the `auth` of definitions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from polysync_core.domain.definitions.platforms import Auth, AuthMethod
from polysync_core.domain.definitions.validation.messages import suggestion
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.security.secrets import is_secret_reference
from polysync_core.outbound.references import check_reference
from polysync_core.outbound.sign_in.audiences import service_problem
from polysync_core.outbound.sign_in.aws.partitions import ACCOUNT_PATTERN, PARTITION_PATTERN


@dataclass(frozen=True, slots=True)
class FieldForm:
    """The form of a field's text, with the error message for other texts."""

    pattern: re.Pattern[str]
    rule: str


ACCESS_KEY_ID = re.compile(r"[A-Za-z0-9_]{16,128}")
"""The form of the id of an AWS access key."""

_PLAIN = FieldForm(re.compile(r"[\x20-\x7e]{1,2048}"), "has 1-2048 printable ASCII characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInField:
    """One field of a sign-in method; a secret field holds only a `vault://` reference."""

    name: str
    """The name in a definition, in camelCase."""
    required: bool = True
    is_secret: bool = False
    may_be_secret: bool = False
    """True if a `vault://` reference is allowed instead of plain text."""
    form: FieldForm = _PLAIN
    problem: Callable[[str], str | None] = lambda _: None
    """Returns a problem of a text with the right form, or None."""

    def problems(self, text: str) -> Sequence[Problem]:
        """Return the problems of a text; no problem quotes the text."""
        path = f"auth.{self.name}"
        if self.is_secret or (self.may_be_secret and is_secret_reference(text)):
            try:
                check_reference(text, path=path)
            except Invalid as error:
                return error.problems
            return ()
        is_formed = self.form.pattern.fullmatch(text) is not None
        message = self.problem(text) if is_formed else self.form.rule
        return () if message is None else (Problem(path, message),)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInMethod:
    """One way to sign in, with all its fields."""

    name: str
    fields: Sequence[SignInField] = ()

    def problems(self, auth: Auth) -> Iterator[Problem]:
        """Yield the problems of the fields of `auth`."""
        given = auth.fields()
        known = {field.name: field for field in self.fields}
        for field in self.fields:
            if field.required and field.name not in given:
                yield Problem(f"auth.{field.name}", f"is required by the method {self.name}")
        for name, text in given.items():
            if name in known:
                yield from known[name].problems(text)
            else:
                remedy = f"is not a field of the method {self.name}: remove it"
                yield Problem(f"auth.{name}", remedy, suggestion(name, known))


def check_sign_in(auth: Auth, methods: Sequence[SignInMethod], subject: str) -> list[Problem]:
    """Return the problems of `auth` for a plugin with these methods, without any I/O."""
    for method in methods:
        if method.name == auth.method:
            return list(method.problems(auth))
    names = sorted(str(method.name) for method in methods)
    message = f"{subject} signs in by one of: {', '.join(names)}"
    return [Problem("auth.method", message, suggestion(auth.method, names))]


def _secret(name: str, *, required: bool = True) -> SignInField:
    return SignInField(name=name, required=required, is_secret=True)


_TENANT = SignInField(
    name="tenantId",
    form=FieldForm(
        re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]|\.(?!\.)){0,252}"),
        "a tenant is named by its id or its domain",
    ),
)
_CLIENT = SignInField(
    name="clientId",
    form=FieldForm(
        re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
        "a client id looks like 00000000-0000-0000-0000-000000000000",
    ),
)
_OPTIONAL_CLIENT = replace(_CLIENT, required=False)
_EMAIL = FieldForm(
    re.compile(r"[a-z0-9][a-z0-9.-]{0,99}@(?:[a-z0-9-]{1,63}\.){1,5}gserviceaccount\.com"),
    "a service account looks like name@project.iam.gserviceaccount.com",
)
_ENTRA_AUDIENCE = SignInField(
    name="entraAudience",
    required=False,
    form=FieldForm(
        re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[A-Za-z0-9._~/-]{1,200}|[0-9a-fA-F-]{36}"),
        "an audience is the Application ID URI of an Entra application, such as api://…",
    ),
    problem=service_problem,
)
_ROLE_ARN = SignInField(
    name="roleArn",
    form=FieldForm(
        re.compile(
            rf"arn:{PARTITION_PATTERN}:iam::{ACCOUNT_PATTERN}"
            r":role/(?:[\x21-\x7e]{1,510}/)?[\w+=,.@-]{1,64}",
            re.ASCII,
        ),
        "a role's ARN looks like arn:aws:iam::123456789012:role/polysync",
    ),
)
_SESSION_NAME = SignInField(
    name="sessionName",
    required=False,
    form=FieldForm(
        re.compile(r"[\w+=,.@-]{2,64}", re.ASCII),
        "a session's name has 2-64 letters, digits and _ + = , . @ -",
    ),
)
_ACCESS_KEY = (
    SignInField(
        name="accessKeyId",
        may_be_secret=True,
        form=FieldForm(ACCESS_KEY_ID, "an access key id looks like AKIAIOSFODNN7EXAMPLE"),
    ),
    _secret("secretAccessKey"),
)

ENTRA_METHODS = (
    SignInMethod(
        name=AuthMethod.SERVICE_PRINCIPAL, fields=(_TENANT, _CLIENT, _secret("clientSecret"))
    ),
    SignInMethod(
        name=AuthMethod.CERTIFICATE,
        fields=(
            _TENANT,
            _CLIENT,
            _secret("certificate"),
            _secret("certificatePassword", required=False),
            SignInField(
                name="thumbprint",
                required=False,
                form=FieldForm(
                    re.compile(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){19}"),
                    "a thumbprint is the SHA-1 of the certificate: 40 hexadecimal digits",
                ),
            ),
        ),
    ),
    SignInMethod(name=AuthMethod.MANAGED_IDENTITY, fields=(_OPTIONAL_CLIENT,)),
    SignInMethod(name=AuthMethod.DEFAULT_CREDENTIAL),
)
GOOGLE_METHODS = (
    SignInMethod(name=AuthMethod.SERVICE_ACCOUNT_KEY, fields=(_secret("keyJson"),)),
    SignInMethod(name=AuthMethod.APPLICATION_DEFAULT),
    SignInMethod(
        name=AuthMethod.WORKLOAD_IDENTITY_FEDERATION,
        fields=(
            SignInField(
                name="provider",
                form=FieldForm(
                    re.compile(
                        r"(?://iam\.googleapis\.com/)?projects/[0-9]{1,19}/locations/global"
                        r"/workloadIdentityPools/[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}"
                    ),
                    "a provider looks like projects/<number>/locations/global/workloadIdentityPools"
                    "/<pool>/providers/<provider>",
                ),
            ),
            SignInField(name="serviceAccountEmail", form=_EMAIL),
            _OPTIONAL_CLIENT,
            _ENTRA_AUDIENCE,
        ),
    ),
    SignInMethod(
        name=AuthMethod.IMPERSONATED_SERVICE_ACCOUNT,
        fields=(
            SignInField(name="targetServiceAccountEmail", form=_EMAIL),
            _secret("sourceKey", required=False),
        ),
    ),
)
AWS_METHODS = (
    SignInMethod(
        name=AuthMethod.WEB_IDENTITY_FEDERATION,
        fields=(_ROLE_ARN, _SESSION_NAME, _ENTRA_AUDIENCE, _OPTIONAL_CLIENT),
    ),
    SignInMethod(
        name=AuthMethod.ASSUME_ROLE,
        fields=(
            *_ACCESS_KEY,
            _ROLE_ARN,
            SignInField(
                name="externalId",
                required=False,
                may_be_secret=True,
                form=FieldForm(
                    re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII),
                    "an external id has 2-1224 letters, digits and _ + = , . @ : / -",
                ),
            ),
            _SESSION_NAME,
        ),
    ),
    SignInMethod(
        name=AuthMethod.ACCESS_KEY,
        fields=(*_ACCESS_KEY, _secret("sessionToken", required=False)),
    ),
)
