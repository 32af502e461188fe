"""Calls the pipeline API of Data Factory or Synapse, and maps error responses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.urls import QueryValue
from polysync_core.platforms.azure.answers import listed, page_of
from polysync_core.platforms.azure.refusals import RESOURCE_IS_GONE, AzureRefusals, error_code
from polysync_core.platforms.calls import Call, Refusal, RefusalMapping
from polysync_core.platforms.connector import RunNotFound
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.platform_client import PlatformClient

PIPELINE_MISSING = (
    "no published pipeline has this name (case-sensitive): it was renamed or deleted, or is not"
    " published; import the platform's pipelines again"
)
PARAMETERS_DO_NOT_FIT = "the pipeline does not accept these parameters: sync the job's parameters"
REPAIR_IS_IMPOSSIBLE = (
    "the failed run cannot be repaired: it is active, too old, or the pipeline has changed; start a"
    " new run"
)
_RUN_IS_GONE = frozenset({"PipelineRunNotFound", "RunNotFound"})


class ActivityLog(Protocol):
    """Lists the activities of pipeline runs, in Data Factory, Synapse or Fabric."""

    @property
    def now(self) -> Clock:
        """The clock of the connection."""
        ...

    def activities(self, pipeline: str, run_id: str, body: JsonObject) -> Iterator[JsonObject]:
        """Yield the activities of a run that a query selects; more may be among them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineClient:
    """Calls the pipeline API of a Data Factory or a Synapse workspace."""

    client: PlatformClient
    root: tuple[str, ...]
    """The path segments before `pipelines` and `pipelineruns`."""
    version: str
    """The `api-version` of every call."""
    refusals: AzureRefusals
    run_page: Callable[[str], str]
    """Returns the address of a run's page in the studio."""
    now: Clock
    activities_are_below_pipeline: bool = False
    """True if the path of the query for activities names the pipeline, as in Synapse."""
    finds_failed_activities: bool = True
    """True if the service itself finds the activities from which it repairs a failed run."""

    def activities(self, pipeline: str, run_id: str, body: JsonObject) -> Iterator[JsonObject]:
        """Yield the activities of a run that a query selects, page by page."""
        above = ("pipelines", pipeline) if self.activities_are_below_pipeline else ()
        return self.queried(
            *above,
            "pipelineruns",
            run_id,
            "queryActivityruns",
            body=body,
            refused=self.refused_for_run,
        )

    def get[T](self, *segments: str, read: Callable[[JsonObject], T], refused: RefusalMapping) -> T:
        """Read one resource."""
        query = {"api-version": self.version}
        return self.client.get(*self.root, *segments, query=query, read=read, refused=refused)

    def listed(self, *segments: str) -> Iterator[JsonObject]:
        """Yield the entries of a list."""
        return listed(self.client, *self.root, *segments, query={"api-version": self.version})

    def start[T](
        self,
        pipeline: str,
        body: JsonObject,
        *,
        read: Callable[[JsonObject], T],
        repair: Mapping[str, QueryValue] | None = None,
    ) -> T:
        """Start a pipeline once, or repair a failed run as the `repair` query says.

        Only a refusal proves that nothing was started.
        """
        refused = self.refused_for_start if repair is None else self.refused_for_repair
        call = self._post(("pipelines", pipeline, "createRun"), body, refused)
        query = {"api-version": self.version, **(repair or {})}
        return self.client.execute(replace(call, query=query, busy_proves_not_started=False), read)

    def stop(self, *segments: str, refused: RefusalMapping) -> None:
        """Request the cancellation of a run and of its child runs."""
        call = self._post(segments, {}, refused)
        query = {"api-version": self.version, "isRecursive": True}
        # The answer has no content.
        self.client.exchange(replace(call, query=query, repeatable=True), lambda _: None)

    def queried(
        self, *segments: str, body: JsonObject, refused: RefusalMapping
    ) -> Iterator[JsonObject]:
        """Yield the results of a query, page by page."""

        def fetch(token: str | None) -> Page[JsonObject]:
            content = body if token is None else {**body, "continuationToken": token}
            call = self._post(segments, content, refused)
            return self.client.execute(replace(call, repeatable=True, effect=False), _page)

        return paged(fetch)

    def refused_for_pipeline(self, refusal: Refusal) -> PolysyncError:
        """Return the error for a call about a pipeline."""
        if refusal.status == 404 and error_code(refusal.body) not in RESOURCE_IS_GONE:
            return self.refusals.missing(refusal, PIPELINE_MISSING)
        return self.refusals(refusal)

    def refused_for_start(self, refusal: Refusal) -> PolysyncError:
        """Return the error for the start of a pipeline."""
        if refusal.status == 400:
            return self.refusals.error(refusal, PARAMETERS_DO_NOT_FIT)
        return self.refused_for_pipeline(refusal)

    def refused_for_repair(self, refusal: Refusal) -> PolysyncError:
        """Return the error for the repair of a failed run."""
        if refusal.status in {400, 404, 409}:
            return self.refusals.error(refusal, REPAIR_IS_IMPOSSIBLE)
        return self.refusals(refusal)

    def refused_for_run(self, refusal: Refusal) -> PolysyncError:
        """Return the error for a call about a run; a missing run is `RunNotFound`."""
        code = error_code(refusal.body)
        if code in _RUN_IS_GONE or (refusal.status == 404 and code not in RESOURCE_IS_GONE):
            return RunNotFound(f"{self.refusals.service} has no run with this id")
        return self.refusals(refusal)

    def _post(self, segments: tuple[str, ...], body: JsonObject, refused: RefusalMapping) -> Call:
        return Call(
            method="POST",
            segments=(*self.root, *segments),
            query={"api-version": self.version},
            body=body,
            refused=refused,
        )


def window(since: datetime, until: datetime, **filters: str) -> JsonObject:
    """Return the body of a query with a time window and filters."""
    return {
        "lastUpdatedAfter": since.astimezone(UTC).isoformat(),
        "lastUpdatedBefore": until.astimezone(UTC).isoformat(),
        "filters": [
            {"operand": operand, "operator": "Equals", "values": [value]}
            for operand, value in filters.items()
        ],
    }


def text_of(source: JsonObject, name: str) -> str:
    """Return a text of an answer; an absent text is empty."""
    value: JsonValue = source.get(name)
    return value if isinstance(value, str) else ""


def _page(answer: JsonObject) -> Page[JsonObject]:
    return page_of(answer, next_key="continuationToken")
