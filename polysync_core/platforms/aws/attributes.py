"""Defines the attributes that all AWS platforms share, and checks a platform's definition."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import StringConstraints

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.attributes import read_attributes
from polysync_core.outbound.hosts import BaseAddress, simulator_address
from polysync_core.outbound.sign_in.aws.partitions import (
    Region,
    foreign_partition,
    service_address,
)


class AwsAttributes(Value):
    """The `attributes` that every AWS platform accepts."""

    region: Region
    """The region, such as `eu-west-1`; it also decides the partition."""
    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    """The base address of a simulator, which then receives all calls."""

    @classmethod
    def of(cls, platform: Platform) -> Self:
        """Return the platform's attributes, or raise `Invalid` with every problem."""
        return read_attributes(cls, platform.attributes)

    def simulator(self, *, allow_loopback: bool) -> BaseAddress | None:
        """Return the checked address of the simulator, or None."""
        if self.endpoint is None:
            return None
        return simulator_address(self.endpoint, allow_loopback=allow_loopback)

    def address(self, host_prefix: str, *, allow_loopback: bool) -> BaseAddress:
        """Return the address for calls to a service, such as `states`."""
        simulator = self.simulator(allow_loopback=allow_loopback)
        return simulator or service_address(host_prefix, self.region)


def check_aws_platform(
    platform: Platform, attributes: type[AwsAttributes], *, allow_loopback: bool
) -> list[Problem]:
    """Return the problems of a platform's attributes, and of its role's partition."""
    try:
        given = attributes.of(platform)
        given.simulator(allow_loopback=allow_loopback)
    except Invalid as error:
        return list(error.problems)
    problem = foreign_partition(platform.auth.role_arn or "", given.region)
    return [] if problem is None else [Problem("auth.roleArn", problem)]
