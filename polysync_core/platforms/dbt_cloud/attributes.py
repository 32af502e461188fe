"""Defines the attributes of a dbt Cloud platform, such as the account id."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.outbound.attributes import StandInAttributes, read_attributes
from polysync_core.outbound.hosts import BaseAddress, HostRule

type DbtId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class DbtCloudAttributes(StandInAttributes):
    """`attributes` of a dbt Cloud platform."""

    account_id: DbtId
    """The id of the account, the number after `/deploy/` or `/accounts/` in its addresses."""
    access_url: str = "https://cloud.getdbt.com"
    """The access URL of the account, such as `https://ab123.us1.dbt.com`; it depends on the region
    and the cell."""
    project_id: DbtId | None = None
    """The only project whose jobs discovery returns; None selects all projects."""

    @classmethod
    def of(cls, platform: Platform) -> DbtCloudAttributes:
        """Return the platform's attributes, or raise `Invalid` with every problem."""
        return read_attributes(cls, platform.attributes)

    def base_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the checked address; raises `Invalid` with the broken rule."""
        rule = HostRule(
            suffixes=(".getdbt.com", ".dbt.com"),
            example="https://ab123.us1.dbt.com",
            allow_loopback=allow_loopback,
        )
        service = rule.read(self.access_url, path="attributes.accessUrl")
        return self.address(service, allow_loopback=allow_loopback)
