"""Defines the attributes of an Azure Functions platform, such as the app name."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from polysync_core.outbound.hosts import BaseAddress, HostRule
from polysync_core.outbound.sign_in.audiences import audience_problem
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes, SiteName
from polysync_core.platforms.azure.clouds import portal_url

_SUFFIXES = {
    Cloud.PUBLIC: ".azurewebsites.net",
    Cloud.US_GOVERNMENT: ".azurewebsites.us",
    Cloud.CHINA: ".chinacloudsites.cn",
}


def _check_audience(text: str) -> str:
    problem = audience_problem(text)
    if problem is not None:
        raise ValueError(f"{problem}: use the Application ID URI of the function app")
    return text


class FunctionsAttributes(ArmAttributes):
    """`attributes` of an Azure Functions platform."""

    function_app_name: SiteName
    """The name of the function app."""
    function_app_url: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    """The address of the app, if its host has another form than `<name>.azurewebsites.net`."""
    route_prefix: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9_~-]*(?:/[A-Za-z0-9_~-]+)*$", max_length=100)
    ] = "api"
    """The prefix of all routes: `extensions.http.routePrefix` of the app's host.json."""
    audience: (
        Annotated[
            str,
            StringConstraints(pattern=r"^api://[A-Za-z0-9._~/-]{1,200}$"),
            AfterValidator(_check_audience),
        ]
        | None
    ) = None
    """The Application ID URI that App Service Authentication expects in tokens. Without it, calls
    use the app's keys."""

    @property
    def site(self) -> tuple[str, ...]:
        """The path of the app in Azure Resource Manager."""
        return self.resource("Microsoft.Web", "sites", self.function_app_name)

    @property
    def prefix(self) -> tuple[str, ...]:
        """The segments of the route prefix."""
        return tuple(part for part in self.route_prefix.split("/") if part)

    def app_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the address of the app; raise `Invalid` with the broken rule."""
        suffix = _SUFFIXES[self.cloud]
        usual = f"https://{self.function_app_name.lower()}{suffix}"
        rule = HostRule(suffixes=(suffix,), example=usual, allow_loopback=allow_loopback)
        app = rule.read(self.function_app_url or usual, path="attributes.functionAppUrl")
        return self.address(app, allow_loopback=allow_loopback)

    def page(self, function: str) -> str:
        """Return the address of a function's page in the portal."""
        resource = "/".join((*self.site, "functions", function))
        return f"{portal_url(self.cloud)}/#resource/{resource}"
