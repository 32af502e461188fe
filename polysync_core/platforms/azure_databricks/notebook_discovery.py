"""Lists the notebooks of a workspace, and exports the text of one."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.azure_databricks.notebook_source.paths import is_below
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import Artefact
from polysync_core.platforms.platform_client import PlatformClient

log = logging.getLogger(__name__)

DEEPEST_FOLDER = 32
_WORKSPACE_API = ("api", "2.0", "workspace")
_FOLDERS = frozenset({"DIRECTORY", "REPO"})


@dataclass(frozen=True, slots=True)
class WorkspaceEntry:
    """An object in a folder of the workspace."""

    kind: str
    path: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class ExportedNotebook:
    """The text of a notebook and its format, such as `py` or `ipynb`."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class NotebookDiscovery:
    """Finds and exports the notebooks of one workspace."""

    client: PlatformClient

    def notebooks(self, root: str, *, search: str | None = None) -> Iterator[Artefact]:
        """Yield the notebooks below `root`, folder by folder.

        A subfolder that is missing or not readable is skipped; `root` must be readable.
        """
        wanted = (search or "").casefold()
        folders = [(root, 0)]
        while folders:
            folder, depth = folders.pop()
            entries = self._list(folder) if depth == 0 else self._list_if_allowed(folder)
            for entry in entries:
                if entry.kind in _FOLDERS and depth < DEEPEST_FOLDER:
                    folders.append((entry.path, depth + 1))
                elif entry.kind == "NOTEBOOK" and wanted in entry.name.casefold():
                    yield Artefact(
                        external_id=entry.path,
                        job_type=JobType.DATABRICKS_NOTEBOOK,
                        name=entry.name,
                    )

    def check_access(self, path: str) -> None:
        """Read the entry of a folder, which needs a credential with access to it."""
        self.client.get(*_WORKSPACE_API, "get-status", query={"path": path}, read=_kind_of_object)

    def export(self, path: str) -> ExportedNotebook:
        """Return a notebook as source text, or as Jupyter if it has no source form."""
        refusal: PlatformRefused | None = None
        try:
            return self._export(path, "SOURCE")
        except PlatformRefused as error:
            refusal = error
        if refusal.status != 400 or refusal.cause is FailureCause.SECRET:
            raise refusal
        return self._export(path, "JUPYTER")

    def jupyter_form(self, path: str) -> ExportedNotebook | None:
        """Return a notebook with its metadata, or None if the workspace refuses this form."""
        try:
            return self._export(path, "JUPYTER")
        except PlatformRefused as error:
            if error.cause is FailureCause.SECRET:
                raise
            return None

    def _export(self, path: str, form: str) -> ExportedNotebook:
        return self.client.get(
            *_WORKSPACE_API, "export", query={"path": path, "format": form}, read=_exported
        )

    def _list_if_allowed(self, folder: str) -> list[WorkspaceEntry]:
        try:
            return self._list(folder)
        except PlatformRefused as error:
            if error.cause is FailureCause.SECRET:
                raise
            log.warning(
                "A folder of the workspace is skipped.",
                extra={"action": "folder_skipped", "status": error.status},
            )
            return []

    def _list(self, folder: str) -> list[WorkspaceEntry]:
        entries = self.client.get(*_WORKSPACE_API, "list", query={"path": folder}, read=_entries_of)
        # An entry outside the folder could lead to a loop.
        return [entry for entry in entries if is_below(entry.path, folder)]


def _entries_of(answer: JsonObject) -> list[WorkspaceEntry]:
    # The answer for an empty folder is an empty object.
    objects = answer.get("objects", [])
    if not isinstance(objects, list):
        raise UnexpectedAnswer
    entries: list[WorkspaceEntry] = []
    for item in objects:
        if not isinstance(item, dict):
            raise UnexpectedAnswer
        kind, path = item.get("object_type"), item.get("path")
        if isinstance(kind, str) and isinstance(path, str):
            entries.append(WorkspaceEntry(kind.upper(), path))
    return entries


def _kind_of_object(answer: JsonObject) -> str:
    kind = answer.get("object_type")
    if not isinstance(kind, str):
        raise UnexpectedAnswer
    return kind


def _exported(answer: JsonObject) -> ExportedNotebook:
    content, kind = answer.get("content"), answer.get("file_type")
    if not isinstance(content, str):
        raise UnexpectedAnswer
    try:
        text = base64.b64decode(content, validate=True).decode("utf-8-sig")
    except (binascii.Error, UnicodeDecodeError):
        text = None
    if text is None:
        raise UnexpectedAnswer
    return ExportedNotebook(text, kind.lower() if isinstance(kind, str) else "")
