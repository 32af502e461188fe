"""Finds known secrets in texts, links and JSON values, and replaces them with a marker.

A secret is found in these forms, in any letter case:

- as it is, reversed, and cut off at the end of a text (from 8 characters);
- as base64 (standard and URL alphabet, every alignment, with and without padding) and as hex, of
  its bytes in UTF-8 and UTF-16;
- with any of its characters escaped for a URL, for JSON or for HTML, up to three times in a row;
- with spaces, line breaks or punctuation in between, if it has 10 letters and digits.

The texts and links of a platform also lose what proves a right by itself: the password of a URL,
and query parameters such as `sig`, `code` or `token`.

A secret of fewer than `MIN_LENGTH` characters would be found by chance. It is found only where one
of its forms is the whole text. A secret that was encrypted, hashed or compressed is not found.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import Secret

MARKER = "(holds a secret)"
"""The text that replaces a secret."""
MIN_LENGTH = 6
"""The length from which a secret within a longer text is not a coincidence."""
MAX_DEPTH = 100
"""The levels of a JSON value in which secrets are replaced."""
_MIN_SPACED = 10
"""The number of letters and digits from which characters in between are ignored."""
_MIN_CUT = 8
"""The shortest beginning of a secret that is replaced at the end of a text."""
_MAX_ESCAPES = 3
"""The number of escapes in a row that are undone."""

_ESCAPED = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+"
    r"|(?:\\u[0-9A-Fa-f]{4})+"
    r"|(?:\\x[0-9A-Fa-f]{2})+"
    r"|\\[\"'\\/bfnrt]"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
)
_LINK = re.compile(r"https?://[^\s@\\]*\Z")
_URL_PASSWORD = re.compile(r"://[^\s/@]{1,500}@")
_RIGHT = (
    r"(?:[a-z0-9_.-]{0,40}(?:token|secret|signature|password|apikey|accesskey)"
    r"|(?:[a-z0-9]{1,40}[_.-]){0,4}(?:sig|code|key|pwd|sas|auth|credential))"
)
"""The names of query parameters that prove a right."""
_RIGHT_NAME = re.compile(_RIGHT, re.IGNORECASE)
_URL_CREDENTIAL = re.compile(
    rf"((?:[?&;#]|%3f|%26|%23){_RIGHT}(?:=|%3d))(?!{re.escape(MARKER)})(?:(?!%26)[^\s&#\"'<>])+",
    re.IGNORECASE,
)
_TRIGGER = re.compile(r"/triggers/|%2ftriggers%2f", re.IGNORECASE)
_TRIGGER_SIGNATURE = re.compile(r"(?:[?&]|^)sig(?:=|$\n)\S{10}", re.IGNORECASE | re.MULTILINE)
_BETWEEN = re.compile(r"[\W_]+")
_BASE64_END = re.compile(r"[A-Za-z0-9+/_-]?={0,2}")
_ASCII_UPPER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_CONTROLS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}

type _Span = tuple[int, int]


class Redactor:
    """Removes the secrets of one run or platform, in a time linear in the text."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        values = {secret.reveal().strip() for secret in secrets} - {""}
        long = [each for each in values if len(each) >= MIN_LENGTH]
        self._short = frozenset(
            form for each in values.difference(long) for form in _whole_forms(each)
        )
        self._plain = _longest_first(form for each in long for form in _plain_forms(each))
        self._base64 = _longest_first(form for each in long for form in _base64_forms(each))
        spaced = (_BETWEEN.sub("", each) for each in (*self._plain, *self._base64))
        self._spaced = _longest_first(each for each in spaced if len(each) >= _MIN_SPACED)

    def redact(self, text: str) -> str:
        """Return the text with `MARKER` in place of every secret."""
        if self._is_short_secret(text):
            return MARKER
        shown: list[str] = []
        at = 0
        for start, end in _merged([*self._found(text), *self._cut_off(text)]):
            shown += [text[at:start], MARKER]
            at = end
        return "".join([*shown, text[at:]])

    def clean(self, text: str) -> str:
        """Return a platform's text without secrets and without the credentials of URLs."""
        text = _URL_PASSWORD.sub(rf"://{MARKER}@", text)
        return self.redact(_URL_CREDENTIAL.sub(rf"\1{MARKER}", text))

    def clean_link(self, link: str) -> str | None:
        """Return a platform's link without credentials; None if it holds a secret."""
        if _LINK.match(link) is None or self.holds(link):
            return None
        page, mark, fragment = link.partition("#")
        if _URL_CREDENTIAL.search(f"#{fragment}") is not None:
            mark = fragment = ""
        return _without_credentials(page) + mark + fragment

    def clean_json(self, value: JsonValue, depth: int = MAX_DEPTH) -> JsonValue:
        """Return a JSON value with `MARKER` for every secret and too deep part."""
        if depth == 0:
            return MARKER
        match value:
            case dict():
                pairs = value.items()
                return {self.redact(name): self.clean_json(each, depth - 1) for name, each in pairs}
            case list():
                return [self.clean_json(each, depth - 1) for each in value]
            case str():
                return self.redact(value)
            case _:
                return MARKER if self.holds(value) else value

    def holds(self, value: JsonValue) -> bool:
        """Return whether a JSON value holds a secret, also in a key or in parts."""
        texts = texts_in(value)
        if any(self._is_short_secret(text) for text in texts):
            return True
        return next(self._found("\n".join(texts)), None) is not None

    def _is_short_secret(self, text: str) -> bool:
        return bool(self._short) and _folded(text.strip()) in self._short

    def _found(self, text: str) -> Iterator[_Span]:
        """Yield the place of every secret, with overlaps."""
        if not self._plain:
            return
        for view in _views(text):
            folded = _folded(view.text)
            for form in self._plain:
                for at in _places(form, folded):
                    yield view.span(at, at + len(form))
            for form in self._base64:
                for at in _places(form, folded):
                    yield view.span(*_whole_base64(folded, at, at + len(form)))
            spaced = _rewritten(view, _BETWEEN, lambda _: "")
            folded = _folded(spaced.text)
            for form in self._spaced:
                for at in _places(form, folded):
                    yield spaced.span(at, at + len(form))

    def _cut_off(self, text: str) -> Iterator[_Span]:
        """Yield the place of a secret that the end of the text cut off."""
        folded = _folded(text).rstrip(".…")
        end = len(folded)
        for form in (*self._plain, *self._base64):
            for at in _places(form[:_MIN_CUT], folded, max(0, end - len(form))):
                if form.startswith(folded[at:]):
                    yield at, end
                    break


