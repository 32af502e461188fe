"""Reads the platform's own words in an answer, for people and for judgements.

An answer may be JSON, an HTML page of a gateway, or plain text. The words may quote the request, so
they never become part of an error's text.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.json_types import JsonValue
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.text import LONGEST_MESSAGE, for_people

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
_CODE_NAMES = ("error_code", "errorcode", "code", "status", "error")
"""Properties with a code, in lower case."""
_UNSEEN = frozenset({"script", "style", "head"})


def quote_answer(error: PolysyncError, answer: Answer) -> None:
    """Add the platform's message and the bounded body of its answer to an error."""
    error.platform_message = message_in(answer)
    error.platform_answer = answer.content[:_READ_BYTES].decode(errors="replace") or None


def message_in(answer: Answer) -> str | None:
    """Return the platform's message in an answer, bounded and on one line, or None."""
    value = answer.value()
    text = _page_of(answer).words if value is None else _message_in_json(value)
    return for_people(text, limit=LONGEST_PLATFORM_MESSAGE)


def refusal_in(answer: Answer, host: str) -> Refusal:
    """Return an answer in the form that judgements read."""
    value = answer.value()
    page = _page_of(answer) if value is None else _Page()
    words = f"{page.title} {page.text}" if value is None else " ".join(_words_in(value))
    return Refusal(
        status=answer.status,
        body=value if isinstance(value, dict) else {},
        host=host,
        headers=answer.headers,
        text=for_people(words, limit=LONGEST_MESSAGE) or "",
        title=page.title.strip(),
    )


def _words_in(value: JsonValue, depth: int = 0) -> Iterator[str]:
    """Yield the codes and messages of a JSON body, outermost first."""
    if isinstance(value, str):
        yield value
    elif depth > _DEEPEST:
        return
    elif isinstance(value, list):
        for each in value[:_DEEPEST]:
            yield from _words_in(each, depth + 1)
    elif isinstance(value, dict):
        found = {name.lower(): each for name, each in value.items()}
        for name in (*_CODE_NAMES, *_MESSAGE_NAMES):
            text = found.get(name)
            if isinstance(text, str):
                yield text
        for name in _HOLDER_NAMES:
            if not isinstance(found.get(name), str):
                yield from _words_in(found.get(name), depth + 1)


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

    @property
    def words(self) -> str:
        """The title, or the text of a page without a title."""
        return self.title.strip() or self.text


def _page_of(answer: Answer) -> _Page:
    """Return the page in an answer; a plain text is a page without a title."""
    page = _Page()
    content = answer.content[:_READ_BYTES]
    if b"\0" in content:
        return page
    text = content.decode(errors="replace")
    if text.lstrip().startswith("<"):
        page.feed(text)
        page.close()
    else:
        page.text = text
    return page
