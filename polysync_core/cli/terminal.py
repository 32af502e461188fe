"""Writes a command's results to standard output, and all other text to standard error."""

from __future__ import annotations

import json
import re
import sys
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from polysync.errors import ApiProblem
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.domain.display_text import escaped

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from polysync_core.domain.json_types import JsonValue

_UNLIMITED_WIDTH = 10_000
"""The width without a screen: a line that another program reads is not folded."""

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links and other strings
    r"|\x1b.?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def printable(text: str) -> str:
    r"""Return text without escape sequences and control characters; marks appear as `\u202e`.

    The text of a platform or a user could otherwise move the cursor or change the terminal.
    """
    return escaped(_CONTROL.sub("", _ESCAPE_SEQUENCE.sub("", text.replace("\r\n", "\n"))))


class Terminal:
    """The two output streams of a command."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    @cached_property
    def out(self) -> Console:
        """Return the console for results."""
        return _console(sys.stdout)

    @cached_property
    def err(self) -> Console:
        """Return the console for progress, notes and errors."""
        return _console(sys.stderr)

    def json(self, answer: JsonValue) -> None:
        """Write an answer for programs, in ASCII, so that every encoding can hold it."""
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
        sys.stdout.flush()

    def show(self, *parts: RenderableType) -> None:
        """Write a result for people; markup in its text is not interpreted.

        Without a screen, the blanks that fill the columns of a table are cut off each line.
        """
        if self.out.is_terminal:
            self.out.print(*parts, sep="\n", crop=False)
            return
        with self.out.capture() as capture:
            self.out.print(*parts, sep="\n", crop=False)
        lines = capture.get().split("\n")
        sys.stdout.write("\n".join(line.rstrip(" ") for line in lines))

    def line(self, *sentences: str | None) -> None:
        """Write a result of one line; an empty part is left out."""
        _write(self.out, ": ".join(printable(each) for each in sentences if each))

    def note(self, text: str) -> None:
        """Write a line that is not part of the result."""
        _write(self.err, printable(text))

    def fail(self, failure: CommandFailed) -> None:
        """Write the error and its details; with `--json` the API's problem document as well."""
        if self.as_json and isinstance(failure, ApiProblem):
            self.json(failure.document)
        _write(self.err, f"Error: {printable(str(failure))}", style="red")
        for detail in failure.details:
            _write(self.err, f"  {printable(detail)}")


def _write(console: Console, text: str, *, style: str = "") -> None:
    from rich.text import Text

    from polysync_core.cli.layout.sentences import Sentence

    console.print(Sentence(Text(text, style=style)), crop=False)


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    width = None if stream.isatty() else _UNLIMITED_WIDTH
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)
