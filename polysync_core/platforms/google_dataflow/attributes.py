"""Defines the attributes of a Google Dataflow platform, such as the template folder."""

from __future__ import annotations

from polysync_core.platforms.google.attributes import GoogleAttributes, StoragePath


class DataflowAttributes(GoogleAttributes):
    """`attributes` of a Google Dataflow platform."""

    template_folder: StoragePath | None = None
    """The folder whose templates discovery finds; empty for the templates of Google."""

    def service_host(self) -> str:
        """Return the host of the Dataflow API."""
        return "dataflow.googleapis.com"

    @property
    def path(self) -> tuple[str, ...]:
        """The path of the region in the API."""
        return ("v1b3", *self.location)

    @property
    def folder(self) -> str:
        """The folder with the templates, with a slash at its end."""
        folder = self.template_folder or f"gs://dataflow-templates-{self.region}/latest"
        return f"{folder.rstrip('/')}/"

    def page(self, job_id: str) -> str:
        """Return the address of a job's page in Google's console."""
        return (
            f"https://console.cloud.google.com/dataflow/jobs/{self.region}/{job_id}"
            f"?project={self.project_id}"
        )
