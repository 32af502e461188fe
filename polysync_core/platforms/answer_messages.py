"""Reads the platform's own message in an answer, for people.

An answer may be JSON, an HTML page of a gateway, or plain text. The message may quote the request,
so it never becomes part of an error's text.
"""

from __future__ import annotations

from html.parser import HTMLParser

from polysync_core.domain.json_types import JsonValue
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.text import for_people

LONGEST_PLATFORM_MESSAGE = 500

_READ_BYTES = 64 * 1024
_DEEPEST = 4
_MESSAGE_NAMES = (
    "message",
    "error_description",
    "errormessage",
    "exceptionmessage",
    "detail",
    "details",
    "reason",
    "title",
)
"""Properties with a message, in lower case, in order of preference."""
_HOLDER_NAMES = ("error", "errors", "innererror")
"""Properties with an object that holds the message."""
_UNSEEN = frozenset({"script", "style", "head"})


def message_in(answer: Answer) -> str | None:
    """Return the platform's message in an answer, bounded and on one line, or None."""
    value = answer.value()
    text = _text_of(answer) if value is None else _message_in_json(value)
    return for_people(text, limit=LONGEST_PLATFORM_MESSAGE)


def _message_in_json(value: JsonValue, depth: int = 0) -> str | None:
    match value:
        case str():
            return value
        case list():
            value = next((each for each in value if isinstance(each, dict | str)), None)
            return _message_in_json(value, depth + 1) if depth < _DEEPEST else None
        case dict():
            return _message_in_object(value, depth)
        case _:
            return None


def _message_in_object(value: dict[str, JsonValue], depth: int) -> str | None:
    found = {name.lower(): each for name, each in value.items()}
    for name in _MESSAGE_NAMES:
        text = found.get(name)
        if isinstance(text, str) and text.strip():
            return text
    if depth == _DEEPEST:
        return None
    inner = (_message_in_json(found.get(name), depth + 1) for name in _HOLDER_NAMES)
    return next((text for text in inner if text), None)


def _text_of(answer: Answer) -> str | None:
    """Return the title or text of a page, or a plain text."""
    content = answer.content[:_READ_BYTES]
    if b"\0" in content:
        return None
    text = content.decode(errors="replace")
    if not text.lstrip().startswith("<"):
        return text
    page = _Page()
    page.feed(text)
    page.close()
    return page.title.strip() or page.text


class _Page(HTMLParser):
    """Collects the title and the visible text of an HTML page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.text = ""
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title" or tag in _UNSEEN:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[self._open.index(tag) :]

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title":
            self.title += data
        elif not self._open:
            self.text += f" {data}"
