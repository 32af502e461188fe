"""Extracts the error message from a platform's JSON, HTML or text response.

An answer may be JSON, an HTML page of a gateway, or plain text. The words may quote the request, so
they never become part of an error's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.json_types import JsonValue
from polysync_core.outbound.http_exchange import Answer
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.text import LONGEST_MESSAGE, shortened_line

LONGEST_PLATFORM_MESSAGE = 500

_READ_BYTES = 64 * 1024
_DEEPEST = 4
_MESSAGE_NAMES = (
    # Data Explorer has a general text in `message` and the reason in `@message`.
    "@message",
    "message",
    "user_message",
    "error_description",
    "errormessage",
    "exceptionmessage",
    "detail",
    "details",
    "reason",
    "title",
)
"""Properties with a message, in lower case, in order of preference."""
_HOLDER_NAMES = ("error", "errors", "innererror", "status")
"""Properties with an object that holds the message."""
_CODE_NAMES = ("error_code", "errorcode", "code", "status", "error")
"""Properties with a code, in lower case."""
_PART = re.compile(r"<[^<>]*>|[^<]+|<")
_TAG = re.compile(r"<\s*+(?P<end>/?)\s*+(?P<name>[A-Za-z][A-Za-z0-9]*+)?[^<>]*+>")
_SET_APART = frozenset({"script", "style", "title"})
"""Elements whose content is not part of the visible text."""


def quote_answer(error: PolysyncError, answer: Answer) -> None:
    """Add the platform's message and the bounded body of its answer to an error."""
    error.platform_message = message_in(answer)
    error.platform_answer = answer.content[:_READ_BYTES].decode(errors="replace") or None


def message_in(answer: Answer) -> str | None:
    """Return the platform's message in an answer, bounded and on one line, or None."""
    value = answer.value()
    text = _page_of(answer).words if value is None else _message_in_json(value)
    return shortened_line(text, limit=LONGEST_PLATFORM_MESSAGE)


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
        text=shortened_line(words, limit=LONGEST_MESSAGE) or "",
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
            text = _plain(found.get(name))
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
        text = _plain(found.get(name))
        if isinstance(text, str) and text.strip():
            return text
    if depth == _DEEPEST:
        return None
    inner = (_message_in_json(found.get(name), depth + 1) for name in _HOLDER_NAMES)
    return next((text for text in inner if text), None)


def _plain(value: JsonValue) -> JsonValue:
    """Return the text of `{"lang": "en-US", "value": "…"}`; any other value as it is."""
    return value.get("value") if isinstance(value, dict) and "lang" in value else value


@dataclass(frozen=True, slots=True)
class _Page:
    """The title and the visible text of a page."""

    title: str = ""
    text: str = ""

    @property
    def words(self) -> str:
        """The title, or the text of a page without a title."""
        return self.title.strip() or self.text

    @classmethod
    def of(cls, html: str) -> _Page:
        """Return the page in an HTML text.

        The search is linear in the length of any text, which Python's own parser is not.
        """
        title, text = "", ""
        within: str | None = None
        for part in _PART.findall(html):
            tag = _TAG.match(part)
            if tag is None:
                title += part if within == "title" else ""
                text += part if within is None else ""
            elif within is None:
                name = (tag["name"] or "").lower()
                within = name if name in _SET_APART and not tag["end"] else None
                text += " "
            elif tag["end"] and (tag["name"] or "").lower() == within:
                within = None
        return cls(unescape(title), unescape(text))


def _page_of(answer: Answer) -> _Page:
    """Return the page in an answer; a plain text is a page without a title."""
    content = answer.content[:_READ_BYTES]
    if b"\0" in content:
        return _Page()
    text = content.decode(errors="replace")
    return _Page.of(text) if text.lstrip().startswith("<") else _Page(text=text)
