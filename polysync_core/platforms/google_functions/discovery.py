"""The functions of a region, as the Cloud Functions API (v2) tells them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import Artefact
from polysync_core.platforms.google_functions.external_id import FunctionName
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.platform_client import PlatformClient

_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True)
class CloudFunctionDiscovery:
    """The functions of one region of a project."""

    client: PlatformClient
    location: tuple[str, ...]
    only: str | None = None
    """The one function that is looked for."""

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the functions that are called over HTTP."""
        wanted = (search or "").casefold()

        def fetch(token: str | None) -> Page[JsonObject]:
            query = {"pageSize": _PAGE_SIZE, **({} if token is None else {"pageToken": token})}
            return self.client.get(*self.location, "functions", query=query, read=_page)

        for function in paged(fetch):
            artefact = _artefact(function)
            if artefact is None or wanted not in artefact.name.casefold():
                continue
            if self.only in {None, artefact.name}:
                yield artefact

    def address(self, name: FunctionName) -> str:
        """Return where a function is called, in Google's own words."""
        return self.client.get(*name.segments, read=_address)

    def reach(self) -> None:
        """List one function."""
        self.client.get(*self.location, "functions", query={"pageSize": 1}, read=_page)


def _page(answer: JsonObject) -> Page[JsonObject]:
    # A region without functions is answered with an empty object.
    functions, token = answer.get("functions", []), answer.get("nextPageToken")
    if not isinstance(functions, list):
        raise UnexpectedAnswer
    found = [each for each in functions if isinstance(each, dict)]
    return Page(found, token if isinstance(token, str) and token else None)


def _artefact(function: JsonObject) -> Artefact | None:
    name, description = function.get("name"), function.get("description")
    if not isinstance(name, str) or function.get("eventTrigger"):
        return None
    return Artefact(
        external_id=name,
        job_type=JobType.CLOUD_FUNCTION_HTTP,
        name=name.rpartition("/")[2],
        description=description if isinstance(description, str) and description else None,
    )


def _address(answer: JsonObject) -> str:
    if answer.get("eventTrigger"):
        raise PlatformRefused(
            "the function is started by events, not over HTTP", cause=FailureCause.SUBMIT
        )
    config = answer.get("serviceConfig")
    # One of the first generation may have its address in `url` only.
    for address in (config.get("uri") if isinstance(config, dict) else None, answer.get("url")):
        if isinstance(address, str) and address:
            return address
    raise UnexpectedAnswer
