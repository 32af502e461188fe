"""Lists Dataflow templates by the names of files in a Cloud Storage folder.

The metadata of a classic template is a file beside it, whose name ends in `_metadata`. The
specification of a Flex template ends in `.json`, or is in a folder `flex` as those of Google are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.platforms.connector import Artefact
from polysync_core.platforms.google.answers import listed
from polysync_core.platforms.google_dataflow.refusals import STORAGE
from polysync_core.platforms.google_dataflow.settings import TEMPLATE
from polysync_core.platforms.platform_client import PlatformClient

_METADATA = "_metadata"
_QUERY = {"maxResults": 1000, "fields": "items(name),nextPageToken"}


@dataclass(frozen=True, slots=True)
class TemplateDiscovery:
    """Lists the files of a folder; `client` calls Cloud Storage."""

    client: PlatformClient
    folder: str
    """The folder, such as `gs://bucket/templates/`."""

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the templates of both kinds; a file with an unusable name has a problem."""
        wanted = (search or "").casefold()
        bucket, _, prefix = self.folder.removeprefix("gs://").partition("/")
        files = listed(
            self.client,
            *("storage", "v1", "b", bucket, "o"),
            key="items",
            query={**_QUERY, "prefix": prefix},
            refused=STORAGE,
        )
        for file in files:
            name = file.get("name")
            if not isinstance(name, str) or name.endswith(("/", _METADATA)):
                continue
            path = f"gs://{bucket}/{name}"
            shown = name.removeprefix(prefix)
            if wanted in shown.casefold():
                yield _artefact(path, shown)


def _artefact(path: str, shown: str) -> Artefact:
    is_flex = path.endswith(".json") or "/flex/" in path
    problem = "the path of the file cannot be an external id: rename the file"
    return Artefact(
        external_id=path,
        job_type=JobType.DATAFLOW_FLEX_TEMPLATE if is_flex else JobType.DATAFLOW_CLASSIC_TEMPLATE,
        name=shown,
        problem=None if TEMPLATE.fullmatch(path) else problem,
    )
