"""Reads, merges and writes YAML and JSON documents of definitions.

The API reads and writes documents with the same functions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from polysync_core.cli.api.errors import BadDocument
from polysync_core.cli.files.locations import EntryPath, Location, title_of
from polysync_core.cli.files.python_files import evaluated, is_python
from polysync_core.cli.files.sources import STDIN, expanded, read_bytes
from polysync_core.domain.errors import Refused
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.strict_documents import read_yaml, write_yaml
from polysync_core.domain.text_positions import TextPosition, positions_of

PLAN_MARK = "polysyncPlan"
"""The key by which a saved plan is known; a folder of definitions may contain such files."""
_POSITION = re.compile(r"line (\d+), column (\d+)")


@dataclass(slots=True)
class JoinedDocument:
    """The definitions of all files, with the origin of each entry."""

    content: JsonObject = field(default_factory=dict[str, JsonValue])
    unreadable: list[BadDocument] = field(default_factory=list[BadDocument])
    """The errors of the files that could not be read."""
    _origins: dict[str, list[tuple[str, int]]] = field(
        default_factory=dict[str, list[tuple[str, int]]]
    )
    """The file of each entry, and its index there."""
    _files: dict[str, str] = field(default_factory=dict[str, str])
    """The text of each file."""
    _keys: dict[str, str] = field(default_factory=dict[str, str])
    """The first file with each list."""

    def add(self, source: str, part: JsonObject, text: str = "") -> None:
        """Append the lists of one file.

        Raises:
            BadDocument: two files have the same key, and its value is not a list.
        """
        self._files[source] = text
        for kind, entries in part.items():
            self._keys.setdefault(kind, source)
            present = self.content.get(kind)
            if isinstance(entries, list) and (present is None or isinstance(present, list)):
                self.content[kind] = [*(present or []), *entries]
                self._origins.setdefault(kind, []).extend((source, i) for i in range(len(entries)))
            elif present is None:
                self.content[kind] = entries
            else:
                raise BadDocument(f"{source}: {kind} is not a list.")

    @property
    def files(self) -> Sequence[str]:
        """The names of the files that could be read."""
        return [*self._files]

    def locations(self, paths: Sequence[str]) -> Mapping[str, Location]:
        """Return the place of each path in the file that holds its entry."""
        origins = {path: self._origin(path) for path in paths}
        found: dict[tuple[str, str], TextPosition] = {}
        for source in {file for file, _ in origins.values() if file is not None}:
            inner = {each for file, each in origins.values() if file == source}
            positions = positions_of(self._files[source], inner)
            found |= {(source, each): position for each, position in positions.items()}
        return {
            path: self._location(path, file, found.get((file or "", inner)))
            for path, (file, inner) in origins.items()
        }

    def _origin(self, path: str) -> tuple[str | None, str]:
        """Return the file that a path leads to, and the path in that file."""
        entry = EntryPath.of(path)
        origins = self._origins.get(entry.kind, []) if entry else []
        if entry is None or entry.index >= len(origins):
            return self._keys.get(re.split(r"[.\[]", path)[0]), path
        source, index = origins[entry.index]
        return source, entry.in_file(index)

    def _location(self, path: str, file: str | None, position: TextPosition | None) -> Location:
        entry = EntryPath.of(path)
        if entry is None:
            return Location(file=file, position=position, object=None, field=path)
        title = title_of(entry.kind, entry.index, self.content)
        return Location(file=file, position=position, object=title, field=entry.field)


def read_documents(sources: Sequence[str], *, without: Sequence[str] = ()) -> JoinedDocument:
    """Read and join files, folders and patterns; `-` is standard input.

    Raises:
        BadDocument: a file is missing, not YAML or not an object, or all files are empty.
    """
    document = join_documents(sources, without=without)
    match document.unreadable:
        case []:
            pass
        case [only]:
            raise only
        case several:
            details = [line for each in several for line in (str(each), *each.details)]
            raise BadDocument(f"{len(several)} files cannot be read.", details=details)
    if not document.content:
        raise BadDocument(f"{', '.join(sources)}: no definitions found.")
    return document


def join_documents(sources: Sequence[str], *, without: Sequence[str] = ()) -> JoinedDocument:
    """Read and join files, and collect the errors of those that cannot be read.

    The files of `without`, such as files of values, are left out of folders and patterns.
    """
    document = JoinedDocument()
    left_out = {Path(each).resolve() for each in without}
    for source in _each(sources, document):
        if source != STDIN and Path(source).resolve() in left_out:
            continue
        try:
            is_program = is_python(source)
            data = evaluated(source) if is_program else read_bytes(source)
            part = parse_object(source, data)
            if PLAN_MARK not in part:
                # A line of the evaluated document is no line of the program.
                text = "" if is_program else data.decode("utf-8-sig", "replace")
                document.add(source, part, text)
            elif source in sources:
                document.unreadable.append(_not_alone(source))
        except BadDocument as error:
            document.unreadable.append(error)
    return document


def _not_alone(plan: str) -> BadDocument:
    return BadDocument(f"{plan}: a saved plan is applied alone, without other files.")


def _each(sources: Sequence[str], document: JoinedDocument) -> Iterator[str]:
    files: list[str] = []
    for source in sources:
        try:
            files += expanded([source])
        except BadDocument as error:
            document.unreadable.append(error)
    yield from expanded(files)


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


def parse_object(source: str, data: bytes) -> JsonObject:
    """Return the object of a YAML or JSON text; an empty text is an empty object.

    Raises:
        BadDocument: the text is neither, or it is no object.
    """
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
