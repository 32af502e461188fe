"""Mounts local folders as workspace folders, and lists and exports notebooks and files."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from simulators.databricks.errors import ApiError, does_not_exist, invalid_parameter
from simulators.databricks.notebooks.source import (
    JUPYTER,
    LANGUAGES,
    is_notebook,
    to_jupyter,
    to_source,
)

MAX_EXPORT_BYTES = 10 * 1024 * 1024
"""The limit of the export API."""
_NOTEBOOKS = (*LANGUAGES, ".R", JUPYTER)
_PYTHON = ".py"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceObject:
    """A folder, notebook or file; `file` is None for a folder above the mounts."""

    path: str
    type: str
    file: Path | None

    def as_json(self) -> dict[str, Any]:
        """Return the object in the form of `workspace/list` and `get-status`."""
        answer: dict[str, Any] = {
            "object_type": self.type,
            "path": self.path,
            "object_id": object_id(self.path),
            "resource_id": str(object_id(self.path)),
        }
        if self.type == "NOTEBOOK":
            suffix = _PYTHON if self.file is None else self.file.suffix.lower()
            answer["language"] = LANGUAGES.get(suffix, LANGUAGES[_PYTHON])
        if self.file is not None and self.type != "DIRECTORY":
            stat = self.file.stat()
            milliseconds = int(stat.st_mtime * 1000)
            answer |= {"created_at": milliseconds, "modified_at": milliseconds}
            if self.type == "FILE":
                answer["size"] = stat.st_size
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """An exported object."""

    content: bytes
    file_type: str
    file_name: str

    def as_json(self) -> dict[str, str]:
        """Return the answer to a request without `direct_download`."""
        return {
            "content": base64.b64encode(self.content).decode("ascii"),
            "file_type": self.file_type,
        }


class Workspace:
    """The mounted folders, addressed by workspace path."""

    def __init__(self, mounts: Mapping[str, Path]) -> None:
        cleaned = ((_clean(path), folder.resolve()) for path, folder in mounts.items())
        # Longest path first: a mount inside another mount has priority.
        self._mounts = dict(sorted(cleaned, key=lambda mount: -len(mount[0])))

    def find(self, path: str) -> WorkspaceObject:
        """Return the object at a path; raise `RESOURCE_DOES_NOT_EXIST`."""
        path = _clean(path)
        for mount, folder in self._mounts.items():
            if path == mount or path.startswith(mount.rstrip("/") + "/"):
                return self._find_below(path, folder / path.removeprefix(mount).lstrip("/"))
        if any(mount.startswith(path.rstrip("/") + "/") for mount in self._mounts):
            return WorkspaceObject(path=path, type="DIRECTORY", file=None)
        raise does_not_exist(f"Path ({path}) doesn't exist.")

    def _find_below(self, path: str, target: Path) -> WorkspaceObject:
        for candidate in (target, *(target.with_name(target.name + s) for s in _NOTEBOOKS)):
            found = _read_object(candidate)
            if found is not None and _workspace_name(candidate, found) == target.name:
                return WorkspaceObject(path=path, type=found, file=candidate)
        raise does_not_exist(f"Path ({path}) doesn't exist.")

    def list(self, path: str) -> list[WorkspaceObject]:
        """List a folder; for another object, return the object itself."""
        found = self.find(path)
        if found.type != "DIRECTORY":
            return [found]
        if found.file is None:
            return self._list_above_mounts(found.path)
        objects: list[WorkspaceObject] = []
        for entry in sorted(found.file.iterdir()):
            kind = _read_object(entry)
            if kind is not None and not entry.name.startswith((".", "__pycache__")):
                name = _workspace_name(entry, kind)
                below = f"{found.path.rstrip('/')}/{name}"
                objects.append(WorkspaceObject(path=below, type=kind, file=entry))
        return objects

    def _list_above_mounts(self, path: str) -> list[WorkspaceObject]:
        prefix = path.rstrip("/") + "/"
        inside = (mount.removeprefix(prefix) for mount in self._mounts if mount.startswith(prefix))
        return [self.find(prefix + name) for name in sorted({m.split("/")[0] for m in inside})]

    def notebook(self, path: str) -> Path | None:
        """Return the file of a notebook that the simulator executes, or None."""
        try:
            found = self.find(path)
        except ApiError:
            return None
        if found.type != "NOTEBOOK" or found.file is None or found.file.suffix != _PYTHON:
            return None
        return found.file

    def export(self, path: str, format_name: str) -> Export:
        """Export a notebook as `SOURCE`, `JUPYTER` or `AUTO`, or a file as `AUTO`."""
        found = self.find(path)
        if found.type == "DIRECTORY" or found.file is None:
            raise invalid_parameter(f"The simulator does not export folders ({path}).")
        if found.type == "FILE" and format_name != "AUTO":
            raise invalid_parameter(f"{path} is a file: it is exported in the format AUTO.")
        name = PurePosixPath(found.path).name
        content, is_jupyter = found.file.read_bytes(), found.file.suffix == JUPYTER
        match format_name:
            case "SOURCE" if is_jupyter:
                text, suffix = to_source(content.decode("utf-8"))
                kind = suffix.removeprefix(".")
                export = Export(content=text.encode(), file_type=kind, file_name=f"{name}{suffix}")
            case "JUPYTER" if is_jupyter:
                export = Export(content=content, file_type="ipynb", file_name=f"{name}.ipynb")
            case "SOURCE" | "AUTO":
                suffix = found.file.suffix.removeprefix(".").lower()
                export = Export(content=content, file_type=suffix, file_name=found.file.name)
            case "JUPYTER":
                text, suffix = content.decode("utf-8"), found.file.suffix
                notebook = to_jupyter(text, name=name, suffix=suffix)
                encoded = json.dumps(notebook).encode("utf-8")
                export = Export(content=encoded, file_type="ipynb", file_name=f"{name}.ipynb")
            case _:
                raise invalid_parameter(f"The simulator does not export as {format_name}.")
        if len(export.content) > MAX_EXPORT_BYTES:
            raise ApiError(400, "MAX_NOTEBOOK_SIZE_EXCEEDED", "The notebook exceeds 10 MB.")
        return export


def object_id(path: str) -> int:
    """Return a stable number for a path."""
    return int.from_bytes(hashlib.sha256(path.encode()).digest()[:6])


def _clean(path: str) -> str:
    if not path.startswith("/"):
        raise invalid_parameter(f"Path ({path}) should start with '/'")
    # `/Workspace` is another name of the root.
    parts = [part for part in path.split("/") if part]
    parts = parts[1:] if parts[:1] == ["Workspace"] else parts
    if any(part in {".", ".."} or not part.isprintable() for part in parts):
        raise invalid_parameter(f"Path ({path}) holds a part that is not allowed")
    return "/" + "/".join(parts)


def _read_object(entry: Path) -> str | None:
    if entry.is_dir():
        return "DIRECTORY"
    if not entry.is_file():
        return None
    if entry.suffix == JUPYTER:
        return "NOTEBOOK"
    if entry.suffix.lower() in LANGUAGES:
        with entry.open(encoding="utf-8", errors="replace") as file:
            if is_notebook(file.readline(), entry.suffix):
                return "NOTEBOOK"
    return "FILE"


def _workspace_name(entry: Path, kind: str) -> str:
    return entry.stem if kind == "NOTEBOOK" else entry.name
