"""Defines the attributes of a Snowflake platform."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import StringConstraints

from polysync_core.domain.definitions.base import Line
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.outbound.attributes import StandInAttributes, read_attributes
from polysync_core.outbound.hosts import AddressScope, BaseAddress, HostRule

type SnowflakeName = Annotated[Line, StringConstraints(min_length=1, max_length=255)]
"""The name of an object of Snowflake; it distinguishes capital and small letters."""

_ORGANISATION = re.compile(r"(?P<organisation>[a-z0-9]+)-(?P<account>[a-z0-9-]+)")


class SnowflakeAttributes(StandInAttributes):
    """`attributes` of a Snowflake platform."""

    account_url: str
    """The address of the account, such as `https://myorg-account1.snowflakecomputing.com`."""
    database: SnowflakeName
    """The database of the procedures, such as `SALES`; its name is case-sensitive."""
    schema_name: SnowflakeName | None = None
    """The only schema whose procedures discovery returns; None selects all schemas."""
    warehouse: SnowflakeName | None = None
    """The warehouse that runs the procedures; None uses the default of the user."""
    role: SnowflakeName | None = None
    """The role that calls the procedures; None uses the default of the user."""
    account_identifier: (
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,255}$")] | None
    ) = None
    """The identifier of the account for the method `KeyPair`, such as `MYORG-MY_ACCOUNT`. None
    reads it from accountUrl, which has a hyphen for each underscore."""

    @classmethod
    def of(cls, platform: Platform) -> SnowflakeAttributes:
        """Return the platform's attributes, or raise `Invalid` with every problem."""
        return read_attributes(cls, platform.attributes)

    def base_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the checked address; raises `Invalid` with the broken rule."""
        rule = HostRule(
            suffixes=(".snowflakecomputing.com", ".snowflakecomputing.cn"),
            example="https://myorg-account1.snowflakecomputing.com",
            allow_loopback=allow_loopback,
        )
        service = rule.read(self.account_url, path="attributes.accountUrl")
        return self.address(service, allow_loopback=allow_loopback)

    @property
    def identifier(self) -> str:
        """The identifier of the account, without region, in capital letters."""
        host = self.account_url.partition("://")[2]
        return (self.account_identifier or host.partition(".")[0]).upper()


def run_page(base: BaseAddress, handle: str) -> str:
    """Return the address of a statement's page in Snowsight."""
    found = _ORGANISATION.fullmatch(base.host.partition(".")[0])
    path = f"#/compute/history/queries/{handle}/detail"
    if found is None or base.scope is AddressScope.LOOPBACK:
        return f"{base.url}/{path}"
    return f"https://app.snowflake.com/{found['organisation']}/{found['account']}/{path}"
