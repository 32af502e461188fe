"""Defines failure details from platforms, removes secrets, and limits the size.

A detail may quote a secret. It is shown and stored only after `presentable`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

MAX_BYTES = 64 * 1024
"""The limit of all details of one attempt, in UTF-8."""
KEPT_BYTES = 16 * 1024
"""The limit of the details that a row keeps for one attempt."""
MAX_KEPT_BYTES = 64 * 1024
"""The limit of the details that a row keeps for all attempts of a run."""
MAX_PARTS = 20
"""The maximum number of failed parts of one run that are shown."""
_MAX_NAME = 255

_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours and movements of the cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC: titles and links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM and APC with their texts
    r"|\x1b[ -/]*[0-~]?"
)
_LINE_BREAKS = re.compile(r"\r\n?|\x85|\u2028|\u2029")


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDetail:
    """The failure of one part of a run, in the platform's words."""

    part: str = ""
    """The name of the task, activity or action that failed; empty for the whole artefact."""
    error: str = ""
    trace: str = ""
    """The stack trace or the log, the failure at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDetails:
    """The failures of one attempt."""

    parts: tuple[FailureDetail, ...] = ()
    note: str | None = None
    """The reason why something is missing, as sentences."""

    @property
    def size(self) -> int:
        """The number of bytes of all texts in UTF-8."""
        texts = (text for each in self.parts for text in (each.part, each.error, each.trace))
        return sum(len(text.encode()) for text in texts)


NOTHING = FailureDetails()


def cleaned(details: FailureDetails, redact: Callable[[str], str]) -> FailureDetails:
    """Return the complete details as plain text without secrets."""
    parts = (
        FailureDetail(
            part=_beginning(redact(plain(each.part)), _MAX_NAME),
            error=redact(plain(each.error).strip()),
            trace=redact(plain(each.trace).strip("\n")),
        )
        for each in details.parts
    )
    return replace(details, parts=tuple(parts))


def presentable(
    details: FailureDetails, redact: Callable[[str], str], *, limit: int = MAX_BYTES
) -> FailureDetails:
    """Return the details as plain text, without secrets and within a limit.

    Escapes are removed first, because they could hide a secret. A text is cut last, because a cut
    secret could not be found.
    """
    shown = cleaned(details, redact).parts
    named = [each for each in shown if each.error or each.trace or each.part]
    kept, cut = _within(named[:MAX_PARTS], limit)
    notes = [details.note] if details.note else []
    if len(named) > MAX_PARTS:
        notes.append(f"{len(named) - MAX_PARTS} more failed parts are not shown.")
    if cut:
        notes.append(f"{cut:,} bytes were cut: at most {limit // 1024} KiB are shown.")
    return FailureDetails(parts=tuple(kept), note=" ".join(notes) or None)


def plain(text: str) -> str:
    """Return a text without terminal escapes and control characters, with simple line breaks."""
    text = _LINE_BREAKS.sub("\n", _ANSI.sub("", text))
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character in "\n\t":
        return character
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    return "" if category in {"Cc", "Cf"} else character


def _within(parts: Sequence[FailureDetail], limit: int) -> tuple[list[FailureDetail], int]:
    """Return the parts within a limit, and the number of bytes cut.

    The parts share the limit. An error keeps its beginning, and a trace its end, which names the
    failure.
    """
    kept: list[FailureDetail] = []
    left, cut = limit, 0
    for index, each in enumerate(parts):
        share = left // (len(parts) - index)
        error = _beginning(each.error, share - len(each.part.encode()))
        trace = _end(each.trace, share - len((each.part + error).encode()))
        short = replace(each, error=error, trace=trace)
        cut += _size(each) - _size(short)
        left -= _size(short)
        kept.append(short)
    return kept, cut


def _size(detail: FailureDetail) -> int:
    return FailureDetails(parts=(detail,)).size


def _beginning(text: str, limit: int) -> str:
    return text.encode()[: max(0, limit)].decode(errors="ignore")


def _end(text: str, limit: int) -> str:
    data = text.encode()
    return data[max(0, len(data) - max(0, limit)) :].decode(errors="ignore")
