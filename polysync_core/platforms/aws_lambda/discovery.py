"""Lists the Lambda functions of a region, and reads a function's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.aws.answers import page_of, text_in
from polysync_core.platforms.aws_lambda.settings import MAX_SECONDS
from polysync_core.platforms.connector import Artefact, ArtefactSchema
from polysync_core.platforms.paging import Page, paged
from polysync_core.platforms.platform_client import PlatformClient

FUNCTIONS = ("2015-03-31", "functions")
"""The path of the functions; Lambda's API keeps the version of 2015."""

_PAGE_SIZE = 50
_UNDECLARED = "a function does not declare parameters: add them to the job"
_LONG = (
    f"the function may run for {{}} s, but Polysync waits for an answer at most"
    f" {MAX_SECONDS:.0f} s: set settings.invocationType to Event, or start the function by a"
    " state machine"
)


@dataclass(frozen=True, slots=True)
class LambdaDiscovery:
    """Finds the functions of one region."""

    client: PlatformClient

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the functions whose names contain a text."""
        wanted = (search or "").casefold()

        def fetch(marker: str | None) -> Page[JsonObject]:
            paging = {} if marker is None else {"Marker": marker}
            query = {"MaxItems": _PAGE_SIZE, **paging}
            return self.client.get(*FUNCTIONS, query=query, read=_page)

        for function in paged(fetch):
            name = text_in(function, "FunctionName")
            if name is not None and wanted in name.casefold():
                yield Artefact(
                    external_id=name,
                    job_type=JobType.AWS_LAMBDA_FUNCTION,
                    name=name,
                    description=text_in(function, "Description"),
                    schema=_schema(function),
                )

    def describe(self, function: str) -> ArtefactSchema:
        """Return the notes about a function, which declares no parameters."""
        return self.client.get(*FUNCTIONS, function, "configuration", read=_schema)

    def check_access(self) -> None:
        """List one function, to check the access."""
        self.client.get(*FUNCTIONS, query={"MaxItems": 1}, read=_page)


def _page(answer: JsonObject) -> Page[JsonObject]:
    return page_of(answer, "Functions", "NextMarker")


def _schema(function: JsonObject) -> ArtefactSchema:
    seconds = function.get("Timeout")
    is_long = isinstance(seconds, int) and seconds > MAX_SECONDS
    notes = (_LONG.format(seconds),) if is_long else ()
    return ArtefactSchema(parameters=(), notes=(_UNDECLARED, *notes))
