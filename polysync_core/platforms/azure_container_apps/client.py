"""Reads the Container Apps jobs of a resource group, and starts and stops their executions.

https://learn.microsoft.com/rest/api/containerapps/jobs
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.clock import Clock
from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.azure.answers import listed
from polysync_core.platforms.azure.attributes import ArmAttributes
from polysync_core.platforms.azure.clouds import portal_url
from polysync_core.platforms.azure_container_apps.refusals import refused_for_job, refused_for_run
from polysync_core.platforms.azure_container_apps.states import EXECUTION_NAME
from polysync_core.platforms.calls import Call, UnexpectedAnswer
from polysync_core.platforms.platform_client import PlatformClient

API_VERSION = "2026-07-01"
_QUERY = {"api-version": API_VERSION}
_ACCEPTED = 202


class ContainerAppsAttributes(ArmAttributes):
    """`attributes` of an Azure Container Apps platform; the group holds the jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobClient:
    """Calls Azure Resource Manager for the jobs of one resource group."""

    client: PlatformClient
    attributes: ContainerAppsAttributes
    now: Clock

    def check_access(self) -> str:
        """Read the first page of jobs, which needs a permission; return a sentence for people."""
        next(self.jobs(), None)
        group, host = self.attributes.resource_group_name, self.client.base.host
        return (
            f"Reached the resource group {group} at {host}; its Container Apps jobs are readable."
        )

    def page(self, job: str) -> str:
        """Return the address of a job's page in the Azure portal."""
        path = "/".join(self._job(job))
        return f"{portal_url(self.attributes.cloud)}/#resource/{path}/jobExecutionHistory"

    def jobs(self) -> Iterator[JsonObject]:
        """Yield the jobs of the resource group."""
        return listed(self.client, *self._job(), query=_QUERY)

    def job(self, name: str) -> JsonObject:
        """Return a job; raise `ArtefactNotFound` if it is missing."""
        return self.client.get(
            *self._job(name), query=_QUERY, read=_with_properties, refused=refused_for_job
        )

    def start(self, job: str, template: JsonObject) -> str | None:
        """Start an execution and return its name; None if Azure accepts without a name.

        Raises `Uncertain` if the answer is missing.
        """
        call = Call(
            method="POST",
            segments=(*self._job(job), "start"),
            query=_QUERY,
            body=template,
            refused=refused_for_job,
        )
        return self.client.exchange(call, _started)

    def execution(self, job: str, name: str) -> JsonObject:
        """Return an execution; raise `RunNotFound` if it is missing."""
        return self.client.get(
            *self._job(job, "executions", name),
            query=_QUERY,
            read=_with_properties,
            refused=refused_for_run,
        )

    def executions(self, job: str) -> Iterator[JsonObject]:
        """Yield the executions that Azure keeps of a job, in no promised order."""
        return listed(
            self.client, *self._job(job, "executions"), query=_QUERY, refused=refused_for_job
        )

    def stop(self, job: str, name: str) -> None:
        """Request the stop of an execution."""
        call = Call(
            method="POST",
            segments=(*self._job(job, "executions", name), "stop"),
            query=_QUERY,
            body={},
            repeatable=True,
            refused=refused_for_run,
        )
        # The answer has no content.
        self.client.exchange(call, lambda _: None)

    def _job(self, *names: str) -> tuple[str, ...]:
        return self.attributes.resource("Microsoft.App", "jobs", *names)


def _with_properties(answer: JsonObject) -> JsonObject:
    if not isinstance(answer.get("properties"), dict):
        raise UnexpectedAnswer
    return answer


def _started(answer: Answer) -> str | None:
    name = (answer.json() or {}).get("name")
    if isinstance(name, str) and EXECUTION_NAME.fullmatch(name):
        return name
    if answer.status == _ACCEPTED and answer.location is not None and not answer.content.strip():
        return None
    raise UnexpectedAnswer
