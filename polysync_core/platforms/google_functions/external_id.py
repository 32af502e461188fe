"""Parses the resource names of Google Cloud functions, and checks function Jobs.

The form is `projects/<project>/locations/<region>/functions/<function>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.platforms.google.attributes import PROJECT, REGION
from polysync_core.platforms.google_functions.attributes import FUNCTION
from polysync_core.platforms.http_functions.parameters import check_placement

_NAME = re.compile(
    rf"projects/(?P<project>{PROJECT})/locations/(?P<region>{REGION})"
    rf"/functions/(?P<function>{FUNCTION})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionName:
    """The resource name of a function."""

    project: str
    region: str
    function: str

    @classmethod
    def parse(cls, text: str) -> FunctionName:
        """Return the name in a text; raise `Invalid`."""
        found = _NAME.fullmatch(text)
        if found is None:
            raise Invalid.at(
                "externalId",
                "must have the form projects/<project>/locations/<region>/functions/<name>",
            )
        return cls(**found.groupdict())

    @property
    def segments(self) -> tuple[str, ...]:
        """The path of the function in the Cloud Functions API."""
        location = ("v2", "projects", self.project, "locations", self.region)
        return (*location, "functions", self.function)

    @property
    def page(self) -> str:
        """The address of the function's page in Google's console."""
        return (
            "https://console.cloud.google.com/functions/details"
            f"/{self.region}/{self.function}?project={self.project}"
        )


def check_function_job(job: Job) -> list[Problem]:
    """Return the problems of a Job that runs a function."""
    problems = check_placement(job)
    try:
        FunctionName.parse(job.external_id)
    except Invalid as error:
        problems += error.problems
    return problems
