"""Builds calls to the OpenAI API of an Azure account, and reads paged lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from polysync_core.domain.clock import is_supported
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.urls import QueryValue
from polysync_core.platforms.azure_openai.attributes import V1
from polysync_core.platforms.calls import Call, RefusalMapping, UnexpectedAnswer
from polysync_core.platforms.connector import ExternalRun, Report
from polysync_core.platforms.paging import Page, objects_in, paged
from polysync_core.platforms.platform_client import PlatformClient

_PAGE_SIZE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIApi:
    """An API in the form of OpenAI below one path, in one version."""

    client: PlatformClient
    prefix: tuple[str, ...]
    """The segments before the path of a call."""
    query: Mapping[str, QueryValue] = field(default_factory=dict[str, QueryValue])
    """The query of every call."""
    is_dated: bool = False
    """True if the version is a date; then a deployment stands in the path, not in the body."""

    @classmethod
    def of_version(cls, client: PlatformClient, version: str) -> OpenAIApi:
        """Return the API of an account in the version `v1`, or in a dated version."""
        if version == V1:
            return cls(client=client, prefix=("openai", V1))
        return cls(client=client, prefix=("openai",), query={"api-version": version}, is_dated=True)

    def get_call(
        self,
        *path: str,
        query: Mapping[str, QueryValue] | None = None,
        refused: RefusalMapping | None = None,
    ) -> Call:
        """Return a call without an effect."""
        return Call(
            method="GET",
            segments=(*self.prefix, *path),
            query={**self.query, **(query or {})} or None,
            repeatable=True,
            refused=refused,
        )

    def post_call(
        self, *path: str, body: JsonObject, refused: RefusalMapping | None = None
    ) -> Call:
        """Return a call with an effect, which is not repeated."""
        return Call(
            method="POST",
            segments=(*self.prefix, *path),
            query=self.query or None,
            body=body,
            refused=refused,
        )

    def model_call(self, deployment: str, operation: tuple[str, ...], body: JsonObject) -> Call:
        """Return the call of a deployment."""
        if self.is_dated:
            return self.post_call("deployments", deployment, *operation, body=body)
        return self.post_call(*operation, body={"model": deployment, **body})

    def get[T](
        self,
        *path: str,
        read: Callable[[JsonObject], T],
        query: Mapping[str, QueryValue] | None = None,
        refused: RefusalMapping | None = None,
    ) -> T:
        """Read the answer of a call without an effect."""
        return self.client.execute(self.get_call(*path, query=query, refused=refused), read)

    def listed(
        self,
        *path: str,
        query: Mapping[str, QueryValue] | None = None,
        refused: RefusalMapping | None = None,
    ) -> Iterator[JsonObject]:
        """Yield the entries of a list, page by page."""

        def fetch(after: str | None) -> Page[JsonObject]:
            asked = {"limit": _PAGE_SIZE, **(query or {}), **({"after": after} if after else {})}
            return self.get(*path, read=_page, query=asked, refused=refused)

        return paged(fetch)


def external_runs(
    entries: Iterator[JsonObject],
    run_id_of: Callable[[JsonObject], str],
    report_of: Callable[[JsonObject], Report],
) -> Iterator[ExternalRun]:
    """Yield the runs of a list, without entries that cannot be read."""
    for entry in entries:
        try:
            run = ExternalRun(external_run_id=run_id_of(entry), report=report_of(entry))
        except UnexpectedAnswer:
            continue
        yield run


def stop_unless_ended(stop: Callable[[], object], is_ended: Callable[[], bool]) -> None:
    """Stop a run; the refusal for a run that has ended is not an error."""
    refusal: PlatformRefused | None = None
    try:
        stop()
    except PlatformRefused as error:
        refusal = error
    if refusal is not None and not (refusal.status in {400, 409} and is_ended()):
        raise refusal


def text_in(source: Mapping[str, object], name: str) -> str:
    """Return a text of an answer; an absent text is empty."""
    found = source.get(name)
    return found if isinstance(found, str) else ""


def seconds_in(source: Mapping[str, object], name: str) -> datetime | None:
    """Return a time that an answer holds as seconds since 1970; None for no usable time."""
    found = source.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or found <= 0:
        return None
    try:
        moment = datetime.fromtimestamp(found, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return moment if is_supported(moment) else None


def _page(answer: JsonObject) -> Page[JsonObject]:
    entries = objects_in(answer, "data")
    if answer.get("has_more") is not True:
        return Page(entries)
    last = answer.get("last_id") or (entries[-1].get("id") if entries else None)
    if not isinstance(last, str):
        raise UnexpectedAnswer
    return Page(entries, last)