@dataclass(frozen=True, slots=True)
class _View:
    """A rewritten text with the original place of each character."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> _Span:
        """Return the place of a part in the original text."""
        return self.starts[start], self.ends[end - 1]


def is_credential_parameter(name: str) -> bool:
    """Return whether a query parameter of this name is a credential."""
    return _RIGHT_NAME.fullmatch(name) is not None


def quotes_trigger(value: JsonValue) -> bool:
    """Return whether a JSON value holds the signed address of a workflow's trigger."""
    for view in _views("\n".join(texts_in(value))):
        if _TRIGGER.search(view.text) and _TRIGGER_SIGNATURE.search(view.text):
            return True
    return False


def _without_credentials(page: str) -> str:
    """Return a URL without the query parameters that prove a right."""
    path, _, query = page.partition("?")
    kept = [
        each for each in query.split("&") if not is_credential_parameter(each.partition("=")[0])
    ]
    return path + ("?" if any(kept) else "") + "&".join(kept)


def _views(text: str) -> Iterator[_View]:
    """Yield the text as it is, and after each escape that can be undone."""
    view = _View(text, range(len(text)), range(1, len(text) + 1))
    yield view
    for _ in range(_MAX_ESCAPES):
        if _ESCAPED.search(view.text) is None:
            return
        view = _rewritten(view, _ESCAPED, _unescaped)
        yield view


