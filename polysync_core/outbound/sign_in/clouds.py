"""Lists the Azure clouds (public and sovereign) and the sign-in host of each."""

from __future__ import annotations

from enum import StrEnum


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
