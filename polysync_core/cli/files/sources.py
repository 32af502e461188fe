"""Expands folders and glob patterns to definition files, and reads these files."""

from __future__ import annotations

import glob
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from polysync_core.cli.api.errors import BadDocument

STDIN = "-"
_EXTENSIONS = frozenset({".yaml", ".yml", ".json"})
_IGNORED_FOLDERS = frozenset({"node_modules", "__pycache__"})
_PATTERN = re.compile(r"[*?\[]")


def expanded(sources: Sequence[str]) -> list[str]:
    """Return the files that the arguments name, each of them once.

    A folder means the YAML and JSON files in it and below it, without hidden files and
    folders and without JSON Schemas. A pattern such as `jobs/*.yaml` means its matches.

    Raises:
        BadDocument: a folder or a pattern has no file.
    """
    found: dict[Path | str, str] = {}
    for source in sources:
        for name in _files_of(source):
            found.setdefault(name if name == STDIN else Path(name).resolve(), name)
    return [*found.values()]


def read_bytes(source: str) -> bytes:
    """Return the content of a file; `-` is standard input.

    Raises:
        BadDocument: the file cannot be read.
    """
    try:
        return sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
    except OSError as error:
        raise BadDocument(f"{source}: {error.strerror}.") from error


def _files_of(source: str) -> list[str]:
    path = Path(source)
    if path.is_dir():
        files = [str(each) for each in sorted(_below(path))]
        if not files:
            raise BadDocument(f"{source}: the folder has no YAML or JSON file.")
        return files
    if _PATTERN.search(source) and not path.exists():
        # Unlike `Path.glob`, this function takes absolute patterns and skips hidden files.
        matches = glob.glob(source, recursive=True)  # noqa: PTH207
        files = sorted(each for each in matches if Path(each).is_file())
        if not files:
            raise BadDocument(f"{source}: no file matches the pattern.")
        return files
    return [source]


def _below(folder: Path) -> Iterator[Path]:
    for each in folder.iterdir():
        if each.name.startswith("."):
            continue
        if each.is_dir():
            # A link to a folder could lead back to this one.
            if not each.is_symlink() and each.name not in _IGNORED_FOLDERS:
                yield from _below(each)
        elif each.suffix.lower() in _EXTENSIONS and not each.name.endswith(".schema.json"):
            yield each
