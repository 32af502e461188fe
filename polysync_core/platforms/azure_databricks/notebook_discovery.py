"""Lists the notebooks of a Databricks workspace and exports the text of a notebook."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure_databricks.notebook_source.included import included_path
from polysync_core.platforms.azure_databricks.notebook_source.paths import (
    is_below,
    normalised_path,
    path_problem,
)
from polysync_core.platforms.azure_databricks.refusals import (
    needing,
    refused_for_folder,
    refused_for_notebook,
)
from polysync_core.platforms.calls import AnswerTooLarge, UnexpectedAnswer
from polysync_core.platforms.connector import Artefact
from polysync_core.platforms.platform_client import PlatformClient

log = logging.getLogger(__name__)

DEEPEST_FOLDER = 32
_WORKSPACE_API = ("api", "2.0", "workspace")
_FOLDERS = frozenset({"DIRECTORY", "REPO"})
_NOTEBOOK = "NOTEBOOK"
_FORM_REFUSED = 400
"""The status for a form of export that a notebook does not have, or that is too large."""


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
    doubts: tuple[str, ...] = ()
    """The reasons why this form may lack widgets."""


@dataclass(frozen=True, slots=True)
class NotebookDiscovery:
    """Finds and exports the notebooks of one workspace."""

    client: PlatformClient

    def notebooks(self, root: str, *, search: str | None = None) -> Iterator[Artefact]:
        """Yield the notebooks below `root`, folder by folder.

        A folder that is not searched is an entry with its problem, also if its name does not
        contain `search`; `root` must be readable.
        """
        wanted = (search or "").casefold()
        folders = [(root, 0)]
        while folders:
            folder, depth = folders.pop()
            entries = self._list(folder) if depth == 0 else self._list_if_allowed(folder)
            if isinstance(entries, str):
                yield _unsearched(folder, entries)
                continue
            for entry in entries:
                problem = _entry_problem(entry, folder, depth)
                if entry.kind == _NOTEBOOK and wanted in entry.name.casefold():
                    yield _notebook(entry, problem)
                elif entry.kind in _FOLDERS and problem is not None:
                    yield _unsearched(entry.path, problem)
                elif entry.kind in _FOLDERS:
                    folders.append((entry.path, depth + 1))

    def check_access(self, path: str) -> None:
        """Read the entry of a folder, which needs a credential with access to it."""
        self.client.get(
            *_WORKSPACE_API,
            "get-status",
            query={"path": path},
            read=_kind_of_object,
            refused=refused_for_folder,
        )

    def export(self, path: str) -> ExportedNotebook:
        """Return a notebook in the Jupyter form, or as source if that is refused.

        Only the Jupyter form has the widgets that were made in the user interface.
        """
        reason = ""
        try:
            return self._export(path, "JUPYTER")
        except PlatformRefused as error:
            if error.status != _FORM_REFUSED or error.cause is FailureCause.SECRET:
                raise
            reason = str(error)
        except AnswerTooLarge as error:
            reason = str(error)
        return replace(
            self._export(path, "SOURCE"),
            doubts=(
                "widgets that were made in the user interface could not be read, because the"
                f" Jupyter form of the notebook was refused: {reason}",
            ),
        )

    def include(self, notebook: str, path: str) -> ExportedNotebook | str:
        """Return the notebook that a `%run` names, or the reason why it cannot be read."""
        absolute = included_path(notebook, path)
        if absolute is None:
            return "its path is not the path of a notebook"
        try:
            return self.export(absolute)
        except PlatformRefused as error:
            if error.cause is FailureCause.SECRET:
                raise
            return str(error)

    def _export(self, path: str, form: str) -> ExportedNotebook:
        return self.client.get(
            *_WORKSPACE_API,
            "export",
            query={"path": path, "format": form},
            read=_exported,
            refused=needing("Can Read on the notebook", refused_for_notebook),
        )

    def _list_if_allowed(self, folder: str) -> list[WorkspaceEntry] | str:
        """Return the entries of a folder, or the reason why it cannot be read."""
        try:
            return self._list(folder)
        except PlatformRefused as error:
            if error.cause is FailureCause.SECRET:
                raise
            log.warning(
                "A folder of the workspace is skipped.",
                extra={"action": "folder_skipped", "status": error.status},
            )
            return f"the folder cannot be read, so its notebooks are not listed: {error}"

    def _list(self, folder: str) -> list[WorkspaceEntry]:
        entries = self.client.get(
            *_WORKSPACE_API,
            "list",
            query={"path": folder},
            read=_entries_of,
            refused=refused_for_folder,
        )
        # A folder may list itself.
        return [each for each in entries if normalised_path(each.path) != normalised_path(folder)]


def _entry_problem(entry: WorkspaceEntry, folder: str, depth: int) -> str | None:
    """Return the problem of a notebook, or of a folder to search; else None."""
    if not is_below(entry.path, folder):
        # It could lead to a loop, or to a place that the platform's folder excludes.
        return f"its path is not below {folder}, whose list names it"
    if entry.kind == _NOTEBOOK:
        return path_problem(entry.path)
    if depth >= DEEPEST_FOLDER:
        return (
            f"the folder is more than {DEEPEST_FOLDER} levels deep, so its notebooks are not"
            " listed: set defaultNotebookPath of the platform to a folder nearer to it"
        )
    return None


def _notebook(entry: WorkspaceEntry, problem: str | None) -> Artefact:
    return Artefact(
        external_id=entry.path,
        job_type=JobType.DATABRICKS_NOTEBOOK,
        name=entry.name,
        problem=problem,
    )


def _unsearched(folder: str, problem: str) -> Artefact:
    return Artefact(
        external_id=folder,
        job_type=JobType.DATABRICKS_NOTEBOOK,
        name=folder.rpartition("/")[2],
        problem=problem,
        is_skipped=True,
    )


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
