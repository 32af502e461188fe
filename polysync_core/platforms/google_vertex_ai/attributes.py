"""Defines the attributes of a Vertex AI platform, with API and console addresses."""

from __future__ import annotations

from polysync_core.platforms.google.attributes import GoogleAttributes


class VertexAttributes(GoogleAttributes):
    """`attributes` of a Google Vertex AI platform."""

    def service_host(self) -> str:
        """Return the host of the region's API."""
        return f"{self.region}-aiplatform.googleapis.com"

    def jobs(self, collection: str) -> tuple[str, ...]:
        """Return the path of the jobs of one kind, such as `customJobs`."""
        return ("v1", *self.location, collection)

    def page(self, section: str, job_id: str) -> str:
        """Return the address of a job's page in Google's console."""
        return (
            f"https://console.cloud.google.com/vertex-ai/locations/{self.region}/{section}/{job_id}"
            f"?project={self.project_id}"
        )
