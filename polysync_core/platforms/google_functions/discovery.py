"""Lists the functions of a Google Cloud region, and reads function addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import Artefact
from polysync_core.platforms.google.answers import listed, page_of
from polysync_core.platforms.google_functions.external_id import FunctionName
from polysync_core.platforms.google_functions.refusals import REFUSED
from polysync_core.platforms.platform_client import PlatformClient

_HAS_EVENT = "the function has an event trigger: only HTTP functions can be called"


@dataclass(frozen=True, slots=True)
class CloudFunctionDiscovery:
    """Finds the functions of one region of a project, and their addresses."""

    client: PlatformClient
    functions: tuple[str, ...]
    """The path of the functions."""
    only: str | None = None
    """The only function to return; None selects all."""

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the functions; one with an event trigger has a problem."""
        wanted = (search or "").casefold()
        for function in listed(self.client, *self.functions, key="functions"):
            artefact = _artefact(function)
            if artefact is None or wanted not in artefact.name.casefold():
                continue
            if self.only in {None, artefact.name}:
                yield artefact

    def address(self, name: FunctionName) -> str:
        """Return the address of a function from Google."""
        return self.client.get(*name.segments, read=_address, refused=REFUSED.for_artefact)

    def check_access(self) -> None:
        """List one function, to check the access."""
        self.client.get(
            *self.functions,
            query={"pageSize": 1},
            read=lambda answer: page_of(answer, "functions"),
        )


def _artefact(function: JsonObject) -> Artefact | None:
    name, description = function.get("name"), function.get("description")
    if not isinstance(name, str):
        return None
    has_event = bool(function.get("eventTrigger"))
    return Artefact(
        external_id=name,
        job_type=JobType.CLOUD_FUNCTION_HTTP,
        name=name.rpartition("/")[2],
        description=description if isinstance(description, str) and description else None,
        problem=_HAS_EVENT if has_event else None,
        is_skipped=has_event,
    )


def _address(answer: JsonObject) -> str:
    if answer.get("eventTrigger"):
        raise PlatformRefused(
            _HAS_EVENT,
            cause=FailureCause.SUBMIT,
        )
    config = answer.get("serviceConfig")
    # A first-generation function may have its address in `url` only.
    for address in (config.get("uri") if isinstance(config, dict) else None, answer.get("url")):
        if isinstance(address, str) and address:
            return address
    raise UnexpectedAnswer
