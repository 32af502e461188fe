"""Azure clouds, and the rules for how a definition says who signs in."""

from __future__ import annotations

import re
from enum import StrEnum

from polysync_core.access.references import check_reference
from polysync_core.domain.definitions.auth import Auth, AuthMethod
from polysync_core.domain.errors import Invalid, Problem

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_CLIENT = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


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
    {AuthMethod.SERVICE_PRINCIPAL, AuthMethod.MANAGED_IDENTITY, AuthMethod.DEFAULT_CREDENTIAL}
)


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
    AuthMethod.MANAGED_IDENTITY: ((), ("clientId",)),
    AuthMethod.DEFAULT_CREDENTIAL: ((), ()),
    AuthMethod.PERSONAL_ACCESS_TOKEN: (("personalAccessToken",), ()),
}


def _check_field(name: str, text: str) -> list[Problem]:
    path = f"auth.{name}"
    if name in {"clientSecret", "personalAccessToken"}:
        try:
            check_reference(text, path=path)
        except Invalid as error:
            return list(error.problems)
    if name == "tenantId" and (_TENANT.fullmatch(text) is None or ".." in text):
        return [Problem(path, "a tenant is named by its id or its domain")]
    if name == "clientId" and _CLIENT.fullmatch(text) is None:
        return [Problem(path, "a client id looks like 00000000-0000-0000-0000-000000000000")]
    return []
