"""Defines the attributes of a Google Cloud Functions platform, such as a function filter."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from polysync_core.platforms.google.attributes import GoogleAttributes

FUNCTION = r"[A-Za-z](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"


class GoogleFunctionsAttributes(GoogleAttributes):
    """`attributes` of a Google Cloud Functions platform."""

    function_name: Annotated[str, StringConstraints(pattern=f"^{FUNCTION}$")] | None = None
    """The only function that discovery returns; None selects all functions of the region."""

    def service_host(self) -> str:
        """Return the host of the Cloud Functions API."""
        return "cloudfunctions.googleapis.com"

    @property
    def functions(self) -> tuple[str, ...]:
        """The path of the region's functions in the Cloud Functions API."""
        return ("v2", *self.location, "functions")
