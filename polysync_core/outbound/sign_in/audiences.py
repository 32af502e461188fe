"""Refuses Microsoft services as token audiences, because tokens would carry the app's rights."""

from __future__ import annotations

import re

_NOT_WORD = re.compile(r"[^a-z0-9]+")
_EXCHANGE_ID = "fb60f99c-7a34-4190-8149-302f77469936"
_EXCHANGE = "azureadtokenexchange"
"""A token for this audience proves the app's identity to its holder, in every cloud."""
_SERVICES = frozenset(
    {
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",  # Azure Resource Manager
        "00000003-0000-0000-c000-000000000000",  # Microsoft Graph
        "00000002-0000-0000-c000-000000000000",  # Azure AD Graph
        "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",  # Azure Key Vault
        "e406a681-f3d4-42a8-90b6-c2b029497af1",  # Azure Storage
        "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",  # Azure Databricks
        "6dae42f8-4368-4678-94ff-3960e28e3630",  # Azure Kubernetes Service
    }
)
_SERVICE_HOSTS = (
    *("azure.com", "azure.net", "azure.us", "azure.cn", "azuredatabricks.net"),
    *("microsoft.com", "microsoft.us", "microsoftonline.com", "microsoftonline.us"),
    *("windows.net", "usgovcloudapi.net", "chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
)


def audience_problem(audience: str) -> str | None:
    """Return the reason why no token is made for an audience; None if it may be used."""
    name = _name(audience)
    if name.startswith(_EXCHANGE_ID) or _EXCHANGE in _NOT_WORD.sub("", name):
        return "is for exchanging tokens, and such a token would prove the app's own identity"
    return service_problem(audience)


def service_problem(audience: str) -> str | None:
    """Return the reason why another cloud gets no token for an audience; None if it may."""
    host = _name(audience).partition("/")[0]
    if host in _SERVICES or any(
        host == each or host.endswith(f".{each}") for each in _SERVICE_HOSTS
    ):
        return "belongs to a service of Microsoft, and its token would carry the app's own rights"
    return None


def _name(audience: str) -> str:
    """Return an audience without its scheme; an id has none."""
    text = audience.lower()
    return (text.partition("://")[2] or text).strip("/")
