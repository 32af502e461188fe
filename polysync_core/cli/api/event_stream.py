"""Parses the server-sent events in an answer of the API.

Specification: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSentEvent:
    """One event of a stream."""

    name: str
    id: str | None
    data: str


def parse_events(chunks: Iterable[bytes]) -> Iterator[ServerSentEvent]:
    """Yield the complete events of a stream; an unfinished event at the end is dropped."""
    name, last_id, data = "", None, list[str]()
    for line in _lines(chunks):
        if not line:
            if data:
                yield ServerSentEvent(name=name or "message", id=last_id, data="\n".join(data))
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                name = value
            case "data":
                data.append(value)
            case "id" if "\0" not in value:
                last_id = value or None
            case _:
                # A comment (a keep-alive), `retry`, or a field of a later specification.
                continue


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    # Only the line ends of the format count. str.splitlines (and the iter_lines of an HTTP client)
    # would also split at U+2028, which JSON text may contain.
    rest, after_return = b"", False
    for chunk in chunks:
        if after_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]  # the second half of a CRLF that two chunks share
        after_return = chunk.endswith(b"\r") if chunk else False
        text = (rest + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = text.split(b"\n")
        for line in lines:
            yield line.decode("utf-8", errors="replace")
