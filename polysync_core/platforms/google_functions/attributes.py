"""Defines the attributes of a Google Cloud Functions platform."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from polysync_core.domain.definitions.base import Value
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid
from polysync_core.outbound.attributes import read_attributes
from polysync_core.outbound.hosts import AddressScope, BaseAddress, HostRule

PROJECT = r"(?:[a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{1,19}"
REGION = r"[a-z]+(?:-[a-z0-9]+)+"
FUNCTION = r"[A-Za-z](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"

_API = BaseAddress(
    "https://cloudfunctions.googleapis.com", "cloudfunctions.googleapis.com", AddressScope.PUBLIC
)


class GoogleFunctionsAttributes(Value):
    """`attributes` of a Google Cloud Functions platform."""

    project_id: Annotated[str, StringConstraints(pattern=f"^(?:{PROJECT})$")]
    """The id or the number of the project."""
    region: Annotated[str, StringConstraints(pattern=f"^{REGION}$", max_length=63)]
    """The region, such as `europe-west1`."""
    function_name: Annotated[str, StringConstraints(pattern=f"^{FUNCTION}$")] | None = None
    """The only function that discovery returns; None selects all functions of the region."""
    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    """The base address of a simulator, which then receives all calls."""

    @classmethod
    def of(cls, platform: Platform) -> GoogleFunctionsAttributes:
        """Return the platform's attributes, or raise `Invalid` with every problem."""
        return read_attributes(cls, platform.attributes)

    @property
    def location(self) -> tuple[str, ...]:
        """The path of the region in the Cloud Functions API."""
        return ("v2", "projects", self.project_id, "locations", self.region)

    def api_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the address of the Cloud Functions API."""
        if self.endpoint is None:
            return _API
        if not allow_loopback:
            raise Invalid.at(
                "attributes.endpoint", "a simulator is allowed in development only: remove it"
            )
        rule = HostRule(suffixes=(), example="http://127.0.0.1:8790", allow_loopback=True)
        return rule.read(self.endpoint, path="attributes.endpoint")
