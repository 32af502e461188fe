"""Defines the attributes that all Google Cloud platforms share, such as the project id."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, StringConstraints

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.attributes import read_attributes
from polysync_core.outbound.hosts import BaseAddress, HostRule, simulator_address

PROJECT = r"(?:[a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{1,19}"
REGION = r"[a-z]+(?:-[a-z0-9]+)+"


_STORAGE_PATH = re.compile(r"gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](?:/[^\r\n]*)?")


def matching(pattern: re.Pattern[str], rule: str) -> AfterValidator:
    """Return the validator of a text that matches a pattern; the rule is the error text."""

    def check(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError(rule)
        return text

    return AfterValidator(check)


type StoragePath = Annotated[
    str, matching(_STORAGE_PATH, "must be a path in Cloud Storage, such as gs://bucket/folder")
]


class GoogleAttributes(Value):
    """The `attributes` that every platform of Google Cloud accepts."""

    project_id: Annotated[str, StringConstraints(pattern=f"^(?:{PROJECT})$")]
    """The id or the number of the project."""
    region: Annotated[str, StringConstraints(pattern=f"^{REGION}$", max_length=63)]
    """The region, such as `europe-west1`."""
    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    """The base address of a simulator, which then receives all calls."""

    @classmethod
    def of(cls, platform: Platform) -> Self:
        """Return the platform's attributes, or raise `Invalid` with every problem."""
        return read_attributes(cls, platform.attributes)

    @property
    def location(self) -> tuple[str, ...]:
        """The path of the region in an API, without the version."""
        return ("projects", self.project_id, "locations", self.region)

    def service_host(self) -> str:
        """Return the host of the API, below `googleapis.com`."""
        raise NotImplementedError

    def api_address(self, *, allow_loopback: bool, host: str | None = None) -> BaseAddress:
        """Return the address of the API or of another host: the simulator's, if one is set."""
        if self.endpoint is None:
            rule = HostRule(suffixes=(".googleapis.com",), example="europe-west1")
            return rule.read(f"https://{host or self.service_host()}", path="attributes.region")
        return simulator_address(self.endpoint, allow_loopback=allow_loopback)


def check_google_platform(
    platform: Platform, attributes: type[GoogleAttributes], *, allow_loopback: bool
) -> list[Problem]:
    """Return the problems of a platform's attributes."""
    try:
        attributes.of(platform).api_address(allow_loopback=allow_loopback)
    except Invalid as error:
        return list(error.problems)
    return []
