"""Defines the attributes of an Azure Batch platform, and the addresses of the service."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from polysync_core.outbound.hosts import BaseAddress, HostRule
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes
from polysync_core.platforms.azure.clouds import portal_url

_SUFFIXES = {
    Cloud.PUBLIC: ".batch.azure.com",
    Cloud.US_GOVERNMENT: ".batch.usgovcloudapi.net",
    Cloud.CHINA: ".batch.chinacloudapi.cn",
}
# The audience of a token ends with a slash, so the scope has two.
_SCOPES = {
    Cloud.PUBLIC: "https://batch.core.windows.net//.default",
    Cloud.US_GOVERNMENT: "https://batch.core.usgovcloudapi.net//.default",
    Cloud.CHINA: "https://batch.core.chinacloudapi.cn//.default",
}


class BatchAttributes(ArmAttributes):
    """`attributes` of an Azure Batch platform."""

    batch_account_url: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """The address of the account, such as `https://account.westeurope.batch.azure.com`."""

    @property
    def scope(self) -> str:
        """The scope of a token for the service."""
        return _SCOPES[self.cloud]

    @property
    def page(self) -> str:
        """The address of the account in the Azure portal."""
        account = self._service().host.partition(".")[0]
        path = self.resource("Microsoft.Batch", "batchAccounts", account)
        return f"{portal_url(self.cloud)}/#resource/{'/'.join(path)}/jobs"

    def service_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the address for calls to the account; raise `Invalid` for another host."""
        return self.address(self._service(), allow_loopback=allow_loopback)

    def _service(self) -> BaseAddress:
        suffix = _SUFFIXES[self.cloud]
        rule = HostRule(suffixes=(suffix,), example=f"https://account.region{suffix}")
        return rule.read(self.batch_account_url, path="attributes.batchAccountUrl")
