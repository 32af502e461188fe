"""Azure clouds, and the rules for how a definition says who signs in.

Each method has its fields: those it needs, those it may have. A field that holds a secret takes a
reference; each other field has the form that its service gives it.
"""

from __future__ import annotations

import re
from enum import StrEnum

from polysync_core.domain.definitions.auth import Auth, AuthMethod
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.secrets import is_secret_reference
from polysync_core.outbound.references import check_reference


class Cloud(StrEnum):
    """The Azure clouds."""

    PUBLIC = "AzurePublic"
    US_GOVERNMENT = "AzureUSGovernment"
    CHINA = "AzureChina"

    @property
    def authority(self) -> str:
        """The host of Microsoft Entra in this cloud."""
        return _AUTHORITIES[self]


_AUTHORITIES = {
    Cloud.PUBLIC: "login.microsoftonline.com",
    Cloud.US_GOVERNMENT: "login.microsoftonline.us",
    Cloud.CHINA: "login.chinacloudapi.cn",
}

ENTRA_METHODS = frozenset(
    {
        AuthMethod.SERVICE_PRINCIPAL,
        AuthMethod.CERTIFICATE,
        AuthMethod.MANAGED_IDENTITY,
        AuthMethod.DEFAULT_CREDENTIAL,
    }
)
GOOGLE_METHODS = frozenset(
    {
        AuthMethod.SERVICE_ACCOUNT_KEY,
        AuthMethod.APPLICATION_DEFAULT,
        AuthMethod.WORKLOAD_IDENTITY_FEDERATION,
        AuthMethod.IMPERSONATED_SERVICE_ACCOUNT,
    }
)
HASHICORP_METHODS = frozenset({AuthMethod.TOKEN, AuthMethod.APP_ROLE, AuthMethod.USER_PASSWORD})


def check_auth(auth: Auth, allowed: frozenset[AuthMethod], subject: str) -> list[Problem]:
    """Return what is wrong with the way of signing in, without any I/O."""
    if auth.method not in allowed:
        named = ", ".join(sorted(allowed))
        return [Problem("auth.method", f"{subject} signs in by one of: {named}")]
    needed, optional = _FIELDS[auth.method]
    given = auth.model_dump(by_alias=True, exclude_none=True, exclude={"method"})
    problems = [
        Problem(f"auth.{name}", f"{auth.method} needs it") for name in needed if name not in given
    ]
    problems += [
        Problem(f"auth.{name}", f"{auth.method} does not use it: remove it")
        for name in given
        if name not in needed and name not in optional
    ]
    for name, text in given.items():
        problems += _check_field(name, str(text))
    return problems


_FIELDS: dict[AuthMethod, tuple[tuple[str, ...], tuple[str, ...]]] = {
    AuthMethod.SERVICE_PRINCIPAL: (("tenantId", "clientId", "clientSecret"), ()),
    AuthMethod.CERTIFICATE: (
        ("tenantId", "clientId", "certificate"),
        ("certificatePassword", "thumbprint"),
    ),
    AuthMethod.MANAGED_IDENTITY: ((), ("clientId",)),
    AuthMethod.DEFAULT_CREDENTIAL: ((), ()),
    AuthMethod.PERSONAL_ACCESS_TOKEN: (("personalAccessToken",), ()),
    AuthMethod.FUNCTION_KEY: (("functionKey",), ("systemKey",)),
    AuthMethod.SERVICE_ACCOUNT_KEY: (("keyJson",), ()),
    AuthMethod.APPLICATION_DEFAULT: ((), ()),
    AuthMethod.WORKLOAD_IDENTITY_FEDERATION: (
        ("provider", "serviceAccountEmail"),
        ("clientId", "entraAudience"),
    ),
    AuthMethod.IMPERSONATED_SERVICE_ACCOUNT: (("targetServiceAccountEmail",), ("sourceKey",)),
    AuthMethod.TOKEN: (("token",), ()),
    AuthMethod.APP_ROLE: (("roleId", "secretId"), ("mount",)),
    AuthMethod.USER_PASSWORD: (("username", "password"), ("mount",)),
}
"""By method: the fields that it needs, and those that it may have."""

_SECRETS = frozenset(
    {
        "clientSecret",
        "certificate",
        "certificatePassword",
        "personalAccessToken",
        "functionKey",
        "systemKey",
        "keyJson",
        "sourceKey",
        "token",
        "secretId",
        "password",
    }
)

_EMAIL = (
    re.compile(r"[a-z0-9][a-z0-9.-]{0,99}@(?:[a-z0-9-]{1,63}\.){1,5}gserviceaccount\.com"),
    "a service account looks like name@project.iam.gserviceaccount.com",
)
_FORMS: dict[str, tuple[re.Pattern[str], str]] = {
    "tenantId": (
        re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9.-]{0,252}"),
        "a tenant is named by its id or its domain",
    ),
    "clientId": (
        re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
        "a client id looks like 00000000-0000-0000-0000-000000000000",
    ),
    "thumbprint": (
        re.compile(r"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){19}"),
        "a thumbprint is the SHA-1 of the certificate: 40 hexadecimal digits",
    ),
    "provider": (
        re.compile(
            r"(?://iam\.googleapis\.com/)?projects/[0-9]{1,19}/locations/global"
            r"/workloadIdentityPools/[a-z0-9-]{4,32}/providers/[a-z0-9-]{4,32}"
        ),
        "a provider looks like projects/<number>/locations/global/workloadIdentityPools/<pool>"
        "/providers/<provider>",
    ),
    "entraAudience": (
        re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[A-Za-z0-9._~/-]{1,200}|[0-9a-fA-F-]{36}"),
        "an audience is the Application ID URI of an Entra application, such as api://…",
    ),
    "serviceAccountEmail": _EMAIL,
    "targetServiceAccountEmail": _EMAIL,
    "roleId": (
        re.compile(r"[A-Za-z0-9_.-]{1,255}"),
        "a role id is a word, such as a UUID, or a vault:// reference",
    ),
    "username": (
        re.compile(r"(?!\.{1,2}$)[A-Za-z0-9_.@+-]{1,255}"),
        "a user name holds letters, digits and _ . @ + -",
    ),
    "mount": (
        re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*){0,9}"),
        "a mount is a path such as approle, without slashes at its ends",
    ),
}


def _check_field(name: str, text: str) -> list[Problem]:
    path = f"auth.{name}"
    if name in _SECRETS or (name == "roleId" and is_secret_reference(text)):
        try:
            check_reference(text, path=path)
        except Invalid as error:
            return list(error.problems)
        return []
    form, rule = _FORMS[name]
    return [] if form.fullmatch(text) else [Problem(path, rule)]
