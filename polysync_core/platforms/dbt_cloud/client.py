"""Calls the administrative API (v2) of one dbt Cloud account, and reads paged lists.

https://docs.getdbt.com/dbt-cloud/api-v2
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from polysync_core.domain.clock import Clock
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.outbound.urls import QueryValue, url
from polysync_core.platforms.calls import Call, Method, RefusalMapping, UnexpectedAnswer
from polysync_core.platforms.connector import RunNotFound
from polysync_core.platforms.dbt_cloud.refusals import refused, refused_for_run
from polysync_core.platforms.paging import objects_in, paged_by_offset
from polysync_core.platforms.platform_client import PlatformClient

PAGE_SIZE = 100
_ID = re.compile(r"[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DbtClient:
    """Calls the API below the path of one account; each path ends with a slash."""

    client: PlatformClient
    account: int
    now: Clock

    def call(
        self,
        method: Method,
        *segments: str,
        refused: RefusalMapping,
        body: JsonObject | None = None,
    ) -> Call:
        """Return a call of the API."""
        path = ("api", "v2", "accounts", str(self.account), *segments)
        return Call(method=method, segments=path, ending="/", body=body, refused=refused)

    def get[T](
        self,
        *segments: str,
        read: Callable[[JsonObject], T],
        refused: RefusalMapping,
        query: Mapping[str, QueryValue] | None = None,
    ) -> T:
        """Read the object in the envelope of an answer."""
        call = self.call("GET", *segments, refused=refused)
        return self.client.execute(replace(call, query=query, repeatable=True), opened(read))

    def listed(self, name: str, query: Mapping[str, QueryValue]) -> Iterator[JsonObject]:
        """Yield the entries of a list, page by page."""

        def fetch(offset: int) -> tuple[list[JsonObject], int]:
            asked = {**query, "limit": PAGE_SIZE, "offset": offset}
            call = replace(self.call("GET", name, refused=refused), query=asked, repeatable=True)
            return self.client.execute(call, _page)

        return paged_by_offset(fetch)

    def run(self, run_id: str, *related: str) -> JsonObject:
        """Return a run with related objects; raises `RunNotFound`."""
        query = {"include_related": _json_list(related)} if related else None
        return self.get(
            "runs", checked_id(run_id), query=query, read=lambda run: run, refused=refused_for_run
        )

    def run_page(self, run: JsonObject) -> str | None:
        """Return the address of a run's page."""
        project, run_id = run.get("project_id"), run.get("id")
        if not isinstance(project, int) or not isinstance(run_id, int):
            return None
        above = ("deploy", str(self.account), "projects", str(project))
        return url(self.client.base.url, *above, "runs", str(run_id), ending="/")


def opened[T](read: Callable[[JsonObject], T]) -> Callable[[JsonObject], T]:
    """Return a reader of the object in the envelope of an answer."""

    def read_data(answer: JsonObject) -> T:
        data = answer.get("data")
        if not isinstance(data, dict):
            raise UnexpectedAnswer
        return read(data)

    return read_data


def id_of(source: JsonObject, name: str = "id") -> str:
    """Return an id of an answer as a text."""
    found = source.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or found < 1:
        raise UnexpectedAnswer
    return str(found)


def checked_id(run_id: str) -> str:
    """Return the id of a run; raise `RunNotFound` for a text that is no id."""
    if _ID.fullmatch(run_id) is None:
        raise RunNotFound("the id of a run in dbt Cloud is a number")
    return run_id


def _page(answer: JsonObject) -> tuple[list[JsonObject], int]:
    entries = objects_in(answer, "data")
    total = object_in(object_in(answer, "extra"), "pagination").get("total_count")
    if not isinstance(total, int):
        raise UnexpectedAnswer
    return entries, total


def _json_list(names: tuple[str, ...]) -> str:
    return "[" + ",".join(f'"{name}"' for name in names) + "]"
