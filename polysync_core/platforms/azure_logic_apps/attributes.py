"""Defines the attributes of an Azure Logic Apps platform, such as the hosting plan."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.definitions.types.hints import ShownWhen
from polysync_core.domain.errors import Invalid
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes, SiteName
from polysync_core.platforms.azure.clouds import portal_url

_RUNTIME = ("hostruntime", "runtime", "webhooks", "workflow", "api", "management")
_TRIGGER_HOSTS = {
    Cloud.PUBLIC: (".logic.azure.com", ".azurewebsites.net"),
    Cloud.US_GOVERNMENT: (".logic.azure.us", ".azurewebsites.us"),
    Cloud.CHINA: (".logic.azure.cn", ".chinacloudsites.cn"),
}


class LogicAppType(StrEnum):
    """The hosting plans of Logic Apps."""

    STANDARD = "Standard"
    """An App Service app with several workflows."""
    CONSUMPTION = "Consumption"
    """Each workflow is an Azure resource."""


class LogicAppsAttributes(ArmAttributes):
    """`attributes` of an Azure Logic Apps platform."""

    logic_app_type: LogicAppType
    """The hosting plan of the workflows."""
    logic_app_name: Annotated[SiteName | None, ShownWhen("logicAppType", ("Standard",))] = None
    """The app with the workflows of a Standard plan."""

    @classmethod
    def of(cls, platform: Platform) -> LogicAppsAttributes:
        """Return the platform's attributes, or raise `Invalid` with every problem."""
        attributes = super().of(platform)
        path, is_standard = "attributes.logicAppName", attributes.is_standard
        if is_standard and attributes.logic_app_name is None:
            raise Invalid.at(
                path, "a Standard plan has its workflows in an app: set the app's name"
            )
        if not is_standard and attributes.logic_app_name is not None:
            raise Invalid.at(path, "a Consumption workflow does not belong to an app: remove it")
        return attributes

    @property
    def is_standard(self) -> bool:
        """True if the plan is Standard."""
        return self.logic_app_type is LogicAppType.STANDARD

    @property
    def definitions(self) -> tuple[str, ...]:
        """The path of the workflow definitions."""
        return (*self.resource(*self._owner), "workflows")

    @property
    def definitions_version(self) -> str:
        """The `api-version` for definitions."""
        return "2025-03-01" if self.is_standard else self.runtime_version

    @property
    def runtime(self) -> tuple[str, ...]:
        """The path of the triggers and runs."""
        if self.is_standard:
            return (*self.resource(*self._owner), *_RUNTIME, "workflows")
        return self.definitions

    @property
    def runtime_version(self) -> str:
        """The `api-version` for triggers and runs."""
        return "2018-11-01" if self.is_standard else "2019-05-01"

    @property
    def trigger_hosts(self) -> tuple[str, ...]:
        """The host suffixes of trigger addresses."""
        return _TRIGGER_HOSTS[self.cloud]

    def page(self, workflow: str) -> str:
        """Return the address of a workflow's page in the portal."""
        own = self.resource(*self._owner) if self.is_standard else (*self.definitions, workflow)
        return f"{portal_url(self.cloud)}/#resource/{'/'.join(own)}"

    @property
    def _owner(self) -> tuple[str, ...]:
        if self.is_standard:
            return ("Microsoft.Web", "sites", self.logic_app_name or "")
        return ("Microsoft.Logic",)
