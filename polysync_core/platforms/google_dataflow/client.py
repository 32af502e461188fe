"""Calls the Dataflow API of one region to launch templates and manage jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.calls import Call, UnexpectedAnswer
from polysync_core.platforms.google.answers import ONE_PAGE, listed, page_of
from polysync_core.platforms.google_dataflow.attributes import DataflowAttributes
from polysync_core.platforms.google_dataflow.refusals import REFUSED, refused_for_template
from polysync_core.platforms.platform_client import PlatformClient

_MAX_MESSAGES = 1000


@dataclass(frozen=True, slots=True)
class DataflowClient:
    """Calls the Dataflow API for one region."""

    client: PlatformClient
    attributes: DataflowAttributes

    def check_access(self) -> str:
        """List one job, which needs a permission; return a sentence for people."""
        self.client.get(
            *self._jobs, query={"pageSize": 1}, read=lambda answer: page_of(answer, "jobs")
        )
        host, region = self.client.base.host, self.attributes.region
        return f"Reached {host}; the jobs of {region} can be listed."

    def launch(self, call: Call) -> str:
        """Launch a template by a prepared call, and return the id of the new job."""

        def read(answer: JsonObject) -> str:
            job_id = object_in(answer, "job").get("id")
            if not isinstance(job_id, str) or not job_id:
                raise UnexpectedAnswer
            return job_id

        return self.client.execute(call, read)

    def template(self, path: str) -> JsonObject:
        """Return the metadata of a template; raise `ArtefactNotFound` if it is missing."""
        call = Call(
            method="GET",
            segments=(*self.attributes.path, "templates"),
            ending=":get",
            query={"gcsPath": path, "view": "METADATA_ONLY"},
            repeatable=True,
            refused=refused_for_template,
        )
        return self.client.execute(call, lambda answer: answer)

    def job(self, job_id: str) -> JsonObject:
        """Return the summary of a job; raise `RunNotFound` if it is missing."""
        query = {"view": "JOB_VIEW_SUMMARY"}
        return self.client.get(*self._jobs, job_id, query=query, read=_job, refused=REFUSED.for_run)

    def pipeline_options(self, job_id: str) -> JsonObject:
        """Return the options of a job's pipeline, without the steps, which can be large."""
        query = {"view": "JOB_VIEW_ALL", "fields": "environment"}

        def read(answer: JsonObject) -> JsonObject:
            return object_in(object_in(answer, "environment"), "sdkPipelineOptions")

        return self.client.get(*self._jobs, job_id, query=query, read=read, refused=REFUSED.for_run)

    def jobs(self, name: str | None = None) -> Iterator[JsonObject]:
        """Yield the jobs of the region, newest first, or those with a name."""
        query = ONE_PAGE if name is None else {**ONE_PAGE, "name": name}
        return listed(self.client, *self._jobs, key="jobs", query=query)

    def errors(self, job_id: str) -> list[str]:
        """Return the texts of a job's error messages, oldest first."""
        query = {**ONE_PAGE, "minimumImportance": "JOB_MESSAGE_ERROR"}
        messages = listed(
            self.client,
            *self._jobs,
            job_id,
            "messages",
            key="jobMessages",
            query=query,
            refused=REFUSED.for_run,
        )
        texts = (each.get("messageText") for each in islice(messages, _MAX_MESSAGES))
        return [text for text in texts if isinstance(text, str) and text]

    def stop(self, job_id: str, state: str) -> None:
        """Request a final state for a job."""
        call = Call(
            method="PUT",
            segments=(*self._jobs, job_id),
            body={"requestedState": state},
            repeatable=True,
            refused=REFUSED.for_run,
        )
        self.client.exchange(call, lambda _: None)

    @property
    def _jobs(self) -> tuple[str, ...]:
        return (*self.attributes.path, "jobs")


def _job(answer: JsonObject) -> JsonObject:
    if not isinstance(answer.get("id"), str):
        raise UnexpectedAnswer
    return answer
