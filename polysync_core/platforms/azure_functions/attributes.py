"""The attributes of an Azure Functions platform."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from polysync_core.outbound.hosts import BaseAddress, HostRule
from polysync_core.outbound.sign_in.methods import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes, SiteName
from polysync_core.platforms.azure.clouds import portal_url

_SUFFIXES = {
    Cloud.PUBLIC: ".azurewebsites.net",
    Cloud.US_GOVERNMENT: ".azurewebsites.us",
    Cloud.CHINA: ".chinacloudsites.cn",
}


class FunctionsAttributes(ArmAttributes):
    """`attributes` of an Azure Functions platform."""

    function_app_name: SiteName
    function_app_url: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    """Where the app answers, if its host is not its name alone, as with a unique default host."""
    route_prefix: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9_~-]*(?:/[A-Za-z0-9_~-]+)*$", max_length=100)
    ] = "api"
    """What all routes of the app begin with: `extensions.http.routePrefix` of its host.json."""
    audience: (
        Annotated[str, StringConstraints(pattern=r"^api://[A-Za-z0-9._~/-]{1,200}$")] | None
    ) = None
    """The Application ID URI for which App Service Authentication takes tokens. Without it, the
    app's own keys are read and shown."""

    @property
    def site(self) -> tuple[str, ...]:
        """The segments of the app's own path in Azure Resource Manager."""
        return self.resource("Microsoft.Web", "sites", self.function_app_name)

    @property
    def prefix(self) -> tuple[str, ...]:
        """The segments that every route begins with."""
        return tuple(part for part in self.route_prefix.split("/") if part)

    def app_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return where the app answers, or raise `Invalid` naming the rule an address breaks."""
        suffix = _SUFFIXES[self.cloud]
        usual = f"https://{self.function_app_name.lower()}{suffix}"
        rule = HostRule(suffixes=(suffix,), example=usual, allow_loopback=allow_loopback)
        app = rule.read(self.function_app_url or usual, path="attributes.functionAppUrl")
        return self.address(app, allow_loopback=allow_loopback)

    def page(self, function: str) -> str:
        """Return the address of a function's page in the portal."""
        resource = "/".join((*self.site, "functions", function))
        return f"{portal_url(self.cloud)}/#resource/{resource}"
