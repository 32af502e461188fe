"""Reads and joins documents, and writes them as YAML or JSON.

The API reads and writes documents with the same functions.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from polysync_core.cli.api.errors import BadDocument
from polysync_core.domain.errors import Refused
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.strict_documents import read_yaml, write_yaml

STDIN = "-"
_POSITION = re.compile(r"line (\d+), column (\d+)")
_ENTRY = re.compile(r"^(?P<kind>\w+)\[(?P<index>\d+)\](?P<rest>.*)$", re.DOTALL)


@dataclass(slots=True)
class JoinedDocument:
    """The definitions of all files, with the origin of each entry."""

    content: JsonObject = field(default_factory=dict[str, JsonValue])
    origins: dict[str, list[tuple[str, int]]] = field(
        default_factory=dict[str, list[tuple[str, int]]]
    )

    def add(self, source: str, part: JsonObject) -> None:
        """Append the lists of one file.

        Raises:
            BadDocument: two files have the same key, and its value is not a list.
        """
        for kind, entries in part.items():
            present = self.content.get(kind)
            if isinstance(entries, list) and (present is None or isinstance(present, list)):
                self.content[kind] = [*(present or []), *entries]
                self.origins.setdefault(kind, []).extend((source, i) for i in range(len(entries)))
            elif present is None:
                self.content[kind] = entries
            else:
                raise BadDocument(f"{source}: {kind} is not a list.")

    def locate(self, path: str) -> str:
        """Return the path within the file that holds the entry, after the file's name."""
        match = _ENTRY.match(path)
        origins = self.origins.get(match["kind"], []) if match else []
        if match is None or int(match["index"]) >= len(origins):
            return path
        source, index = origins[int(match["index"])]
        return f"{source}: {match['kind']}[{index}]{match['rest']}"


def read_documents(sources: Sequence[str]) -> JoinedDocument:
    """Read and join the files; `-` is standard input.

    Raises:
        BadDocument: a file is missing, not YAML or not an object, or all files are empty.
    """
    document = JoinedDocument()
    for source in sources:
        document.add(source, _parse(source, _read(source)))
    if not document.content:
        raise BadDocument(f"{', '.join(sources)}: no definitions found.")
    return document


def to_yaml(content: JsonObject) -> str:
    """Return a document as YAML, for people."""
    return write_yaml(content)


def to_json(content: JsonObject) -> str:
    """Return a document as JSON, for programs."""
    return json.dumps(content, indent=2) + "\n"


def write_document(path: Path, text: str) -> None:
    """Write a file; an existing file is replaced only when the new one is complete.

    Raises:
        BadDocument: the file cannot be written.
    """
    temporary = path.with_name(f"{path.name}.new")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise BadDocument(f"{path}: {error.strerror}.") from error


def _read(source: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if source == STDIN else Path(source).read_bytes()
    except OSError as error:
        raise BadDocument(f"{source}: {error.strerror}.") from error


def _parse(source: str, data: bytes) -> JsonObject:
    try:
        content = read_yaml(data)
    except Refused as refusal:
        raise BadDocument(
            f"{source}: {refusal}.", details=_excerpt(str(refusal), data)
        ) from refusal
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise BadDocument(f"{source}: a document must be an object with lists of definitions.")
    return content


def _excerpt(message: str, data: bytes) -> list[str]:
    """Return the line that an error names, with a caret below its column."""
    found = _POSITION.search(message)
    lines = data.decode("utf-8", errors="replace").splitlines()
    if found is None or not 0 < int(found[1]) <= len(lines):
        return []
    return [lines[int(found[1]) - 1].replace("\t", "→"), " " * (int(found[2]) - 1) + "^"]
