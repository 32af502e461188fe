"""Parses server-sent events in responses of the API.

Specification: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSentEvent:
    """One event of a stream."""

    name: str
    id: str | None
    data: str


class EventParser:
    """Parses a stream in chunks of any size; an unfinished event at the end is dropped."""

    def __init__(self) -> None:
        self._name = ""
        self._last_id: str | None = None
        self._data: list[str] = []
        self._rest = b""
        self._after_return = False

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """Yield the events that a chunk completes."""
        for line in self._lines(chunk):
            event = self._add(line)
            if event is not None:
                yield event

    def _add(self, line: str) -> ServerSentEvent | None:
        """Add a line, and return the event that an empty line completes."""
        if not line:
            event = self._event() if self._data else None
            self._name, self._data = "", []
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                self._name = value
            case "data":
                self._data.append(value)
            case "id" if "\0" not in value:
                self._last_id = value or None
            case _:
                # A comment (a keep-alive), `retry`, or a field of a later specification.
                pass
        return None

    def _event(self) -> ServerSentEvent:
        data = "\n".join(self._data)
        return ServerSentEvent(name=self._name or "message", id=self._last_id, data=data)

    def _lines(self, chunk: bytes) -> Iterator[str]:
        # Only the line ends of the format count. str.splitlines (and the iter_lines of an HTTP
        # client) would also split at U+2028, which JSON text may contain.
        if self._after_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]  # the second half of a CRLF that two chunks share
        self._after_return = chunk.endswith(b"\r") if chunk else False
        text = (self._rest + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, self._rest = text.split(b"\n")
        for line in lines:
            yield line.decode("utf-8", errors="replace")
