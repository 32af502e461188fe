"""Defines the attributes of an HTTP service platform, such as the base URL."""

from __future__ import annotations

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.attributes import read_attributes
from polysync_core.outbound.hosts import BaseAddress, HostRule
from polysync_core.platforms.http_service.path_templates import PathTemplate


class HttpServiceAttributes(Value):
    """`attributes` of an HTTP service."""

    service_url: str
    """The address of the service without a path, such as `https://api.prefect.cloud`."""
    test_path: str | None = None
    """The path that a connection test reads. Without it, the test accepts every answer that does
    not refuse the credential."""

    @classmethod
    def of(cls, platform: Platform) -> HttpServiceAttributes:
        """Return the platform's attributes, or raise `Invalid` with every problem."""
        attributes = read_attributes(cls, platform.attributes)
        if attributes.test_path is not None:
            found = PathTemplate(attributes.test_path).problems(frozenset())
            problems = [Problem("attributes.testPath", each) for each in found]
            if problems:
                raise Invalid(problems)
        return attributes

    def base_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the checked address; raises `Invalid` with the broken rule."""
        rule = HostRule(
            suffixes=("",),
            example="https://api.prefect.cloud",
            allow_loopback=allow_loopback,
            allow_port=True,
        )
        return rule.read(self.service_url, path="attributes.serviceUrl")
