"""Writes the example files of `polysync init`, without replacing existing files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from polysync_core.cli.api.errors import BadDocument

SCHEMA = "polysync.schema.json"
_FILES: Mapping[str, str] = {
    "README.md": "README.md",
    ".gitignore": "gitignore",
    ".pre-commit-config.yaml": "pre-commit-config.yaml",
    ".github/workflows/definitions.yml": "github/workflows/definitions.yml",
    "polysync.yaml": "polysync.yaml",
    "definitions/connections.yaml": "definitions/connections.yaml",
    "definitions/sales.yaml": "definitions/sales.yaml",
}
"""The files of a project, and their names in the folder `files`, where no name is hidden."""


def create_project(folder: Path, schema: str) -> Sequence[Path]:
    """Write the files of a project, and return their paths.

    Raises:
        BadDocument: a file exists already, and nothing is written; or a file cannot be written.
    """
    source = files("polysync_core.cli.starter") / "files"
    content = {
        folder / name: source.joinpath(*stored.split("/")).read_text("utf-8")
        for name, stored in _FILES.items()
    }
    content[folder / SCHEMA] = schema
    present = [str(path) for path in content if path.exists()]
    if present:
        raise BadDocument(
            "Nothing is written, because files exist already: choose an empty folder.",
            details=present,
        )
    for path, text in content.items():
        _write(path, text)
    return [*content]


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The mode refuses a file that another program has created meanwhile.
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise BadDocument(f"{path}: {error.strerror}.") from error
