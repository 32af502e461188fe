"""Reads, creates, lists and cancels the jobs of one Azure Machine Learning workspace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure.answers import listed
from polysync_core.platforms.azure_ai_foundry.attributes import FoundryAttributes
from polysync_core.platforms.azure_ai_foundry.refusals import (
    refused_for_run,
    refused_for_submit,
    refused_for_template,
)
from polysync_core.platforms.azure_ai_foundry.states import properties_of
from polysync_core.platforms.calls import Call, UnexpectedAnswer
from polysync_core.platforms.platform_client import PlatformClient

API_VERSION = "2024-10-01"
DEFINITION_VERSION = "2024-10-01-preview"
"""The version for the definitions of jobs: stable versions drop the names of registered outputs."""

_QUERY = {"api-version": API_VERSION}
_DEFINITION_QUERY = {"api-version": DEFINITION_VERSION}


@dataclass(frozen=True, slots=True)
class FoundryClient:
    """Reads, creates and cancels the jobs of one workspace."""

    client: PlatformClient
    attributes: FoundryAttributes

    def check_access(self) -> str:
        """Read the workspace, which needs a permission on it; return a sentence for people."""

        def read(answer: JsonObject) -> None:
            if not isinstance(answer.get("name"), str):
                raise UnexpectedAnswer

        self.client.get(*self.attributes.path, query=_QUERY, read=read)
        name, host = self.attributes.workspace_name, self.client.base.host
        return f"Reached the workspace {name} at {host}; it is readable."

    def template(self, name: str) -> JsonObject:
        """Return the properties of a template; raise `PlatformRefused` if it is missing."""
        return self.client.get(
            *self._job(name),
            query=_DEFINITION_QUERY,
            read=properties_of,
            refused=refused_for_template,
        )

    def component(self, name: str, version: str) -> JsonObject | str:
        """Return the properties of a component's version, or why it cannot be read."""
        path = (*self.attributes.path, "components", name, "versions", version)
        try:
            return self.client.get(*path, query=_QUERY, read=properties_of)
        except PlatformRefused as error:
            if error.cause is FailureCause.SECRET:
                raise
            return str(error)

    def run(self, name: str) -> JsonObject:
        """Return a run; raise `RunNotFound` if it is missing."""

        def read(answer: JsonObject) -> JsonObject:
            properties_of(answer)
            return answer

        return self.client.get(*self._job(name), query=_QUERY, read=read, refused=refused_for_run)

    def create(self, name: str, properties: JsonObject) -> None:
        """Create and start a job; raise `Uncertain` if the answer is missing."""

        def read(answer: JsonObject) -> None:
            if answer.get("name") != name:
                raise UnexpectedAnswer

        call = Call(
            method="PUT",
            segments=self._job(name),
            query=_DEFINITION_QUERY,
            body={"properties": properties},
            refused=refused_for_submit,
        )
        self.client.execute(call, read)

    def cancel(self, name: str) -> None:
        """Request the cancellation of a job."""
        call = Call(
            method="POST",
            segments=(*self._job(name), "cancel"),
            query=_QUERY,
            body={},
            repeatable=True,
            refused=refused_for_run,
        )
        # The answer has no content.
        self.client.exchange(call, lambda _: None)

    def jobs(self, kind: str, *, tag: str | None = None) -> Iterator[JsonObject]:
        """Yield the jobs of a kind, newest first."""
        query = {**_QUERY, "jobType": kind, "listViewType": "ActiveOnly"}
        if tag is not None:
            query["tag"] = tag
        return listed(self.client, *self.attributes.path, "jobs", query=query)

    def _job(self, name: str) -> tuple[str, ...]:
        return (*self.attributes.path, "jobs", name)
