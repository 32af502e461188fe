"""Calls the Vertex AI API of one region for jobs of one kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from polysync_core.domain.json_types import JsonObject
from polysync_core.outbound.urls import QueryValue
from polysync_core.platforms.calls import Call, UnexpectedAnswer
from polysync_core.platforms.google.answers import ONE_PAGE, listed, page_of
from polysync_core.platforms.google_vertex_ai.attributes import VertexAttributes
from polysync_core.platforms.google_vertex_ai.refusals import REFUSED
from polysync_core.platforms.platform_client import PlatformClient

_STATE = "name,state,error,startTime,endTime"
_SHOWN = "name,displayName,labels"
"""The fields of a job that a list of templates needs; the definition of a job can be large."""


@dataclass(frozen=True, slots=True)
class VertexClient:
    """Calls the API for the jobs of one kind, such as `pipelineJobs`."""

    client: PlatformClient
    attributes: VertexAttributes
    collection: str

    def check_access(self) -> str:
        """List one job, which needs a permission; return a sentence for people."""
        self.client.get(
            *self._jobs, query={"pageSize": 1}, read=lambda answer: page_of(answer, self.collection)
        )
        host, region = self.client.base.host, self.attributes.region
        return f"Reached {host}; the jobs of {region} can be listed."

    def template(self, job_id: str) -> JsonObject:
        """Return a template; raise `ArtefactNotFound` if it is missing."""
        return self.client.get(*self._jobs, job_id, read=_job, refused=REFUSED.for_artefact)

    def run(self, job_id: str) -> JsonObject:
        """Return a run; raise `RunNotFound` if it is missing."""
        return self.client.get(*self._jobs, job_id, read=_job, refused=REFUSED.for_run)

    def state(self, job_id: str) -> JsonObject:
        """Return a run without its definition and its details, which can be large."""
        query = {"fields": _STATE}
        return self.client.get(*self._jobs, job_id, query=query, read=_job, refused=REFUSED.for_run)

    def create(self, body: JsonObject, query: Mapping[str, QueryValue]) -> str:
        """Create and start a job, and return its id.

        Raises `Uncertain` if the answer is missing. The query can give the id of the new job.
        """

        def read(answer: JsonObject) -> str:
            created = id_of(answer)
            if created is None:
                raise UnexpectedAnswer
            return created

        call = Call(method="POST", segments=self._jobs, query=query, body=body)
        return self.client.execute(call, read)

    def cancel(self, job_id: str) -> None:
        """Request the cancellation of a job."""
        call = Call(
            method="POST",
            segments=(*self._jobs, job_id),
            ending=":cancel",
            body={},
            repeatable=True,
            refused=REFUSED.for_run,
        )
        self.client.exchange(call, lambda _: None)

    def templates(self) -> Iterator[JsonObject]:
        """Yield the names and labels of all jobs."""
        return self._listed({"readMask": _SHOWN})

    def labelled(self, name: str, value: str) -> Iterator[JsonObject]:
        """Yield the jobs that have a label."""
        return self._listed({"filter": f'labels.{name}="{value}"'})

    def _listed(self, query: Mapping[str, QueryValue]) -> Iterator[JsonObject]:
        return listed(self.client, *self._jobs, key=self.collection, query={**ONE_PAGE, **query})

    @property
    def _jobs(self) -> tuple[str, ...]:
        return self.attributes.jobs(self.collection)


def id_of(job: JsonObject) -> str | None:
    """Return the last part of a job's resource name; None without a name."""
    name = job.get("name")
    return name.rpartition("/")[2] or None if isinstance(name, str) else None


def _job(answer: JsonObject) -> JsonObject:
    if id_of(answer) is None:
        raise UnexpectedAnswer
    return answer