def _rewritten(view: _View, pattern: re.Pattern[str], rewrite: Callable[[str], str]) -> _View:
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for found in pattern.finditer(view.text):
        start, end = found.span()
        new = rewrite(found[0])
        texts += [view.text[at:start], new]
        starts += [*view.starts[at:start], *[view.starts[start]] * len(new)]
        ends += [*view.ends[at:start], *[view.ends[end - 1]] * len(new)]
        at = end
    return _View(
        "".join([*texts, view.text[at:]]),
        [*starts, *view.starts[at:]],
        [*ends, *view.ends[at:]],
    )


def _unescaped(part: str) -> str:
    if part.startswith("%"):
        return unquote(part, errors="replace")
    if part.startswith("&"):
        return html.unescape(part)
    if part.startswith("\\u"):
        return bytes.fromhex(part.replace("\\u", "")).decode("utf-16-be", errors="replace")
    if part.startswith("\\x"):
        return _text_of(bytes.fromhex(part.replace("\\x", "")))
    return _CONTROLS.get(part[1], part[1])


def _text_of(data: bytes) -> str:
    """Return bytes as text: UTF-8 as Python shows it, or Latin-1 as JavaScript shows it."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _plain_forms(secret: str) -> Iterator[str]:
    """Yield the forms whose beginning and end are exact."""
    text = secret
    for _ in range(_MAX_ESCAPES):
        yield text
        yield text[::-1]
        yield text.replace(" ", "+")
        # A view undoes the escapes that belong to the secret itself as well.
        text = _ESCAPED.sub(lambda found: _unescaped(found[0]), text)
    for data in _bytes_of(secret):
        yield data.hex()


def _base64_forms(secret: str) -> Iterator[str]:
    """Yield the characters that do not depend on the bytes before and after the secret."""
    for data in _bytes_of(secret):
        for before in range(3):
            encoded = base64.b64encode(b"\0" * before + data).decode()
            core = encoded[-(-8 * before // 6) : 8 * (before + len(data)) // 6]
            yield core
            yield core.replace("+", "-").replace("/", "_")


def _whole_forms(secret: str) -> Iterator[str]:
    """Yield the forms of a short secret that may be a whole text."""
    yield from map(_folded, _plain_forms(secret))
    for data in _bytes_of(secret):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = _folded(encode(data).decode())
            yield encoded
            yield encoded.rstrip("=")


def _bytes_of(secret: str) -> tuple[bytes, ...]:
    return tuple(secret.encode(each, errors="replace") for each in ("utf-8", "utf-16-le"))


def _longest_first(forms: Iterable[str]) -> tuple[str, ...]:
    different = {_folded(form) for form in forms if len(form) >= MIN_LENGTH}
    return tuple(sorted(different, key=lambda form: (-len(form), form)))


def _folded(text: str) -> str:
    """Return the text with small ASCII letters; its length does not change."""
    return text.lower() if text.isascii() else text.translate(_ASCII_UPPER)


def _places(form: str, text: str, start: int = 0) -> Iterator[int]:
    at = text.find(form, start)
    while at >= 0:
        yield at
        at = text.find(form, at + len(form))


def _whole_base64(text: str, start: int, end: int) -> _Span:
    """Extend a match by the characters at its edges and the padding."""
    if start and (text[start - 1].isalnum() or text[start - 1] in "+/-_"):
        start -= 1
    found = _BASE64_END.match(text, end)
    return start, found.end() if found is not None else end


def _merged(spans: Iterable[_Span]) -> Iterator[_Span]:
    """Yield the spans in order; overlapping and adjacent spans are merged."""
    last: _Span | None = None
    for start, end in sorted(spans):
        if last is None:
            last = start, end
        elif start <= last[1]:
            last = last[0], max(last[1], end)
        else:
            yield last
            last = start, end
    if last is not None:
        yield last


def texts_in(value: JsonValue) -> list[str]:
    """Return the keys and values of a JSON value as texts, in their order."""
    texts: list[str] = []
    waiting: list[JsonValue] = [value]
    while waiting:
        match waiting.pop():
            case dict() as inner:
                waiting += [part for pair in reversed(inner.items()) for part in reversed(pair)]
            case list() as inner:
                waiting += reversed(inner)
            case str() as text:
                texts.append(text)
            case other:
                texts.append(json.dumps(other))
    return texts


NO_SECRETS = Redactor(())
"""Finds nothing."""
