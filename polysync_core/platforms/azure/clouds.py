"""Returns the Resource Manager address, token scope and portal address of each Azure cloud.

The token scopes are constants, so no definition can request a token for another audience.
"""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.clouds import Cloud


@dataclass(frozen=True, slots=True)
class CloudHosts:
    """The hosts of one cloud."""

    management: str
    portal: str


# Source of the management hosts: `get_arm_endpoints` in azure-mgmt-core.
_HOSTS = {
    Cloud.PUBLIC: CloudHosts("management.azure.com", "portal.azure.com"),
    Cloud.US_GOVERNMENT: CloudHosts("management.usgovcloudapi.net", "portal.azure.us"),
    Cloud.CHINA: CloudHosts("management.chinacloudapi.cn", "portal.azure.cn"),
}


def public_address(host: str) -> BaseAddress:
    """Return the base address of a service with a trusted host name."""
    return BaseAddress(f"https://{host}", host, AddressScope.PUBLIC)


def management_address(cloud: Cloud) -> BaseAddress:
    """Return the base address of Azure Resource Manager."""
    return public_address(_HOSTS[cloud].management)


def management_scope(cloud: Cloud) -> str:
    """Return the scope of a token for Azure Resource Manager."""
    return f"https://{_HOSTS[cloud].management}/.default"


def portal_url(cloud: Cloud) -> str:
    """Return the address of the Azure portal."""
    return f"https://{_HOSTS[cloud].portal}"
