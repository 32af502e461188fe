"""Defines the attributes of a Foundry project platform, such as the project name."""

from __future__ import annotations

from typing import ClassVar

from polysync_core.platforms.azure_openai.attributes import AccountName, ModelAccountAttributes


class FoundryProjectAttributes(ModelAccountAttributes):
    """`attributes` of a Foundry project."""

    SERVICES: ClassVar[tuple[str, ...]] = ("services.ai",)

    project_name: AccountName
    """The name of the project, the last part of its endpoint."""

    @property
    def project(self) -> tuple[str, ...]:
        """The path of the project on the host of its account."""
        return ("api", "projects", self.project_name)

    @property
    def portal_suffixes(self) -> tuple[str, ...]:
        """The endings of the hosts of Foundry's portal."""
        return (f".{self.domain}",)
