"""Definitions files: several YAML or JSON files become one document, and back.

They are read and written by the very code that the API reads and writes them with.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from polysync_core.cli.errors import BadDocument
from polysync_core.cli.json import JsonObject, JsonValue
from polysync_core.domain.errors import Refused
from polysync_core.domain.strict_documents import read_yaml, write_yaml

STDIN = "-"
_ENTRY = re.compile(r"^(?P<kind>\w+)\[(?P<index>\d+)\](?P<rest>.*)$", re.DOTALL)


@dataclass(slots=True)
class Document:
    """The definitions of all files together, and where each entry was written."""

    content: JsonObject = field(default_factory=dict[str, JsonValue])
    origins: dict[str, list[tuple[str, int]]] = field(
        default_factory=dict[str, list[tuple[str, int]]]
    )

    def add(self, source: str, part: JsonObject) -> None:
        """Append the lists of one file.

        Raises:
            BadDocument: what is not a list is given by two files.
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
        """Return the path as it is in the file that holds it, with the file's name before it."""
        match = _ENTRY.match(path)
        origins = self.origins.get(match["kind"], []) if match else []
        if match is None or int(match["index"]) >= len(origins):
            return path
        source, index = origins[int(match["index"])]
        return f"{source}: {match['kind']}[{index}]{match['rest']}"


def read_documents(sources: Sequence[str]) -> Document:
    """Read and join the files, standard input for `-`.

    Raises:
        BadDocument: a file is missing, not YAML, not an object, or nothing is in any of them.
    """
    document = Document()
    for source in sources:
        document.add(source, _parse(source, _read(source)))
    if not document.content:
        raise BadDocument(f"There are no definitions in {', '.join(sources)}.")
    return document


def to_yaml(content: JsonObject) -> str:
    """Return a document in the form in which people write it."""
    return write_yaml(content)


def to_json(content: JsonObject) -> str:
    """Return a document in the form in which programs write it."""
    return json.dumps(content, indent=2) + "\n"


def write_document(path: Path, text: str) -> None:
    """Write a file; the one that was there is replaced only once the new one is complete.

    Raises:
        BadDocument: the file cannot be written.
    """
    whole = path.with_name(f"{path.name}.new")
    try:
        whole.write_text(text, encoding="utf-8")
        whole.replace(path)
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
        raise BadDocument(f"{source}: {refusal}.") from refusal
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise BadDocument(f"{source}: a document is an object with the lists of definitions.")
    return content
