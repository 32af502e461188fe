"""What is written where: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import re
import sys
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from polysync_core.cli.errors import ApiProblem, CommandFailed

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from polysync_core.cli.json import JsonValue

_UNBOUNDED = 10_000
"""The width where there is no screen: a line that is piped into a program is not folded."""

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor movements
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links and other strings
    r"|\x1b.?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def readable(value: str) -> str:
    """Return text from elsewhere without what would move the cursor or change the terminal.

    Error texts of platforms are full of colour codes, and anyone may write them.
    """
    return _CONTROL.sub("", _ESCAPE_SEQUENCE.sub("", value.replace("\r\n", "\n")))


class Terminal:
    """The two output streams of a command."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    @cached_property
    def out(self) -> Console:
        """The console for results."""
        return _console(sys.stdout)

    @cached_property
    def err(self) -> Console:
        """The console for progress, remarks and errors."""
        return _console(sys.stderr)

    def json(self, answer: JsonValue) -> None:
        """Write an answer for programs; it is pure ASCII, whatever the stream's encoding."""
        sys.stdout.write(json.dumps(answer, indent=2) + "\n")
        sys.stdout.flush()

    def show(self, *parts: RenderableType) -> None:
        """Write a result for people; text in it is never taken for markup.

        Where there is no screen, no line ends in the blanks that fill the columns of a table.
        """
        if self.out.is_terminal:
            self.out.print(*parts, sep="\n")
            return
        with self.out.capture() as capture:
            self.out.print(*parts, sep="\n")
        lines = capture.get().split("\n")
        sys.stdout.write("\n".join(line.rstrip(" ") for line in lines))

    def say(self, *sentences: str | None) -> None:
        """Write a result that is no more than a line; an empty part of it is left out."""
        self.out.print(": ".join(readable(each) for each in sentences if each))

    def remark(self, text: str) -> None:
        """Write a line that is no part of the result."""
        self.err.print(readable(text))

    def fail(self, failure: CommandFailed) -> None:
        """Say why the command failed: a line, and one for each detail.

        With JSON asked for, the API's own account of it is the result.
        """
        if self.as_json and isinstance(failure, ApiProblem):
            self.json(failure.document)
        self.err.print(f"Error: {readable(str(failure))}", style="red")
        for detail in failure.details:
            self.err.print(f"  {readable(detail)}")


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    width = None if stream.isatty() else _UNBOUNDED
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)
